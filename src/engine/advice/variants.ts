/** Which unikernels have the same content of a library, over all its slots. */
import type { Slot } from '../layout/slots.ts';

export interface LibraryVariants {
  readonly library: string;
  /** Indexes of unikernels; each group has one content. The largest group comes first. */
  readonly groups: readonly (readonly number[])[];
  /** Slots of the library that differ in some of those that fill them, or that some leave empty. */
  readonly slots: readonly Slot[];
}

/** Libraries of which there is more than one variant. */
export function varyingLibraries(slots: readonly Slot[], unikernels: number): LibraryVariants[] {
  const byLibrary = new Map<string, Slot[]>();
  for (const slot of slots) {
    if (slot.role !== 'body' || slot.libraries !== undefined) continue;
    const known = byLibrary.get(slot.library);
    if (known) known.push(slot);
    else byLibrary.set(slot.library, [slot]);
  }
  return [...byLibrary].flatMap(([library, own]): LibraryVariants[] => {
    const groups = groupsOf(own, unikernels);
    if (groups.length < 2) return [];
    const members = groups.flat();
    return [{ library, groups, slots: own.filter((slot) => differs(slot, members)) }];
  });
}

function groupsOf(slots: readonly Slot[], unikernels: number): number[][] {
  const groups = new Map<string, number[]>();
  for (let u = 0; u < unikernels; u++) {
    if (slots.every(({ fillings }) => fillings[u] === undefined)) continue;
    const key = slots.map(({ fillings }) => fillings[u]?.variant ?? '-').join();
    groups.set(key, [...(groups.get(key) ?? []), u]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}

const differs = ({ fillings }: Slot, members: readonly number[]) =>
  new Set(members.map((u) => fillings[u]?.variant)).size > 1;
