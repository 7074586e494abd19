/**
 * An alignment, as a list of passes. Each takes values and returns new ones; after `plan` every
 * address is fixed. Read this file first.
 */
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AlignOptions } from '../protocol/options.ts';
import type { ObjectsReport, PageMapDocument, Unusable } from '../protocol/page-map.ts';
import { inputOf } from './atoms/input.ts';
import { unifyObjects } from './atoms/interchange.ts';
import type { UnikernelInput } from './atoms/identify.ts';
import { SpacerError } from './errors.ts';
import { rewriteScripts } from './ldscript/rewrite.ts';
import { closeStaging, openStaging, publish, type Staging } from './link/outputs.ts';
import { mapParallel } from './link/parallel.ts';
import type { Relinked } from './link/replay.ts';
import type { Tools } from './link/run.ts';
import { attribute } from './pages/attribute.ts';
import { pageMapOf, type StageInput } from './pages/document.ts';
import { measureImage, readDebug } from './pages/measure.ts';
import { planSet, type SetPlan } from './plan-set.ts';
import { predict, type Prediction } from './predict.ts';
import { PassRunner, type ProgressEvent, type Step } from './progress.ts';
import { readUnikernel, type LoadedUnikernel } from './read-unikernel.ts';
import { readWrittenScripts, relinkWritten, writeInputs } from './relink-unikernel.ts';
import { librariesOfSlots } from './report/libraries.ts';
import { cacheIn, splitSet } from './split-set.ts';
import { VERSION } from './version.ts';
import { discover } from './workspace/discover.ts';
import { selectUnikernels } from './workspace/select.ts';
import type { Unikernel } from './workspace/types.ts';

export type { ProgressEvent } from './progress.ts';

export interface AlignRequest {
  /** Root of the workspace. */
  readonly workspace: string;
  /** Names of the unikernels to align; absent: all that are found. */
  readonly unikernels?: readonly string[];
  readonly options: AlignOptions;
  /** Where outputs go; absent: `.spacer` in the workspace. */
  readonly output?: string;
  /** Links that run at once; absent: the number of cores. */
  readonly jobs?: number;
  /** Tools that may run. */
  readonly tools?: Tools;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** One unikernel on its way through the passes. */
interface Job {
  readonly loaded: LoadedUnikernel;
  readonly input: UnikernelInput;
  /** The scripts to link with. */
  readonly texts: readonly string[];
  /** Absent where it is not known how the linker makes this image. */
  readonly prediction?: Prediction;
  readonly notes: readonly string[];
  readonly relinked?: Relinked;
}

/**
 * Aligns a workspace and returns the page map of before, predicted and after.
 *
 * A unikernel that fails is listed in `failures`, and the rest goes on.
 * @throws SpacerError where nothing can be aligned at all, or when cancelled
 */
export async function align(request: AlignRequest): Promise<PageMapDocument> {
  const { options } = request;
  checkOptions(options);
  const passes = new PassRunner(request.onProgress, request.signal);
  const failures: Unusable[] = [];
  const found = await passes.run('discover', () =>
    discover(path.resolve(request.workspace), limits(request)),
  );
  const chosen = selectUnikernels(found, request.unikernels, options.useId);
  const { set, ...objects } = await passes.run('read', async (step) =>
    unified(await readAll(chosen, failures, request, step), request),
  );
  const plan = await passes.run('plan', async () =>
    planSet(await splitSet(set, options, splitPlace(request)), options),
  );
  const planned = await passes.run('predict', (step) =>
    predictAll(set, plan, request, failures, step),
  );
  const jobs = options.dryRun ? planned : await produce(passes, planned, failures, request);
  const document = await passes.run('measure', (step) => describeSet(jobs, plan, request, step));
  const complete = {
    ...document,
    ...objects,
    unusable: found.unusable,
    failures,
    timings: passes.timings,
  };
  if (!options.dryRun) await passes.run('report', () => writeReport(complete, request));
  return complete;
}

function checkOptions(options: AlignOptions): void {
  if (options.aslr !== 0)
    throw new SpacerError('not-yet', '--aslr 1 and --aslr 2 are not available yet.');
  if (options.relinkOnly && (options.dryRun || !options.relink))
    throw new SpacerError(
      'bad-options',
      '--relink-only cannot be combined with --dry-run or --rel false.',
    );
}

const limits = ({ signal, tools = {} }: AlignRequest) => ({ tools, ...(signal && { signal }) });

/** Output folder of a request. */
export const outputOf = (request: Pick<AlignRequest, 'workspace' | 'output'>): string =>
  path.resolve(request.output ?? path.join(request.workspace, '.spacer'));

const splitPlace = (request: AlignRequest) => ({
  ...(!request.options.dryRun && { cache: cacheIn(outputOf(request)) }),
  root: path.resolve(request.workspace),
  signal: request.signal,
  jobs: request.jobs,
});

async function readAll(
  chosen: readonly Unikernel[],
  failures: Unusable[],
  request: AlignRequest,
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
  request: AlignRequest,
): Promise<{ set: readonly LoadedUnikernel[]; objects?: ObjectsReport }> {
  if (!request.options.copyObjects) return { set: read };
  const { set, ...objects } = await unifyObjects(read, request);
  return { set, objects };
}

/** Runs a pass for one unikernel; what it throws becomes a failure of that unikernel. */
async function guarded<T>(
  unikernel: Unikernel,
  failures: Unusable[],
  pass: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await pass();
  } catch (error) {
    if (!(error instanceof SpacerError) || error.code === 'cancelled') throw error;
    const { code: reason, message } = error;
    failures.push({ name: unikernel.name, path: unikernel.directory, reason, message });
    return undefined;
  }
}

