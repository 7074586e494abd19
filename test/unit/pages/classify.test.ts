import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { classify, type PageContent } from '../../../src/engine/pages/classify.ts';
import * as hashing from '../../../src/engine/pages/page-hash.ts';

vi.mock('../../../src/engine/pages/page-hash.ts', { spy: true });
afterEach(() => {
  vi.mocked(hashing.hashPage).mockReset();
});

function pageOf(content: number): PageContent {
  const bytes = new Uint8Array(4096);
  bytes[(content * 997) % 4096] = content;
  return { bytes };
}

/** The definition, word by word. */
function naive(images: readonly (readonly number[])[]) {
  const all = images.flat();
  const owners = (content: number) => images.filter((image) => image.includes(content)).length;
  const nonZero = all.filter((content) => content !== 0);
  return {
    total: all.length,
    zero: all.length - nonZero.length,
    distinct: new Set(nonZero).size,
    shared: nonZero.filter((content) => owners(content) > 1).length,
    unique: nonZero.filter((content) => owners(content) === 1).length,
  };
}

describe('content classes', () => {
  const sets = fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: 12 }), { maxLength: 6 });

  it('follow the definition', () => {
    fc.assert(
      fc.property(sets, (images) => {
        const result = classify(images.map((image) => image.map(pageOf)));
        expect(result.totals).toEqual(naive(images));
        images.forEach((image, i) => {
          const own = result.images[i];
          expect(own?.totals.distinct).toBe(new Set(image.filter((c) => c !== 0)).size);
          image.forEach((content, j) => {
            const index = own?.classes[j] ?? -1;
            expect(own?.kinds[j] === 'zero').toBe(content === 0);
            expect(index === -1).toBe(content === 0);
            const sharers = images.flatMap((other, k) => (other.includes(content) ? [k] : []));
            if (content !== 0) expect(result.contentClasses[index]?.sharers).toEqual(sharers);
          });
        });
        const pages = result.contentClasses.reduce((sum, entry) => sum + entry.pages, 0);
        expect(pages).toBe(result.totals.shared + result.totals.unique);
      }),
    );
  });

  it('are the same for keys as for bytes', () => {
    fc.assert(
      fc.property(sets, (images) => {
        const keyed = images.map((image) =>
          image.map((content) => ({ key: content === 0 ? null : `k${content}` })),
        );
        expect(classify(keyed)).toEqual(classify(images.map((image) => image.map(pageOf))));
      }),
    );
  });

  it('never believe a hash alone', () => {
    vi.mocked(hashing.hashPage).mockReturnValue(7);
    const images = [
      [pageOf(1), pageOf(2)],
      [pageOf(2), pageOf(3)],
    ];
    expect(classify(images).totals).toEqual({
      total: 4,
      zero: 0,
      distinct: 3,
      shared: 2,
      unique: 2,
    });
  });

  it('take a repeated page of one unikernel for unique', () => {
    expect(classify([[pageOf(4), pageOf(4)], [pageOf(5)]]).totals).toMatchObject({
      shared: 0,
      unique: 3,
      distinct: 2,
    });
  });
});

describe('the hash of a page', () => {
  it('is 0 for zeros only, and sees every byte', () => {
    const bytes = new Uint8Array(4096);
    expect(hashing.hashPage(bytes)).toBe(0);
    const seen = new Set<number>();
    for (let i = 0; i < 4096; i++) {
      bytes[i] = 1;
      seen.add(hashing.hashPage(bytes));
      bytes[i] = 0;
    }
    // Changes in one lane have 32 bits of hash: two of 8 million pairs may collide, by the seed.
    expect(seen.size).toBeGreaterThan(4090);
    expect(seen.has(0)).toBe(false);
  });

  it('sees the order of bytes, at odd places of a file too', () => {
    const store = Uint8Array.from({ length: 8192 }, (_, i) => (i * 31) & 255);
    const copy = Uint8Array.from(store.subarray(3, 4099));
    expect(hashing.hashPage(store.subarray(3, 4099))).toBe(hashing.hashPage(copy));
    [copy[0], copy[8]] = [copy[8] ?? 0, copy[0] ?? 0];
    expect(hashing.hashPage(store.subarray(3, 4099))).not.toBe(hashing.hashPage(copy));
  });
});
