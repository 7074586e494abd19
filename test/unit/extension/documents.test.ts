/** What stays known of the last alignment when a workspace is opened again. */
import { describe, expect, it } from 'vitest';
import { mergeMeasured, viewOf } from '../../../src/extension/engine/documents.ts';
import { verified } from '../../support/verified.ts';
import { makeFleet } from '../webview/fleet.ts';

const current = makeFleet({ unikernels: 3, pages: 20, stages: ['before'] });
const last = verified({
  ...makeFleet({ unikernels: 3, pages: 20 }),
  bound: { pages: 7, how: 'of made-up pages' },
});

describe('a workspace that was aligned before', () => {
  it('keeps the bound, and how far its own images are from it', () => {
    const merged = mergeMeasured(current, last);
    expect(merged.bound?.pages).toBe(7);
    expect(merged.bound?.ratio).toBe(merged.totals.after!.distinct / 7);
  });

  it('has no bound where one of those that were aligned is gone', () => {
    const fewer = makeFleet({ unikernels: 2, pages: 20, stages: ['before'] });
    expect(mergeMeasured(fewer, last).bound).toBeUndefined();
  });

  it('keeps what was proven of each image', () => {
    const { summary } = viewOf(mergeMeasured(current, last));
    expect(summary.unikernels.map(({ verification }) => verification)).toEqual(
      last.unikernels.map(({ verification }) => verification),
    );
  });

  it('says of every instance which libraries it has', () => {
    const names = current.unikernels.flatMap(({ name }) => [`${name}-1`, `${name}-2`]);
    const twice = makeFleet({ unikernels: 6, pages: 20, names: (u) => names[u]! });
    const merged = mergeMeasured(current, { ...twice, options: { instances: 2 } });
    expect(merged.unikernels.map(({ name }) => name)).toEqual(names);
    merged.libraries.forEach(({ unikernels }, i) => {
      const of = current.libraries[i]!.unikernels.map((u) => current.unikernels[u]!.name);
      const instances = of.flatMap((name) => [`${name}-1`, `${name}-2`]);
      expect(unikernels.map((u) => names[u])).toEqual(instances);
    });
  });

  it('keeps why one was refused, as long as it is there', () => {
    const refused = (name: string) => ({ name, path: '/', reason: 'x', message: `${name}: why` });
    const { name } = current.unikernels[1]!;
    const failures = [refused(name), refused('gone')];
    expect(mergeMeasured(current, { ...last, failures }).failures).toEqual([refused(name)]);
  });

  it('keeps the domains, and counts the pages that others have too', () => {
    const classes = last.contentClasses.after!;
    const names = last.unikernels.map(({ name }) => name);
    const domains = {
      domains: [
        { name: 'red', unikernels: [0] },
        { name: 'blue', unikernels: [1, 2] },
      ],
      common: {},
    };
    const { summary } = viewOf(mergeMeasured(current, { ...last, domains }));
    const inSeveral = last.unikernels[0]!.after!.pages.filter(
      ({ contentClass }) => classes[contentClass]?.sharers.some((u) => u !== 0) ?? false,
    ).length;
    expect(inSeveral).toBeGreaterThan(0);
    expect(summary.unikernels.map(({ name }) => name)).toEqual(names);
    expect(summary.unikernels[0]!.domain).toEqual({ name: 'red', inSeveral });
    expect(summary.unikernels[2]!.domain!.name).toBe('blue');
  });

  it('has no proof of what was never linked', () => {
    const { summary } = viewOf(mergeMeasured(current, undefined));
    expect(summary.unikernels.every(({ verification }) => !verification)).toBe(true);
  });
});