async function predictAll(
  set: readonly LoadedUnikernel[],
  plan: SetPlan,
  request: AlignRequest,
  failures: Unusable[],
  step: Step,
): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const planned of plan.unikernels) {
    const { loaded } = planned;
    const job = await guarded(loaded.unikernel, failures, async () => {
      const input = request.options.relinkOnly ? inputOf(loaded) : planned.input;
      const texts = request.options.relinkOnly
        ? await readWrittenScripts(
            path.join(outputOf(request), loaded.unikernel.name),
            loaded.unikernel.name,
          )
        : rewriteScripts(loaded.scripts, input.outline, planned.placements).texts;
      return { loaded, input, texts, ...predictOrNote(loaded, input, texts, request.options) };
    });
    if (job) jobs.push(job);
    step(loaded.unikernel.name, set.length);
  }
  return jobs;
}

/** An image that will be linked and measured needs no prediction. */
function predictOrNote(
  loaded: LoadedUnikernel,
  input: UnikernelInput,
  texts: readonly string[],
  { dryRun, relink }: AlignOptions,
): Pick<Job, 'prediction' | 'notes'> {
  const notes = loaded.unikernel.notes ?? [];
  try {
    return { prediction: predict(loaded, input, texts), notes };
  } catch (error) {
    const isLinkers = error instanceof SpacerError && error.code.startsWith('link-');
    if (!isLinkers || dryRun || !relink) throw error;
    return { notes: [...notes, `Its pages were not predicted: ${error.message}.`] };
  }
}

/** Writes, links and publishes; nothing is visible under its final name before it is whole. */
async function produce(
  passes: PassRunner,
  jobs: readonly Job[],
  failures: Unusable[],
  request: AlignRequest,
): Promise<Job[]> {
  const staging = await openStaging(outputOf(request));
  try {
    const folder = (job: Job) => path.join(staging.directory, job.loaded.unikernel.name);
    await passes.run('write', (step) =>
      mapParallel(jobs, async (job) => {
        await writeInputs(folder(job), job.loaded, job.texts);
        step(job.loaded.unikernel.name, jobs.length);
      }),
    );
    return await passes.run('link', async (step) => {
      const done = await mapParallel(
        jobs,
        (job) =>
          finish(job, folder(job), staging, failures, request, () =>
            step(job.loaded.unikernel.name, jobs.length),
          ),
        request,
      );
      return done.flatMap((job) => job ?? []);
    });
  } finally {
    await closeStaging(staging);
  }
}

function finish(
  job: Job,
  directory: string,
  staging: Staging,
  failures: Unusable[],
  request: AlignRequest,
  step: () => void,
): Promise<Job | undefined> {
  const { unikernel } = job.loaded;
  return guarded(unikernel, failures, async () => {
    if (!request.options.relink) {
      await publish(staging, unikernel.name);
      step();
      return job;
    }
    const { signal, tools } = request;
    const relinked = await relinkWritten(directory, job.loaded, { signal, tools: tools ?? {} });
    const target = await publish(staging, unikernel.name);
    step();
    const moved = (file: string) => path.join(target, path.basename(file));
    const { image, debugImage, map } = relinked;
    return {
      ...job,
      relinked: {
        ...relinked,
        image: moved(image),
        debugImage: moved(debugImage),
        map: moved(map),
      },
    };
  });
}

async function describeSet(
  jobs: readonly Job[],
  plan: SetPlan,
  request: AlignRequest,
  step: Step,
): Promise<PageMapDocument> {
  const unikernels = [];
  for (const job of jobs) {
    const { name } = job.loaded.unikernel;
    unikernels.push({ name, notes: job.notes, stages: await stagesOf(job) });
    step(name, jobs.length);
  }
  const { layout, reason, identified } = plan;
  const isWhole = jobs.length === plan.unikernels.length;
  return pageMapOf({
    spacer: VERSION,
    workspace: path.resolve(request.workspace),
    options: describeOptions(request.options),
    unikernels,
    ...(isWhole && { libraries: librariesOfSlots(identified.slots, jobs.length) }),
    ...(!request.options.relinkOnly && {
      layout: { chosen: layout.strategy.name, reason },
      ...(layout.pool && { pool: layout.pool }),
    }),
  });
}

/** The options by their names on the command line. */
function describeOptions(options: AlignOptions): Record<string, string | number | boolean> {
  return {
    align: options.align,
    group: options.group,
    granularity: options.granularity,
    layout: options.layout,
    custom_loader: options.customLoader,
    copy_objs: options.copyObjects,
    rel: options.relink,
    'relink-only': options.relinkOnly,
    aslr: options.aslr,
    aslr_map: options.aslrMap,
    aslr_same_mapping: options.aslrSameMapping,
    ...(options.location !== undefined && { loc: options.location }),
    ...(options.useId !== undefined && { 'use-id': options.useId }),
  };
}

async function stagesOf(job: Job) {
  const { loaded, prediction, relinked } = job;
  const before = await measureImage(loaded.unikernel.image, {
    debug: loaded.debug,
    objects: loaded.originals,
  });
  const known = { before, ...(prediction && { predicted: predictedStage(prediction) }) };
  if (!relinked) return known;
  const debug = await readDebug(relinked.debugImage);
  const places = prediction ? { placed: prediction.placed } : { map: relinked.map };
  return { ...known, after: await measureImage(relinked.image, { debug, ...places }) };
}

function predictedStage({ segments, pages, image, placed }: Prediction): StageInput {
  return { segments, pages, owners: attribute(pages, { image, placed }) };
}

async function writeReport(document: PageMapDocument, request: AlignRequest): Promise<void> {
  const file = path.join(outputOf(request), 'report.json');
  const aside = `${file}.${process.pid}.tmp`;
  await writeFile(aside, JSON.stringify(document));
  await rename(aside, file);
}
