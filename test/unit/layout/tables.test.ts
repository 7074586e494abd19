import fc from 'fast-check';
import { expect, test } from 'vitest';
import { costOf } from '../../../src/engine/layout/cost.ts';
import { placeInOrder, type Step } from '../../../src/engine/layout/place.ts';
import { weigh } from '../../../src/engine/layout/search.ts';
import { withBodiesBehind } from '../../../src/engine/layout/tables.ts';
import { collisions, slotOf, slotSets } from './slots.ts';

const START = 0x100000;
const UNIKERNELS = 4;

const costOfSteps = (steps: readonly Step[]) =>
  costOf(placeInOrder(steps, START, UNIKERNELS).placed, UNIKERNELS);

/** A table that differs in every unikernel. */
const table = (id: number, size: number): Step => ({
  slot: { ...slotOf(id, { size, alignment: 8, variants: [1, 2, 3, 4] }), role: 'table' },
  apart: true,
});

const body = (id: number, size: number, variants: number[]): Step => ({
  slot: slotOf(id, { size, alignment: 8, variants }),
});

test('a shared body goes behind a differing table that it would push off the differing page', () => {
  const own = body(0, 2000, [1, 2, 3, 4]);
  const shared = body(1, 2000, [0, 0, 1, 1]);
  const steps = [own, shared, table(2, 700)];
  const { steps: moved, late } = withBodiesBehind(steps, START, UNIKERNELS);
  expect(moved.map(({ slot }) => slot.id)).toEqual([0, 2, 1]);
  expect(late).toBe(1);
  // One page that differs, and one that two unikernels share.
  expect(costOfSteps(steps).distinct).toBe(8);
  expect(costOfSteps(moved).distinct).toBeLessThan(8);
});

test('what fits before the table stays there', () => {
  const steps = [body(0, 900, [1, 2, 3, 4]), body(1, 900, [0, 0, 1, 1]), table(2, 700)];
  expect(withBodiesBehind(steps, START, UNIKERNELS)).toEqual({ steps, late: 0 });
});

test('no order gets worse, none loses a step, and what moved stands last', () => {
  fc.assert(
    fc.property(slotSets(UNIKERNELS, 3000), fc.integer({ min: 16, max: 7000 }), (slots, size) => {
      const steps = [...slots.map((slot): Step => ({ slot })), table(slots.length, size)];
      const { steps: moved, late } = withBodiesBehind(steps, START, UNIKERNELS);
      expect(new Set(moved)).toEqual(new Set(steps));
      expect(moved).toHaveLength(steps.length);
      expect(moved.at(-1 - late)!.slot.role).toBe('table');
      expect(weigh(costOfSteps(moved))).toBeLessThanOrEqual(weigh(costOfSteps(steps)));
      expect(collisions(placeInOrder(moved, START, UNIKERNELS).placed)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
