/**
 * Writes changed copies of relocatable objects. The copy keeps every byte of the original as its
 * prefix; tables that change (section headers, names, symbols, strings, relocations) are appended
 * and the header is pointed at them. So contents keep their offsets, and what no edit names stays
 * as it was. ELF64 little-endian only. Source of the layouts: System V gABI, chapter 4.
 */
import { SpacerError } from '../errors.ts';
import { SHN, SHT, STB, type ElfFile, type ElfSection } from './types.ts';

export interface NewSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly size: number;
  readonly alignment: number;
  /** Contents; absent for NOBITS. */
  readonly data?: Uint8Array;
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
  /** Sections without relocations, appended in this order after the original ones. */
  readonly addSections?: readonly NewSection[];
  /** Symbols to redefine, by symbol index. */
  readonly symbols?: ReadonlyMap<number, SymbolChange>;
  /** Undefined global symbols to append, in this order after the original ones. */
  readonly addSymbols?: readonly string[];
  /** New symbol index (original or appended) of relocation `n` of a section, by section and `n`. */
  readonly redirect?: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

const EHDR = 64;
const SHDR = 64;
const SYM = 24;
const RELA = 24;

interface Header {
  name: number;
  type: number;
  flags: number;
  offset: number;
  size: number;
  link: number;
  info: number;
  alignment: number;
  entrySize: number;
}

/**
 * Returns the object's bytes with the edits applied.
 * @throws SpacerError `elf-edit` where the object has no section or symbol table to edit
 */
export function editObject(elf: ElfFile, edits: ObjectEdits): Uint8Array {
  const output = new Appender(elf.bytes);
  const headers = elf.sections.map((section) => ({ ...section, name: 0 }) as Header);
  clearFlags(headers, edits);
  const names = renameSections(elf, edits, output, headers);
  appendSections(output, headers, names, edits);
  editSymbols(elf, edits, output, headers);
  redirectRelocations(elf, edits, output, headers);
  return finish(output, headers, names.tableIndex);
}

/** True where `edits` would change nothing, so that the original file can be used. */
export function isEmptyEdit(edits: ObjectEdits): boolean {
  return (
    !edits.clearFlags?.size &&
    !edits.rename?.size &&
    !edits.addSections?.length &&
    !edits.symbols?.size &&
    !edits.addSymbols?.length &&
    !edits.redirect?.size
  );
}

function clearFlags(headers: Header[], edits: ObjectEdits): void {
  for (const [index, mask] of edits.clearFlags ?? []) {
    const header = at(headers, index);
    header.flags = Number(BigInt(header.flags) & ~BigInt(mask));
    if (header.type !== SHT.SYMTAB && header.type !== SHT.RELA) header.entrySize = 0;
  }
}

function renameSections(elf: ElfFile, edits: ObjectEdits, output: Appender, headers: Header[]) {
  const tableIndex = elf.sections.findIndex(
    (s) => s.type === SHT.STRTAB && s.name === '.shstrtab',
  );
  if (tableIndex < 0) throw new SpacerError('elf-edit', 'has no .shstrtab', { file: elf.path });
  const table = new StringTable();
  elf.sections.forEach((section, i) => {
    at(headers, i).name = table.add(edits.rename?.get(i) ?? section.name);
  });
  const offsets = (edits.addSections ?? []).map((section) => table.add(section.name));
  const bytes = table.bytes();
  Object.assign(at(headers, tableIndex), { offset: output.append(bytes, 1), size: bytes.length });
  return { tableIndex, offsets };
}

function appendSections(
  output: Appender,
  headers: Header[],
  names: { offsets: number[] },
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
  added.forEach((name, i) => {
    const entry = table.size + i * SYM;
    view.setUint32(entry, nameOffset, true);
    view.setUint8(entry + 4, STB.GLOBAL << 4);
    const encoded = encode(name);
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
  for (const [section, changes] of edits.redirect ?? []) {
    const table = elf.sections.find((s) => s.type === SHT.RELA && s.info === section);
    if (table === undefined || changes.size === 0) continue;
    const bytes = Uint8Array.from(table.data);
    const view = new DataView(bytes.buffer);
    for (const [n, symbol] of changes) view.setUint32(n * RELA + 12, symbol, true);
    at(headers, table.index).offset = output.append(bytes, 8);
  }
}

function symbolTable(elf: ElfFile): ElfSection {
  const table = elf.sections.find((section) => section.type === SHT.SYMTAB);
  if (table === undefined)
    throw new SpacerError('elf-edit', 'has no symbol table', { file: elf.path });
  return table;
}

function finish(output: Appender, headers: Header[], nameTable: number): Uint8Array {
  if (headers.length >= 0xff00)
    throw new SpacerError('elf-edit', `would have ${headers.length} sections`);
  const table = new Uint8Array(headers.length * SHDR);
  const view = new DataView(table.buffer);
  headers.forEach((header, i) => writeHeader(view, i * SHDR, header));
  const offset = output.append(table, 8);
  const bytes = output.bytes();
  const ehdr = new DataView(bytes.buffer, bytes.byteOffset, EHDR);
  ehdr.setBigUint64(40, BigInt(offset), true);
  ehdr.setUint16(60, headers.length, true);
  ehdr.setUint16(62, nameTable, true);
  return bytes;
}

function writeHeader(view: DataView, entry: number, header: Header): void {
  view.setUint32(entry, header.name, true);
  view.setUint32(entry + 4, header.type, true);
  view.setBigUint64(entry + 8, BigInt(header.flags), true);
  view.setBigUint64(entry + 24, BigInt(header.offset), true);
  view.setBigUint64(entry + 32, BigInt(header.size), true);
  view.setUint32(entry + 40, header.link, true);
  view.setUint32(entry + 44, header.info, true);
  view.setBigUint64(entry + 48, BigInt(header.alignment), true);
  view.setBigUint64(entry + 56, BigInt(header.entrySize), true);
}

/** Bytes at the end of a copy; the original is the prefix. */
class Appender {
  private readonly parts: Uint8Array[];
  private length: number;

  constructor(original: Uint8Array) {
    this.parts = [original];
    this.length = original.length;
  }

  append(bytes: Uint8Array, alignment: number): number {
    const offset = Math.ceil(this.length / alignment) * alignment;
    if (offset > this.length) this.parts.push(new Uint8Array(offset - this.length));
    this.parts.push(bytes);
    this.length = offset + bytes.length;
    return offset;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

class StringTable {
  private readonly parts: Uint8Array[] = [new Uint8Array(1)];
  private readonly offsets = new Map<string, number>([['', 0]]);
  private length = 1;

  add(name: string): number {
    const known = this.offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.length;
    const encoded = encode(name);
    this.parts.push(encoded);
    this.length += encoded.length;
    this.offsets.set(name, offset);
    return offset;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

/** The inverse of the reader's latin1, with the terminating zero. */
const encode = (name: string) => Buffer.from(`${name}\0`, 'latin1');

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new SpacerError('elf-edit', `there is no entry ${index}`);
  return item;
}
