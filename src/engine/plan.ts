/** What the passes after the plan need of it, whether a layout was searched or a lock holds it. */
import type {
  AslrReport,
  Bound,
  LibraryEntry,
  PageMapDocument,
  PoolRange,
  Unusable,
} from '../protocol/page-map.ts';
import type { Domain } from './domains.ts';
import { HOW_BOUND } from './layout/bound.ts';
import type { Placement } from './lock/extend.ts';
import type { Lock } from './lock/model.ts';
import { planLocked } from './plan-locked.ts';
import type { PlannedUnikernel, SetPlan } from './plan-set.ts';
import { failureOf } from './read-set.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';
import { librariesOfSlots } from './report/libraries.ts';

export interface Plan {
  readonly unikernels: readonly PlannedUnikernel[];
  readonly layout: NonNullable<PageMapDocument['layout']>;
  /** Known where the set was planned as a whole, at common addresses. */
  readonly bound?: Bound;
  readonly pool?: PoolRange;
  readonly aslr?: AslrReport;
  /** Given where they were planned apart. */
  readonly domains?: readonly Domain[];
  /** Known where the set was planned as a whole. */
  readonly libraries?: LibraryEntry[];
}

/** @param bound of the finest slots, where the plan's are not */
export function layoutPlan(
  { unikernels, layout, reason, identified, aslr, ...plan }: SetPlan,
  bound: number | undefined = plan.bound,
): Plan {
  return {
    unikernels,
    layout: { chosen: layout.strategy.name, reason },
    libraries: librariesOfSlots(identified.slots, unikernels.length),
    ...(bound !== undefined && { bound: { pages: bound, how: HOW_BOUND } }),
    ...(layout.pool && { pool: layout.pool }),
    ...(aslr && { aslr }),
  };
}

/** Those that do not fit the lock are added to the failures. */
export function byLock(set: readonly LoadedUnikernel[], lock: Lock, failures: Unusable[]): Plan {
  const plan = planLocked(set, lock);
  for (const { loaded, error } of plan.failures) failures.push(failureOf(loaded.unikernel, error));
  const count = (of: (placement: Placement) => readonly string[]) =>
    plan.unikernels.reduce((sum, { placement }) => sum + of(placement).length, 0);
  const added = count((placement) => placement.added);
  const outgrown = count((placement) => placement.outgrown);
  const reason = `The lock holds it; ${added} atoms are new to it, ${outgrown} outgrew their room.`;
  return { unikernels: plan.unikernels, layout: { chosen: 'locked', reason } };
}
