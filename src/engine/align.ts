/**
 * An alignment, as a list of passes. Each takes values and returns new ones; after `plan` every
 * address is fixed. Read this file first.
 */
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AlignOptions } from '../protocol/options.ts';
import type { PageMapDocument, Unusable } from '../protocol/page-map.ts';
import { inputOf } from './atoms/input.ts';
import type { UnikernelInput } from './atoms/identify.ts';
import { SpacerError } from './errors.ts';
import { rewriteScripts } from './ldscript/rewrite.ts';
import { closeStaging, openStaging, publish, type Staging } from './link/outputs.ts';
import { mapParallel } from './link/parallel.ts';
import type { Relinked } from './link/replay.ts';
import { lockPath, readLock } from './lock/file.ts';
import type { Lock } from './lock/model.ts';
import { pageMapOf, type StageInput } from './pages/document.ts';
import { measureImage, readDebug } from './pages/measure.ts';
import { byLock, layoutPlan, type Plan } from './plan.ts';
import { checkLockable } from './plan-locked.ts';
import { planSet } from './plan-set.ts';
import { predict, type Prediction } from './predict.ts';
import { stageOf } from './predicted-stage.ts';
import { PassRunner, type Step } from './progress.ts';
import { guarded, readSet, type SetRequest } from './read-set.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';
import { readWrittenScripts, relinkWritten, writeInputs } from './relink-unikernel.ts';
import { cacheIn, splitForLock, splitSet } from './split-set.ts';
import { VERSION } from './version.ts';

export type { ProgressEvent } from './progress.ts';

export interface AlignRequest extends SetRequest {
  /** Where outputs go; absent: `.spacer` in the workspace. */
  readonly output?: string;
  /** The lock file that holds the layout; absent: the workspace's, if it has one; false: none. */
  readonly lock?: string | false;
}

/** One unikernel that is ready to be linked. */
interface Planned {
  readonly loaded: LoadedUnikernel;
  readonly input: UnikernelInput;
  /** The scripts to link with. */
  readonly texts: readonly string[];
}

/** What is known of one unikernel's pages without linking it. */
interface Known {
  readonly before: StageInput;
  /** Absent where it is not known how the linker makes this image. */
  readonly prediction?: Prediction;
  readonly notes: readonly string[];
}

interface Job extends Planned, Known {
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
  const { found, set, ...objects } = await readSet(
    { ...request, ...cacheOf(request) },
    passes,
    failures,
  );
  const plan = await passes.run('plan', async () => {
    const place = splitPlace(request);
    return lock
      ? byLock(await splitForLock(set, lock, place), lock, failures)
      : layoutPlan(planSet(await splitSet(set, options, place), options));
  });
  const planned = await writtenFor(plan, request, failures);
  const jobs = options.dryRun
    ? await passes.run('predict', (step) => foretellAll(planned, request, failures, step))
    : await produce(passes, planned, failures, request);
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

/** The lock that a request is to follow. */
async function lockFor({ lock, workspace, options }: AlignRequest): Promise<Lock | undefined> {
  if (lock === false || options.relinkOnly) return undefined;
  const known = await readLock(lock ?? lockPath(workspace));
  if (lock !== undefined && known === undefined)
    throw new SpacerError('file-unreadable', 'does not exist.', { file: path.resolve(lock) });
  if (known !== undefined) checkLockable(options, known);
  return known;
}

function checkOptions(options: AlignOptions): void {
  if (options.aslr !== 0 && options.relinkOnly)
    throw new SpacerError('bad-options', '--relink-only cannot be combined with --aslr.');
  if (options.aslr !== 0 && options.customLoader)
    throw new SpacerError('bad-options', '--custom_loader cannot be combined with --aslr.');
  if (options.relinkOnly && (options.dryRun || !options.relink))
    throw new SpacerError(
      'bad-options',
      '--relink-only cannot be combined with --dry-run or --rel false.',
    );
}

/** Output folder of a request. */
export const outputOf = (request: Pick<AlignRequest, 'workspace' | 'output'>): string =>
  path.resolve(request.output ?? path.join(request.workspace, '.spacer'));

/** What is kept from run to run to be faster; a dry run makes no folder. */
function cacheOf(request: AlignRequest): { cache?: string } {
  const cache = cacheIn(outputOf(request));
  return request.options.dryRun && !existsSync(cache) ? {} : { cache };
}

const splitPlace = (request: AlignRequest) => ({
  ...cacheOf(request),
  root: path.resolve(request.workspace),
  signal: request.signal,
  jobs: request.jobs,
});

/** The scripts to link with: rewritten, or those that an earlier alignment wrote. */
async function writtenFor(
  plan: Plan,
  request: AlignRequest,
  failures: Unusable[],
): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const { loaded, input, placements } of plan.unikernels) {
    const { name } = loaded.unikernel;
    const scripts = await guarded(loaded.unikernel, failures, async () =>
      request.options.relinkOnly
        ? {
            input: inputOf(loaded),
            texts: await readWrittenScripts(path.join(outputOf(request), name), name),
          }
        : { input, texts: rewriteScripts(loaded.scripts, input.outline, placements).texts },
    );
    if (scripts) planned.push({ loaded, ...scripts });
  }
  return planned;
}

