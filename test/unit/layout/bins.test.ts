import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOADED_WEIGHT } from '../../../src/engine/layout/bin.ts';
import { packIntoPages } from '../../../src/engine/layout/bins.ts';
import { bundleByClass, unbundle } from '../../../src/engine/layout/bundles.ts';
import { costOf, type Placed } from '../../../src/engine/layout/cost.ts';
import { placeInOrder } from '../../../src/engine/layout/place.ts';
import { placePages } from '../../../src/engine/layout/place-pages.ts';
import type { Slot } from '../../../src/engine/layout/slots.ts';
import { collisions, slotOf, slotSets } from './slots.ts';

const UNIKERNELS = 4;
const request = { unikernels: UNIKERNELS, wholeAlone: false, effort: 500 };
const START = 0x100000;

interface Wanted {
  readonly slots: readonly Slot[];
  readonly whole?: readonly Slot[];
  readonly isFirst?: boolean;
  readonly effort?: number;
}

/** All slots at their addresses. */
function placedPages({ slots, whole = [], isFirst = true, effort = request.effort }: Wanted) {
  const packed = packIntoPages({ ...request, slots, whole, wholeOpens: isFirst, effort });
  return placePages(packed, isFirst, START, START, UNIKERNELS);
}

test('every slot is placed once, aligned, and meets no other in any unikernel', () => {
  fc.assert(
    fc.property(slotSets(UNIKERNELS, 6000), fc.nat(4), fc.boolean(), (all, count, isFirst) => {
      const whole = all.slice(0, count).map((slot): Slot => ({ ...slot, role: 'table' }));
      const { placed, end } = placedPages({ slots: all.slice(count), whole, isFirst });
      expect(placed.map(({ slot }) => slot.id).sort((a, b) => a - b)).toEqual(all.map((s) => s.id));
      expect(collisions(placed)).toEqual([]);
      for (const { slot, address } of placed) {
        expect(address % slot.alignment).toBe(0);
        expect(address).toBeGreaterThanOrEqual(START);
        expect(address + slot.size).toBeLessThanOrEqual(end);
      }
      const kept = placed.filter(({ slot }) => slot.role === 'table');
      expect(kept.map(({ slot }) => slot.id)).toEqual(whole.map((slot) => slot.id));
      kept.slice(1).forEach(({ address }, i) => {
        expect(address).toBeGreaterThanOrEqual(kept[i]!.address + kept[i]!.slot.size);
      });
    }),
    { numRuns: 200 },
  );
});

test('one request gives one packing, and more effort never a dearer one', () => {
  fc.assert(
    fc.property(slotSets(UNIKERNELS, 3000), (slots) => {
      const prices = [0, 100, 500].map((effort) => {
        const { placed } = placedPages({ slots, effort });
        expect(placedPages({ slots, effort }).placed).toEqual(placed);
        return price(placed);
      });
      expect(prices[1]).toBeLessThanOrEqual(prices[0]! + 1e-9);
      expect(prices[2]).toBeLessThanOrEqual(prices[0]! + 1e-9);
    }),
    { numRuns: 40 },
  );
});

function price(placed: readonly Placed[]): number {
  const { distinct, loaded } = costOf(placed, UNIKERNELS);
  return distinct + LOADED_WEIGHT * loaded;
}

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
  const { placed } = placedPages({ slots: [common, more, ...own, mixed] });
  expect(costOf(placed, UNIKERNELS).distinct).toBe(5);
});

test('tables that differ stand on as few pages as they can', () => {
  const everywhere = [1, 1, 1, 1];
  const whole = [
    slotOf(0, { size: 6000, alignment: 8, variants: everywhere }),
    slotOf(1, { size: 3000, alignment: 8, variants: [1, 2, 3, 4] }),
  ];
  const body = slotOf(2, { size: 2000, alignment: 8, variants: everywhere });
  const { placed } = placedPages({ slots: [body], whole, isFirst: false });
  expect(costOf(placed, UNIKERNELS).distinct).toBe(2 + 4);
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
