/**
 * Runs: slots one behind the other over more than a page. A slot larger than a page is one, so is
 * what a linker script keeps together, and so is the bulk of a sharing class, whose slots then
 * cross page boundaries and leave no room unused. Only the ends of a run lie on pages that other
 * slots can share; where a run begins in its first page decides which of its pages hold the bytes
 * that differ.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { BLOCK_SIZE, rangeHigh, rangeLow } from './digest.ts';
import { alignUp } from './place.ts';
import type { SharingClass, SharingClasses } from './sharing.ts';
import type { Slot } from './slots.ts';

export interface Member {
  readonly slot: Slot;
  /** From the start of the first page. */
  readonly offset: number;
}

/** What a run has on one of its pages. */
export interface Piece {
  readonly sharing: SharingClass;
  readonly from: number;
  readonly to: number;
  /** Where it ends in each unikernel of the class; absent where all end at `to`. */
  readonly ends?: Int32Array;
}

export interface Run {
  readonly members: readonly Member[];
  /** By page. */
  readonly pieces: readonly Piece[];
}

/** Offsets of slots one behind the other, the first at `start`. */
export function sequence(slots: readonly Slot[], start: number): Member[] {
  let end = start;
  return slots.map((slot) => {
    const offset = alignUp(end, Math.max(BLOCK_SIZE, slot.alignment));
    end = offset + slot.size;
    return { slot, offset };
  });
}

/** The run of slots that stand where they do, with what each page of it holds. */
export function runOf(members: readonly Member[], classes: SharingClasses): Run {
  const ends = members.map(({ slot, offset }) => offset + slot.size);
  const end = Math.max(0, ...ends);
  const start = Math.min(end, ...members.map(({ offset }) => offset));
  const pages = Math.ceil(end / PAGE_SIZE);
  const pieces = Array.from({ length: pages }, (_, page): Piece => {
    const base = page * PAGE_SIZE;
    const from = Math.max(0, start - base);
    const to = Math.min(PAGE_SIZE, end - base);
    const sharing = classes.of(contentsAt(members, page));
    const own = sharing.present.map((u) => Math.min(PAGE_SIZE, endIn(members, u) - base));
    return { sharing, from, to, ...(own.some((one) => one !== to) && { ends: own }) };
  });
  return { members, pieces };
}

/** Where a unikernel's contents of the members end. */
function endIn(members: readonly Member[], u: number): number {
  return members.reduce(
    (end, { slot, offset }) => Math.max(end, offset + (slot.fillings[u]?.size ?? 0)),
    0,
  );
}

/** By unikernel: a number for what the members give it on a page; undefined for nothing at all. */
function contentsAt(members: readonly Member[], page: number) {
  const base = page * PAGE_SIZE;
  const here = members.filter(
    ({ slot, offset }) => offset < base + PAGE_SIZE && offset + slot.size > base,
  );
  return (u: number): number | undefined => {
    let isPresent = false;
    let low = 0;
    let high = 0;
    for (const { slot, offset } of here) {
      const filling = slot.fillings[u];
      if (!filling) continue;
      const from = Math.max(0, base - offset);
      const to = Math.min(filling.size, base + PAGE_SIZE - offset);
      if (to <= from) continue;
      isPresent = true;
      const first = from / BLOCK_SIZE;
      const last = Math.ceil(to / BLOCK_SIZE);
      const position = (offset + from - base) / BLOCK_SIZE;
      low = (low + rangeLow(filling.digest, first, last, position)) | 0;
      high = (high + rangeHigh(filling.digest, first, last, position)) | 0;
    }
    if (!isPresent) return undefined;
    return (low >>> 0) + (high & 0x1fffff) * 2 ** 32;
  };
}

/** Different contents on all pages of a run together. */
function columnsOf({ pieces }: Run): number {
  return pieces.reduce((sum, { sharing }) => {
    let most = 0;
    for (const variant of sharing.variants) most = Math.max(most, variant);
    return sum + most;
  }, 0);
}

/** The run with the fewest different pages among those that begin at one of the offsets given. */
export const cheapestRun = (
  slots: readonly Slot[],
  starts: readonly number[],
  classes: SharingClasses,
): Run => cheapestRuns(slots, starts, classes)[0]!;

/** All runs with the fewest different pages, in the order of their starts. */
export function cheapestRuns(
  slots: readonly Slot[],
  starts: readonly number[],
  classes: SharingClasses,
): Run[] {
  const runs = starts.map((start) => runOf(sequence(slots, start), classes));
  const costs = runs.map((run) => columnsOf(run));
  const least = Math.min(...costs);
  return runs.filter((_, i) => costs[i] === least);
}

/** The offsets at which one of the slots begins a page. */
export function startsOf(slots: readonly Slot[]): number[] {
  const alignment = Math.max(BLOCK_SIZE, slots[0]?.alignment ?? 1);
  const starts = sequence(slots, 0).map(
    ({ offset }) => (PAGE_SIZE - (offset % PAGE_SIZE)) % PAGE_SIZE,
  );
  const kept = starts.map((start) => alignUp(start, alignment) % PAGE_SIZE);
  return [...new Set([0, ...kept])];
}

/** Room at the end of a run that is not worth a slot that crosses into the next page. */
export const SMALL_GAP = 64;

/**
 * The bulk of a class as a run of whole pages, and the slots that are left for other pages. Where
 * no slots fill the last page well, one more crosses its end.
 */
export function bulkOf(
  slots: readonly Slot[],
  sharing: SharingClass,
): { run?: Run; rest: readonly Slot[] } {
  const ordered = [...slots].sort(
    (a, b) => b.alignment - a.alignment || b.size - a.size || a.id - b.id,
  );
  const total = sequence(ordered, 0).reduce(
    (end, { slot, offset }) => Math.max(end, offset + slot.size),
    0,
  );
  const pages = Math.floor(total / PAGE_SIZE);
  if (pages === 0) return { rest: slots };
  const room = pages * PAGE_SIZE;
  const members: Member[] = [];
  const rest: Slot[] = [];
  let end = 0;
  for (const slot of ordered) {
    const offset = alignUp(end, Math.max(BLOCK_SIZE, slot.alignment));
    if (offset + slot.size > room) {
      rest.push(slot);
      continue;
    }
    members.push({ slot, offset });
    end = offset + slot.size;
  }
  if (room - end > SMALL_GAP && rest.length > 0) {
    const crossing = rest.pop()!;
    const offset = alignUp(end, Math.max(BLOCK_SIZE, crossing.alignment));
    members.push({ slot: crossing, offset });
    end = offset + crossing.size;
  }
  const count = Math.ceil(end / PAGE_SIZE);
  const pieces = Array.from({ length: count }, (_, page): Piece => {
    return { sharing, from: 0, to: Math.min(PAGE_SIZE, end - page * PAGE_SIZE) };
  });
  return { run: { members, pieces }, rest };
}
