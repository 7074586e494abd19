/** Positions of blocks: legal, reproducible, different for every name, and as random as is claimed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entropyOf,
  KeyedRandom,
  newSeed,
  randomPositions,
  type Window,
} from '../../../src/engine/aslr/positions.ts';

const windows = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), fc.nat(40))
  .map(([blocks, slack]): Window => ({
    blocks,
    pages: blocks.reduce((sum, size) => sum + size, 0) + slack,
  }));

describe('random positions', () => {
  it('never let blocks overlap or leave the window', () => {
    fc.assert(
      fc.property(windows, fc.string(), fc.boolean(), (window, seed, keepOrder) => {
        const starts = randomPositions(window, new KeyedRandom(seed, 'one'), keepOrder);
        const ends = starts.map((start, i) => ({ start, end: start + window.blocks[i]! }));
        const ordered = [...ends].sort((a, b) => a.start - b.start);
        if (keepOrder) expect(ordered).toEqual(ends);
        let before = 0;
        for (const { start, end } of ordered) {
          expect(start).toBeGreaterThanOrEqual(before);
          before = end;
        }
        expect(before).toBeLessThanOrEqual(window.pages);
      }),
    );
  });

  it('derive from seed and name alone', () => {
    const window = { pages: 10_000, blocks: [40, 9, 17] };
    const at = (seed: string, name: string) =>
      randomPositions(window, new KeyedRandom(seed, name), false);
    expect(at('seed', 'hello')).toEqual(at('seed', 'hello'));
    expect(at('seed', 'hello')).not.toEqual(at('seed', 'vfs'));
    expect(at('seed', 'hello')).not.toEqual(at('other', 'hello'));
    expect(newSeed()).not.toBe(newSeed());
  });

  it('reach every arrangement, each as often as the others', () => {
    const window = { pages: 6, blocks: [1, 2] };
    const counts = new Map<string, number>();
    const random = new KeyedRandom('seed', 'name');
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      const key = randomPositions(window, random, false).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const { arrangement } = entropyOf(window, false);
    expect(counts.size).toBe(Math.round(2 ** arrangement));
    for (const count of counts.values()) {
      const expected = draws / counts.size;
      expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected));
    }
  });
});

describe('the entropy', () => {
  it('of one block is the logarithm of its places', () => {
    const { blocks, arrangement } = entropyOf({ pages: 8192 + 99, blocks: [100] }, false);
    expect(blocks[0]).toBeCloseTo(13, 9);
    expect(arrangement).toBeCloseTo(13, 9);
  });

  it('of a position is that of the free pages before the block, counted one by one', () => {
    const window = { pages: 9, blocks: [1, 1, 1] };
    for (const keepOrder of [false, true]) {
      const { blocks } = entropyOf(window, keepOrder);
      window.blocks.forEach((_, block) =>
        expect(blocks[block]).toBeCloseTo(counted(window, block, keepOrder), 9),
      );
    }
  });

  it('is nothing where a block has no room to move', () => {
    expect(entropyOf({ pages: 5, blocks: [5] }, false)).toEqual({ blocks: [0], arrangement: 0 });
  });
});

/** Entropy of the free pages before a block, by listing all arrangements of equal blocks. */
function counted({ pages, blocks }: Window, block: number, keepOrder: boolean): number {
  const n = blocks.length;
  const found = new Map<number, number>();
  let total = 0;
  for (let mask = 0; mask < 2 ** pages; mask++) {
    const places = Array.from({ length: pages }, (_, i) => i).filter((i) => (mask >> i) & 1);
    if (places.length !== n) continue;
    for (const rank of keepOrder ? [block] : places.keys()) {
      const free = places[rank]! - rank;
      found.set(free, (found.get(free) ?? 0) + 1);
      total++;
    }
  }
  return [...found.values()].reduce((bits, m) => bits - (m / total) * Math.log2(m / total), 0);
}
