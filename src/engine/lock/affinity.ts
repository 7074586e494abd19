/**
 * Lets slots of one sharing class change places, so that those of one library stand together. No
 * unikernel of the set can tell: pages differ by which classes stand on them. But one that comes later
 * lacks whole libraries, or has them in another variant, and then few pages differ instead of many.
 *
 * A class has stretches of addresses in which only its slots stand. They are filled anew, library by
 * library; the small slots last, in what is left between the others. Where not all find room, small
 * stretches keep what they have, and more slots are taken for small; at last everything stays.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { alignUp, GRAIN } from '../layout/place.ts';
import type { Layout } from '../layout/plan.ts';
import type { Region } from '../layout/regions.ts';
import { meet } from '../layout/sharing.ts';
import { variantsOf, type Slot } from '../layout/slots.ts';
import type { Interval } from './intervals.ts';

/** A gap behind a slot up to this many bytes belongs to the stretch. */
const PADDING = 64;

/** Slots below this are placed last; the first of these with which all find room is taken. */
const SMALL = [0, 17, 33, 65, 129, 257];

/** Part of the small slots, the last in the order, that is placed last; as little as will do. */
const SHARES = [0.1, 0.3, 1];

/** Stretches below this keep their slots; the first of these with which all find room is taken. */
const LEAST = [0, PAGE_SIZE / 4, PAGE_SIZE];

/** Slots with numbers that are close stand side by side. */
export type NearnessOf = (slot: Slot) => number;

/** The layout with the slots of each class ordered. Pages keep their classes. */
export function orderWithinClasses(
  layout: Layout,
  slots: readonly Slot[],
  regions: readonly Region[],
  nearnessOf: NearnessOf,
): Layout {
  const addresses = [...layout.addresses];
  for (const group of ['text', 'readonly'] as const) {
    const names = new Set(regions.filter((one) => one.group === group).map(({ name }) => name));
    const own = slots.filter(({ region, size }) => size > 0 && names.has(region));
    for (const stretches of stretchesByClass(layout, own))
      for (const [id, address] of reordered(stretches, nearnessOf) ?? []) addresses[id] = address;
  }
  return { ...layout, addresses };
}

interface Stretch extends Interval {
  readonly slots: Slot[];
}

/** A slot where it stands. */
interface Standing {
  readonly slot: Slot;
  readonly start: number;
  /** Class; `''` for slots that stay. */
  readonly key: string;
  /** A bit for each unikernel that has it. */
  readonly bits: Int32Array;
}

/** Comparisons of slots that are made at most: in a very large fleet everything stays. */
const MOST_COMPARED = 400_000_000;

/** Stretches of the classes that have one variant, class by class. */
function stretchesByClass({ addresses }: Layout, slots: readonly Slot[]): Stretch[][] {
  const standing = slots
    .map((slot): Standing => {
      const bits = bitsOf(slot);
      return { slot, start: addresses[slot.id]!, key: keyOf(slot, bits), bits };
    })
    .sort((a, b) => a.start - b.start || a.slot.id - b.slot.id);
  const classes = new Map(standing.map((one) => [one.key, one.bits]));
  classes.delete('');
  if (classes.size * standing.length > MOST_COMPARED) return [];
  return [...classes].map(([key, bits]) =>
    stretchesOf(
      key,
      standing.filter((one) => meet(one.bits, bits)),
    ),
  );
}

/** Stretches of a class among all that some unikernel has beside it, ascending by address. */
function stretchesOf(key: string, met: readonly Standing[]): Stretch[] {
  const found: Stretch[] = [];
  let open: { start: number; end: number; slots: Slot[] } | undefined;
  for (const { slot, start, key: other } of [...met, END]) {
    if (open && (other !== key || start < open.end || start - open.end > PADDING)) {
      const end = start - open.end <= PADDING ? Math.max(open.end, start) : open.end;
      found.push({ ...open, end });
      open = undefined;
    }
    if (other !== key) continue;
    open ??= { start, end: start, slots: [] };
    open.slots.push(slot);
    open.end = start + slot.size;
  }
  return found;
}

const END = { slot: undefined as never, start: Infinity, key: '' };

function bitsOf({ fillings }: Slot): Int32Array {
  const bits = new Int32Array((fillings.length + 31) >>> 5);
  fillings.forEach((filling, u) => {
    if (filling) bits[u >>> 5]! |= 1 << (u & 31);
  });
  return bits;
}

/** The class of slots that may change places: those with one variant. `''` for those that stay. */
function keyOf(slot: Slot, bits: Int32Array): string {
  return slot.role !== 'body' || variantsOf(slot) !== 1 ? '' : `${slot.region} ${bits.join()}`;
}

function reordered(
  stretches: readonly Stretch[],
  nearnessOf: NearnessOf,
): Map<number, number> | undefined {
  for (const least of LEAST) {
    const chosen = stretches.filter(({ start, end }) => end - start >= least);
    const slots = byNearness(
      chosen.flatMap((stretch) => stretch.slots),
      nearnessOf,
    );
    if (slots.length < 2) continue;
    for (const small of SMALL)
      for (const share of SHARES) {
        const placed = fill(chosen, slots, lastSmall(slots, small, share));
        if (placed) return placed;
      }
  }
  return undefined;
}

/** Of the slots below a size, a share: the last ones. */
function lastSmall(slots: readonly Slot[], small: number, share: number): ReadonlySet<Slot> {
  const all = slots.filter(({ size }) => size < small);
  return new Set(all.slice(Math.floor(all.length * (1 - share))));
}

function byNearness(slots: readonly Slot[], nearnessOf: NearnessOf): Slot[] {
  const named = slots.map((slot) => ({ slot, near: nearnessOf(slot) }));
  named.sort(
    (a, b) =>
      a.near - b.near ||
      b.slot.alignment - a.slot.alignment ||
      b.slot.size - a.slot.size ||
      a.slot.id - b.slot.id,
  );
  return named.map(({ slot }) => slot);
}

/** Fills stretches one by one; undefined where not all find room. */
function fill(
  stretches: readonly Interval[],
  slots: readonly Slot[],
  small: ReadonlySet<Slot>,
): Map<number, number> | undefined {
  const placed = new Map<number, number>();
  const gaps: { start: number; end: number }[] = [];
  let left = slots.filter((slot) => !small.has(slot));
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
  for (const slot of small) {
    const at = (gap: Interval) => alignUp(gap.start, Math.max(GRAIN, slot.alignment));
    const gap = gaps.find((one) => at(one) + slot.size <= one.end);
    if (!gap) return undefined;
    placed.set(slot.id, at(gap));
    gap.start = alignUp(at(gap) + slot.size, GRAIN);
  }
  return placed;
}
