/**
 * Makes the objects of one unikernel ready to be placed section by section: string and constant
 * merging is switched off, since it makes sizes depend on what else is linked; common symbols get
 * sections of their own, since the linker allocates them in an order of its own; so do pinned
 * constants; and calls that are to go through stubs are redirected. The user's objects are never
 * touched: what changes is written to copies.
 */
import { STUBS_LIBRARY } from '../../protocol/page-map.ts';
import { isCall, isPinnable, type Indirection } from '../atoms/indirection.ts';
import { pinSection } from '../atoms/pin-names.ts';
import {
  editObject,
  isEmptyEdit,
  type NewSection,
  type ObjectEdits,
  type SymbolChange,
} from '../elf/edit.ts';
import type { Contents } from '../elf/contents.ts';
import { readElf } from '../elf/read.ts';
import { readElfParts } from '../elf/read-parts.ts';
import { makeStubObject, stubSymbol } from '../elf/stub-object.ts';
import { SHF, SHT, STT, type ElfFile } from '../elf/types.ts';
import { createProgram } from '../model/program.ts';
import { KIND, type GlobalSymbol, type InputObject, type Program } from '../model/types.ts';

export interface PreparedObject extends InputObject {
  /** The copy; absent where the user's object serves as it is. */
  readonly copy?: Contents;
}

/** Library name of the object that holds the stubs. */
export const STUBS = STUBS_LIBRARY;

/** @param scriptSymbols names that the linker scripts assign */
export function prepareObjects(
  objects: readonly InputObject[],
  scriptSymbols: ReadonlySet<string>,
  indirection: Indirection,
): PreparedObject[] {
  const program = createProgram(objects, { scriptSymbols, provided: new Set() });
  const defined = (name: string) => program.globalByName.get(name)?.kind === KIND.SECTION;
  const stubs = [...indirection.stubs].filter(defined).sort();
  const prepared = objects.map((object) => {
    const edits = editsOf(object, program, stubs, indirection.pins);
    if (isEmptyEdit(edits)) return object;
    const copy = editObject(object.elf, edits);
    return { ...object, elf: readElfParts(object.path, copy), copy };
  });
  return stubs.length === 0 ? prepared : [...prepared, stubObject(stubs, objects.length)];
}

function stubObject(stubs: readonly string[], index: number): PreparedObject {
  const path = `<${STUBS}>`;
  const copy = makeStubObject(stubs);
  return { index, path, library: STUBS, elf: readElf(path, copy), copy };
}

function editsOf(
  object: InputObject,
  program: Program,
  stubs: readonly string[],
  pins: ReadonlySet<string>,
): ObjectEdits {
  const { elf } = object;
  const own = program.globals.filter((symbol) => symbol.object === object.index);
  const moved = [
    ...own.filter((symbol) => symbol.kind === KIND.COMMON).map((symbol) => commonMove(symbol)),
    ...own
      .filter((symbol) => pins.has(symbol.name) && isPinnable(program, symbol.name))
      .map((symbol) => pinMove(symbol, elf)),
  ];
  return {
    clearFlags: mergeFlags(elf),
    ...moveEdits(elf, moved),
    ...callEdits(object, program, stubs),
  };
}

function mergeFlags(elf: ElfFile): Map<number, number> {
  const merged = elf.sections.filter((s) => s.flags & SHF.ALLOC && s.flags & SHF.MERGE);
  return new Map(merged.map((section) => [section.index, SHF.MERGE | SHF.STRINGS]));
}

/** A symbol that gets a section of its own. */
interface Move {
  readonly name: string;
  readonly section: NewSection;
}

function commonMove({ name, size, alignment }: GlobalSymbol): Move {
  const flags = SHF.ALLOC | SHF.WRITE;
  const aligned = Math.max(1, alignment);
  return {
    name,
    section: { name: `.bss.${name}`, type: SHT.NOBITS, flags, size, alignment: aligned },
  };
}

function pinMove({ name, section, value, size }: GlobalSymbol, elf: ElfFile): Move {
  const home = elf.sections[section]!;
  let { alignment } = home;
  while (value % alignment !== 0) alignment /= 2;
  const data = home.data.slice(value, value + size);
  const type = SHT.PROGBITS;
  return {
    name,
    section: { name: pinSection(name), type, flags: SHF.ALLOC, size, alignment, data },
  };
}

function moveEdits(
  elf: ElfFile,
  moves: readonly Move[],
): Pick<ObjectEdits, 'addSections' | 'symbols'> {
  if (moves.length === 0) return {};
  const symbols = new Map<number, SymbolChange>();
  moves.forEach(({ name, section }, i) => {
    const symbol = elf.symbols.find((s) => s.name === name && s.section !== 0 && s.binding !== 0);
    if (!symbol) return;
    const type = section.type === SHT.NOBITS ? STT.OBJECT : symbol.type;
    symbols.set(symbol.index, {
      section: elf.sections.length + i,
      value: 0,
      size: section.size,
      type,
    });
  });
  return { addSections: moves.map((move) => move.section), symbols };
}

/** Calls into other sections go to stubs, those of the same library too; calls within one stay. */
function callEdits(
  object: InputObject,
  program: Program,
  stubs: readonly string[],
): Pick<ObjectEdits, 'addSymbols' | 'redirect'> {
  if (stubs.length === 0) return {};
  const indexOf = new Map<string, number>();
  const redirect = new Map<number, Map<number, number>>();
  const wanted = new Set(stubs);
  const { elf } = object;
  const base = program.rows.base[object.index]!;
  for (const [section, relocations] of elf.relocations) {
    if (!isRedirectable(elf, section)) continue;
    relocations.forEach((relocation, n) => {
      const global = program.globals[program.rows.global[base + relocation.symbol]!];
      if (!global || !wanted.has(global.name)) return;
      if (global.object === object.index && global.section === section) return;
      if (!isCall({ program, object: object.index, section, relocation })) return;
      const index = indexOf.get(global.name) ?? elf.symbols.length + indexOf.size;
      indexOf.set(global.name, index);
      redirect.set(section, (redirect.get(section) ?? new Map<number, number>()).set(n, index));
    });
  }
  return { addSymbols: [...indexOf.keys()].map(stubSymbol), redirect };
}

/** Boot code runs before paging and stands where the platform expects it: it is left alone. */
function isRedirectable(elf: ElfFile, section: number): boolean {
  const { flags, name } = elf.sections[section]!;
  return (
    (flags & SHF.ALLOC) !== 0 && (flags & SHF.EXECINSTR) !== 0 && !/^\.text(\.32)?\.boot/.test(name)
  );
}
