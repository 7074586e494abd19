/**
 * What a unikernel leaves free on pages that are its own anyway, because no other has them as it has
 * them. What is put there costs no page.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { Board } from './board.ts';
import { gapsBetween, type Interval } from './intervals.ts';
import type { MemberSlot } from './model.ts';

/** Holes of one region, while they are filled. */
export class Holes {
  private readonly gaps: { start: number; end: number }[];

  /** @param isAdmitted pages on which something may be put */
  constructor(board: Board, region: string, isAdmitted: (page: number) => boolean) {
    const free = gapsBetween(board.occupiedOf(region).intervals, board.rangeOf(region));
    this.gaps = onAdmitted(free, isAdmitted);
  }

  /** The first address at which a slot fits; undefined where none does. It is taken. */
  take(slot: MemberSlot, addressIn: (start: number) => number): number | undefined {
    const gap = this.gaps.find(({ start, end }) => addressIn(start) + slot.size <= end);
    if (gap === undefined) return undefined;
    const address = addressIn(gap.start);
    gap.start = address + slot.size;
    return address;
  }
}

/** The parts of gaps on admitted pages, page by page. */
function onAdmitted(gaps: readonly Interval[], isAdmitted: (page: number) => boolean) {
  return gaps.flatMap(({ start, end }) => {
    const result: { start: number; end: number }[] = [];
    const last = Number.isFinite(end) ? Math.floor((end - 1) / PAGE_SIZE) : start / PAGE_SIZE;
    const first = Math.floor(start / PAGE_SIZE);
    // Behind the last admitted page there may be very many that are empty.
    const pages = new Set([first, last, ...(last - first < 64 ? range(first, last) : [])]);
    for (const page of pages)
      if (isAdmitted(page))
        result.push({
          start: Math.max(start, page * PAGE_SIZE),
          end: Math.min(end, (page + 1) * PAGE_SIZE),
        });
    return result.sort((a, b) => a.start - b.start);
  });
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
