import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coalesce,
  flatten,
  overlay,
  tile,
  type OwnedRange,
} from '../../../src/engine/pages/owner-map.ts';

const SPAN = 60;
const range = fc
  .tuple(fc.nat({ max: SPAN }), fc.nat({ max: 12 }), fc.constantFrom('a', 'b', 'c'))
  .map(([start, size, library]): OwnedRange => ({
    start,
    end: start + size,
    library,
    section: '.text',
  }));
const ranges = fc.array(range, { maxLength: 12 });

function paint(list: readonly OwnedRange[]): (string | undefined)[] {
  const bytes: (string | undefined)[] = [];
  for (const { start, end, library } of list)
    for (let at = start; at < end; at++) {
      expect(bytes[at]).toBeUndefined();
      bytes[at] = library;
    }
  return Array.from({ length: SPAN + 12 }, (_, at) => bytes[at]);
}

describe('ranges with owners', () => {
  it('do not overlap when flat, and cover what they covered', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const covered = new Set(
          list.flatMap(({ start, end }) =>
            Array.from({ length: end - start }, (_, i) => start + i),
          ),
        );
        const painted = paint(flatten(list));
        painted.forEach((owner, at) => {
          expect(owner !== undefined).toBe(covered.has(at));
        });
      }),
    );
  });

  it('put over others win everywhere', () => {
    fc.assert(
      fc.property(ranges, ranges, (below, above) => {
        const base = flatten(below);
        const over = flatten(above);
        const top = paint(over);
        const expected = paint(base).map((owner, at) => top[at] ?? owner);
        const result = overlay(base, over);
        expect(paint(result)).toEqual(expected);
        expect(paint(coalesce(result))).toEqual(expected);
        expect(result).toEqual([...result].sort((a, b) => a.start - b.start));
      }),
      { numRuns: 500 },
    );
  });

  it('tile a page without holes', () => {
    fc.assert(
      fc.property(ranges, fc.nat({ max: SPAN }), fc.nat({ max: 20 }), (list, start, size) => {
        const flat = flatten(list);
        const tiled = tile(flat, start, start + size, { library: 'hole', section: '' });
        const known = paint(flat);
        let at = start;
        for (const piece of tiled) {
          expect(piece.start).toBe(at);
          for (; at < piece.end; at++) expect(piece.library).toBe(known[at] ?? 'hole');
        }
        expect(at).toBe(start + size);
      }),
    );
  });
});
