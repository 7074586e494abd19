import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { libraryOfFile, linkMapRanges, parseLinkMap } from '../../../src/engine/pages/link-map.ts';
import { fakeElf, section } from './fake-elf.ts';

const MAP = `Archive member included to satisfy reference by file (symbol)

Discarded input sections

 .text          0x0000000000000000       0x10 /b/libgone.o

Memory Configuration

Name             Origin             Length             Attributes
*default*        0x0000000000000000 0xffffffffffffffff

Linker script and memory map

LOAD /b/liba.o
LOAD /b/with space/libb.o
                0x0000000000100000                . = 0x100000
                0x0000000000100000                _text = .

.text           0x0000000000100000      0x100
 *(.text)
 .text          0x0000000000100000       0x20 /b/liba.o
                0x0000000000100000                start
                0x0000000000100010                other_name
 *fill*         0x0000000000100020       0x10 cc
 .text.a_function_with_a_long_name
                0x0000000000100030       0x40 /b/with space/libb.o
 .text          0x0000000000100070        0x0 /b/libc.a(member.o)
                0x0000000000100070        0x8 QUAD 0x1
                0x0000000000100080                . = ALIGN (0x10)
 libnone.o(.text)
                0x0000000000100080                [!provide]                        PROVIDE (x = .)
 .text.startup  0x0000000000100080       0x80 /b/libc.a(member.o)

.a_long_output_section
                0x0000000000100100       0x30
 .rodata.str1.1
                0x0000000000100100       0x21 /b/liba.o
                                         0x42 (size before relaxing)
 COMMON         0x0000000000100128        0x8 /b/liba.o

.got            0x0000000000100130       0x18
 .got           0x0000000000100130       0x18 /b/liba.o

.tbss           0x0000000000100148        0x4
 .tbss          0x0000000000100148        0x4 /b/liba.o
OUTPUT(image elf64-x86-64)

.comment        0x0000000000000000       0x11
 .comment       0x0000000000000000       0x11 /b/liba.o

Cross Reference Table

Symbol                                            File
 .text          0x0000000000100000       0x20 /b/never.o
`;

const image = fakeElf({
  sections: [
    section({ name: '.text', address: 0x100000, size: 0x100 }),
    section({ name: '.a_long_output_section', flags: 2, address: 0x100100, size: 0x30 }),
    section({ name: '.got', flags: 3, address: 0x100130, size: 0x18 }),
    section({ name: '.tbss', type: 8, flags: 0x403, address: 0x100148, size: 4 }),
    section({ name: '.comment', flags: 0, size: 0x11 }),
  ],
});
const isLinkerMade = (output: string) => output === '.got';

describe('a link map', () => {
  it('tells input sections, fill, data and merged sizes apart', () => {
    const map = parseLinkMap(MAP);
    expect(map.outputs.map(({ name }) => name)).toEqual([
      '.text',
      '.a_long_output_section',
      '.got',
      '.tbss',
      '.comment',
    ]);
    const rows = map.inputs.map(
      (input) =>
        `${input.output} ${input.section} ${input.address.toString(16)}+${input.size.toString(16)} ${input.file}`,
    );
    expect(rows).toEqual([
      '.text .text 100000+20 /b/liba.o',
      '.text *fill* 100020+10 ',
      '.text .text.a_function_with_a_long_name 100030+40 /b/with space/libb.o',
      '.text .text 100070+0 /b/libc.a(member.o)',
      '.text *data* 100070+8 ',
      '.text .text.startup 100080+80 /b/libc.a(member.o)',
      '.a_long_output_section .rodata.str1.1 100100+21 /b/liba.o',
      '.a_long_output_section COMMON 100128+8 /b/liba.o',
      '.got .got 100130+18 /b/liba.o',
      '.tbss .tbss 100148+4 /b/liba.o',
      '.comment .comment 0+11 /b/liba.o',
    ]);
    const merged = map.inputs.find((input) => input.section === '.rodata.str1.1');
    expect(merged?.sizeBeforeRelaxing).toBe(0x42);
  });

  it('gives owners of loaded memory only', () => {
    const ranges = linkMapRanges(parseLinkMap(MAP), image, isLinkerMade);
    const rows = ranges.map(
      (r) => `${r.start.toString(16)}-${r.end.toString(16)} ${r.library} ${r.section}`,
    );
    expect(rows).toEqual([
      '100000-100020 liba .text',
      '100020-100030 [fill] .text',
      '100030-100070 libb .text.a_function_with_a_long_name',
      '100070-100078 [linker] .text',
      '100080-100100 libc .text.startup',
      '100100-100121 liba .rodata.str1.1',
      '100128-100130 liba COMMON',
      '100130-100148 [linker] .got',
    ]);
  });

  it('may have the line ends of another system', () => {
    expect(parseLinkMap(MAP.replaceAll('\n', '\r\n'))).toEqual(parseLinkMap(MAP));
  });

  it.each(['', 'hello\nworld\n', '\x7fELF'])('is refused when it is none', (text) => {
    expect(() => parseLinkMap(text, '/x.map')).toThrow(SpacerError);
    expect(() => parseLinkMap(text, '/x.map')).toThrow('/x.map: is not a link map of GNU ld');
  });

  it('with a number out of range is refused with its line', () => {
    const bad = 'LOAD x\n.text 0xffffffffffffffff 0x10\n';
    expect(() => parseLinkMap(bad, '/x.map')).toThrow('/x.map:2:1: holds the number');
  });

  it('of any damage is read or refused', () => {
    const lines = MAP.split('\n');
    const damage = fc.array(fc.tuple(fc.nat({ max: lines.length - 1 }), fc.string()), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(damage, fc.nat({ max: MAP.length }), (edits, cut) => {
        const copy = [...lines];
        for (const [at, text] of edits)
          copy[at] = `${(copy[at] ?? '').slice(0, text.length)}${text}`;
        try {
          const ranges = linkMapRanges(
            parseLinkMap(copy.join('\n').slice(0, cut)),
            image,
            isLinkerMade,
          );
          ranges.forEach((range, i) => {
            expect(range.start).toBeLessThan(range.end);
            expect(range.start).toBeGreaterThanOrEqual(ranges[i - 1]?.end ?? 0);
          });
        } catch (error) {
          expect(error).toBeInstanceOf(SpacerError);
        }
      }),
    );
  });

  // Matching that backtracks would not end before the test's time is up.
  it('may have very long lines', () => {
    const long = `LOAD x\n .text${' '.repeat(200_000)}x\n${'a'.repeat(200_000)}\n${' '.repeat(200_000)}y\n`;
    expect(parseLinkMap(long)).toBeDefined();
  });
});

describe('the library of a file', () => {
  it.each([
    ['/b/libukboot.o', 'libukboot'],
    ['/b/libukboot.ld.o', 'libukboot'],
    ['apphello.o', 'apphello'],
    ['/b/libx.a(y.o)', 'libx'],
    ['/b.d/libx', 'libx'],
    ['/b/', '[unknown]'],
  ])('%s is %s', (file, library) => {
    expect(libraryOfFile(file)).toBe(library);
  });
});
