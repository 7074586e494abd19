/**
 * A program: objects in link order with every symbol resolved, as ld 2.40 resolves it.
 *
 * Every symbol of every object has a row in parallel arrays. A row of a local symbol says where
 * that symbol stands; a row of a global symbol is a copy of what the whole link decided for its
 * name. So whoever walks relocations needs an addition and a few array reads for each, and no
 * object is allocated. `resolve` is the comfortable view of a row.
 */
import { SpacerError } from '../errors.ts';
import { SHN, STB, type ElfSymbol } from '../elf/types.ts';
import { findDiscarded } from './comdat.ts';
import { resolveGlobals } from './globals.ts';
import {
  KIND,
  type GlobalSymbol,
  type InputObject,
  type Program,
  type ProgramOptions,
  type SymbolRows,
  type Target,
} from './types.ts';

/**
 * Puts objects together. Archives have no place yet: who adds them selects members before this,
 * by the undefined names of what stands before them.
 * @throws SpacerError `link-multiple-definition`
 */
export function createProgram(objects: readonly InputObject[], options: ProgramOptions): Program {
  const sectionBase = prefixSums(objects.map((object) => object.elf.sections.length));
  const { discarded, keptBy } = findDiscarded(objects, sectionBase);
  const isDiscarded = (object: number, section: number) =>
    discarded[(sectionBase[object] ?? 0) + section] === 1;
  const globalByName = resolveGlobals(objects, options, isDiscarded);
  const globals = [...globalByName.values()];
  globals.forEach((global, index) => (global.index = index));
  const rows = fillRows(objects, globalByName);
  return { objects, rows, globals, globalByName, sectionBase, discarded, keptBy };
}

/** True where ld leaves this section out before any garbage collection: a lost COMDAT, SHF_EXCLUDE. */
export function isDiscarded(program: Program, object: number, section: number): boolean {
  return program.discarded[(program.sectionBase[object] ?? 0) + section] === 1;
}

/**
 * What a symbol of an object refers to.
 * @param at the relocation that asks, for the message
 * @throws SpacerError `link-undefined-symbol`
 */
export function resolve(
  program: Program,
  object: number,
  symbolIndex: number,
  at?: { section: number; offset: number },
): Target {
  const { rows } = program;
  const row = (rows.base[object] ?? 0) + symbolIndex;
  const name = symbolName(program, object, symbolIndex);
  switch (rows.kind[row]) {
    case KIND.SECTION:
      return {
        kind: 'section',
        object: rows.object[row] ?? 0,
        section: rows.section[row] ?? 0,
        offset: rows.value[row] ?? 0,
      };
    case KIND.ABSOLUTE:
      return { kind: 'absolute', value: rows.value[row] ?? 0 };
    case KIND.SCRIPT:
      return { kind: 'script', name };
    case KIND.COMMON:
      return { kind: 'common', name };
    case KIND.UNDEFINED_WEAK:
      return { kind: 'undefined-weak', name };
    default:
      throw undefinedSymbol(program, object, symbolIndex, at);
  }
}

/** The name of a symbol; a section symbol has that of its section. */
export function symbolName(program: Program, object: number, symbolIndex: number): string {
  const elf = program.objects[object]?.elf;
  const symbol = elf?.symbols[symbolIndex];
  if (elf === undefined || symbol === undefined) return '';
  return symbol.name === '' ? (elf.sections[symbol.section]?.name ?? '') : symbol.name;
}

/** The error of a reference to a symbol that nothing defines. */
export function undefinedSymbol(
  program: Program,
  object: number,
  symbolIndex: number,
  at?: { section: number; offset: number },
): SpacerError {
  const input = program.objects[object];
  const section = at === undefined ? undefined : input?.elf.sections[at.section];
  const where =
    at === undefined
      ? ''
      : ` from ${section?.name ?? ''}+0x${at.offset.toString(16)} of ${input?.library ?? ''}`;
  return new SpacerError(
    'link-undefined-symbol',
    `undefined reference to ${symbolName(program, object, symbolIndex)}${where}`,
    {
      ...(input && { file: input.path }),
      ...(section && { offset: section.offset + (at?.offset ?? 0) }),
    },
  );
}

function prefixSums(counts: readonly number[]): Int32Array {
  const sums = new Int32Array(counts.length + 1);
  counts.forEach((count, i) => (sums[i + 1] = (sums[i] ?? 0) + count));
  return sums;
}

function fillRows(
  objects: readonly InputObject[],
  globals: ReadonlyMap<string, GlobalSymbol>,
): SymbolRows {
  const base = prefixSums(objects.map((object) => object.elf.symbols.length));
  const count = base[objects.length] ?? 0;
  const rows: SymbolRows = {
    base,
    kind: new Uint8Array(count),
    object: new Int32Array(count).fill(-1),
    section: new Int32Array(count),
    value: new Float64Array(count),
    size: new Float64Array(count),
    type: new Uint8Array(count),
    global: new Int32Array(count).fill(-1),
  };
  objects.forEach((object, index) => {
    const first = base[index] ?? 0;
    for (const symbol of object.elf.symbols) {
      const global = symbol.binding === STB.LOCAL ? undefined : globals.get(symbol.name);
      if (global === undefined) fillLocal(rows, first + symbol.index, index, symbol);
      else fillGlobal(rows, first + symbol.index, global);
    }
  });
  return rows;
}

/** gABI: symbol 0 and SHN_ABS have no section; ld takes undefined local symbols for zero. */
function fillLocal(rows: SymbolRows, row: number, object: number, symbol: ElfSymbol): void {
  const inSection = symbol.section !== SHN.UNDEF && symbol.section < SHN.ABS;
  rows.kind[row] = inSection ? KIND.SECTION : KIND.ABSOLUTE;
  rows.object[row] = inSection ? object : -1;
  rows.section[row] = symbol.section;
  rows.value[row] = symbol.section === SHN.UNDEF ? 0 : symbol.value;
  rows.size[row] = symbol.size;
  rows.type[row] = symbol.type;
}

function fillGlobal(rows: SymbolRows, row: number, global: GlobalSymbol): void {
  rows.kind[row] = global.kind;
  rows.object[row] = global.object;
  rows.section[row] = global.section;
  rows.value[row] = global.value;
  rows.size[row] = global.size;
  rows.type[row] = global.type;
  rows.global[row] = global.index;
}
