import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupsAlike, planApart } from '../../../src/engine/layout/apart.ts';
import {
  placesFor,
  planLayout,
  type LayoutInput,
  type Strategy,
} from '../../../src/engine/layout/plan.ts';
import { collisions, slotOf, slotSets } from './slots.ts';
import { SEARCHED } from '../../support/strategy.ts';

const BASE = 0x100000;
const PAGE = 4096;
const TEXT = { name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 } as const;
const SEARCH: Strategy = { ...SEARCHED, effort: 0, searches: ['pages'] };

/** Slots by how often the shape occurs: variants by unikernel, and bytes. */
function inputOf(shapes: readonly { variants: number[]; size: number; count: number }[]) {
  const slots = shapes
    .flatMap(({ count, ...shape }) => Array.from({ length: count }, () => shape))
    .map((shape, id) => slotOf(id, { ...shape, alignment: 16 }));
  const unikernels = shapes[0]!.variants.length;
  return { unikernels, regions: [TEXT], slots, base: BASE } satisfies LayoutInput;
}

describe('groups of unikernels that are alike', () => {
  const family = inputOf([
    { variants: [1, 1, 0, 0, 0], size: 2000, count: 10 },
    { variants: [0, 0, 1, 1, 0], size: 2000, count: 10 },
    { variants: [0, 0, 0, 0, 1], size: 2000, count: 10 },
    { variants: [1, 1, 2, 2, 3], size: 500, count: 4 },
  ]);

  it('joins those that have most in common and leaves the others apart', () => {
    expect(groupsAlike(family, 0.3)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('takes a large unikernel for like a small one that it has all of', () => {
    const nested = inputOf([
      { variants: [1, 1, 0], size: 2000, count: 3 },
      { variants: [1, 0, 0], size: 2000, count: 60 },
      { variants: [0, 0, 1], size: 2000, count: 3 },
    ]);
    expect(groupsAlike(nested, 0.5)).toEqual([[0, 1], [2]]);
  });

  it('does not take other variants for something in common', () => {
    const variants = inputOf([{ variants: [1, 2], size: 2000, count: 10 }]);
    expect(groupsAlike(variants, 0.1)).toEqual([[0], [1]]);
  });
});

describe('a layout of groups apart', () => {
  it('places every slot of every unikernel without overlap, as each group alone', () => {
    fc.assert(
      fc.property(slotSets(4), (slots) => {
        const input = { unikernels: 4, regions: [TEXT], slots, base: BASE };
        const layout = planApart(input, [[0, 2], [1], [3]], (part) => planLayout(part, SEARCH));
        for (let u = 0; u < 4; u++) {
          const own = slots.map((slot) => ({
            ...slot,
            fillings: slot.fillings.map((filling, v) => (v === u ? filling : undefined)),
          }));
          const { addresses } = placesFor(layout, u);
          const filled = own.filter(({ fillings }) => fillings[u]);
          const placed = filled.map((slot) => ({ slot, address: addresses[slot.id]! }));
          expect(collisions(placed)).toEqual([]);
          for (const { address } of placed) expect(address).toBeGreaterThanOrEqual(BASE);
        }
        const [first, second] = [placesFor(layout, 0), placesFor(layout, 2)];
        expect(first.addresses).toEqual(second.addresses);
      }),
    );
  });

  it('is as dense for a small unikernel as it would be alone', () => {
    const odd = inputOf([
      { variants: [1, 1, 0], size: 3000, count: 12 },
      { variants: [0, 0, 1], size: 1000, count: 8 },
    ]);
    const layout = planApart(odd, [[0, 1], [2]], (part) => planLayout(part, SEARCH));
    const pages = new Set(
      odd.slots
        .filter(({ fillings }) => fillings[2])
        .map(({ id }) => Math.floor(placesFor(layout, 2).addresses[id]! / PAGE)),
    );
    expect(pages.size).toBe(2);
  });

  it('counts no page as shared by two groups, whose references are other bytes', () => {
    const same = inputOf([{ variants: [1, 1], size: 4000, count: 1 }]);
    const layout = planApart(same, [[0], [1]], (part) => planLayout(part, SEARCH));
    expect(layout.cost).toEqual({ distinct: 2, loaded: 2 });
  });
});
