/**
 * Empties pages: the slots of a page are re-homed, class by class, in the free room of other pages,
 * split where one page has no room for all, wherever that lowers the cost of all pages together. A
 * page that cannot be emptied as a whole gives away those of its classes for which it pays.
 */
import type { Bin, Entry, Item } from './bin.ts';
import type { SharingClass } from './sharing.ts';

/** Pages that a class may go to. */
export type CandidatesOf = (sharing: SharingClass) => readonly Bin[];

/** @param passes over all pages, at most; it ends earlier where nothing improves */
export function dissolve(bins: readonly Bin[], candidatesOf: CandidatesOf, passes: number): void {
  for (let pass = 0; pass < passes; pass++) {
    const ordered = bins.filter((bin) => !bin.isEmpty).map((bin) => ({ bin, fill: bin.fill }));
    ordered.sort((a, b) => a.fill - b.fill);
    const improved = ordered.filter(({ bin }) => empty(bin, candidatesOf));
    if (improved.length === 0) return;
  }
}

function empty(bin: Bin, candidatesOf: CandidatesOf): boolean {
  const groups = bin.movableClasses().map(({ index }) => bin.movable(index));
  if (!bin.isPinned && rehome(bin, groups, candidatesOf)) return true;
  if (groups.length === 1 && !bin.isPinned) return false;
  return groups.filter((group) => rehome(bin, [group], candidatesOf)).length > 0;
}

type Undo = { bin: Bin; entries: readonly Entry[] }[];

/** Moves whole groups off a page where that lowers the cost of all pages together; else undoes it. */
function rehome(from: Bin, groups: readonly Item[][], candidatesOf: CandidatesOf): boolean {
  const before = from.cost;
  const undo: Undo = [{ bin: from, entries: [...from.entries] }];
  let change = 0;
  for (const group of groups) {
    for (const item of group) from.remove(item);
    const left = groups.length > 1 ? 0 : from.cost;
    const limit = before - left - change;
    const price = placeGroup(group, from, limit, candidatesOf, undo);
    change = price === undefined ? Infinity : change + price;
    if (change >= before) break;
  }
  if (change < Infinity && change + from.cost - before < -1e-9) return true;
  for (const { bin, entries } of undo.reverse()) bin.restore(entries);
  return false;
}

/** Puts a class into the pages where it costs least; undefined where that costs more than a limit. */
function placeGroup(
  group: readonly Item[],
  from: Bin,
  limit: number,
  candidatesOf: CandidatesOf,
  undo: Undo,
): number | undefined {
  const { sharing } = group[0]!;
  const targets = candidatesOf(sharing)
    .filter((bin) => bin !== from && !bin.isEmpty)
    .map((bin) => ({ bin, price: bin.priceOf(sharing), fill: bin.fill }))
    .sort((a, b) => a.price - b.price || b.fill - a.fill);
  let rest = [...group].sort((a, b) => b.size - a.size || a.id - b.id);
  let total = 0;
  for (const { bin, price } of targets) {
    if (rest.length === 0 || total + price >= limit) break;
    const entries = [...bin.entries];
    const left = rest.filter((item) => !bin.add(item));
    if (left.length === rest.length) continue;
    undo.push({ bin, entries });
    total += price;
    rest = left;
  }
  return rest.length === 0 ? total : undefined;
}
