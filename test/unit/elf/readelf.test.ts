import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SHT, type ElfFile } from '../../../src/engine/elf/types.ts';
import { OTHER, PROGRAM, Workshop } from './gcc.ts';

const workshop = new Workshop();
afterAll(() => {
  workshop.dispose();
});

const files: [name: string, make: () => void][] = [
  ['debug.o', () => workshop.run('gcc', '-g3', '-O2', '-c', 'program.c', '-o', 'debug.o')],
  [
    'sections.o',
    () =>
      workshop.run(
        ...(['gcc', '-ffunction-sections', '-fdata-sections', '-fcommon', '-O1', '-c'] as const),
        'program.c',
        '-o',
        'sections.o',
      ),
  ],
  ['other.o', () => workshop.run('gcc', '-O2', '-c', 'other.c', '-o', 'other.o')],
  ['partial.o', () => workshop.run('ld', '-r', 'debug.o', 'other.o', '-o', 'partial.o')],
  [
    'image',
    () =>
      workshop.run('gcc', '-static', '-nostdlib', '-no-pie', 'debug.o', 'other.o', '-o', 'image'),
  ],
  [
    'pie',
    () => {
      workshop.run('gcc', '-fPIE', '-O2', '-c', 'program.c', '-o', 'pic.o');
      workshop.run('gcc', '-pie', '-nostdlib', 'pic.o', 'other.o', '-o', 'pie');
    },
  ],
  ['stripped', () => workshop.run('strip', '-s', 'image', '-o', 'stripped')],
  ['image32', () => workshop.run('objcopy', '-O', 'elf32-i386', 'stripped', 'image32')],
];

beforeAll(() => {
  workshop.write('program.c', PROGRAM);
  workshop.write('other.c', OTHER);
  for (const [, make] of files) make();
});

const read = (name: string): ElfFile =>
  readElf(workshop.path(name), readFileSync(workshop.path(name)), { relocations: 'all' });
const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');

