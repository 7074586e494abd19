/** The first two passes: the unikernels of a workspace, found and read. */
import path from 'node:path';
import type { AlignOptions } from '../protocol/options.ts';
import type { ObjectsReport, Unusable } from '../protocol/page-map.ts';
import { unifyObjects } from './atoms/interchange.ts';
import { SpacerError, typedError } from './errors.ts';
import { mapParallel } from './link/parallel.ts';
import type { Tools } from './link/run.ts';
import type { PassRunner, ProgressEvent, Step } from './progress.ts';
import { readUnikernel, type LoadedUnikernel } from './read-unikernel.ts';
import { discover, type Discovered } from './workspace/discover.ts';
import { instanceNames } from './workspace/instances.ts';
import { selectUnikernels } from './workspace/select.ts';
import type { Unikernel } from './workspace/types.ts';

export interface SetRequest {
  /** Root of the workspace. */
  readonly workspace: string;
  /** Names of the unikernels that take part; absent: all that are found. */
  readonly unikernels?: readonly string[];
  readonly options: AlignOptions;
  /** Links that run at once; absent: the number of cores. */
  readonly jobs?: number;
  /** Tools that may run. */
  readonly tools?: Tools;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Folder of what is kept from run to run; absent: nothing is. */
  readonly cache?: string;
}

export interface ReadSet {
  readonly found: Discovered;
  /** As the builds left them. */
  readonly recorded: readonly LoadedUnikernel[];
  /** As they are to be linked. */
  readonly set: readonly LoadedUnikernel[];
  readonly objects?: ObjectsReport;
}

/**
 * Finds and reads the unikernels of a request.
 * @param failures takes those that cannot be read
 * @throws SpacerError where none is left
 */
export async function readSet(
  request: SetRequest,
  passes: PassRunner,
  failures: Unusable[],
): Promise<ReadSet> {
  const found = await passes.run('discover', () =>
    discover(path.resolve(request.workspace), {
      ...limits(request),
      ...(request.cache !== undefined && { cache: request.cache }),
    }),
  );
  const { useId, instances = 1 } = request.options;
  const chosen = instancesOf(selectUnikernels(found, request.unikernels, useId), instances);
  const read = await passes.run('read', async (step) =>
    unified(await readAll(chosen, failures, request, step), request),
  );
  return { found, ...read };
}

/** Each unikernel several times, with a number in its name, where that is asked for. */
function instancesOf(chosen: readonly Unikernel[], count: number): readonly Unikernel[] {
  return chosen.flatMap((one) => instanceNames(one.name, count).map((name) => ({ ...one, name })));
}

const limits = ({ signal, tools = {} }: SetRequest) => ({ tools, ...(signal && { signal }) });

async function readAll(
  chosen: readonly Unikernel[],
  failures: Unusable[],
  request: SetRequest,
  step: Step,
): Promise<LoadedUnikernel[]> {
  const read = await mapParallel(
    chosen,
    (unikernel) =>
      guarded(unikernel, failures, async () => {
        const loaded = await readUnikernel(unikernel, limits(request));
        step(unikernel.name, chosen.length);
        return loaded;
      }),
    request,
  );
  const set = read.flatMap((loaded) => loaded ?? []);
  if (set.length > 0) return set;
  const reasons = failures.map((failure) => `\n  ${failure.name}: ${failure.message}`);
  throw new SpacerError('nothing-readable', `No unikernel could be read.${reasons.join('')}`);
}

/** The set with interchangeable objects unified, if that is asked for. */
async function unified(
  read: readonly LoadedUnikernel[],
  request: SetRequest,
): Promise<Omit<ReadSet, 'found'>> {
  if (!request.options.copyObjects) return { recorded: read, set: read };
  const { set, ...objects } = await unifyObjects(read, request);
  return { recorded: read, set, objects };
}

/** Runs a pass for one unikernel; what it throws becomes a failure of that unikernel. */
export async function guarded<T>(
  unikernel: Unikernel,
  failures: Unusable[],
  pass: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await pass();
  } catch (thrown) {
    const error = typedError(thrown);
    if (!(error instanceof SpacerError) || error.code === 'cancelled') throw error;
    failures.push(failureOf(unikernel, error));
    return undefined;
  }
}

/** An error as a failure of one unikernel. */
export function failureOf({ name, directory }: Unikernel, error: SpacerError): Unusable {
  const { code: reason, message } = error;
  return { name, path: directory, reason, message };
}
