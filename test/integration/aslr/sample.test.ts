/**
 * Address randomisation on the sample in every shape: the pages are those predicted, blocks lie
 * elsewhere in every unikernel, what is shared stays shared, and all of it boots.
 */
import { describe, expect, it } from 'vitest';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { alignJson, type Aligned } from '../../support/cli.ts';
import { expectSameConsoles } from '../../support/images.ts';
import { builtSample, knowsShape, SHAPES } from '../../support/sample.ts';

describe.each(SHAPES)('the sample in the shape %s', (shape) => {
  const when = it.runIf(knowsShape(shape));
  const runs = new Map<string, Promise<Aligned>>();
  const aligned = (...args: string[]): Promise<Aligned> => {
    const key = args.join(' ');
    const run = runs.get(key) ?? builtSample(shape).then((root) => alignJson(root, args));
    runs.set(key, run);
    return run;
  };
  const random = () => aligned('--aslr', '2', '--seed', 'tests');

  when('has the pages that were predicted', async () => {
    const { totals } = (await random()).document;
    expect(totals.predicted).toEqual(totals.after);
  });

  when('has every block at another address in every unikernel', async () => {
    const { document } = await random();
    for (const { starts, pages } of document.aslr!.blocks) {
      expect(pages).toBeGreaterThan(1);
      const addresses = Object.values(starts);
      expect(addresses).toHaveLength(document.unikernels.length);
      expect(new Set(addresses).size).toBe(addresses.length);
    }
    expect(document.aslr!.blocks.every(({ bits }) => bits >= 13)).toBe(true);
  });

  when('shares nearly as much as without', async () => {
    const without = (await aligned()).document.totals.after!.distinct;
    const { distinct } = (await random()).document.totals.after!;
    expect(distinct).toBeLessThanOrEqual(1.3 * without);
  });

  when('shares code that lies at different addresses', async () => {
    const { document } = await random();
    const moved = sharedAcrossAddresses(document);
    expect(moved).toBeGreaterThan(document.aslr!.blocks[0]!.pages / 2);
  });

  when('boots, and prints what the original printed', async () => {
    await expectSameConsoles((await random()).document);
  });

  when('boots with blocks at fixed positions', async () => {
    const { document } = await aligned('--aslr', '1');
    for (const { starts } of document.aslr!.blocks)
      expect(new Set(Object.values(starts)).size).toBe(1);
    expect(document.aslr!.seed).toBeUndefined();
    await expectSameConsoles(document);
  });

  when('has the same layout again from the same seed', async () => {
    const { seed, blocks } = (await random()).document.aslr!;
    const again = await aligned('--aslr', '2', '--seed', seed!, '--dry-run');
    expect(again.document.aslr!.blocks).toEqual(blocks);
  });
});

/** Contents that stand at different addresses in different unikernels. */
function sharedAcrossAddresses({ unikernels }: PageMapDocument): number {
  const addresses = new Map<number, Set<number>>();
  for (const { after } of unikernels)
    for (const { address, contentClass, executable, kind } of after!.pages)
      if (executable && kind === 'shared')
        addresses.set(contentClass, (addresses.get(contentClass) ?? new Set()).add(address));
  return [...addresses.values()].filter((all) => all.size > 1).length;
}
