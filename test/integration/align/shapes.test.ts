/** The sample in every shape: what was predicted is what is measured, and all of it boots. */
import { describe, expect, it } from 'vitest';
import { alignJson, type Aligned } from '../../support/cli.ts';
import { contentsOf } from '../../support/contents.ts';
import { expectSameConsoles } from '../../support/images.ts';
import { builtSample, knowsShape, SHAPES } from '../../support/sample.ts';

describe.each(SHAPES)('the sample in the shape %s', (shape) => {
  const when = it.runIf(knowsShape(shape));
  let aligning: Promise<Aligned> | undefined;
  const aligned = () => (aligning ??= builtSample(shape).then((root) => alignJson(root)));

  when('has at least six unikernels, and each is aligned', async () => {
    const { document } = await aligned();
    expect(document.unikernels.length).toBeGreaterThanOrEqual(6);
    expect(document.unusable).toEqual([]);
    expect(document.unikernels.every(({ after }) => after !== undefined)).toBe(true);
  });

  when('needs fewer distinct pages than before', async () => {
    const { totals } = (await aligned()).document;
    expect(totals.after!.distinct).toBeLessThan(0.85 * totals.before!.distinct);
  });

  when('has the pages that were predicted, equal where they were to be equal', async () => {
    const { document } = await aligned();
    expect(document.totals.predicted).toEqual(document.totals.after);
    expect(contentsOf(document, 'after')).toEqual(contentsOf(document, 'predicted'));
  });

  when('has totals that add up', async () => {
    const { document } = await aligned();
    for (const { total, zero, shared, unique, distinct } of Object.values(document.totals)) {
      expect(total).toBe(zero + shared + unique);
      expect(distinct).toBeLessThanOrEqual(shared + unique);
    }
  });

  when('boots, and prints what the original printed', async () => {
    await expectSameConsoles((await aligned()).document);
  });
});
