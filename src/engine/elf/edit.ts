/**
 * Writes changed copies of relocatable objects. The copy keeps every byte of the original as its
 * prefix; tables that change (section headers, names, symbols, strings, relocations) are appended
 * and the header is pointed at them. So contents keep their offsets, and what no edit names stays
 * as it was. ELF64 little-endian only. Source of the layouts: System V gABI, chapter 4.
 */
import { SpacerError } from '../errors.ts';
import { wholeBytes, type EditedFile, type Overlay, type StoredFile } from './contents.ts';
import { SHF, SHN, SHT, STB, type ElfFile, type ElfRelocation, type ElfSection } from './types.ts';
import { Appender, encodeName, finishObject, StringTable, type Header } from './write.ts';

export interface NewSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly size: number;
  readonly alignment: number;
  /** Contents; absent for NOBITS. */
  readonly data?: Uint8Array;
  readonly relocations?: readonly ElfRelocation[];
}

/** A global symbol to append; with `place` it is defined there, without it is undefined. */
export interface NewSymbol {
  readonly name: string;
  readonly place?: SymbolChange;
}

/** A symbol's new place. `section` may be an index of the original, or of a new section after them. */
export interface SymbolChange {
  readonly section: number;
  readonly value: number;
  readonly size: number;
  readonly type: number;
}

export interface ObjectEdits {
  /** Section flags (SHF_*) to clear, by section index. */
  readonly clearFlags?: ReadonlyMap<number, number>;
  /** New names, by section index. */
  readonly rename?: ReadonlyMap<number, string>;
  /** Sections appended in this order after the original ones. */
  readonly addSections?: readonly NewSection[];
  /** Symbols to redefine, by symbol index. */
  readonly symbols?: ReadonlyMap<number, SymbolChange>;
  /** Global symbols to append, in this order after the original ones; a name alone is undefined. */
  readonly addSymbols?: readonly (string | NewSymbol)[];
  /** New symbol index (original or appended) of relocation `n` of a section, by section and `n`. */
  readonly redirect?: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** What relocation `n` of a section becomes, by section and `n`. */
  readonly relocate?: ReadonlyMap<number, ReadonlyMap<number, ElfRelocation>>;
  /** Contents that change, by section index; offsets are those in the section. */
  readonly patch?: ReadonlyMap<number, readonly Overlay[]>;
}

const SYM = 24;
const RELA = 24;

/**
 * Returns the object's bytes with the edits applied.
 * @throws SpacerError `elf-edit` where the object has no section or symbol table to edit
 */
export function editObject(elf: ElfFile, edits: ObjectEdits): EditedFile {
  const output = new Appender(originalOf(elf));
  replaceContents(elf, edits, output);
  const headers = elf.sections.map((section): Header => ({ ...section, name: 0 }));
  clearFlags(headers, edits);
  const names = renameSections(elf, edits, output, headers);
  appendSections(elf, output, headers, names, edits);
  editSymbols(elf, edits, output, headers);
  redirectRelocations(elf, edits, output, headers);
  return finishObject(output, headers, names.tableIndex);
}

/** What a copy begins with: the object, put together where it was edited before. */
export function originalOf({ bytes, contents = bytes }: ElfFile): Uint8Array | StoredFile {
  return 'base' in contents ? wholeBytes(contents) : contents;
}

/** True where `edits` would change nothing, so that the original file can be used. */
export function isEmptyEdit(edits: ObjectEdits): boolean {
  const { addSections = [], addSymbols = [], ...maps } = edits;
  const isEmpty = (map: ReadonlyMap<number, unknown> | undefined) => !map?.size;
  return addSections.length + addSymbols.length === 0 && Object.values(maps).every(isEmpty);
}

function replaceContents(elf: ElfFile, { patch }: ObjectEdits, output: Appender): void {
  for (const [index, changes] of patch ?? []) {
    const section = at(elf.sections, index);
    for (const { offset, bytes } of changes) {
      if (offset < 0 || offset + bytes.length > section.data.length)
        throw new SpacerError('elf-edit', `cannot change bytes outside ${section.name}`);
      output.replace({ offset: section.offset + offset, bytes });
    }
  }
}

function clearFlags(headers: Header[], edits: ObjectEdits): void {
  for (const [index, mask] of edits.clearFlags ?? []) {
    const header = at(headers, index);
    header.flags = Number(BigInt(header.flags) & ~BigInt(mask));
    if (header.type !== SHT.SYMTAB && header.type !== SHT.RELA) header.entrySize = 0;
  }
}

function renameSections(elf: ElfFile, edits: ObjectEdits, output: Appender, headers: Header[]) {
  const tableIndex = elf.sections.findIndex((s) => s.type === SHT.STRTAB && s.name === '.shstrtab');
  if (tableIndex < 0) throw new SpacerError('elf-edit', 'has no .shstrtab', { file: elf.path });
  const table = new StringTable();
  elf.sections.forEach((section, i) => {
    at(headers, i).name = table.add(edits.rename?.get(i) ?? section.name);
  });
  const offsets = (edits.addSections ?? []).map((section) => table.add(section.name));
  const tables = relocated(edits).map((section) => table.add(`.rela${section.name}`));
  const bytes = table.bytes();
  Object.assign(at(headers, tableIndex), { offset: output.append(bytes, 1), size: bytes.length });
  return { tableIndex, offsets, tables };
}

