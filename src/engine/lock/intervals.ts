/**
 * Sets of addresses as sorted lists of intervals `[start, end)`, for one unikernel at a time: what it
 * has at an address, and where there is room.
 */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Intervals that do not overlap, ascending. */
export class IntervalSet {
  private readonly list: Interval[] = [];

  get intervals(): readonly Interval[] {
    return this.list;
  }

  /** True where nothing of `[start, end)` is in the set. */
  isFree(start: number, end: number): boolean {
    const next = this.list[this.indexBehind(start)];
    const before = this.list[this.indexBehind(start) - 1];
    return (
      (next === undefined || next.start >= end) && (before === undefined || before.end <= start)
    );
  }

  /** Adds an interval that is free; an empty one changes nothing. */
  add(start: number, end: number): void {
    if (end > start) this.list.splice(this.indexBehind(start), 0, { start, end });
  }

  /** Takes an interval out that was added. */
  remove(start: number): void {
    const at = this.indexBehind(start) - 1;
    if (this.list[at]?.start === start) this.list.splice(at, 1);
  }

  /** Index of the first interval that starts behind an address. */
  private indexBehind(address: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.list[middle]!.start > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** What of `[start, end)` none of the obstacles covers; they are ascending by start and may overlap. */
export function gapsBetween(obstacles: Iterable<Interval>, { start, end }: Interval): Interval[] {
  const gaps: Interval[] = [];
  let cursor = start;
  for (const obstacle of obstacles) {
    if (obstacle.start >= end) break;
    if (obstacle.start > cursor) gaps.push({ start: cursor, end: obstacle.start });
    cursor = Math.max(cursor, obstacle.end);
  }
  if (cursor < end) gaps.push({ start: cursor, end });
  return gaps;
}

/** Gaps that get smaller as something is placed in them. */
export class FreeList {
  constructor(private list: Interval[]) {}

  get gaps(): readonly Interval[] {
    return this.list;
  }

  /** Takes `[start, end)` out of the gaps; what of it is not free already is left alone. */
  take(start: number, end: number): void {
    if (end <= start) return;
    const from = this.firstEndingBehind(start);
    let to = from;
    const rest: Interval[] = [];
    for (; to < this.list.length && this.list[to]!.start < end; to++) {
      const gap = this.list[to]!;
      if (gap.start < start) rest.push({ start: gap.start, end: start });
      if (gap.end > end) rest.push({ start: end, end: gap.end });
    }
    if (to > from) this.list.splice(from, to - from, ...rest);
  }

  private firstEndingBehind(address: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.list[middle]!.end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Gaps as far as they lie in a range. */
export function within(gaps: readonly Interval[], { start, end }: Interval): Interval[] {
  return gaps
    .filter((gap) => gap.end > start && gap.start < end)
    .map((gap) => ({ start: Math.max(gap.start, start), end: Math.min(gap.end, end) }));
}

/** What of the gaps lies on pages that `isOpen` admits; neighbours stay one gap. */
export function onPages(
  gaps: readonly Interval[],
  isOpen: (page: number) => boolean,
  pageSize: number,
): Interval[] {
  return gaps.flatMap(({ start, end }) => {
    const result: Interval[] = [];
    let cursor = start;
    // Only the first and the last page of a gap can hold something else.
    const first = Math.floor(start / pageSize);
    const last = Math.floor((end - 1) / pageSize);
    if (!isOpen(first)) cursor = (first + 1) * pageSize;
    const stop = last > first && !isOpen(last) ? last * pageSize : end;
    if (cursor < stop) result.push({ start: cursor, end: stop });
    return result;
  });
}
