import fc from 'fast-check';
import { expect, test } from 'vitest';
import { costOf } from '../../../src/engine/layout/cost.ts';
import { OrderEvaluator } from '../../../src/engine/layout/evaluator.ts';
import { placeInOrder, type Step } from '../../../src/engine/layout/place.ts';
import { improveOrder, weigh } from '../../../src/engine/layout/search.ts';
import { collisions, slotOf, slotSets } from './slots.ts';

const START = 0x100000;
const UNIKERNELS = 4;

const steps = slotSets(UNIKERNELS).chain((slots) =>
  fc
    .array(
      fc.constantFrom<Partial<Step>>({}, { apart: true }, { alignment: 4096 }, { from: 0x108000 }),
      {
        minLength: slots.length,
        maxLength: slots.length,
      },
    )
    .map((extras) => slots.map((slot, i): Step => ({ slot, ...extras[i] }))),
);

test('slots that one unikernel has both never overlap, and alignments hold', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { placed, end } = placeInOrder(list, START, UNIKERNELS);
      expect(collisions(placed)).toEqual([]);
      placed.forEach(({ slot, address }, i) => {
        expect(address % Math.max(slot.alignment, list[i]!.alignment ?? 1)).toBe(0);
        expect(address).toBeGreaterThanOrEqual(Math.max(START, list[i]!.from ?? 0));
        expect(address + slot.size).toBeLessThanOrEqual(end);
      });
    }),
  );
});

test('slots of unikernels that never meet share addresses', () => {
  const shape = { size: 5000, alignment: 16 };
  const own = [0, 1, 2].map((u) =>
    slotOf(u, { ...shape, variants: [0, 1, 2].map((other) => (other === u ? 1 : 0)) }),
  );
  const { placed } = placeInOrder(
    own.map((slot) => ({ slot })),
    START,
    3,
  );
  expect(placed.map(({ address }) => address)).toEqual([START, START, START]);
});

test('the fast evaluator and the plain one give one cost for one order', () => {
  fc.assert(
    fc.property(steps, fc.integer(), (list, seed) => {
      const evaluator = new OrderEvaluator(list, START, UNIKERNELS);
      const order = shuffled(list.length, seed);
      const { placed } = placeInOrder(
        order.map((i) => list[i]!),
        START,
        UNIKERNELS,
      );
      expect(evaluator.cost(Int32Array.from(order))).toEqual(costOf(placed, UNIKERNELS));
      expect(evaluator.cost(Int32Array.from(order))).toEqual(costOf(placed, UNIKERNELS));
    }),
  );
});

test('a search never makes an order worse, keeps the fixed steps, and gives one result twice', () => {
  fc.assert(
    fc.property(slotSets(UNIKERNELS), (slots) => {
      const list = slots.map((slot): Step => ({ slot }));
      const request = { steps: list, effort: 400, start: START, unikernels: UNIKERNELS, fixed: 1 };
      const better = improveOrder(request);
      expect(better[0]).toBe(list[0]);
      expect(new Set(better)).toEqual(new Set(list));
      expect(price(better)).toBeLessThanOrEqual(price(list));
      expect(improveOrder(request)).toEqual(better);
    }),
    { numRuns: 30 },
  );
});

test('a search finds the order that all orders together have as their best', () => {
  fc.assert(
    fc.property(slotSets(3, 5000), (all) => {
      const list = all.slice(0, 5).map((slot): Step => ({ slot }));
      const request = { steps: list, effort: 4000, start: START, unikernels: 3, fixed: 0 };
      const best = Math.min(...permutations(list).map((order) => price(order, 3)));
      expect(price(improveOrder(request), 3)).toBeCloseTo(best, 9);
    }),
    { numRuns: 30 },
  );
});

function price(list: readonly Step[], unikernels = UNIKERNELS): number {
  return weigh(costOf(placeInOrder(list, START, unikernels).placed, unikernels));
}

function shuffled(count: number, seed: number): number[] {
  const keys = Array.from({ length: count }, (_, i) => ({
    i,
    key: Math.imul(i + 1, seed | 1) >>> 0,
  }));
  return keys.sort((a, b) => a.key - b.key || a.i - b.i).map(({ i }) => i);
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((item, i) =>
    permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}
