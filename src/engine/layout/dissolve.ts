/**
 * Empties pages: the slots of a page are re-homed, class by class, in the free room of other pages,
 * split where one page has no room for all, wherever that lowers the cost of all pages together. A
 * page that cannot be emptied as a whole gives away those of its classes for which it pays.
 */
import type { Bin, Entry, Item } from './bin.ts';

/** @param effort pages to which a class may be compared, over all attempts */
export function dissolve(bins: readonly Bin[], effort: number): void {
  let left = effort;
  for (let improved = true; improved && left > 0;) {
    improved = false;
    const candidates = bins.filter((bin) => !bin.isEmpty);
    candidates.sort((a, b) => a.fill - b.fill);
    for (const bin of candidates) {
      if (left <= 0) break;
      left -= candidates.length;
      if (empty(bin, bins)) improved = true;
    }
  }
}

function empty(bin: Bin, bins: readonly Bin[]): boolean {
  const groups = bin.movableClasses().map(({ index }) => bin.movable(index));
  if (!bin.isPinned && rehome(bin, groups, bins)) return true;
  return groups.filter((group) => rehome(bin, [group], bins)).length > 0;
}

type Undo = { bin: Bin; entries: readonly Entry[] }[];

/** Moves whole groups off a page where that lowers the cost of all pages together; else undoes it. */
function rehome(from: Bin, groups: readonly Item[][], bins: readonly Bin[]): boolean {
  const before = from.cost;
  const undo: Undo = [{ bin: from, entries: [...from.entries] }];
  let change = 0;
  for (const group of groups) {
    for (const item of group) from.remove(item);
    const price = placeGroup(group, from, bins, undo);
    change = price === undefined ? Infinity : change + price;
    if (change >= before) break;
  }
  if (change < Infinity && change + from.cost - before < -1e-9) return true;
  for (const { bin, entries } of undo.reverse()) bin.restore(entries);
  return false;
}

/** Puts a class into the pages where it costs least; undefined where there is no room for all. */
function placeGroup(
  group: readonly Item[],
  from: Bin,
  bins: readonly Bin[],
  undo: Undo,
): number | undefined {
  const { sharing } = group[0]!;
  const targets = bins
    .filter((bin) => bin !== from && !bin.isEmpty)
    .map((bin) => ({ bin, price: bin.priceOf(sharing), fill: bin.fill }))
    .sort((a, b) => a.price - b.price || b.fill - a.fill);
  let rest = [...group].sort((a, b) => b.size - a.size || a.id - b.id);
  let total = 0;
  for (const { bin, price } of targets) {
    if (rest.length === 0 || total + price > sharing.present.length) break;
    const entries = [...bin.entries];
    const left = rest.filter((item) => !bin.add(item));
    if (left.length === rest.length) continue;
    undo.push({ bin, entries });
    total += price;
    rest = left;
  }
  return rest.length === 0 ? total : undefined;
}
