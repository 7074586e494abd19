/**
 * Lets slots of one sharing class change places, so that those of one library stand together. No
 * unikernel of the set can tell: pages differ by which classes stand on them. But one that comes later
 * lacks whole libraries, or has them in another variant, and then few pages differ instead of many.
 *
 * A class has stretches of addresses in which only its slots stand. They are filled anew, library by
 * library; the small slots last, in what is left between the others. Where not all find room, more are
 * taken for small; at last everything stays where it was.
 */
import { alignUp, GRAIN } from '../layout/place.ts';
import type { Layout } from '../layout/plan.ts';
import type { Region } from '../layout/regions.ts';
import { sharingClassOf, variantsOf, type Slot } from '../layout/slots.ts';
import type { Interval } from './intervals.ts';
import { compareText } from './order.ts';

/** A gap behind a slot up to this many bytes belongs to the stretch. */
const PADDING = 64;

/** Slots below this are placed last; the first of these with which all find room is taken. */
const SMALL = [0, 17, 33, 65, 129, 257];

/** Where a name decides what stands beside what. */
export type NearnessOf = (slot: Slot) => string;

/** The layout with the slots of each class ordered. Pages keep their classes. */
export function orderWithinClasses(
  layout: Layout,
  slots: readonly Slot[],
  regions: readonly Region[],
  nearnessOf: NearnessOf,
): Layout {
  const addresses = [...layout.addresses];
  for (const stretches of stretchesByClass(layout, slots, regions).values())
    for (const [id, address] of reordered(stretches, nearnessOf) ?? []) addresses[id] = address;
  return { ...layout, addresses };
}

interface Stretch extends Interval {
  readonly slots: Slot[];
}

/** Stretches of the classes that have one variant, in the groups whose pages are packed. */
function stretchesByClass(
  { addresses }: Layout,
  slots: readonly Slot[],
  regions: readonly Region[],
): Map<string, Stretch[]> {
  const groups = new Map(regions.map(({ name, group }) => [name, group]));
  const found = new Map<string, Stretch[]>();
  const ordered = slots
    .filter(({ region, size }) => size > 0 && isPacked(groups.get(region)))
    .map((slot) => ({ slot, key: keyOf(slot), start: addresses[slot.id]! }))
    .sort((a, b) => a.start - b.start || a.slot.id - b.slot.id);
  let open: { key: string; start: number; end: number; slots: Slot[] } | undefined;
  const close = (next: number) => {
    if (!open) return;
    const { key, start, slots: own } = open;
    const end = next - open.end <= PADDING ? Math.max(open.end, next) : open.end;
    found.set(key, [...(found.get(key) ?? []), { start, end, slots: own }]);
    open = undefined;
  };
  for (const { slot, key, start } of ordered) {
    const end = start + slot.size;
    if (open?.key === key && key !== '' && start >= open.end && start - open.end <= PADDING) {
      open.slots.push(slot);
      open.end = end;
      continue;
    }
    close(start);
    if (key !== '') open = { key, start, end, slots: [slot] };
  }
  close(Infinity);
  return found;
}

const isPacked = (group: Region['group'] | undefined) => group === 'text' || group === 'readonly';

/** Slots that may change places; `''` for those that stay. */
const keyOf = (slot: Slot): string =>
  slot.role !== 'body' || variantsOf(slot) !== 1 ? '' : `${slot.region} ${sharingClassOf(slot)}`;

function reordered(
  stretches: readonly Stretch[],
  nearnessOf: NearnessOf,
): Map<number, number> | undefined {
  const slots = stretches.flatMap((stretch) => stretch.slots);
  if (slots.length < 2) return undefined;
  const named = slots.map((slot) => ({ slot, name: nearnessOf(slot) }));
  named.sort(
    (a, b) =>
      compareText(a.name, b.name) ||
      b.slot.alignment - a.slot.alignment ||
      b.slot.size - a.slot.size ||
      a.slot.id - b.slot.id,
  );
  const ordered = named.map(({ slot }) => slot);
  for (const small of SMALL) {
    const placed = fill(stretches, ordered, small);
    if (placed) return placed;
  }
  return undefined;
}

/** Fills stretches one by one; undefined where not all find room. */
function fill(
  stretches: readonly Interval[],
  slots: readonly Slot[],
  small: number,
): Map<number, number> | undefined {
  const placed = new Map<number, number>();
  const gaps: { start: number; end: number }[] = [];
  let left = slots.filter(({ size }) => size >= small);
  for (const { start, end } of stretches) {
    let cursor = start;
    const rest: Slot[] = [];
    for (const slot of left) {
      const address = alignUp(cursor, Math.max(GRAIN, slot.alignment));
      if (address + slot.size > end) {
        rest.push(slot);
        continue;
      }
      if (address > cursor) gaps.push({ start: cursor, end: address });
      placed.set(slot.id, address);
      cursor = alignUp(address + slot.size, GRAIN);
    }
    if (cursor < end) gaps.push({ start: cursor, end });
    left = rest;
  }
  if (left.length > 0) return undefined;
  for (const slot of slots.filter(({ size }) => size < small)) {
    const at = (gap: Interval) => alignUp(gap.start, Math.max(GRAIN, slot.alignment));
    const gap = gaps.find((one) => at(one) + slot.size <= one.end);
    if (!gap) return undefined;
    placed.set(slot.id, at(gap));
    gap.start = alignUp(at(gap) + slot.size, GRAIN);
  }
  return placed;
}
