/**
 * Plans unikernels by a lock, each on its own. What the lock has recorded of one depends on nothing
 * but its build and the lock, so that any number of machines align parts of a fleet and get the same
 * images. What the lock does not know yet is placed in the order of the names.
 */
import { paddingOf, type AlignOptions } from '../protocol/options.ts';
import { inputOf } from './atoms/input.ts';
import type { Indirection } from './atoms/indirection.ts';
import { atomSizeOf, regionsOf } from './draft.ts';
import type { Region } from './layout/regions.ts';
import { SpacerError } from './errors.ts';
import { place, type Placement } from './lock/extend.ts';
import { Ledger } from './lock/ledger.ts';
import { memberOf } from './lock/member.ts';
import { lastingIndirection } from './lock/lasting.ts';
import type { Lock } from './lock/model.ts';
import { compareText } from './lock/order.ts';
import { placementsOf, type PlannedUnikernel } from './plan-set.ts';
import { withIndirection, type LoadedUnikernel } from './read-unikernel.ts';

/** One unikernel placed by the lock. */
export interface LockedUnikernelPlan extends PlannedUnikernel {
  readonly placement: Placement;
}

export interface LockedPlan {
  readonly unikernels: readonly LockedUnikernelPlan[];
  /** The lock with these unikernels in it, as they are now. */
  readonly lock: Lock;
  /** Those that do not fit. */
  readonly failures: readonly { readonly loaded: LoadedUnikernel; readonly error: SpacerError }[];
}

/**
 * What decides the layout cannot be asked for where a lock decides it.
 * @throws SpacerError `bad-options`
 */
export function checkLockable(options: AlignOptions, lock: Lock): void {
  const { location, customLoader, copyObjects, granularity, aslr, domain } = options;
  const { align, group } = paddingOf(options);
  const asked = [
    ...(align === 'auto' ? [] : ['--align']),
    ...(group === 'auto' ? [] : ['--group']),
    ...(location === undefined ? [] : ['--loc']),
    ...(customLoader ? ['--custom_loader'] : []),
    ...(aslr === 0 ? [] : ['--aslr']),
    ...(domain === undefined ? [] : ['--domain']),
    ...(copyObjects ? ['--copy_objs'] : []),
    ...(granularity === 'auto' || granularity === lock.granularity ? [] : ['--granularity']),
  ];
  if (asked.length === 0) return;
  const text = `${asked.join(', ')} cannot be combined with a lock, which holds the layout; --no-lock leaves it out.`;
  throw new SpacerError('bad-options', text);
}

/** Places each unikernel by the lock as it was given. */
export function planLocked(set: readonly LoadedUnikernel[], lock: Lock): LockedPlan {
  const unikernels: LockedUnikernelPlan[] = [];
  const failures: { loaded: LoadedUnikernel; error: SpacerError }[] = [];
  let ledger = new Ledger(lock);
  for (const loaded of byName(set)) {
    const before = ledger.toLock();
    try {
      unikernels.push(planOne(loaded, ledger));
    } catch (error) {
      if (!(error instanceof SpacerError)) throw error;
      failures.push({ loaded, error });
      ledger = new Ledger(before);
    }
  }
  return { unikernels, lock: ledger.toLock(), failures };
}

const byName = (set: readonly LoadedUnikernel[]) =>
  [...set].sort((a, b) => compareText(a.unikernel.name, b.unikernel.name));

function planOne(plain: LoadedUnikernel, ledger: Ledger): LockedUnikernelPlan {
  const indirection: Indirection = {
    stubs: new Set(ledger.lock.stubs),
    pins: lastingIndirection(plain.program).pins,
  };
  ledger.addPins(indirection.pins);
  const isDirect = indirection.stubs.size + indirection.pins.size === 0;
  const loaded = isDirect ? plain : withIndirection(plain, indirection);
  const input = inputOf(loaded);
  const regions = knownRegions(regionsOf([input]), ledger.lock);
  const { member, identified, keys } = memberOf(loaded.unikernel.name, input, regions, {
    size: atomSizeOf(ledger.lock),
    has: (key) => ledger.placesOf(key).length > 0,
    keyOfSymbol: (region, symbol) => ledger.keyOfSymbol(region, symbol),
  });
  const placement = place(ledger, member);
  const bounds = [...placement.regions];
  const layout = {
    addresses: keys.map((key) => placement.addresses.get(key) ?? 0),
    regionStarts: new Map(bounds.map(([name, { start }]) => [name, start])),
    regionEnds: new Map(bounds.map(([name, { end }]) => [name, end])),
  };
  return {
    loaded,
    input,
    placement,
    placements: placementsOf(input, 0, regions, identified, layout),
  };
}

/** What the fleet has a region for holds for each of its unikernels. */
function knownRegions(own: readonly Region[], lock: Lock): Region[] {
  const known = new Map(lock.regions.map((region) => [region.name, region]));
  return own.map((region) => {
    const locked = known.get(region.name);
    if (locked === undefined) return region;
    const { group, endAlignment } = locked;
    const kind = region.kind === 'table' ? region.kind : locked.kind;
    return { ...region, kind, group, endAlignment };
  });
}
