/**
 * An alignment, as a list of passes. Each takes values and returns new ones; after `plan` every
 * address is fixed. Read this file first.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AlignOptions } from '../protocol/options.ts';
import type { PageMapDocument, UnikernelEntry, Unusable } from '../protocol/page-map.ts';
import { inputOf } from './atoms/input.ts';
import type { UnikernelInput } from './atoms/identify.ts';
import { checkOptions } from './check-options.ts';
import { refuseLinks } from './folders.ts';
import { baseOf, finest, isFinest } from './draft.ts';
import { domainsOf, type Domain } from './domains.ts';
import { SpacerError, typedError } from './errors.ts';
import { knownLayouts } from './known-layouts.ts';
import { rewriteScripts } from './ldscript/rewrite.ts';
import {
  closeStaging,
  commit,
  GENERATIONS,
  openStaging,
  REPORT,
  type Staging,
} from './link/outputs.ts';
import { unitsIn } from './link/unit-cache.ts';
import { mapParallel } from './link/parallel.ts';
import type { Relinked } from './link/replay.ts';
import type { SplitOptions } from './link/split-units.ts';
import { lockPath, readLock } from './lock/file.ts';
import type { Lock } from './lock/model.ts';
import { pageMapOf, type StageInput } from './pages/document.ts';
import { measureImage } from './pages/measure.ts';
import { byLock, layoutPlan, type Plan } from './plan.ts';
import { checkLockable } from './plan-locked.ts';
import { planDomains } from './plan-domains.ts';
import { boundOfSet, planSet } from './plan-set.ts';
import { predict, type Prediction } from './predict.ts';
import { stageOf } from './predicted-stage.ts';
import { PassRunner, type Step } from './progress.ts';
import { guarded, readSet, type SetRequest } from './read-set.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';
import { readWritten, relinkWritten, writeInputs } from './relink-unikernel.ts';
import { reportParts } from './report/parts.ts';
import { cacheIn, splitForLock, splitSet } from './split-set.ts';
import { proveLink, type ProvenLink } from './verify/prove.ts';
import { VERSION } from './version.ts';
import { checkUnchanged } from './workspace/stamps.ts';

export type { ProgressEvent } from './progress.ts';

export interface AlignRequest extends SetRequest {
  /** Where outputs go; absent: `.spacer` in the workspace. */
  readonly output?: string;
  /** The lock file that holds the layout; absent: the workspace's, if it has one; false: none. */
  readonly lock?: string | false;
}

/** One unikernel that is ready to be linked. */
interface Planned {
  /** As the build left it. */
  readonly recorded: LoadedUnikernel;
  readonly loaded: LoadedUnikernel;
  readonly input: UnikernelInput;
  /** The scripts to link with. */
  readonly texts: readonly string[];
}

/** What the report says of a plan; of one that an earlier alignment made nothing is known. */
type DescribedPlan = Partial<Omit<Plan, 'unikernels'>> & { readonly count: number };

/** What is known of one unikernel's pages without linking it. */
interface Known {
  readonly before: StageInput;
  /** Absent where it is not known how the linker makes this image. */
  readonly prediction?: Prediction;
  readonly notes: readonly string[];
}

interface Job extends Planned, Known {
  readonly relinked?: Relinked & ProvenLink;
}

/**
 * Aligns a workspace and returns the page map of before, predicted and after.
 *
 * A unikernel that fails is listed in `failures`, and the rest goes on.
 * @throws SpacerError where nothing can be aligned at all, or when cancelled
 */
export async function align(request: AlignRequest): Promise<PageMapDocument> {
  try {
    return await alignSet(request);
  } catch (error) {
    throw typedError(error);
  }
}

