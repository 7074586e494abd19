/**
 * The commands about the lock. Each reads a workspace, plans it by its lock or afresh, and says what
 * that means; only `lock`, and `relayout` when it is told to, write the file.
 */
import path from 'node:path';
import type { PageMapDocument, Unusable } from '../protocol/page-map.ts';
import { SpacerError } from './errors.ts';
import { lockOf } from './lock/create.ts';
import { driftOf, type Drift } from './lock/drift.ts';
import { lockPath, readLock, writeLock } from './lock/file.ts';
import type { Lock } from './lock/model.ts';
import { withoutUnikernels } from './lock/remove.ts';
import { pageMapOf } from './pages/document.ts';
import { planLocked, type LockedPlan } from './plan-locked.ts';
import { planSet, type PlannedUnikernel, type SetPlan } from './plan-set.ts';
import { predictedStage } from './predicted-stage.ts';
import { PassRunner } from './progress.ts';
import { failureOf, readSet, type SetRequest } from './read-set.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';
import { splitForLock } from './split-set.ts';
import { VERSION } from './version.ts';

export interface LockRequest extends SetRequest {
  /** The lock file; absent: the workspace's. */
  readonly lock?: string;
}

/** How much room `lock` and `relayout` leave: 1 is what `lock/room.ts` takes for usual. */
interface Growth {
  readonly growth?: number;
}

export interface LockResult {
  readonly file: string;
  /** `created`: there was none. */
  readonly state: 'created' | 'changed' | 'same';
  /** By unikernel, against the lock before. */
  readonly drift: readonly Drift[];
  readonly slots: number;
  readonly failures: readonly Unusable[];
}

/**
 * Writes the lock: a fresh one from the best layout, or the one that is there with the workspace's
 * unikernels as they are now. Those that it holds and that are not here stay as they are.
 * @param request `remove`: unikernels to take out of the lock
 * @throws SpacerError `lock-*`, and what reading a workspace throws
 */
export async function lockWorkspace(
  request: LockRequest & Growth & { readonly remove?: readonly string[] },
): Promise<LockResult> {
  const { file, known } = await knownLock(request);
  const { remove = [] } = request;
  if (remove.length > 0) return removeFrom(file, known, remove);
  const failures: Unusable[] = [];
  const passes = new PassRunner(request.onProgress, request.signal);
  const { set } = await readSet(request, passes, failures);
  const present = set.map(({ unikernel }) => unikernel.name);
  const lock = await passes.run('plan', async () => {
    if (!known) return lockOf(await planFresh(set, request));
    const plan = await planByLock(set, known, request);
    failures.push(...planFailures(plan));
    return plan.lock;
  });
  const drift = driftOf(known ?? { ...lock, unikernels: [], places: [] }, lock, present);
  const isSame = drift.every(({ state }) => state === 'same' || state === 'absent');
  if (!known || !isSame) await writeLock(file, lock);
  const state = known ? (isSame ? 'same' : 'changed') : 'created';
  return { file, state, drift, slots: lock.places.length, failures };
}

async function planFresh(
  set: readonly LoadedUnikernel[],
  request: LockRequest & Growth,
): Promise<SetPlan> {
  const { options, growth = 1 } = request;
  return planSet(await splitForLock(set, options, splitPlace(request)), options, growth);
}

async function planByLock(
  set: readonly LoadedUnikernel[],
  lock: Lock,
  request: LockRequest,
): Promise<LockedPlan> {
  return planLocked(await splitForLock(set, lock, splitPlace(request)), lock);
}

const splitPlace = ({ workspace, signal, jobs }: LockRequest) => ({
  root: path.resolve(workspace),
  signal,
  jobs,
});

async function removeFrom(
  file: string,
  known: Lock | undefined,
  names: readonly string[],
): Promise<LockResult> {
  const lock = withoutUnikernels(known ?? missing(file), names);
  await writeLock(file, lock);
  return { file, state: 'changed', drift: [], slots: lock.places.length, failures: [] };
}

async function knownLock(request: LockRequest) {
  const file =
    request.lock === undefined ? lockPath(request.workspace) : path.resolve(request.lock);
  return { file, known: await readLock(file) };
}

function missing(file: string): never {
  throw new SpacerError('lock-missing', 'does not exist: spacer lock makes one.', { file });
}

const planFailures = ({ failures }: LockedPlan): Unusable[] =>
  failures.map(({ loaded, error }) => failureOf(loaded.unikernel, error));

