import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestBlocks, rangeHigh, rangeLow } from '../../../src/engine/layout/digest.ts';

const blocks = fc.array(fc.integer(), { minLength: 1, maxLength: 200 });

test('a range has the same digest wherever it was cut from', () => {
  fc.assert(
    fc.property(blocks, blocks, fc.nat(1023), (before, content, position) => {
      const alone = digestBlocks(both(content));
      const behind = digestBlocks(both([...before, ...content]));
      const from = before.length;
      const to = from + content.length;
      expect(rangeLow(behind, from, to, position)).toBe(
        rangeLow(alone, 0, content.length, position),
      );
      expect(rangeHigh(behind, from, to, position)).toBe(
        rangeHigh(alone, 0, content.length, position),
      );
    }),
  );
});

test('two ranges side by side have the sum of their digests', () => {
  fc.assert(
    fc.property(blocks, blocks, (first, second) => {
      const whole = digestBlocks(both([...first, ...second]));
      const parts =
        rangeLow(digestBlocks(both(first)), 0, first.length, 0) +
        rangeLow(digestBlocks(both(second)), 0, second.length, first.length);
      expect(parts | 0).toBe(rangeLow(whole, 0, first.length + second.length, 0));
    }),
  );
});

test('a changed block changes the digest, and a moved one too', () => {
  const original = digestBlocks(both([1, 2, 3]));
  const changed = digestBlocks(both([1, 2, 4]));
  const moved = digestBlocks(both([2, 1, 3]));
  expect(rangeLow(changed, 0, 3, 0)).not.toBe(rangeLow(original, 0, 3, 0));
  expect(rangeLow(moved, 0, 3, 0)).not.toBe(rangeLow(original, 0, 3, 0));
});

test('zero blocks add nothing', () => {
  const padded = digestBlocks(both([0, 0, 5, 0]));
  const bare = digestBlocks(both([5]));
  expect(rangeLow(padded, 0, 4, 0)).toBe(rangeLow(bare, 0, 1, 2));
});

function both(values: readonly number[]) {
  return { low: Int32Array.from(values), high: Int32Array.from(values, (v) => Math.imul(v, 77)) };
}