async function alignSet(request: AlignRequest): Promise<PageMapDocument> {
  const { options } = request;
  checkOptions(options);
  refuseLinks(ownFolders(outputOf(request)));
  const passes = new PassRunner(request.onProgress, request.signal);
  const failures: Unusable[] = [];
  const lock = await lockFor(request);
  const { found, recorded, set, ...objects } = await readSet(
    { ...request, ...cacheOf(request) },
    passes,
    failures,
  );
  const domains = domainsOf(
    set.map(({ unikernel }) => unikernel.name),
    found,
    options,
  );
  const { plan, planned } = await passes.run('plan', () =>
    options.relinkOnly
      ? writtenBefore(set, recorded, request, failures)
      : planAndWrite(set, recorded, { lock, domains }, request, failures),
  );
  const complete = async (jobs: readonly Job[]): Promise<PageMapDocument> => ({
    ...(await passes.run('measure', (step) => describeSet(jobs, plan, request, step))),
    ...objects,
    unusable: found.unusable,
    failures,
    timings: passes.timings,
  });
  if (options.dryRun)
    return complete(
      await passes.run('predict', (step) => foretellAll(planned, request, failures, step)),
    );
  const staging = await openStaging(outputOf(request));
  try {
    const jobs = await produce(passes, planned, failures, request, staging);
    const document = await complete(jobs);
    await passes.run('report', () => deliver(document, staging));
    return document;
  } finally {
    await closeStaging(staging);
  }
}

