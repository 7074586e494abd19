/**
 * Symbols and relocations of an ELF file, with checked reads. Tables are checked once as a whole
 * and then read field by field: objects have ten thousand entries and more.
 * Source: System V gABI, chapter 4; x86-64 psABI, chapter 4.4.
 */
import type { CheckedView } from './checked-view.ts';
import { isDebugging } from './debugging.ts';
import { SHN, SHT, type ElfRelocation, type ElfSection, type ElfSymbol } from './types.ts';

const SYMBOL_SIZE = { 32: 16, 64: 24 } as const;
const RELA_SIZE = 24;

export interface ReadOptions {
  /**
   * Which sections' relocations to read. `program`, the default, leaves out those of debug
   * sections, which are nine tenths of an object built with `-g` and never looked at.
   */
  readonly relocations?: 'program' | 'all';
}

/** The symbols of the symbol table, if there is one. */
export function readSymbols(
  view: CheckedView,
  bits: 32 | 64,
  sections: readonly ElfSection[],
): ElfSymbol[] {
  const table = sections.find((section) => section.type === SHT.SYMTAB);
  if (table === undefined) return [];
  const strings = sections[table.link];
  if (strings?.type !== SHT.STRTAB)
    return view.fail('elf-header', 'has a symbol table without strings', table.offset);
  const extended = sections.find((s) => s.type === SHT.SYMTAB_SHNDX && s.link === table.index);
  const size = SYMBOL_SIZE[bits];
  const count = countOf(view, table, size);
  const read = bits === 64 ? symbol64 : symbol32;
  const end = strings.offset + strings.size;
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < count; index++) {
    const fields = read(view, table.offset + index * size);
    symbols.push({
      index,
      name: view.string(strings.offset, end, fields.name, 'a symbol name'),
      value: fields.value,
      size: fields.size,
      type: fields.info & 15,
      binding: fields.info >> 4,
      visibility: fields.other & 3,
      section: sectionOf(view, fields.section, index, extended, sections.length),
    });
  }
  return symbols;
}

function countOf(view: CheckedView, table: ElfSection, size: number): number {
  if (table.size > 0 && table.entrySize !== size)
    view.fail(
      'elf-header',
      `${table.name} has entries of ${table.entrySize} bytes, not ${size}`,
      table.offset,
    );
  if (table.size % size !== 0)
    view.fail('elf-value', `${table.name} ends inside an entry`, table.offset);
  return table.size / size;
}

function symbol64(view: CheckedView, at: number) {
  return {
    name: view.u32(at),
    info: view.u8(at + 4),
    other: view.u8(at + 5),
    section: view.u16(at + 6),
    value: view.u64(at + 8, 'a symbol value'),
    size: view.u64(at + 16, 'a symbol size'),
  };
}

function symbol32(view: CheckedView, at: number) {
  return {
    name: view.u32(at),
    value: view.u32(at + 4),
    size: view.u32(at + 8),
    info: view.u8(at + 12),
    other: view.u8(at + 13),
    section: view.u16(at + 14),
  };
}

/** The section of a symbol; numbers that do not fit 16 bits stand in a table of their own. */
function sectionOf(
  view: CheckedView,
  section: number,
  symbol: number,
  extended: ElfSection | undefined,
  count: number,
): number {
  if (section === SHN.XINDEX) return extendedSection(view, symbol, extended, count);
  // 0xff00 and above are no sections but meanings (absolute, common, ...).
  if (section >= 0xff00 || section < count) return section;
  return view.fail('elf-value', `symbol ${symbol} names section ${section} of ${count}`);
}

function extendedSection(
  view: CheckedView,
  symbol: number,
  extended: ElfSection | undefined,
  count: number,
): number {
  if (extended === undefined || symbol * 4 + 4 > extended.data.length)
    return view.fail(
      'elf-value',
      `symbol ${symbol} has no extended section number`,
      extended?.offset,
    );
  const at = extended.offset + symbol * 4;
  const index = view.u32(at);
  if (index >= count)
    return view.fail('elf-value', `symbol ${symbol} names section ${index} of ${count}`, at);
  // The two numbers mean "absolute" and "common" in ElfSymbol: a real section cannot have them.
  if (index === SHN.ABS || index === SHN.COMMON)
    return view.fail(
      'elf-value',
      `symbol ${symbol} stands in section ${index}, too many to tell`,
      at,
    );
  return index;
}

/**
 * Relocations of sections against the symbol table, by section. Tables against `.dynsym` are the
 * dynamic loader's and not read.
 */
export function readRelocations(
  view: CheckedView,
  bits: 32 | 64,
  sections: readonly ElfSection[],
  symbols: number,
  options: ReadOptions,
): Map<number, ElfRelocation[]> {
  const result = new Map<number, ElfRelocation[]>();
  if (bits === 32) return result;
  let left = view.bytes.length;
  for (const table of sections) {
    if (table.type !== SHT.RELA || table.info === 0) continue;
    if (sections[table.link]?.type !== SHT.SYMTAB) continue;
    left -= table.size;
    if (left < 0) return view.fail('elf-value', 'has relocation tables that overlap', table.offset);
    const target = sections[table.info];
    if (target === undefined)
      return view.fail('elf-value', `${table.name} relocates section ${table.info}`, table.offset);
    if (options.relocations !== 'all' && isDebugging(target)) continue;
    const list = result.get(table.info) ?? [];
    readTable(view, table, symbols, list);
    result.set(table.info, list);
  }
  return result;
}

function readTable(
  view: CheckedView,
  table: ElfSection,
  symbols: number,
  list: ElfRelocation[],
): void {
  const count = countOf(view, table, RELA_SIZE);
  for (let i = 0; i < count; i++) {
    const at = table.offset + i * RELA_SIZE;
    const symbol = view.u32(at + 12);
    if (symbol >= symbols && symbol !== 0)
      view.fail('elf-value', `a relocation names symbol ${symbol} of ${symbols}`, at);
    list.push({
      offset: view.u64(at, 'a relocation offset'),
      type: view.u32(at + 8),
      symbol,
      addend: view.s64(at + 16, 'a relocation addend'),
    });
  }
}
