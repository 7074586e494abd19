/**
 * Free space for what is new to a lock, or had to be moved. Libraries that fill pages go where no
 * unikernel has anything, each in a row, since others may come to have the same. Small ones and an
 * application's own may stand where others have something that this unikernel lacks: first on pages that no
 * other has as this one has them, which are its own anyway.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { alignUp, GRAIN } from '../layout/place.ts';
import { isApplication } from './application.ts';
import type { Board } from './board.ts';
import { Holes } from './holes.ts';
import type { Interval } from './intervals.ts';
import type { MemberSlot } from './model.ts';
import { compareText } from './order.ts';

/**
 * From so many bytes on a library's part of a region is kept apart. Less saves a page or two when a
 * unikernel comes (3% of a set of eight at 4096 bytes against 0), and costs when many have come, since what
 * stands over others' places cannot stand there in all (30% at 600 unikernels).
 */
const LARGE = 1024;

/** @throws SpacerError `lock-full` */
export function placeFresh(board: Board, slots: readonly MemberSlot[]): void {
  for (const own of groupBy(slots, ({ region }) => region)) {
    const libraries = groupBy(own, ({ library }) => library);
    const large = board.isSmallFleet ? [] : libraries.filter(isLarge).flat();
    const left = fillHoles(
      board,
      own.filter((slot) => !large.includes(slot)),
    );
    const parts = groupBy([...large, ...left], ({ library }) => library);
    const together = parts.filter(isLarge).flat();
    const apart = parts.filter((library) => !isLarge(library)).flat();
    if (together.length > 0) placeTogether(board, together);
    const falling = apart.sort((a, b) => b.size - a.size || compareText(a.key, b.key));
    if (falling.length > 0) placeApart(board, falling);
  }
}

/**
 * Puts slots of one region on pages that are this unikernel's own anyway, the largest first.
 * @returns what found no room there
 */
function fillHoles(board: Board, slots: readonly MemberSlot[]): MemberSlot[] {
  const falling = [...slots].sort((a, b) => b.size - a.size || compareText(a.key, b.key));
  const [first] = falling;
  if (first === undefined) return [];
  const holes = new Holes(board, first.region, (page) => board.isOwn(page));
  const placed = new Set<MemberSlot>();
  const moves = falling.flatMap((slot) => {
    const address = holes.take(slot, (at) => addressIn(at, slot));
    return address === undefined ? [] : [{ slot, address }];
  });
  for (const { slot, address } of moves) {
    board.open(slot, address);
    placed.add(slot);
  }
  return slots.filter((slot) => !placed.has(slot));
}

/** What a library puts into a region, if it fills pages of its own that others may come to share. */
const isLarge = (slots: readonly MemberSlot[]): boolean =>
  !isApplication(slots[0]!.library) && slots.reduce((sum, { size }) => sum + size, 0) >= LARGE;

/** A table that outgrew its room, or is new, stands alone behind what is locked. */
export function placeTable(board: Board, slot: MemberSlot): void {
  const range = board.groupRange(board.groupOf(slot.region));
  const address = firstFit(board.freeOfAll(slot.region, range), slot);
  if (address === undefined) throw board.full(slot);
  board.open(slot, address);
}

/** Slots of one region, in a row where no unikernel has anything. */
function placeTogether(board: Board, batch: readonly MemberSlot[]): void {
  const { region } = batch[0]!;
  const gaps = board.freeOfAll(region, board.rangeOf(region));
  const size = batch.reduce((end, slot) => alignUp(end, grainOf(slot)) + slot.size, 0);
  const alignment = Math.max(PAGE_SIZE, ...batch.map(grainOf));
  const start = firstFit(gaps, { size, alignment });
  if (start === undefined) return placeEach(board, batch, gaps);
  let cursor = start;
  for (const slot of batch) {
    const address = addressIn(cursor, slot);
    board.open(slot, address);
    cursor = address + slot.size;
  }
}

/** Small things: behind everything. */
function placeApart(board: Board, batch: readonly MemberSlot[]): void {
  const { region } = batch[0]!;
  const range = board.rangeOf(region);
  const wanted = Math.min(
    PAGE_SIZE,
    batch.reduce((sum, slot) => sum + slot.size, 0),
  );
  const behind = board.freeOfLibraries(region, range);
  const large = behind.filter(({ start, end }) => end - start >= wanted);
  placeEach(board, batch, [...large, ...behind]);
}

/** First fit in the gaps; what is placed takes its room from them. */
function placeEach(board: Board, batch: readonly MemberSlot[], gaps: readonly Interval[]): void {
  const left = gaps.map(({ start, end }) => ({ start, end }));
  for (const slot of batch) {
    const occupied = board.occupiedOf(slot.region);
    const gap = left.find(({ start, end }) => {
      const last = addressIn(start, slot) + slot.size;
      return last <= end && occupied.isFree(last - slot.size, last);
    });
    if (gap === undefined) throw board.full(slot);
    const address = addressIn(gap.start, slot);
    board.open(slot, address);
    gap.start = address + slot.size;
  }
}

const grainOf = ({ alignment }: { readonly alignment: number }) => Math.max(GRAIN, alignment);

export const addressIn = (start: number, slot: { readonly alignment: number }) =>
  alignUp(start, grainOf(slot));

function firstFit(
  gaps: readonly Interval[],
  slot: { readonly size: number; readonly alignment: number },
): number | undefined {
  const gap = gaps.find(({ start, end }) => addressIn(start, slot) + slot.size <= end);
  return gap && addressIn(gap.start, slot);
}

/** Items by a name, in the order of its first appearance. */
function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const known = groups.get(name);
    if (known) known.push(item);
    else groups.set(name, [item]);
  }
  return [...groups.values()];
}
