/** A fresh lock from the plan of a set. */
import type { SetPlan } from '../plan-set.ts';
import { checksumOf } from './content.ts';
import type { Holding, OpenPlace } from './ledger.ts';
import { slotsOf } from './member.ts';
import {
  ARCHITECTURE,
  type Lock,
  type LockedRegion,
  type MemberSlot,
  type Place,
} from './model.ts';
import { Ledger } from './ledger.ts';

/** A gap up to this many bytes behind a slot belongs to it. */
const SMALL_GAP = 64;

/** Locks a plan: every slot at its address, with the contents that each unikernel has there. */
export function lockOf(plan: SetPlan): Lock {
  const { groups, regions, layout, indirection } = plan;
  const ledger = new Ledger({
    architecture: ARCHITECTURE,
    granularity: plan.options.granularity,
    base: Math.min(...layout.regionStarts.values()),
    groups,
    regions: regions.map((region): LockedRegion => ({
      name: region.name,
      kind: region.kind,
      group: region.group,
      endAlignment: region.endAlignment,
      start: layout.regionStarts.get(region.name)!,
      end: layout.regionEnds.get(region.name)!,
    })),
    threadLocalSize: groups
      .filter(({ group }) => group === 'tls')
      .reduce((sum, { start, limit }) => sum + limit - start, 0),
    stubs: [...indirection.stubs].sort(),
    pins: [...indirection.pins].sort(),
    unikernels: [],
    places: [],
  });
  const places = placesOf(plan);
  for (const place of places.values()) ledger.insert(place);
  plan.unikernels.forEach(({ loaded, input }, u) => {
    const slots = slotsOf(input, plan.identified, u);
    const holdings = new Map(
      slots.map((slot): [string, Holding] => [slot.key, hold(slot, places)]),
    );
    ledger.enter(loaded.unikernel.name, checksumOf(holdings), holdings);
  });
  ledger.settle();
  return ledger.toLock();
}

function hold(slot: MemberSlot, places: ReadonlyMap<string, OpenPlace>): Holding {
  return { slot, place: places.get(slot.key)! };
}

function placesOf({ planned, identified, layout, unikernels }: SetPlan): Map<string, OpenPlace> {
  const symbols = new Map<string, Set<string>>();
  unikernels.forEach(({ input }, u) => {
    for (const slot of slotsOf(input, identified, u))
      symbols.set(slot.key, new Set([...(symbols.get(slot.key) ?? []), ...slot.symbols]));
  });
  const rooms = roomsOf(planned.map(({ size }, i) => ({ size, address: layout.addresses[i]! })));
  return new Map(
    planned.map(({ key, region, role, library, alignment, id }): [string, OpenPlace] => {
      const plain: Omit<Place, 'variants'> = {
        key,
        region,
        role,
        library,
        address: layout.addresses[id]!,
        room: rooms[id]!,
        alignment,
        symbols: [...(symbols.get(key) ?? [])].sort(),
      };
      return [key, { ...plain, variants: new Map() }];
    }),
  );
}

/** The bytes of each, with what little the alignment of the next one leaves. */
function roomsOf(slots: readonly { readonly size: number; readonly address: number }[]): number[] {
  const starts = [...new Set(slots.map(({ address }) => address))].sort((a, b) => a - b);
  const next = new Map(starts.map((start, i) => [start, starts[i + 1] ?? Infinity]));
  return slots.map(({ size, address }) => {
    const gap = next.get(address)! - address - size;
    return gap > 0 && gap <= SMALL_GAP ? size + gap : size;
  });
}
