/** Fleets beyond the size that is searched page against page: counts and steps, not time. */
import { expect, test } from 'vitest';
import { boundOf } from '../../../src/engine/layout/bound.ts';
import { planLayout } from '../../../src/engine/layout/plan.ts';
import { makeFleet } from '../../support/fleet.ts';
import { SEARCHED } from '../../support/strategy.ts';

const { input, atoms, versions } = makeFleet(60);

test('a fleet has many versions, and no two unikernels are the same', () => {
  expect(versions).toBe(200);
  expect(atoms).toBeGreaterThan(40_000);
  const images = Array.from({ length: input.unikernels }, (_, u) =>
    input.slots.map(({ fillings }) => fillings[u]?.variant ?? '-').join(),
  );
  expect(new Set(images).size).toBe(input.unikernels);
});

test('all slots of a fleet are placed without overlap in any unikernel', () => {
  const { addresses, cost } = planLayout(input, SEARCHED);
  for (let u = 0; u < input.unikernels; u++) {
    const own = input.slots.flatMap(({ id, fillings }) => {
      const filling = fillings[u];
      return filling ? [{ from: addresses[id]!, to: addresses[id]! + filling.size }] : [];
    });
    own.sort((a, b) => a.from - b.from);
    own.slice(1).forEach(({ from }, i) => expect(from).toBeGreaterThanOrEqual(own[i]!.to));
  }
  for (const { id, alignment } of input.slots) expect(addresses[id]! % alignment).toBe(0);
  expect(cost.distinct).toBeGreaterThanOrEqual(boundOf(input));
  expect(cost.distinct).toBeLessThan(cost.loaded / 2);
});
