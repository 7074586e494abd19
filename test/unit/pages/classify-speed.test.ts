import { expect, it } from 'vitest';
import { classify } from '../../../src/engine/pages/classify.ts';

it('classifies 200 images of 1,000 pages in a fraction of a second', { timeout: 60_000 }, () => {
  const different = 2000;
  const store = new Int32Array(different * 1024).map((_, i) => Math.imul(i + 1, 0x9e3779b1));
  const bytes = new Uint8Array(store.buffer);
  const images = Array.from({ length: 200 }, (_, image) =>
    Array.from({ length: 1000 }, (_, page) => {
      const at = ((page + 5 * image) % different) * 4096;
      return { bytes: bytes.subarray(at, at + 4096) };
    }),
  );
  const start = process.cpuUsage().user;
  const { totals } = classify(images);
  // 0.4 s where this was written; a quadratic search would take minutes.
  expect((process.cpuUsage().user - start) / 1000).toBeLessThan(5000);
  expect(totals).toMatchObject({ total: 200_000, distinct: 1995, zero: 0 });
});
