import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sizeOf, storedFile, wholeBytes, writeContents } from '../../../src/engine/elf/contents.ts';
import { isDebugging } from '../../../src/engine/elf/debugging.ts';
import { editObject } from '../../../src/engine/elf/edit.ts';
import { readElfFile, readElfParts } from '../../../src/engine/elf/read-parts.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SHF, SHT, type ElfFile } from '../../../src/engine/elf/types.ts';
import { SpacerError } from '../../../src/engine/errors.ts';
import { OTHER, PROGRAM, Workshop } from './gcc.ts';

const workshop = new Workshop();
/** Names are read from these, whatever they are called. */
const TABLES: number[] = [SHT.SYMTAB, SHT.STRTAB, SHT.SYMTAB_SHNDX];
const NAMES = ['program.o', 'other.o', 'image', 'image32'];

beforeAll(() => {
  workshop.write('program.c', PROGRAM);
  workshop.write('other.c', OTHER);
  for (const name of ['program', 'other'])
    workshop.run('gcc', '-g3', '-ffunction-sections', '-c', `${name}.c`, '-o', `${name}.o`);
  workshop.run('gcc', '-static', '-nostdlib', '-no-pie', 'program.o', 'other.o', '-o', 'image');
  workshop.run('objcopy', '-S', '-O', 'elf32-i386', 'image', 'image32');
});
afterAll(() => {
  workshop.dispose();
});

/** What a file says, whoever read it: debugging information aside. */
function said(elf: ElfFile) {
  const sections = elf.sections.map((section) => {
    const about = section.type === SHT.RELA ? elf.sections[section.info] : section;
    const isLeftOut = about && isDebugging(about) && !TABLES.includes(section.type);
    return { ...section, data: isLeftOut ? 'left out' : Uint8Array.from(section.data) };
  });
  const loaded = elf.segments.map(({ offset, fileSize }) =>
    Uint8Array.from(elf.bytes.subarray(offset, offset + fileSize)),
  );
  return { ...elf, sections, loaded, bytes: undefined, contents: undefined };
}

/** What reading gives, or why it is refused. */
function outcome(read: () => ElfFile) {
  try {
    return said(read());
  } catch (error) {
    if (error instanceof SpacerError) return `${error.code} ${error.message}`;
    throw error;
  }
}

describe('a file that is read in parts', () => {
  it.each(NAMES)('says what the whole file says: %s', (name) => {
    const file = workshop.path(name);
    expect(said(readElfFile(file))).toEqual(said(readElf(file, readFileSync(file))));
  });

  it('has no debugging information in memory', () => {
    const elf = readElfFile(workshop.path('program.o'));
    const debugging = elf.sections.filter(isDebugging);
    expect(debugging.some(({ size }) => size > 1000)).toBe(true);
    expect(debugging.every(({ data }) => data.length === 0)).toBe(true);
    const buffers = new Set(
      [elf.bytes, ...elf.sections.map(({ data }) => data)].map((b) => b.buffer),
    );
    const held = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(held).toBeLessThan(sizeOf(elf.contents!) / 2);
  });

  it('damaged, is read or refused like the whole one', () => {
    const damaged = workshop.path('damaged');
    const samples = NAMES.map((name) => readFileSync(workshop.path(name)));
    const place = fc.double({ min: 0, max: 1, noNaN: true });
    const flips = fc.array(fc.tuple(place, fc.nat({ max: 255 })), { maxLength: 4 });
    const header = fc.array(fc.tuple(fc.nat({ max: 63 }), fc.nat({ max: 255 })), { maxLength: 2 });
    fc.assert(
      fc.property(fc.nat({ max: 3 }), place, flips, header, (index, cut, list, first) => {
        const sample = samples[index]!;
        const length = cut < 0.5 ? sample.length : Math.floor(sample.length * cut);
        const bytes = Buffer.from(sample.subarray(0, length));
        for (const [at, value] of list) bytes[Math.floor(at * bytes.length)] = value;
        for (const [at, value] of first) if (at < bytes.length) bytes[at] = value;
        writeFileSync(damaged, bytes);
        expect(outcome(() => readElfFile(damaged))).toEqual(outcome(() => readElf(damaged, bytes)));
      }),
      { numRuns: 400 },
    );
  });

  it('can be edited: the copy is that of the whole file', () => {
    const file = workshop.path('program.o');
    const whole = readElf(file, readFileSync(file));
    const edits = (elf: ElfFile) => {
      const text = elf.sections.find(({ flags, size }) => flags & SHF.EXECINSTR && size > 0)!;
      return {
        addSymbols: ['added'],
        rename: new Map([[text.index, '.text.renamed']]),
        patch: new Map([[text.index, [{ offset: 0, bytes: Uint8Array.of(0x90) }]]]),
      };
    };
    const expected = wholeBytes(editObject(whole, edits(whole)));
    const parts = readElfFile(file);
    const copy = editObject(parts, edits(parts));
    expect(Buffer.compare(wholeBytes(copy), expected)).toBe(0);
    writeContents(workshop.path('copy.o'), copy);
    expect(Buffer.compare(readFileSync(workshop.path('copy.o')), expected)).toBe(0);
    expect(said(readElfParts(file, copy))).toEqual(said(readElf(file, expected)));
  });

  it('that became shorter is refused by its name', () => {
    const file = workshop.path('shrinks.o');
    writeFileSync(file, readFileSync(workshop.path('program.o')));
    const stored = storedFile(file);
    writeFileSync(file, readFileSync(file).subarray(0, 2000));
    expect(() => readElfParts(file, stored)).toThrow(/shrinks\.o.*shorter/);
  });
});