/** Pages of planned unikernels, as a document with predicted pages only. */
function documentOf(
  workspace: string,
  planned: readonly PlannedUnikernel[],
  failures: Unusable[],
): PageMapDocument {
  const unikernels = planned.flatMap(({ loaded, input, placements }) => {
    const { name } = loaded.unikernel;
    try {
      return { name, stages: { predicted: predictedStage(loaded, input, placements) } };
    } catch (error) {
      if (!(error instanceof SpacerError)) throw error;
      failures.push(failureOf(loaded.unikernel, error));
      return [];
    }
  });
  return pageMapOf({ spacer: VERSION, workspace: path.resolve(workspace), unikernels, failures });
}

/** A workspace beside its lock. */
export interface LockCheck {
  readonly file: string;
  readonly drift: readonly Drift[];
  /** Pages that the workspace's unikernels have when they are aligned by the lock. */
  readonly document: PageMapDocument;
}

/**
 * Compares a workspace with its lock, and predicts its pages. Writes nothing.
 * @throws SpacerError `lock-missing`, `lock-*`, and what reading a workspace throws
 */
export async function checkWorkspace(request: LockRequest): Promise<LockCheck> {
  const { file, known } = await knownLock(request);
  const lock = known ?? missing(file);
  const failures: Unusable[] = [];
  const passes = new PassRunner(request.onProgress, request.signal);
  const { set } = await readSet(request, passes, failures);
  const plan = await passes.run('plan', () => planByLock(set, lock, request));
  failures.push(...planFailures(plan));
  const drift = driftOf(
    lock,
    plan.lock,
    plan.unikernels.map(({ loaded }) => loaded.unikernel.name),
  );
  const document = await passes.run('predict', () =>
    documentOf(request.workspace, plan.unikernels, failures),
  );
  return { file, drift, document };
}

/** What a fresh layout would bring, and what it costs. */
export interface Relayout {
  readonly file: string;
  /** Pages by the lock as it is; absent where there is none. */
  readonly before?: PageMapDocument;
  /** Pages by the fresh layout. */
  readonly after: PageMapDocument;
  /** Unikernels whose images change, and those that stay as they are. */
  readonly relink: readonly string[];
  readonly keep: readonly string[];
  /** Unikernels of the lock that are not here: a new layout would leave them out. */
  readonly absent: readonly string[];
  readonly written: boolean;
}

/**
 * Plans a workspace afresh and compares that with its lock.
 * @param request `write`: replace the lock; `leaveOut`: also where that drops unikernels that are
 *   not here
 * @throws SpacerError `lock-absent`, `lock-*`, and what reading a workspace throws
 */
export async function relayoutWorkspace(
  request: LockRequest & Growth & { readonly write?: boolean; readonly leaveOut?: boolean },
): Promise<Relayout> {
  const { file, known } = await knownLock(request);
  const failures: Unusable[] = [];
  const passes = new PassRunner(request.onProgress, request.signal);
  const { set } = await readSet(request, passes, failures);
  const plans = await passes.run('plan', async () => ({
    fresh: await planFresh(set, request),
    locked: known && (await planByLock(set, known, request)),
  }));
  const { fresh, locked } = plans;
  const lock = lockOf(fresh);
  const absent = absentOf(known, lock);
  if (request.write && absent.length > 0 && !request.leaveOut) throw absentError(file, absent);
  const [after, before] = await passes.run('predict', () => [
    documentOf(request.workspace, fresh.unikernels, failures),
    locked && documentOf(request.workspace, locked.unikernels, []),
  ]);
  if (request.write) await writeLock(file, lock);
  const relink = relinked(known, lock);
  return {
    file,
    ...(before && { before }),
    after: after,
    relink,
    keep: lock.unikernels.map(({ name }) => name).filter((name) => !relink.includes(name)),
    absent,
    written: request.write ?? false,
  };
}

function absentOf(known: Lock | undefined, fresh: Lock): string[] {
  const here = new Set(fresh.unikernels.map(({ name }) => name));
  return (known?.unikernels ?? []).map(({ name }) => name).filter((name) => !here.has(name));
}

function absentError(file: string, absent: readonly string[]): SpacerError {
  return new SpacerError(
    'lock-absent',
    `A new layout would leave out what the lock has and the workspace has not: ${absent.join(', ')}. --leave-out does so.`,
    { file },
  );
}

/** An image stays as it is where everything in it stays where it is. */
function relinked(known: Lock | undefined, fresh: Lock): string[] {
  const checksums = new Map(known?.unikernels.map(({ name, checksum }) => [name, checksum]));
  const sameStarts = JSON.stringify(known?.regions) === JSON.stringify(fresh.regions);
  return fresh.unikernels.flatMap(({ name, checksum }) =>
    sameStarts && checksums.get(name) === checksum ? [] : [name],
  );
}
