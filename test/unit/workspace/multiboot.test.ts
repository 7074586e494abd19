import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOutLikeMemory } from '../../../src/engine/link/multiboot.ts';

describe('layOutLikeMemory', () => {
  const LOAD = 0x100000;

  function image(
    segments: { address: number; offset: number; bytes: number[] }[],
    flags = 0x10003,
  ) {
    const size = Math.max(...segments.map(({ offset, bytes }) => offset + bytes.length), 0x2000);
    const file = Buffer.alloc(size);
    file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    file.writeBigUInt64LE(64n, 32);
    file.writeUInt16LE(56, 54);
    file.writeUInt16LE(segments.length, 56);
    segments.forEach(({ address, offset, bytes }, index) => {
      const at = 64 + 56 * index;
      file.writeUInt32LE(1, at);
      file.writeBigUInt64LE(BigInt(offset), at + 8);
      file.writeBigUInt64LE(BigInt(address), at + 16);
      file.writeBigUInt64LE(BigInt(address), at + 24);
      file.writeBigUInt64LE(BigInt(bytes.length), at + 32);
      file.writeBigUInt64LE(BigInt(bytes.length), at + 40);
      file.set(bytes, offset);
    });
    const first = segments[0]?.offset ?? 0;
    const end = Math.max(...segments.map(({ address, bytes }) => address + bytes.length));
    const words = [0x1badb002, flags, -(0x1badb002 + flags) >>> 0, LOAD, LOAD, end, end, LOAD];
    words.forEach((word, index) => file.writeUInt32LE(word, first + 4 * index));
    return file;
  }
  const header = Array.from({ length: 64 }, () => 0);

  it('leaves images alone that are laid out so, or boot otherwise', () => {
    const one = [
      { address: LOAD, offset: 0x1000, bytes: header },
      { address: LOAD + 0x800, offset: 0x1800, bytes: [1, 2, 3] },
    ];
    expect(layOutLikeMemory(image(one))).toBeUndefined();
    const moved = [one[0], { address: LOAD + 0x9000, offset: 0x1800, bytes: [1] }].filter(
      (x) => !!x,
    );
    expect(layOutLikeMemory(image(moved, 3))).toBeUndefined();
    expect(layOutLikeMemory(Buffer.from('no image'))).toBeUndefined();
  });

  it('lays out every segment at one distance', () => {
    const file = image([
      { address: LOAD, offset: 0x1000, bytes: header },
      { address: LOAD + 0x9000, offset: 0x1800, bytes: [1, 2, 3] },
    ]);
    const flat = layOutLikeMemory(file);
    expect(flat?.length).toBe(0x1000 + 0x9003);
    expect(flat?.subarray(0x1000 + 0x9000)).toEqual(Buffer.from([1, 2, 3]));
    expect(flat?.readUInt32LE(0x1000)).toBe(0x1badb002);
    expect(flat?.readBigUInt64LE(64 + 56 + 8)).toBe(0xa000n);
    expect(flat === undefined ? 0 : layOutLikeMemory(flat)).toBeUndefined();
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 400 }), (bytes) => {
        const file = Buffer.from(bytes);
        file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
        file.writeUInt16LE(56, 54);
        file.writeBigUInt64LE(64n, 32);
        file.writeUInt16LE(file.readUInt16LE(56) % 8, 56);
        layOutLikeMemory(file);
      }),
    );
  });
});
