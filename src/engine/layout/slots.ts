import type { Blocks, ContentDigest } from './digest.ts';

/** What one unikernel has in a slot. */
export interface Filling {
  /** Bytes of this unikernel's variant. */
  readonly size: number;
  /** Equal numbers within a slot mean equal bytes wherever the slot stands. */
  readonly variant: number;
  /** The content, hashed. */
  readonly blocks: Blocks;
  readonly digest: ContentDigest;
  /** `blocks` without references whose bytes depend on the layout; absent: the same. */
  readonly plain?: Blocks;
}

/** A place in the layout: one address for the whole set, with room for the largest variant. */
export interface Slot {
  readonly id: number;
  /** Stable name, e.g. `libukboot .text`. */
  readonly key: string;
  readonly library: string;
  /** By unikernel, where several libraries share the slot (the applications, for `main`). */
  readonly libraries?: readonly (string | undefined)[];
  /** Output section that the slot belongs to. */
  readonly region: string;
  /** Bulk atoms move freely; a head stays first in its region; a table stays whole. */
  readonly role: 'body' | 'head' | 'table';
  readonly alignment: number;
  /** Bytes of the largest variant. */
  readonly size: number;
  /** By unikernel; undefined where it leaves the slot empty. */
  readonly fillings: readonly (Filling | undefined)[];
}

/** How many unikernels fill the slot. */
export function sharersOf({ fillings }: Slot): number {
  let count = 0;
  for (const filling of fillings) if (filling) count++;
  return count;
}

/** How many different variants fill the slot. */
export const variantsOf = (slot: Slot): number =>
  new Set(slot.fillings.flatMap((filling) => (filling ? [filling.variant] : []))).size;

/** The slot's filling as a vector "which variant in which unikernel": slots with equal text form a sharing class. */
export const sharingClassOf = (slot: Slot): string =>
  slot.fillings.map((filling) => filling?.variant ?? '-').join(',');
