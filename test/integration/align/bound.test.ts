/** The bound is that of the finest slots, whatever an alignment was asked for. */
import { beforeAll, describe, expect, it } from 'vitest';
import { align } from '../../../src/engine/align.ts';
import { DEFAULT_OPTIONS, type AlignOptions } from '../../../src/protocol/options.ts';
import { builtSample } from '../../support/sample.ts';

let workspace: string;
beforeAll(async () => void (workspace = await builtSample()), 240_000);

const planned = async (unikernels: readonly string[], asked: Partial<AlignOptions>) => {
  const options = { ...DEFAULT_OPTIONS, effort: 0, dryRun: true, ...asked };
  const { bound, totals } = await align({ workspace, unikernels, lock: false, options });
  return { bound: bound!.pages, distinct: totals.predicted!.distinct };
};

describe.each([
  ['ordinary builds', ['files', 'kvstore']],
  ['builds with function sections', ['hashfn', 'jsonfn']],
])('of %s', (_, names) => {
  it('the bound is the same with coarser slots and explicit options', async () => {
    const { bound } = await planned(names, {});
    const others: Partial<AlignOptions>[] = [
      { granularity: 'library' },
      { granularity: 'unit' },
      { layout: 'align' },
      { align: false, group: true },
    ];
    for (const asked of others) {
      const other = await planned(names, asked);
      expect(other.bound).toBe(bound);
      expect(other.distinct).toBeGreaterThanOrEqual(bound);
    }
  });
});
