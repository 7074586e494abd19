/**
 * Makes the objects of one unikernel ready to be placed section by section: string and constant
 * merging is switched off, since it makes sizes depend on what else is linked, and common symbols
 * get sections of their own, since the linker allocates them in an order of its own. The user's
 * objects are never touched: what changes is written to copies.
 */
import { editObject, isEmptyEdit, type NewSection, type SymbolChange } from '../elf/edit.ts';
import { readElf } from '../elf/read.ts';
import { SHF, SHT, STT, type ElfFile } from '../elf/types.ts';
import { createProgram } from '../model/program.ts';
import { KIND, type GlobalSymbol, type InputObject } from '../model/types.ts';

export interface PreparedObject extends InputObject {
  /** Bytes of the copy; absent where the user's object serves as it is. */
  readonly copy?: Uint8Array;
}

/** @param scriptSymbols names that the linker scripts assign */
export function prepareObjects(
  objects: readonly InputObject[],
  scriptSymbols: ReadonlySet<string>,
): PreparedObject[] {
  const commons = commonsByObject(objects, scriptSymbols);
  return objects.map((object) => {
    const edits = {
      clearFlags: mergeFlags(object.elf),
      ...commonEdits(object.elf, commons.get(object.index) ?? []),
    };
    if (isEmptyEdit(edits)) return object;
    const copy = editObject(object.elf, edits);
    return { ...object, elf: readElf(object.path, copy), copy };
  });
}

function mergeFlags(elf: ElfFile): Map<number, number> {
  const merged = elf.sections.filter((s) => s.flags & SHF.ALLOC && s.flags & SHF.MERGE);
  return new Map(merged.map((section) => [section.index, SHF.MERGE | SHF.STRINGS]));
}

function commonsByObject(
  objects: readonly InputObject[],
  scriptSymbols: ReadonlySet<string>,
): Map<number, GlobalSymbol[]> {
  const result = new Map<number, GlobalSymbol[]>();
  const program = createProgram(objects, { scriptSymbols, provided: new Set() });
  for (const symbol of program.globals) {
    if (symbol.kind !== KIND.COMMON) continue;
    result.set(symbol.object, [...(result.get(symbol.object) ?? []), symbol]);
  }
  return result;
}

function commonEdits(elf: ElfFile, commons: readonly GlobalSymbol[]) {
  if (commons.length === 0) return {};
  const addSections: NewSection[] = [];
  const symbols = new Map<number, SymbolChange>();
  for (const { name, size, alignment } of commons) {
    const symbol = elf.symbols.find((s) => s.name === name && s.section !== 0);
    if (symbol === undefined) continue;
    const section = elf.sections.length + addSections.length;
    addSections.push({
      name: `.bss.${name}`,
      type: SHT.NOBITS,
      flags: SHF.ALLOC | SHF.WRITE,
      size,
      alignment: Math.max(1, alignment),
    });
    symbols.set(symbol.index, { section, value: 0, size, type: STT.OBJECT });
  }
  return { addSections, symbols };
}
