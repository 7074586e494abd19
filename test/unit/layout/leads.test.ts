import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withLeads } from '../../../src/engine/layout/leads.ts';
import { planLayout, type Strategy } from '../../../src/engine/layout/plan.ts';
import { collisions, slotSets } from './slots.ts';
import { SEARCHED } from '../../support/strategy.ts';

const TEXT = { name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 } as const;
const SEARCH: Strategy = { ...SEARCHED, effort: 0, searches: ['pages'] };

describe('slots with room before them', () => {
  const inputOf = (slots: Parameters<typeof planLayout>[0]['slots']) => ({
    unikernels: 3,
    regions: [TEXT],
    slots,
    base: 0x100000,
  });

  it('stand aligned, apart from each other, and keep their room free', () => {
    const property = fc.property(slotSets(3), fc.integer({ min: 0, max: 8 }), (slots, steps) => {
      const leadOf = ({ alignment }: (typeof slots)[0]) => steps * Math.max(4, alignment);
      const { addresses } = withLeads(planLayout, leadOf)(inputOf(slots), SEARCH);
      const placed = slots.map((slot, i) => ({ slot, address: addresses[i]! }));
      for (const { slot, address } of placed) expect(address % slot.alignment).toBe(0);
      expect(collisions(placed)).toEqual([]);
      const withRoom = placed.map(({ slot, address }) => {
        const lead = leadOf(slot);
        const fillings = slot.fillings.map((one) => one && { ...one, size: one.size + lead });
        return { slot: { ...slot, fillings }, address: address - lead };
      });
      expect(collisions(withRoom)).toEqual([]);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('cost what the same slots cost elsewhere within their page', () => {
    const [slots] = fc.sample(slotSets(3), { numRuns: 1, seed: 7 });
    const plain = planLayout(inputOf(slots!), SEARCH);
    const led = withLeads(planLayout, () => 0)(inputOf(slots!), SEARCH);
    expect(led.addresses).toEqual(plain.addresses);
  });
});