/** Added sections that have relocations. */
const relocated = ({ addSections = [] }: ObjectEdits) =>
  addSections.filter(({ relocations }) => relocations?.length);

function appendSections(
  elf: ElfFile,
  output: Appender,
  headers: Header[],
  names: { offsets: number[]; tables: number[] },
  edits: ObjectEdits,
): void {
  edits.addSections?.forEach((section, i) => {
    headers.push({
      name: at(names.offsets, i),
      type: section.type,
      flags: section.flags,
      offset: section.data ? output.append(section.data, section.alignment) : 0,
      size: section.size,
      link: 0,
      info: 0,
      alignment: section.alignment,
      entrySize: 0,
    });
  });
  relocated(edits).forEach((section, i) => {
    const bytes = encodeRelocations(section.relocations ?? []);
    headers.push({
      name: at(names.tables, i),
      type: SHT.RELA,
      flags: SHF.INFO_LINK,
      offset: output.append(bytes, 8),
      size: bytes.length,
      link: symbolTable(elf).index,
      info: elf.sections.length + (edits.addSections ?? []).indexOf(section),
      alignment: 8,
      entrySize: RELA,
    });
  });
}

function encodeRelocations(relocations: readonly ElfRelocation[]): Uint8Array {
  const bytes = new Uint8Array(relocations.length * RELA);
  const view = new DataView(bytes.buffer);
  relocations.forEach((relocation, n) => writeRelocation(view, n * RELA, relocation));
  return bytes;
}

function writeRelocation(view: DataView, entry: number, relocation: ElfRelocation): void {
  view.setBigUint64(entry, BigInt(relocation.offset), true);
  view.setUint32(entry + 8, relocation.type, true);
  view.setUint32(entry + 12, relocation.symbol, true);
  view.setBigInt64(entry + 16, BigInt(relocation.addend), true);
}

function editSymbols(elf: ElfFile, edits: ObjectEdits, output: Appender, headers: Header[]): void {
  const added = edits.addSymbols ?? [];
  if (!edits.symbols?.size && added.length === 0) return;
  const table = symbolTable(elf);
  const strings = at(elf.sections, table.link);
  const bytes = new Uint8Array(table.size + added.length * SYM);
  bytes.set(table.data);
  const view = new DataView(bytes.buffer);
  for (const [index, change] of edits.symbols ?? []) writeSymbol(view, index * SYM, change);
  const names: Uint8Array[] = [strings.data];
  let nameOffset = strings.size;
  added.forEach((symbol, i) => {
    const entry = table.size + i * SYM;
    const { name, place }: NewSymbol = typeof symbol === 'string' ? { name: symbol } : symbol;
    view.setUint32(entry, nameOffset, true);
    view.setUint8(entry + 4, STB.GLOBAL << 4);
    if (place) writeSymbol(view, entry, place);
    const encoded = encodeName(name);
    names.push(encoded);
    nameOffset += encoded.length;
  });
  Object.assign(at(headers, table.index), {
    offset: output.append(bytes, 8),
    size: bytes.length,
  });
  const stringBytes = Buffer.concat(names);
  Object.assign(at(headers, table.link), {
    offset: output.append(stringBytes, 1),
    size: stringBytes.length,
  });
}

function writeSymbol(view: DataView, entry: number, change: SymbolChange): void {
  if (change.section >= 0xff00 && change.section !== SHN.ABS)
    throw new SpacerError('elf-edit', `cannot move a symbol to section ${change.section}`);
  const binding = view.getUint8(entry + 4) >> 4;
  view.setUint8(entry + 4, (binding << 4) | change.type);
  view.setUint16(entry + 6, change.section, true);
  view.setBigUint64(entry + 8, BigInt(change.value), true);
  view.setBigUint64(entry + 16, BigInt(change.size), true);
}

function redirectRelocations(
  elf: ElfFile,
  edits: ObjectEdits,
  output: Appender,
  headers: Header[],
): void {
  const { redirect, relocate } = edits;
  for (const section of new Set([...(redirect?.keys() ?? []), ...(relocate?.keys() ?? [])])) {
    const table = elf.sections.find((s) => s.type === SHT.RELA && s.info === section);
    if (table === undefined) continue;
    const bytes = Uint8Array.from(table.data);
    const view = new DataView(bytes.buffer);
    for (const [n, symbol] of redirect?.get(section) ?? [])
      view.setUint32(n * RELA + 12, symbol, true);
    for (const [n, relocation] of relocate?.get(section) ?? [])
      writeRelocation(view, n * RELA, relocation);
    at(headers, table.index).offset = output.append(bytes, 8);
  }
}

function symbolTable(elf: ElfFile): ElfSection {
  const table = elf.sections.find((section) => section.type === SHT.SYMTAB);
  if (table === undefined)
    throw new SpacerError('elf-edit', 'has no symbol table', { file: elf.path });
  return table;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new SpacerError('elf-edit', `there is no entry ${index}`);
  return item;
}
