import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import type { ElfFile } from '../../../src/engine/elf/types.ts';
import { SpacerError } from '../../../src/engine/errors.ts';
import { attribute } from '../../../src/engine/pages/attribute.ts';
import { pagesOfImage } from '../../../src/engine/pages/pages-of-image.ts';
import { build, type Build } from './workshop.ts';

let made: Build;
beforeAll(() => {
  made = build(['-ffunction-sections'], []);
});
afterAll(() => {
  made.dispose();
});

const place = fc.double({ min: 0, max: 1, noNaN: true });
const word = fc.oneof(
  fc.constantFrom(0, 1, 0x10, 0x100000, 0x101000, 0x7fffffff, 0xffffffff),
  fc.nat({ max: 0xffffffff }),
);
const writes = fc.array(fc.tuple(place, word), { maxLength: 12 });

/** Writes words into the tables of a file: headers, symbols, relocations. */
function damaged(elf: ElfFile, list: readonly (readonly [number, number])[]): ElfFile | undefined {
  const bytes = Buffer.from(elf.bytes);
  const tables = elf.sections.filter((section) => [2, 4].includes(section.type));
  const headers = Number(bytes.readBigUInt64LE(40));
  const ranges = [
    ...tables.map((section) => [section.offset, section.offset + section.size] as const),
    [headers, bytes.length] as const,
    [64, 64 + 56 * elf.segments.length] as const,
  ];
  list.forEach(([at, value], i) => {
    const [start, end] = ranges[i % ranges.length] ?? [0, 4];
    const offset = start + 4 * Math.floor((at * (end - start - 4)) / 4);
    if (end - start >= 4) bytes.writeUInt32LE(value, offset);
  });
  try {
    return readElf(elf.path, bytes);
  } catch (error) {
    if (error instanceof SpacerError) return undefined;
    throw error;
  }
}

it(
  'damaged images and objects are attributed byte by byte, or refused',
  { timeout: 120_000 },
  () => {
    fc.assert(
      fc.property(
        writes,
        fc.array(writes, { minLength: 4, maxLength: 4 }),
        (ofImage, ofObjects) => {
          const image = damaged(made.debug, ofImage);
          if (image === undefined) return;
          const objects = made.objects.flatMap(({ library, elf }, i) => {
            const object = damaged(elf, ofObjects[i] ?? []);
            return object ? [{ library, elf: object }] : [];
          });
          try {
            const { pages } = pagesOfImage(image);
            // A flipped size can make one segment of hundreds of pages; a few of them tell enough.
            const some = pages.slice(0, 50);
            for (const page of attribute(some, { image, objects }))
              expect(page.reduce((sum, owner) => sum + owner.bytes, 0)).toBe(4096);
          } catch (error) {
            if (!(error instanceof SpacerError)) throw error;
            expect(error.place.file).toBe(image.path);
          }
        },
      ),
      { numRuns: 400 },
    );
  },
);
