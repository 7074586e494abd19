import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packIntoPages } from '../../../src/engine/layout/bins.ts';
import { bundleByClass, unbundle } from '../../../src/engine/layout/bundles.ts';
import { costOf } from '../../../src/engine/layout/cost.ts';
import { placeInOrder } from '../../../src/engine/layout/place.ts';
import type { Slot } from '../../../src/engine/layout/slots.ts';
import { collisions, slotOf, slotSets } from './slots.ts';

const UNIKERNELS = 4;
const request = { unikernels: UNIKERNELS, reserved: 0, reservedDiffers: false, effort: 5000 };

/** All slots at their addresses, one page behind the other; the shared first page at 0. */
function placedPages(slots: readonly Slot[], reserved: number) {
  const packed = packIntoPages({ ...request, slots, reserved });
  const pages = placeInOrder(
    packed.pages.map((slot) => ({ slot, apart: true })),
    4096,
    UNIKERNELS,
  );
  const first = packed.first.map(({ slot, offset }) => ({ slot, address: offset }));
  return [...first, ...unbundle(pages.placed)];
}

test('every slot is placed once, without overlap, aligned, and off the reserved bytes', () => {
  fc.assert(
    fc.property(
      slotSets(UNIKERNELS, 6000),
      fc.constantFrom(0, 64, 448, 4000),
      (slots, reserved) => {
        const placed = placedPages(slots, reserved);
        expect(placed.map(({ slot }) => slot.id).sort((a, b) => a - b)).toEqual(
          slots.map((s) => s.id),
        );
        expect(collisions(placed)).toEqual([]);
        for (const { slot, address } of placed) {
          expect(address % slot.alignment).toBe(0);
          expect(address).toBeGreaterThanOrEqual(reserved);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('small classes are folded into pages where they cost nothing', () => {
  const common = slotOf(0, { size: 2000, alignment: 16, variants: [1, 1, 1, 1] });
  const more = slotOf(1, { size: 1500, alignment: 16, variants: [1, 1, 1, 1] });
  const own = [0, 1, 2, 3].map((u) =>
    slotOf(2 + u, {
      size: 3000,
      alignment: 16,
      variants: [0, 1, 2, 3].map((v) => (v === u ? 1 : 0)),
    }),
  );
  const mixed = slotOf(6, { size: 900, alignment: 16, variants: [1, 2, 3, 3] });
  const { pages } = packIntoPages({ ...request, slots: [common, more, ...own, mixed] });
  const { placed } = placeInOrder(
    pages.map((slot) => ({ slot })),
    0,
    UNIKERNELS,
  );
  expect(costOf(unbundle(placed), UNIKERNELS).distinct).toBe(5);
});

test('a bundle holds one sharing class and costs what its members cost side by side', () => {
  fc.assert(
    fc.property(slotSets(UNIKERNELS), (slots) => {
      const bundles = bundleByClass(slots, 1000);
      const { placed } = placeInOrder(
        bundles.map((slot) => ({ slot, apart: true })),
        0,
        UNIKERNELS,
      );
      const members = unbundle(placed);
      expect(members.map(({ slot }) => slot.id).sort((a, b) => a - b)).toEqual(
        slots.map((s) => s.id),
      );
      expect(collisions(members)).toEqual([]);
      expect(costOf(members, UNIKERNELS)).toEqual(costOf(placed, UNIKERNELS));
    }),
  );
});