/** Images and report become visible together. */
async function deliver(document: PageMapDocument, staging: Staging): Promise<void> {
  await writeFile(path.join(staging.directory, REPORT), reportParts(document));
  await commit(staging, [...document.unikernels.map(({ name }) => name), REPORT]);
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

/** Output folder of a request. */
export const outputOf = (request: Pick<AlignRequest, 'workspace' | 'output'>): string =>
  path.resolve(request.output ?? path.join(request.workspace, '.spacer'));

/** Every folder that an alignment writes into by a fixed name. */
function ownFolders(output: string): string[] {
  return [output, path.join(output, GENERATIONS), cacheIn(output), unitsIn(cacheIn(output))];
}

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

interface Written {
  readonly plan: DescribedPlan;
  readonly planned: readonly Planned[];
}

/** Plans the set, and rewrites the scripts by the plan. */
async function planAndWrite(
  set: readonly LoadedUnikernel[],
  recorded: readonly LoadedUnikernel[],
  {
    lock,
    domains,
  }: { readonly lock?: Lock | undefined; readonly domains?: readonly Domain[] | undefined },
  request: AlignRequest,
  failures: Unusable[],
): Promise<Written> {
  const { options } = request;
  // Before anything is kept on disk.
  baseOf(set, options);
  const place = splitPlace(request);
  const layouts = knownLayouts(place.cache);
  const plan = lock
    ? byLock(await splitForLock(set, lock, place), lock, failures)
    : domains
      ? planDomains(await splitSet(set, options, place), options, domains, layouts.planner)
      : layoutPlan(
          planSet(await splitSet(set, options, place), options, undefined, layouts.planner),
          await finestBound(set, options, place),
        );
  layouts.keep();
  const planned: Planned[] = [];
  const ownOf = ownBuilds(recorded);
  for (const { loaded, input, placements } of plan.unikernels) {
    const texts = await guarded(loaded.unikernel, failures, () =>
      Promise.resolve(rewriteScripts(loaded.scripts, input.outline, placements).texts),
    );
    if (texts) planned.push({ recorded: ownOf(loaded), loaded, input, texts });
  }
  return { plan: { ...plan, count: plan.unikernels.length }, planned };
}

/** The bound where the plan's own slots are coarser than they could be. */
async function finestBound(
  set: readonly LoadedUnikernel[],
  options: AlignOptions,
  place: SplitOptions,
): Promise<number | undefined> {
  if (isFinest(options) || options.aslr !== 0) return undefined;
  return boundOfSet(await splitSet(set, finest(options), place), options);
}

/** The scripts and copies of objects of an earlier alignment, whatever it was asked for. */
async function writtenBefore(
  set: readonly LoadedUnikernel[],
  recorded: readonly LoadedUnikernel[],
  request: AlignRequest,
  failures: Unusable[],
): Promise<Written> {
  const planned: Planned[] = [];
  const ownOf = ownBuilds(recorded);
  for (const known of set) {
    const { unikernel } = known;
    const directory = path.join(outputOf(request), unikernel.name);
    const one = await guarded(unikernel, failures, async () => {
      const written = await readWritten(directory, known);
      return { recorded: ownOf(known), ...written, input: inputOf(written.loaded) };
    });
    if (one) planned.push(one);
  }
  return { plan: { count: set.length }, planned };
}

/** Each unikernel as its build left it. */
function ownBuilds(recorded: readonly LoadedUnikernel[]) {
  const byImage = new Map(recorded.map((one) => [one.unikernel.debugImage, one]));
  return (loaded: LoadedUnikernel) => byImage.get(loaded.unikernel.debugImage) ?? loaded;
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

/** Writes and links; nothing is visible under its final name before all of it is whole. */
async function produce(
  passes: PassRunner,
  planned: readonly Planned[],
  failures: Unusable[],
  request: AlignRequest,
  { directory }: Staging,
): Promise<Job[]> {
  await passes.run('write', (step) => {
    for (const { loaded, texts } of planned) {
      const { name } = loaded.unikernel;
      writeInputs(path.join(directory, name), loaded, texts);
      step(name, planned.length);
    }
  });
  return passes.run('link', async (step) => {
    const done = await mapParallel(
      planned,
      async (job) => {
        const { unikernel } = job.loaded;
        const finished = await guarded(unikernel, failures, () => finish(job, directory, request));
        step(unikernel.name, planned.length);
        return finished;
      },
      request,
    );
    return done.flatMap((job) => job ?? []);
  });
}

/** Links one unikernel and proves it; its pages are foretold while the linker runs. */
async function finish(job: Planned, generation: string, request: AlignRequest): Promise<Job> {
  const { options, signal, tools = {} } = request;
  const { recorded, loaded } = job;
  const { name } = loaded.unikernel;
  const directory = path.join(generation, name);
  const linking = options.relink ? relinkWritten(directory, loaded, { signal, tools }) : none;
  const [foretold, linked] = await Promise.allSettled([foretell(job, options), linking]);
  if (foretold.status === 'rejected') throw foretold.reason;
  if (linked.status === 'rejected') throw linked.reason;
  const { prediction } = foretold.value;
  const known = { ...job, ...foretold.value };
  const relinked = linked.value && {
    ...linked.value,
    ...(await proveLink(recorded, loaded, prediction, linked.value)),
  };
  await checkUnchanged(name, recorded.stamps);
  return { ...known, ...(relinked && { relinked }) };
}

const none = Promise.resolve(undefined);

/** Where the user finds an image. */
function placeOf({ loaded }: Job, image: string, request: AlignRequest): string {
  return path.join(outputOf(request), loaded.unikernel.name, path.basename(image));
}

/** The proof names the images where their user finds them. */
function proofOf(job: Job, request: AlignRequest): Pick<UnikernelEntry, 'verification'> {
  if (!job.relinked) return {};
  const { verification, image } = job.relinked;
  const after = { ...verification.images.after, path: placeOf(job, image, request) };
  return { verification: { ...verification, images: { ...verification.images, after } } };
}

async function describeSet(
  jobs: readonly Job[],
  plan: DescribedPlan,
  request: AlignRequest,
  step: Step,
): Promise<PageMapDocument> {
  const unikernels = [];
  for (const job of jobs) {
    const { name } = job.loaded.unikernel;
    const { notes } = job;
    const stages = await stagesOf(job, request);
    unikernels.push({ name, notes, ...proofOf(job, request), stages });
    step(name, jobs.length);
  }
  const { count, layout, libraries, bound, pool, aslr, domains } = plan;
  const isWhole = jobs.length === count;
  return pageMapOf({
    spacer: VERSION,
    workspace: path.resolve(request.workspace),
    options: describeOptions(request.options),
    unikernels,
    ...(isWhole && libraries && { libraries }),
    ...(isWhole && bound && { bound }),
    ...(layout && { layout }),
    ...(pool && { pool }),
    ...(aslr && { aslr }),
    ...(domains && { domains }),
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
    ...(options.domain && { domain: describeDomains(options.domain) }),
    ...(options.location !== undefined && { loc: options.location }),
    ...(options.useId !== undefined && { 'use-id': options.useId }),
  };
}

/** As the command line has them, with spaces between. */
const describeDomains = (domains: NonNullable<AlignOptions['domain']>) =>
  Object.entries(domains)
    .map(([name, members]) => `${name}=${members.join(',')}`)
    .join(' ');

async function stagesOf(job: Job, request: AlignRequest) {
  const { before, prediction, relinked } = job;
  const known = { before, ...(prediction && { predicted: stageOf(prediction) }) };
  if (!relinked) return known;
  const { debug } = relinked;
  const places = prediction ? { placed: prediction.placed } : { map: relinked.map };
  const after = await measureImage(relinked.image, { debug, ...places });
  return { ...known, after: { ...after, image: placeOf(job, after.image ?? '', request) } };
}