async function foretellAll(
  planned: readonly Planned[],
  request: AlignRequest,
  failures: Unusable[],
  step: Step,
): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const job of planned) {
    const { unikernel } = job.loaded;
    const known = await guarded(unikernel, failures, () => foretell(job, request.options));
    if (known) jobs.push({ ...job, ...known });
    step(unikernel.name, planned.length);
  }
  return jobs;
}

/** The pages of the image as it is, and as it will be. */
async function foretell(job: Planned, options: AlignOptions): Promise<Known> {
  const { unikernel, debug, originals } = job.loaded;
  const after = predictOrNote(job, options);
  return { ...after, before: await measureImage(unikernel.image, { debug, objects: originals }) };
}

/** An image that will be linked and measured needs no prediction. */
function predictOrNote(
  { loaded, input, texts }: Planned,
  { dryRun, relink }: AlignOptions,
): Pick<Known, 'prediction' | 'notes'> {
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
  planned: readonly Planned[],
  failures: Unusable[],
  request: AlignRequest,
): Promise<Job[]> {
  const staging = await openStaging(outputOf(request));
  try {
    await passes.run('write', (step) => {
      for (const { loaded, texts } of planned) {
        const { name } = loaded.unikernel;
        writeInputs(path.join(staging.directory, name), loaded, texts);
        step(name, planned.length);
      }
    });
    return await passes.run('link', async (step) => {
      const done = await mapParallel(
        planned,
        async (job) => {
          const { unikernel } = job.loaded;
          const finished = await guarded(unikernel, failures, () => finish(job, staging, request));
          step(unikernel.name, planned.length);
          return finished;
        },
        request,
      );
      return done.flatMap((job) => job ?? []);
    });
  } finally {
    await closeStaging(staging);
  }
}

/** Links one unikernel; its pages are foretold while the linker runs. */
async function finish(job: Planned, staging: Staging, request: AlignRequest): Promise<Job> {
  const { options, signal, tools = {} } = request;
  const { name } = job.loaded.unikernel;
  const directory = path.join(staging.directory, name);
  const linking = options.relink ? relinkWritten(directory, job.loaded, { signal, tools }) : none;
  const [foretold, linked] = await Promise.allSettled([foretell(job, options), linking]);
  if (foretold.status === 'rejected') throw foretold.reason;
  if (linked.status === 'rejected') throw linked.reason;
  const target = await publish(staging, name);
  const relinked = linked.value && movedTo(target, linked.value);
  return { ...job, ...foretold.value, ...(relinked && { relinked }) };
}

const none = Promise.resolve(undefined);

function movedTo(target: string, relinked: Relinked): Relinked {
  const moved = (file: string) => path.join(target, path.basename(file));
  const { image, debugImage, map } = relinked;
  return { ...relinked, image: moved(image), debugImage: moved(debugImage), map: moved(map) };
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
  const { layout, libraries, bound, pool, aslr } = plan;
  const isWhole = jobs.length === plan.unikernels.length;
  return pageMapOf({
    spacer: VERSION,
    workspace: path.resolve(request.workspace),
    options: describeOptions(request.options),
    unikernels,
    ...(isWhole && libraries && { libraries }),
    ...(isWhole && bound && !request.options.relinkOnly && { bound }),
    ...(!request.options.relinkOnly && { layout, ...(pool && { pool }), ...(aslr && { aslr }) }),
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
    ...(options.aslrBlocks !== undefined && { 'aslr-blocks': options.aslrBlocks }),
    ...(options.aslrWindow !== undefined && { 'aslr-window': options.aslrWindow }),
    ...(options.instances !== undefined && { instances: options.instances }),
    ...(options.location !== undefined && { loc: options.location }),
    ...(options.useId !== undefined && { 'use-id': options.useId }),
  };
}

async function stagesOf({ before, prediction, relinked }: Job) {
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
