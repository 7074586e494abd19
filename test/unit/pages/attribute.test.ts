import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from '../../../src/engine/pages/attribute.ts';
import { parseLinkMap } from '../../../src/engine/pages/link-map.ts';
import { pagesOfImage } from '../../../src/engine/pages/pages-of-image.ts';
import { fakeElf, section, segment, symbol } from './fake-elf.ts';

const bytes = new Uint8Array(0x8000).fill(0x55);
const text = section({ index: 1, name: '.text', address: 0x101000, size: 0x1800 });
const image = fakeElf({
  bytes,
  segments: [
    segment({ virtualAddress: 0x100000, offset: 0, fileSize: 0x3000, memorySize: 0x4000 }),
  ],
  sections: [section({ type: 0, flags: 0 }), text],
  symbols: [
    symbol({ name: 'first', value: 0x101000, size: 0x1100 }),
    symbol({ name: 'second', value: 0x102100, size: 0x10 }),
    symbol({ name: 'absolute', value: 0x102000, section: 0xfff1 }),
    symbol({ name: 'file.c', type: 4, value: 0x102000 }),
  ],
});
const { pages } = pagesOfImage(image);

describe('attribution', () => {
  it('names headers, gaps, sections and symbols of a bare image', () => {
    const owners = attribute(pages, { image });
    expect(owners[0]).toEqual([
      { library: '[headers]', section: 'ELF headers', bytes: 120, symbols: [] },
      { library: '[fill]', section: 'between sections', bytes: 3976, symbols: [] },
    ]);
    expect(owners[1]).toEqual([
      { library: '[unknown]', section: '.text', bytes: 4096, symbols: ['first'] },
    ]);
    expect(owners[2]).toEqual([
      { library: '[unknown]', section: '.text', bytes: 0x800, symbols: ['first', 'second'] },
      { library: '[fill]', section: 'between sections', bytes: 0x800, symbols: [] },
    ]);
  });

  it('knows segments only where there are no sections', () => {
    const stripped = fakeElf({ bytes, segments: image.segments });
    const owners = attribute(pagesOfImage(stripped).pages, { image: stripped });
    expect(owners[1]).toEqual([
      { library: '[unknown]', section: 'segment 0 (code)', bytes: 4096, symbols: [] },
    ]);
  });

  it('takes the symbols of a stripped image from its unstripped twin', () => {
    const stripped = fakeElf({ bytes, segments: image.segments });
    const owners = attribute(pages, { image: stripped, debug: image });
    expect(owners[1]?.[0]).toMatchObject({ section: '.text', symbols: ['first'] });
    expect(owners[2]?.[1]).toMatchObject({ library: '[fill]', section: 'between sections' });
  });

  it('prefers the plan to a link map, and a link map to sections', () => {
    const linkMap = parseLinkMap(
      [
        'Linker script and memory map',
        '.text           0x101000   0x1800',
        ' .text          0x101000   0x1000 /b/liba.o',
        ' *fill*         0x102000     0x10 ',
        ' .text          0x102010    0x7f0 /b/libb.a(x.o)',
      ].join('\n'),
    );
    const placed = [
      { address: 0x101000, size: 0x10, library: 'libp', section: '.text.p', object: '/p.o' },
    ];
    const runs = (sources: object) =>
      attribute(pages, { image, ...sources })
        .slice(1)
        .flat()
        .map((owner) => `${owner.library} ${owner.section} ${owner.bytes}`);
    expect(runs({ linkMap })).toEqual([
      'liba .text 4096',
      '[fill] .text 16',
      'libb .text 2032',
      '[fill] between sections 2048',
    ]);
    expect(runs({ linkMap, placed }).slice(0, 2)).toEqual(['libp .text.p 16', 'liba .text 4080']);
    expect(runs({ placed })[1]).toBe('[unknown] .text 4080');
  });

  it('moves virtual addresses to guest addresses', () => {
    const high = fakeElf({
      ...image,
      segments: [
        segment({
          virtualAddress: 0x100000,
          physicalAddress: 0x800000,
          fileSize: 0x3000,
          memorySize: 0x4000,
        }),
      ],
    });
    const guest = pagesOfImage(high).pages;
    expect(guest[0]?.address).toBe(0x800000);
    expect(attribute(guest, { image: high })).toEqual(attribute(pages, { image }));
  });

  it('shows at most 12 symbols, those with a size first', () => {
    const labels = Array.from({ length: 30 }, (_, i) =>
      symbol({ name: `l${i}`, value: 0x101000 + i, type: 0 }),
    );
    const sized = symbol({ name: 'sized', value: 0x101100, size: 8 });
    const elf = fakeElf({ ...image, symbols: [...labels, sized] });
    const names = attribute(pages, { image: elf })[1]?.[0]?.symbols;
    expect(names).toHaveLength(12);
    expect(names?.at(-1)).toBe('sized');
  });

  it('gives each byte of each page to one owner, whatever the sources say', () => {
    const address = fc.nat({ max: 0x9000 }).map((offset) => 0xfe000 + offset);
    const size = fc.nat({ max: 0x3000 });
    const sections = fc.array(
      fc.record({
        address,
        size,
        type: fc.constantFrom(1, 8),
        flags: fc.constantFrom(2, 6, 0x403, 0),
      }),
      { maxLength: 6 },
    );
    const loads = fc.array(
      fc.record({
        virtualAddress: address,
        physicalAddress: address,
        offset: fc.nat({ max: 0x800 }),
        fileSize: size,
      }),
      { minLength: 1, maxLength: 4 },
    );
    const placed = fc.array(fc.record({ address, size }), { maxLength: 5 });
    fc.assert(
      fc.property(sections, loads, placed, (shapes, segments, spots) => {
        const elf = fakeElf({
          bytes,
          segments: segments.map(segment),
          sections: [section({ type: 0, flags: 0 }), ...shapes.map(section)],
        });
        const own = pagesOfImage(elf).pages;
        const owners = attribute(own, {
          image: elf,
          placed: spots.map((spot) => ({ ...spot, library: 'lib', section: '.s', object: 'o' })),
        });
        expect(owners).toHaveLength(own.length);
        for (const page of owners) {
          expect(page.reduce((sum, owner) => sum + owner.bytes, 0)).toBe(4096);
          for (const owner of page) expect(owner.bytes).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
