import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SpacerError } from '../../../src/engine/errors.ts';
import { OTHER, PROGRAM, Workshop } from './gcc.ts';

const workshop = new Workshop();
const samples: Buffer[] = [];

beforeAll(() => {
  workshop.write('program.c', PROGRAM);
  workshop.write('other.c', OTHER);
  workshop.run('gcc', '-ffunction-sections', '-c', 'program.c', '-o', 'program.o');
  workshop.run('gcc', '-c', 'other.c', '-o', 'other.o');
  workshop.run('gcc', '-static', '-nostdlib', '-no-pie', 'program.o', 'other.o', '-o', 'image');
  workshop.run('objcopy', '-S', '-O', 'elf32-i386', 'image', 'image32');
  for (const name of ['program.o', 'image', 'image32'])
    samples.push(readFileSync(workshop.path(name)));
});
afterAll(() => {
  workshop.dispose();
});

/** Reads, and lets only the one kind of failure pass. */
function survives(bytes: Uint8Array): void {
  try {
    readElf('/some/file.o', bytes, { relocations: 'all' });
  } catch (error) {
    if (!(error instanceof SpacerError)) throw error;
    expect(error.code).toMatch(/^elf-/);
    expect(error.place.file).toBe('/some/file.o');
    expect(error.message).toContain('/some/file.o');
  }
}

const sample = fc.nat({ max: 2 });
const anyOf = (index: number) => samples[index] ?? Buffer.alloc(0);

describe('a damaged ELF file', () => {
  it('cut anywhere, ends in one clear error', () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0, max: 1, noNaN: true }), (index, part) => {
        const bytes = anyOf(index);
        survives(bytes.subarray(0, Math.floor(bytes.length * part)));
      }),
      { numRuns: 500 },
    );
  });

  it('with flipped bytes, is read or refused', () => {
    const flips = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 255 })),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(sample, flips, (index, list) => {
        const bytes = Buffer.from(anyOf(index));
        for (const [place, value] of list)
          bytes[Math.min(bytes.length - 1, Math.floor(place * bytes.length))] = value;
        survives(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('with hostile header fields, is read or refused', () => {
    const interesting = fc.oneof(
      fc.constantFrom(0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff),
      fc.nat({ max: 0xffffffff }),
    );
    const writes = fc.array(fc.tuple(fc.nat({ max: 15 }), interesting), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(sample, writes, (index, list) => {
        const bytes = Buffer.from(anyOf(index));
        for (const [word, value] of list) bytes.writeUInt32LE(value, 4 * word);
        survives(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('with hostile table headers, is read or refused', () => {
    const word = fc.constantFrom(0, 1, 2, 3, 4, 8, 0xff, 0xfff1, 0xffff, 0x7fffffff, 0xffffffff);
    const writes = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), word), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(sample, writes, (index, list) => {
        const bytes = Buffer.from(anyOf(index));
        const is64 = bytes[4] === 2;
        const headers = is64 ? Number(bytes.readBigUInt64LE(40)) : bytes.readUInt32LE(32);
        const words = Math.floor((bytes.length - headers) / 4) - 1;
        for (const [place, value] of list)
          bytes.writeUInt32LE(value, headers + 4 * Math.floor(place * words));
        survives(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it('of random bytes after a magic number, is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(1, 2), (rest, kind) => {
        survives(Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, kind, 1]), rest]));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what is refused', () => {
  const code = (bytes: Uint8Array): string => {
    try {
      readElf('x', bytes);
      return 'read';
    } catch (error) {
      return error instanceof SpacerError ? error.code : String(error);
    }
  };

  it('is named by a stable code', () => {
    const image = anyOf(1);
    expect(code(Buffer.alloc(0))).toBe('elf-not-elf');
    expect(code(Buffer.from('#!/bin/sh\n'))).toBe('elf-not-elf');
    expect(code(image.subarray(0, 30))).toBe('elf-truncated');
    expect(code(image.subarray(0, image.length - 1))).toBe('elf-truncated');
    const big = Buffer.from(image);
    big[5] = 2;
    expect(code(big)).toBe('elf-header');
    const many = Buffer.from(image);
    many.writeUInt16LE(0, 60);
    expect(code(many)).toBe('read');
    const far = Buffer.from(image);
    far.writeBigUInt64LE(2n ** 60n, 40);
    expect(code(far)).toBe('elf-value');
  });

  it('includes names that are longer than the file could mean', () => {
    // 30,000 symbols whose names all begin inside one string of 200,000 characters.
    const symbols = 30_000;
    const names = 200_000;
    const bytes = Buffer.alloc(64 + 3 * 64 + symbols * 24 + names + 1, 0);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.writeUInt16LE(62, 18);
    bytes.writeBigUInt64LE(64n, 40);
    bytes.writeUInt16LE(64, 58);
    bytes.writeUInt16LE(3, 60);
    bytes.writeUInt16LE(0, 62);
    const table = 64 + 3 * 64;
    bytes.writeUInt32LE(2, 64 + 64 + 4);
    bytes.writeBigUInt64LE(BigInt(table), 64 + 64 + 24);
    bytes.writeBigUInt64LE(BigInt(symbols * 24), 64 + 64 + 32);
    bytes.writeUInt32LE(2, 64 + 64 + 40);
    bytes.writeBigUInt64LE(24n, 64 + 64 + 56);
    bytes.writeUInt32LE(3, 64 + 128 + 4);
    bytes.writeBigUInt64LE(BigInt(table + symbols * 24), 64 + 128 + 24);
    bytes.writeBigUInt64LE(BigInt(names + 1), 64 + 128 + 32);
    bytes.fill(0x61, table + symbols * 24, bytes.length - 1);
    for (let i = 0; i < symbols; i++) bytes.writeUInt32LE(i, table + i * 24);
    expect(code(bytes)).toBe('elf-string');
  });

  it('includes a billion sections', () => {
    const bytes = Buffer.alloc(64 + 2 * 64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.writeUInt16LE(62, 18);
    bytes.writeBigUInt64LE(64n, 40);
    bytes.writeUInt16LE(64, 58);
    bytes.writeBigUInt64LE(1_000_000_000n, 64 + 32); // The count that does not fit the header.
    expect(() => readElf('x', bytes)).toThrow('claims 1000000000 sections');
  });

  it('includes relocation tables that are one and the same', () => {
    const tables = 200;
    const entries = 100;
    const headers = 64;
    const data = headers + 64 * (3 + tables);
    const bytes = Buffer.alloc(data + 24 * entries + 1);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.writeUInt16LE(62, 18);
    bytes.writeBigUInt64LE(BigInt(headers), 40);
    bytes.writeUInt16LE(64, 58);
    bytes.writeUInt16LE(3 + tables, 60);
    const header = (index: number, type: number, size: number, link: number, entry: number) => {
      const at = headers + 64 * index;
      bytes.writeUInt32LE(type, at + 4);
      bytes.writeBigUInt64LE(BigInt(data), at + 24);
      bytes.writeBigUInt64LE(BigInt(size), at + 32);
      bytes.writeUInt32LE(link, at + 40);
      bytes.writeUInt32LE(1, at + 44);
      bytes.writeBigUInt64LE(BigInt(entry), at + 56);
    };
    header(1, 2, 24, 2, 24);
    header(2, 3, 1, 0, 0);
    for (let i = 0; i < tables; i++) header(3 + i, 4, 24 * entries, 1, 24);
    expect(() => readElf('x', bytes)).toThrow('relocation tables that overlap');
  });
});
