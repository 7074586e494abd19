/** The sample in every shape: what was predicted is what is measured, and all of it boots. */
import { describe, expect, it } from 'vitest';
import type { PageMapDocument, UnikernelPages } from '../../../src/protocol/page-map.ts';
import { alignJson, type Aligned } from '../../support/cli.ts';
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
    expect(classesOf(document, 'after')).toEqual(classesOf(document, 'predicted'));
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

/** Every page by address, with the first page of the set that has its content. */
function classesOf(document: PageMapDocument, stage: 'predicted' | 'after'): string[] {
  const first = new Map<number, string>();
  return document.unikernels.flatMap(({ name, [stage]: pages }) =>
    (pages as UnikernelPages).pages.map(({ address, kind, contentClass }) => {
      const label = `${name} ${address.toString(16)}`;
      const known = first.get(contentClass);
      if (known === undefined && kind !== 'zero') first.set(contentClass, label);
      return `${label} ${kind} ${kind === 'zero' ? '' : (known ?? label)}`;
    }),
  );
}
