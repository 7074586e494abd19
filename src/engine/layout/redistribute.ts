/**
 * Empties pages and fills them again, class by class, each where it costs least. Moving one class at a
 * time cannot gather on one page what differs everywhere: only the last of these moves makes the other
 * page cheaper. The order of the classes is random, weighed by size or also by how many variants they
 * have, so that what tells most unikernels apart tends to come first.
 */
import type { Bin, Item } from './bin.ts';
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { SharingClass } from './sharing.ts';

interface Group {
  readonly sharing: SharingClass;
  readonly items: Item[];
}

/** @returns false where something found no room; the pages are then to be restored */
export function redistribute(bins: readonly Bin[], random: () => number): boolean {
  const groups = takeOut(bins);
  const weight = random() < 0.5 ? PAGE_SIZE : 0;
  const keyed = groups.map((group) => {
    const size = group.items.reduce((sum, item) => sum + item.size, 0);
    return { group, key: (group.sharing.distinct * weight + size) * (0.3 + random()) };
  });
  keyed.sort((a, b) => b.key - a.key);
  return keyed.every(({ group }) => putBack(bins, group));
}

function takeOut(bins: readonly Bin[]): Group[] {
  const groups = new Map<number, Group>();
  for (const bin of bins)
    for (const sharing of bin.movableClasses()) {
      const items = bin.movable(sharing.index);
      for (const item of items) bin.remove(item);
      const known = groups.get(sharing.index);
      if (known) known.items.push(...items);
      else groups.set(sharing.index, { sharing, items });
    }
  return [...groups.values()];
}

function putBack(bins: readonly Bin[], { sharing, items }: Group): boolean {
  const targets = bins
    .map((bin) => ({ bin, price: bin.priceOf(sharing), fill: bin.fill }))
    .sort((a, b) => a.price - b.price || b.fill - a.fill);
  let rest = items.sort((a, b) => b.size - a.size || a.id - b.id);
  for (const { bin } of targets) rest = rest.filter((item) => !bin.add(item));
  return rest.length === 0;
}
