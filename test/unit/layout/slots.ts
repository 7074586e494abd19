/** Random slots for property tests: small sets with variants, gaps and zeros. */
import fc from 'fast-check';
import { BLOCK_SIZE, digestBlocks } from '../../../src/engine/layout/digest.ts';
import type { Filling, Slot } from '../../../src/engine/layout/slots.ts';

/** The contents that one variant of a slot has, as blocks; equal seeds give equal contents. */
export function fillingOf(id: number, variant: number, size: number): Filling {
  const count = Math.ceil(size / BLOCK_SIZE);
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    low[i] = Math.imul(id * 1009 + variant * 31 + 7, (i + 3) * 2654435761);
    high[i] = Math.imul(id * 2003 + variant * 17 + 5, (i + 11) * 2246822519);
  }
  const blocks = { low, high };
  return { size, variant, blocks, digest: digestBlocks(blocks) };
}

export interface SlotShape {
  size: number;
  alignment: number;
  /** By unikernel: 0 absent, otherwise the variant plus one. */
  variants: number[];
}

export function slotOf(id: number, { size, alignment, variants }: SlotShape): Slot {
  const known = new Map<number, Filling>();
  const fillings = variants.map((variant) => {
    if (variant === 0) return undefined;
    const filling = known.get(variant) ?? fillingOf(id, variant, Math.max(1, size - variant * 3));
    known.set(variant, filling);
    return filling;
  });
  const largest = Math.max(0, ...fillings.map((filling) => filling?.size ?? 0));
  return {
    id,
    key: `lib${id} .text`,
    library: `lib${id}`,
    region: '.text',
    role: 'body',
    alignment,
    size: largest,
    fillings,
  };
}

/** A set of slots over `unikernels` unikernels; every slot is filled by at least one. */
export const slotSets = (unikernels: number, largest = 9000) =>
  fc
    .array(
      fc.record({
        size: fc.integer({ min: 16, max: largest }),
        alignment: fc.constantFrom(1, 4, 16, 32, 64),
        variants: fc
          .array(fc.integer({ min: 0, max: 3 }), { minLength: unikernels, maxLength: unikernels })
          .filter((variants) => variants.some((variant) => variant > 0)),
      }),
      { minLength: 1, maxLength: 24 },
    )
    .map((shapes) => shapes.map((shape, id) => slotOf(id, shape)));

/** Pairs of placed slots that some unikernel has both and whose bytes meet there. */
export function collisions(placed: readonly { slot: Slot; address: number }[]): string[] {
  const found: string[] = [];
  placed.forEach((a, i) => {
    for (const b of placed.slice(i + 1))
      a.slot.fillings.forEach((filling, u) => {
        const other = b.slot.fillings[u];
        if (!filling || !other) return;
        const apart = a.address + filling.size <= b.address || b.address + other.size <= a.address;
        if (!apart) found.push(`${a.slot.key} meets ${b.slot.key} in ${u}`);
      });
  });
  return found;
}
