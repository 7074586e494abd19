/**
 * Ranges of addresses with one owner each. The accounting follows bloaty's range map: ranges never
 * overlap, layers are put over each other so that the better knowledge wins, and cutting the result
 * at page borders gives every byte exactly one owner.
 */
export interface OwnedRange {
  readonly start: number;
  /** First address after the range. */
  readonly end: number;
  readonly library: string;
  readonly section: string;
}

/** Sorts ranges and cuts off what overlaps: the range that starts first keeps its bytes. */
export function flatten(ranges: readonly OwnedRange[]): OwnedRange[] {
  const result: OwnedRange[] = [];
  let covered = -Infinity;
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const start = Math.max(range.start, covered);
    if (start >= range.end) continue;
    result.push(start === range.start ? range : { ...range, start });
    covered = range.end;
  }
  return result;
}

/** Puts the flat ranges `over` on top of the flat ranges `base`. */
export function overlay(base: readonly OwnedRange[], over: readonly OwnedRange[]): OwnedRange[] {
  const result: OwnedRange[] = [];
  let next = 0;
  for (const range of base) {
    let at = Math.max(range.start, result[result.length - 1]?.end ?? range.start);
    for (let top = over[next]; top && top.start < range.end; top = over[++next]) {
      if (at < top.start) result.push({ ...range, start: at, end: top.start });
      result.push(top);
      at = Math.max(at, top.end);
    }
    if (at < range.end) result.push({ ...range, start: at });
  }
  for (const top of over.slice(next)) result.push(top);
  return result;
}

/** Joins neighbours that have the same owner. */
export function coalesce(ranges: readonly OwnedRange[]): OwnedRange[] {
  const result: OwnedRange[] = [];
  for (const range of ranges) {
    const last = result[result.length - 1];
    const same = last?.library === range.library && last.section === range.section;
    if (last && same && last.end === range.start)
      result[result.length - 1] = { ...last, end: range.end };
    else result.push(range);
  }
  return result;
}

/** Fills the holes between flat ranges inside `[start, end)`, and cuts off what lies outside. */
export function tile(
  ranges: readonly OwnedRange[],
  start: number,
  end: number,
  hole: { readonly library: string; readonly section: string },
): OwnedRange[] {
  const result: OwnedRange[] = [];
  let at = start;
  for (let i = firstReaching(ranges, start); i < ranges.length; i++) {
    const range = ranges[i];
    if (range === undefined || range.start >= end) break;
    const from = Math.max(range.start, start);
    if (at < from) result.push({ ...hole, start: at, end: from });
    at = Math.min(range.end, end);
    result.push({ ...range, start: from, end: at });
  }
  if (at < end) result.push({ ...hole, start: at, end });
  return result;
}

/** Index of the first flat range that ends above `address`. */
export function firstReaching(ranges: readonly OwnedRange[], address: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.end ?? Infinity) <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
