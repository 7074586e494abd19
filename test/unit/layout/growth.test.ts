import { describe, expect, it } from 'vitest';
import { objectionTo } from '../../../src/engine/growth.ts';
import type { Layout, LayoutInput } from '../../../src/engine/layout/plan.ts';
import { slotOf } from './slots.ts';

const PAGE = 4096;

/** Two unikernels that load so many pages each, every page of one slot. */
function layoutOf(pages: readonly [number, number], distinct: number) {
  const slots = pages.flatMap((count, u) =>
    Array.from({ length: count }, (_, i) => {
      const variants = u === 0 ? [1, 0] : [0, 1];
      // An odd start: what a unikernel does not fill must not count as a page of it.
      return { ...slotOf(0, { size: 100, alignment: 4, variants }), page: i };
    }),
  );
  const numbered = slots.map((slot, id) => ({ ...slot, id }));
  const text = { name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 } as const;
  const input: LayoutInput = { unikernels: 2, regions: [text], slots: numbered, base: 0x100000 };
  const layout: Layout = {
    strategy: { name: 'test', group: true, align: false, effort: 0, pool: false },
    addresses: numbered.map(({ page }) => 0x100000 + page * PAGE + 40),
    regionStarts: new Map(),
    regionEnds: new Map(),
    cost: { distinct, loaded: pages[0] + pages[1] },
  };
  return { layout, input };
}

const objection = (pages: readonly [number, number], distinct: number, isSplit = false) => {
  const { layout, input } = layoutOf(pages, distinct);
  return objectionTo(layout, input, { distinct: 150, loaded: [100, 50] }, isSplit);
};

describe('the limits of a layout', () => {
  it('lets pass what is no larger, and what grows a little', () => {
    expect(objection([100, 50], 150)).toBeUndefined();
    expect(objection([104, 54], 90)).toBeUndefined();
  });

  it('refuses more distinct pages than the images have as they are', () => {
    expect(objection([100, 50], 151)).toMatch(/as they are need 150/);
  });

  it('refuses an image that grows by more than 8%, or 10% where libraries are split', () => {
    expect(objection([100, 55], 90)).toMatch(/an image would load 10\.0% more/);
    expect(objection([100, 55], 90, true)).toBeUndefined();
    expect(objection([100, 56], 90, true)).toMatch(/an image would load 12\.0% more/);
  });

  it('refuses a set that grows by more than 6%', () => {
    expect(objection([107, 53], 90)).toMatch(/the set would load 6\.7% more/);
  });
});