describe.each(files.map(([name]) => name))('%s as readelf lists it', (name) => {
  it('has the same sections', () => {
    const elf = read(name);
    const listed = workshop
      .run('readelf', '-SW', name)
      .split('\n')
      .flatMap((line) => /^ +\[ *(\d+)\] (.*)$/.exec(line)?.slice(1) ?? [])
      .filter((_, i) => i % 2 === 1)
      .slice(1);
    const width = elf.bits / 4;
    const shown = elf.sections.slice(1).map((section) => {
      const place = `${hex(section.address, width)} ${hex(section.offset, 6)} ${hex(section.size, 6)}`;
      return [
        section.name,
        place,
        hex(section.entrySize, 2),
        section.link,
        section.info,
        section.alignment,
      ];
    });
    const expected = listed.map((line) => {
      const match =
        /^(\S*) +\S+ +([0-9a-f]+ [0-9a-f]+ [0-9a-f]+) ([0-9a-f]+) +[A-Za-z]* +(\d+) +(\d+) +(\d+)$/.exec(
          line,
        );
      const [, section, place, entry, link, info, alignment] = match ?? [];
      return [section, place, entry, Number(link), Number(info), Math.max(1, Number(alignment))];
    });
    expect(shown).toEqual(expected);
    for (const section of elf.sections)
      expect(section.data.length).toBe(section.type === SHT.NOBITS ? 0 : section.size);
  });

  it('has the same segments', () => {
    const elf = read(name);
    const listed = workshop
      .run('readelf', '-lW', name)
      .split('\n')
      .flatMap((line) => /^ {2}\S+ +(0x.*)$/.exec(line)?.[1] ?? [])
      .filter((text) => /^0x[0-9a-f]{6} /.test(text))
      .map((text) =>
        text
          .replace(/R *(W|) *(E|) +(0x[0-9a-f]+|0)$/, '$3')
          .split(/ +/)
          .slice(0, 5),
      );
    const width = elf.bits === 64 ? 16 : 8;
    const shown = elf.segments.map((segment) => [
      `0x${hex(segment.offset, 6)}`,
      `0x${hex(segment.virtualAddress, width)}`,
      `0x${hex(segment.physicalAddress, width)}`,
      `0x${hex(segment.fileSize, elf.bits === 64 ? 6 : 5)}`,
      `0x${hex(segment.memorySize, elf.bits === 64 ? 6 : 5)}`,
    ]);
    expect(shown).toEqual(listed);
  });

  it('has the same symbols', () => {
    const elf = read(name);
    const table = workshop.run('readelf', '-sW', name).split(/Symbol table '/);
    const listed = (table.find((part) => part.startsWith('.symtab')) ?? '')
      .split('\n')
      .flatMap((line) => {
        const match =
          /^ *\d+: ([0-9a-f]+) +(\S+) (\S+) +(LOCAL|GLOBAL|WEAK) +(\S+) +(\S+) ?(.*)$/.exec(line);
        if (!match) return [];
        const [, value, size, type, binding, visibility, section, symbol] = match;
        return [[value, Number(size), type, binding, visibility, section, symbol]];
      });
    const types = ['NOTYPE', 'OBJECT', 'FUNC', 'SECTION', 'FILE', 'COMMON', 'TLS'];
    const places: Record<number, string> = { 0: 'UND', 0xfff1: 'ABS', 0xfff2: 'COM' };
    const shown = elf.symbols.map((symbol) => [
      hex(symbol.value, elf.bits / 4),
      symbol.size,
      types[symbol.type],
      ['LOCAL', 'GLOBAL', 'WEAK'][symbol.binding],
      ['DEFAULT', 'INTERNAL', 'HIDDEN', 'PROTECTED'][symbol.visibility],
      places[symbol.section] ?? String(symbol.section),
      // readelf shows the section's name for symbols without one.
      symbol.type === 3 ? elf.sections[symbol.section]?.name : symbol.name,
    ]);
    expect(shown).toEqual(listed);
  });

  it('has the same relocations', () => {
    const elf = read(name);
    const parts = workshop
      .run('readelf', '-rW', name)
      .split(/Relocation section '/)
      .slice(1);
    const listed = new Map<string, string[]>();
    for (const part of parts) {
      const section = part.slice(0, part.indexOf("'"));
      if (/^\.rela\.(dyn|plt)$/.test(section)) continue;
      const rows = part
        .split('\n')
        .flatMap(
          (line) => /^([0-9a-f]{16}) +([0-9a-f]{16}) /.exec(line)?.slice(1, 3).join(' ') ?? [],
        );
      listed.set(section.replace(/^\.rela/, ''), rows);
    }
    const shown = new Map(
      [...elf.relocations].map(([section, list]) => [
        elf.sections[section]?.name,
        list.map(
          ({ offset, symbol, type }) => `${hex(offset, 16)} ${hex(symbol, 8)}${hex(type, 8)}`,
        ),
      ]),
    );
    expect(shown).toEqual(listed);
  });
});

describe('relocations', () => {
  it('have signed addends', () => {
    const elf = read('debug.o');
    const addends = [...elf.relocations.values()].flat().map((relocation) => relocation.addend);
    expect(addends).toContain(-4);
  });

  it('of debug sections are left out unless asked for', () => {
    const bytes = readFileSync(workshop.path('debug.o'));
    const names = (elf: ElfFile) => [...elf.relocations.keys()].map((i) => elf.sections[i]?.name);
    expect(names(readElf('debug.o', bytes))).not.toContain('.debug_info');
    expect(names(readElf('debug.o', bytes))).toContain('.text');
    expect(names(readElf('debug.o', bytes, { relocations: 'all' }))).toContain('.debug_info');
  });
});

describe('an object with more sections than 16 bits can number', () => {
  it('is read whole', { timeout: 120_000 }, () => {
    const count = 65_290;
    const lines = Array.from(
      { length: count },
      (_, i) => `.section .text.f${i},"ax",@progbits\n.globl f${i}\nf${i}: .long ${i}\n`,
    );
    workshop.write('many.s', lines.join(''));
    workshop.run('as', 'many.s', '-o', 'many.o');
    const elf = readElf('many.o', readFileSync(workshop.path('many.o')));
    expect(elf.sections.length).toBeGreaterThan(0xff00);
    const last = elf.symbols.find((symbol) => symbol.name === `f${count - 1}`);
    const section = elf.sections[last?.section ?? 0];
    expect(section?.name).toBe(`.text.f${count - 1}`);
    expect([...(section?.data ?? [])]).toEqual([0x09, 0xff, 0, 0]);
  });
});
