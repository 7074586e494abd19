import type { LibraryEntry } from '../../protocol/page-map.ts';
import type { Filling, Slot } from '../layout/slots.ts';

/** The fillings that a library puts into one slot, by unikernel. */
type Fillings = readonly (Filling | undefined)[];

/** The libraries of a planned set: who has them, in how many variants, and how large they are. */
export function librariesOfSlots(slots: readonly Slot[], unikernels: number): LibraryEntry[] {
  const byLibrary = new Map<string, Fillings[]>();
  for (const slot of slots) {
    if (slot.role !== 'body') continue;
    for (const [library, fillings] of fillingsByLibrary(slot))
      byLibrary.set(library, [...(byLibrary.get(library) ?? []), fillings]);
  }
  return [...byLibrary]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => libraryOf(name, own, unikernels));
}

/** Several libraries can share a slot: each unikernel's filling belongs to the one it has there. */
function fillingsByLibrary({ library, libraries, fillings }: Slot): [string, Fillings][] {
  if (libraries === undefined) return [[library, fillings]];
  const names = new Set(libraries.filter((name) => name !== undefined));
  return [...names].map((name) => [
    name,
    fillings.map((filling, u) => (libraries[u] === name ? filling : undefined)),
  ]);
}

function libraryOf(name: string, slots: readonly Fillings[], count: number): LibraryEntry {
  const indices = Array.from({ length: count }, (_, u) => u);
  const unikernels = indices.filter((u) => slots.some((fillings) => fillings[u]));
  const shapes = unikernels.map((u) => slots.map((fillings) => fillings[u]?.variant ?? -1).join());
  const sizes = unikernels.map((u) =>
    slots.reduce((sum, fillings) => sum + (fillings[u]?.size ?? 0), 0),
  );
  return {
    name,
    unikernels,
    sharing: unikernels.length === 1 ? 'one' : unikernels.length === count ? 'all' : 'some',
    variants: new Set(shapes).size,
    size: Math.max(0, ...sizes),
  };
}
