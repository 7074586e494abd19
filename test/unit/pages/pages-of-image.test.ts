import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { pagesOfImage } from '../../../src/engine/pages/pages-of-image.ts';
import { fakeElf, segment } from './fake-elf.ts';

const file = Uint8Array.from({ length: 5 * 4096 }, (_, i) => 1 + (i % 251));
const addresses = (elf: Parameters<typeof pagesOfImage>[0]) =>
  pagesOfImage(elf).pages.map((page) => page.address);

describe('pages of an image', () => {
  it('are those that file-backed bytes touch', () => {
    const segments = [
      segment({ virtualAddress: 0x100ff0, offset: 16, fileSize: 32, memorySize: 0x9000, flags: 6 }),
    ];
    const { pages, segments: shown } = pagesOfImage(fakeElf({ bytes: file, segments }));
    expect(pages.map((page) => page.address)).toEqual([0x100000, 0x101000]);
    const [first, second] = pages;
    expect([...(first?.bytes.subarray(0xff0) ?? [])]).toEqual([...file.subarray(16, 32)]);
    expect(first?.bytes.subarray(0, 0xff0).every((byte) => byte === 0)).toBe(true);
    expect([...(second?.bytes.subarray(0, 16) ?? [])]).toEqual([...file.subarray(32, 48)]);
    expect(second?.bytes.length).toBe(4096);
    expect(first).toMatchObject({ writable: true, executable: false });
    expect(shown).toEqual([
      { address: 0x100ff0, fileSize: 32, memorySize: 0x9000, permissions: 'rw-' },
    ]);
  });

  it('need no congruence of offsets and addresses', () => {
    const segments = [segment({ virtualAddress: 0x1000, offset: 0x101, fileSize: 4096 })];
    const [page] = pagesOfImage(fakeElf({ bits: 32, machine: 3, bytes: file, segments })).pages;
    expect(page?.bytes).toEqual(file.subarray(0x101, 0x1101));
  });

  it('hold the later of two segments that overlap', () => {
    const segments = [
      segment({ virtualAddress: 0x1000, offset: 0, fileSize: 4096, flags: 4 }),
      segment({ virtualAddress: 0x1010, offset: 100, fileSize: 8, flags: 2 }),
    ];
    const elf = fakeElf({ bytes: file, segments });
    const [page] = pagesOfImage(elf).pages;
    const expected = Uint8Array.from(file.subarray(0, 4096));
    expected.set(file.subarray(100, 108), 0x10);
    expect(page?.bytes).toEqual(expected);
    expect(page?.writable).toBe(true);
    expect(elf.bytes).toEqual(file);
  });

  it('lie at physical addresses, unless there are none', () => {
    const place = { virtualAddress: 0x400000, fileSize: 10 };
    const physical = segment({ ...place, physicalAddress: 0x100000 });
    expect(addresses(fakeElf({ bytes: file, segments: [physical] }))).toEqual([0x100000]);
    const without = segment({ ...place, physicalAddress: 0 });
    expect(addresses(fakeElf({ bytes: file, segments: [without] }))).toEqual([0x400000]);
  });

  it('leave out what is not loaded', () => {
    const segments = [
      segment({ virtualAddress: 0x1000, fileSize: 0, memorySize: 4096 }),
      segment({ type: 7, virtualAddress: 0x8000, fileSize: 16 }),
    ];
    expect(addresses(fakeElf({ bytes: file, segments }))).toEqual([]);
  });

  it.each([
    ['elf-machine', { machine: 183 }],
    ['elf-value', { segments: [segment({ fileSize: 9, memorySize: 8 })] }],
    ['elf-value', { segments: [segment({ virtualAddress: 2 ** 52, fileSize: 1 })] }],
    [
      'elf-too-large',
      {
        bytes: { length: 2 ** 31 } as Uint8Array,
        segments: [0, 1, 2].map((i) => segment({ virtualAddress: i, fileSize: 2 ** 29 })),
      },
    ],
    ['elf-too-large', { segments: Array.from({ length: 257 }, () => segment({ fileSize: 8 })) }],
  ])('are refused with %s', (code, part) => {
    try {
      pagesOfImage(fakeElf({ bytes: file, ...part }));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SpacerError);
      expect((error as SpacerError).code).toBe(code);
      expect((error as SpacerError).place.file).toBe('/image');
    }
  });

  it('are what writing byte by byte gives', () => {
    const load = fc.record({
      virtualAddress: fc.nat({ max: 30_000 }),
      offset: fc.nat({ max: 8000 }),
      fileSize: fc.nat({ max: 12_000 }),
    });
    fc.assert(
      fc.property(fc.array(load, { maxLength: 6 }), (loads) => {
        const memory = new Map<number, number>();
        for (const { virtualAddress, offset, fileSize } of loads)
          for (let i = 0; i < fileSize; i++) memory.set(virtualAddress + i, file[offset + i] ?? 0);
        const numbers = new Set([...memory.keys()].map((address) => Math.floor(address / 4096)));
        // An all-zero p_paddr would mean virtual addresses, which are the same here.
        const { pages } = pagesOfImage(fakeElf({ bytes: file, segments: loads.map(segment) }));
        expect(pages.map((page) => page.address / 4096)).toEqual(
          [...numbers].sort((a, b) => a - b),
        );
        for (const { address, bytes } of pages)
          expect(bytes).toEqual(bytes.map((_, i) => memory.get(address + i) ?? 0));
      }),
      { numRuns: 60 },
    );
  });
});
