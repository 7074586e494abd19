/** Two unikernels alone: an alignment never needs more distinct pages than the images as they are. */
import { expect, it } from 'vitest';
import { Session } from '../../../src/engine/session.ts';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import { builtSample } from '../../support/sample.ts';

it.each(['default', 'fsections'] as const)('any two small ones of the shape %s', async (shape) => {
  const session = await Session.open({ workspace: await builtSample(shape) });
  const sizes = new Map(
    session.describe().unikernels.map(({ name, before }) => [name, before!.pages.length]),
  );
  const small = [...session.names].sort((a, b) => sizes.get(a)! - sizes.get(b)!).slice(0, 3);
  const options = { ...DEFAULT_OPTIONS, effort: 300 };
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const { totals, unikernels } = await session.predict(options, [small[a]!, small[b]!]);
    expect(totals.predicted!.distinct).toBeLessThanOrEqual(totals.before!.distinct);
    for (const { before, predicted } of unikernels)
      expect(predicted!.pages.length).toBeLessThanOrEqual(before!.pages.length * 1.1);
  }
});
