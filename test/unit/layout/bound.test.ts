import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundOf } from '../../../src/engine/layout/bound.ts';
import { costOf } from '../../../src/engine/layout/cost.ts';
import { placeInOrder } from '../../../src/engine/layout/place.ts';
import { planLayout, type LayoutInput, type Strategy } from '../../../src/engine/layout/plan.ts';
import type { Region } from '../../../src/engine/layout/regions.ts';
import type { Slot } from '../../../src/engine/layout/slots.ts';
import { slotOf, slotSets } from './slots.ts';

const regions: Region[] = [{ name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 }];
const strategy: Strategy = {
  name: 'search',
  group: true,
  align: false,
  effort: 300,
  searches: ['order', 'pages'],
  pool: false,
};
const inputOf = (slots: readonly Slot[], unikernels: number): LayoutInput => {
  return { unikernels, regions, slots, base: 0x100000 };
};

test('no layout that is found goes below the bound', () => {
  fc.assert(
    fc.property(slotSets(4), (slots) => {
      const input = inputOf(slots, 4);
      const { distinct } = planLayout(input, strategy).cost;
      expect(boundOf(input)).toBeLessThanOrEqual(distinct);
      expect(boundOf(input)).toBeGreaterThan(0);
    }),
    { numRuns: 150 },
  );
});

test('the best of all orders is not below the bound, and the plan comes near to it', () => {
  let best = 0;
  let found = 0;
  fc.assert(
    fc.property(slotSets(3, 3000), (all) => {
      const slots = all.slice(0, 5);
      const input = inputOf(slots, 3);
      const optimum = Math.min(...placements(slots).map((order) => costOf(order, 3).distinct));
      const { distinct } = planLayout(input, strategy).cost;
      expect(boundOf(input)).toBeLessThanOrEqual(optimum);
      best += optimum;
      found += distinct;
    }),
    { numRuns: 60, seed: 1 },
  );
  expect(found / best).toBeLessThan(1.05);
});

test('what one unikernel alone has is rounded up to pages of its own', () => {
  const own = [0, 1, 2].map((u) =>
    slotOf(u, { size: 100, alignment: 1, variants: [0, 1, 2].map((v) => (v === u ? 1 : 0)) }),
  );
  expect(boundOf(inputOf(own, 3))).toBe(3);
});

test('pages that two variants have in common count once', () => {
  const [first, second] = [1, 2].map((variant) => {
    const values = Int32Array.from({ length: 4096 }, (_, i) => (i === 5 ? variant : i + 9));
    return { size: 16384, variant, blocks: { low: values, high: values } };
  });
  const plain = slotOf(0, { size: 16384, alignment: 1, variants: [1, 2] });
  const fillings = plain.fillings.map((filling, u) => ({ ...filling!, ...(u ? second : first) }));
  expect(boundOf(inputOf([{ ...plain, fillings }], 2))).toBeLessThanOrEqual(6);
  expect(boundOf(inputOf([plain], 2))).toBe(8);
});

test('contents that differ by what they refer to alone count once where layouts may make them equal', () => {
  const apart = slotOf(0, { size: 2000, alignment: 1, variants: [1, 2] });
  const plain = apart.fillings[0]!.blocks;
  const fillings = apart.fillings.map((filling) => ({ ...filling!, size: 1990, plain }));
  expect(boundOf(inputOf([apart], 2))).toBe(2);
  expect(boundOf(inputOf([{ ...apart, fillings }], 2))).toBe(1);
});

test('such contents count once in different slots too', () => {
  const slots = [0, 1].map((id) => {
    const slot = slotOf(id, { size: 4096, alignment: 1, variants: [1, 1] });
    const plain = slotOf(9, { size: 4096, alignment: 1, variants: [1, 1] }).fillings[0]!.blocks;
    const filling = { ...slot.fillings[0]!, size: 4096, plain };
    return { ...slot, fillings: [filling, filling] };
  });
  expect(boundOf(inputOf(slots, 2))).toBe(1);
});

/** All orders of all slots, each begun on a page of its own or not. */
function placements(slots: readonly Slot[]) {
  return permutations(slots).flatMap((order) =>
    Array.from({ length: 2 ** order.length }, (_, breaks) => {
      const steps = order.map((slot, i) =>
        (breaks >>> i) & 1 ? { slot, alignment: 4096 } : { slot },
      );
      return placeInOrder(steps, 0x100000, 3).placed;
    }),
  );
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((item, i) =>
    permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}
