/**
 * An alignment, as a list of passes. Each takes values and returns new ones; after `plan` every
 * address is fixed. Read this file first.
 */
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AlignOptions } from '../protocol/options.ts';
import type { LibraryEntry, PageMapDocument, PoolRange, Unusable } from '../protocol/page-map.ts';
import { inputOf } from './atoms/input.ts';
import type { UnikernelInput } from './atoms/identify.ts';
import { SpacerError } from './errors.ts';
import { rewriteScripts } from './ldscript/rewrite.ts';
import { closeStaging, openStaging, publish, type Staging } from './link/outputs.ts';
import { mapParallel } from './link/parallel.ts';
import type { Relinked } from './link/replay.ts';
import type { Placement } from './lock/extend.ts';
import { lockPath, readLock } from './lock/file.ts';
import type { Lock } from './lock/model.ts';
import { pageMapOf } from './pages/document.ts';
import { measureImage, readDebug } from './pages/measure.ts';
import { checkLockable, planLocked } from './plan-locked.ts';
import { planSet, type PlannedUnikernel, type SetPlan } from './plan-set.ts';
import { predict, type Prediction } from './predict.ts';
import { stageOf } from './predicted-stage.ts';
import { PassRunner, type Step } from './progress.ts';
import { failureOf, guarded, readSet, type SetRequest } from './read-set.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';
import { readWrittenScripts, relinkWritten, writeInputs } from './relink-unikernel.ts';
import { librariesOfSlots } from './report/libraries.ts';
import { cacheIn, splitForLock, splitSet } from './split-set.ts';
import { VERSION } from './version.ts';

export type { ProgressEvent } from './progress.ts';

export interface AlignRequest extends SetRequest {
  /** Where outputs go; absent: `.spacer` in the workspace. */
  readonly output?: string;
  /** The lock file that holds the layout; absent: the workspace's, if it has one; false: none. */
  readonly lock?: string | false;
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
  const lock = await lockFor(request);
  const { found, set, ...objects } = await readSet(request, passes, failures);
  const plan = await passes.run('plan', async () => {
    const place = splitPlace(request);
    return lock
      ? byLock(await splitForLock(set, lock, place), lock, failures)
      : layoutPlan(planSet(await splitSet(set, options, place), options));
  });
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

/** What the later passes need of a plan. */
interface Plan {
  readonly unikernels: readonly PlannedUnikernel[];
  readonly layout: NonNullable<PageMapDocument['layout']>;
  readonly pool?: PoolRange;
  /** Known where the set was planned as a whole. */
  readonly libraries?: LibraryEntry[];
}

function layoutPlan({ unikernels, layout, reason, identified }: SetPlan): Plan {
  return {
    unikernels,
    layout: { chosen: layout.strategy.name, reason },
    libraries: librariesOfSlots(identified.slots, unikernels.length),
    ...(layout.pool && { pool: layout.pool }),
  };
}

/** The lock that a request is to follow. */
async function lockFor({ lock, workspace, options }: AlignRequest): Promise<Lock | undefined> {
  if (lock === false || options.relinkOnly) return undefined;
  const known = await readLock(lock ?? lockPath(workspace));
  if (lock !== undefined && known === undefined)
    throw new SpacerError('file-unreadable', 'does not exist.', { file: path.resolve(lock) });
  if (known !== undefined) checkLockable(options, known);
  return known;
}

function byLock(set: readonly LoadedUnikernel[], lock: Lock, failures: Unusable[]): Plan {
  const plan = planLocked(set, lock);
  for (const { loaded, error } of plan.failures) failures.push(failureOf(loaded.unikernel, error));
  const count = (of: (placement: Placement) => readonly string[]) =>
    plan.unikernels.reduce((sum, { placement }) => sum + of(placement).length, 0);
  const added = count((placement) => placement.added);
  const outgrown = count((placement) => placement.outgrown);
  const reason = `The lock holds it; ${added} atoms are new to it, ${outgrown} outgrew their room.`;
  return { unikernels: plan.unikernels, layout: { chosen: 'locked', reason } };
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

/** Output folder of a request. */
export const outputOf = (request: Pick<AlignRequest, 'workspace' | 'output'>): string =>
  path.resolve(request.output ?? path.join(request.workspace, '.spacer'));

const splitPlace = (request: AlignRequest) => ({
  ...(!request.options.dryRun && { cache: cacheIn(outputOf(request)) }),
  root: path.resolve(request.workspace),
  signal: request.signal,
  jobs: request.jobs,
});

async function predictAll(
  set: readonly LoadedUnikernel[],
  plan: Plan,
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
  plan: Plan,
  request: AlignRequest,
  step: Step,
): Promise<PageMapDocument> {
  const unikernels = [];
  for (const job of jobs) {
    const { name } = job.loaded.unikernel;
    unikernels.push({ name, notes: job.notes, stages: await stagesOf(job) });
    step(name, jobs.length);
  }
  const { layout, libraries, pool } = plan;
  const isWhole = jobs.length === plan.unikernels.length;
  return pageMapOf({
    spacer: VERSION,
    workspace: path.resolve(request.workspace),
    options: describeOptions(request.options),
    unikernels,
    ...(isWhole && libraries && { libraries }),
    ...(!request.options.relinkOnly && { layout, ...(pool && { pool }) }),
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
  const known = { before, ...(prediction && { predicted: stageOf(prediction) }) };
  if (!relinked) return known;
  const debug = await readDebug(relinked.debugImage);
  const places = prediction ? { placed: prediction.placed } : { map: relinked.map };
  return { ...known, after: await measureImage(relinked.image, { debug, ...places }) };
}

async function writeReport(document: PageMapDocument, request: AlignRequest): Promise<void> {
  const file = path.join(outputOf(request), 'report.json');
  const aside = `${file}.${process.pid}.tmp`;
  await writeFile(aside, JSON.stringify(document));
  await rename(aside, file);
}
