import type { LibraryEntry } from '../../protocol/page-map.ts';
import type { Slot } from '../layout/slots.ts';

/** The libraries of a planned set: who has them, in how many variants, and how large they are. */
export function librariesOfSlots(slots: readonly Slot[], unikernels: number): LibraryEntry[] {
  const byLibrary = new Map<string, Slot[]>();
  for (const slot of slots) {
    if (slot.role !== 'body') continue;
    byLibrary.set(slot.library, [...(byLibrary.get(slot.library) ?? []), slot]);
  }
  return [...byLibrary]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => libraryOf(name, own, unikernels));
}

function libraryOf(name: string, slots: readonly Slot[], count: number): LibraryEntry {
  const indices = Array.from({ length: count }, (_, u) => u);
  const unikernels = indices.filter((u) => slots.some((slot) => slot.fillings[u]));
  const shapes = unikernels.map((u) => slots.map((slot) => slot.fillings[u]?.variant ?? -1).join());
  const sizes = unikernels.map((u) =>
    slots.reduce((sum, slot) => sum + (slot.fillings[u]?.size ?? 0), 0),
  );
  return {
    name,
    unikernels,
    sharing: unikernels.length === 1 ? 'one' : unikernels.length === count ? 'all' : 'some',
    variants: new Set(shapes).size,
    size: Math.max(0, ...sizes),
  };
}
