/** `npm run bench:plan`: fleets of growing size, planned; one line each. */
import { describe, it } from 'vitest';
import { boundOf } from '../../src/engine/layout/bound.ts';
import { planLayout } from '../../src/engine/layout/plan.ts';
import { SEARCH_EFFORT } from '../../src/engine/plan-set.ts';
import { makeFleet } from '../support/fleet.ts';
import { SEARCHED } from '../support/strategy.ts';

describe('planning a fleet', () => {
  it.each([10, 30, 100, 300, 1000])('of %i unikernels', (unikernels) => {
    const { input, atoms, versions } = makeFleet(unikernels);
    const start = performance.now();
    const before = process.cpuUsage();
    const { cost } = planLayout(input, { ...SEARCHED, effort: SEARCH_EFFORT });
    const wall = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    const columns = [
      `${unikernels} unikernels, ${input.slots.length} slots, ${atoms} atoms, ${versions} versions`,
      `${wall.toFixed(1)} s wall, ${((user + system) / 1e6).toFixed(1)} s CPU`,
      `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB so far`,
      `${cost.distinct} distinct of ${cost.loaded} loaded, bound ${boundOf(input)}`,
    ];
    process.stdout.write(`FIGURE ${columns.join('; ')}\n`);
  });
});
