/**
 * Reads ELF files without their debugging information. Which ranges hold the rest is found in the
 * headers; they are read to their offsets in one reused buffer, parsed there as any file is, and what
 * is kept is copied out. A file whose headers make no sense is read as a whole, so that whatever is
 * wrong with it is said as always.
 * Source of the layouts: System V gABI, chapters 4 and 5.
 */
import {
  reading,
  sizeOf,
  storedFile,
  type Contents,
  type Range,
  type ReadRanges,
} from './contents.ts';
import { LIMITS } from '../limits.ts';
import { isDebugging } from './debugging.ts';
import { readElf } from './read.ts';
import { PT, SHT, type ElfFile, type ElfSection } from './types.ts';

const HEADER = 64;
const SECTION_HEADER = 64;
const PROGRAM_HEADER = 56;
/** Names are read from these, whatever they are called. */
const TABLES = new Set<number>([SHT.SYMTAB, SHT.STRTAB, SHT.SYMTAB_SHNDX]);
const EMPTY = new Uint8Array(0);
/** Bytes behind a section that are read with it: ld may read a padded section beyond its end. */
const BEHIND = 64;

/** @throws as `readElf`, and what the file system says of a file that cannot be read */
export const readElfFile = (path: string): ElfFile => readElfParts(path, storedFile(path));

/**
 * Reads an ELF file without its debugging information.
 * @param path named in errors
 * @throws as `readElf`
 */
export function readElfParts(path: string, contents: Contents): ElfFile {
  if (contents instanceof Uint8Array) return readElf(path, contents);
  const bytes = scratchOf(sizeOf(contents));
  const ranges = reading(contents, (read) => {
    const found = rangesOf(read, bytes) ?? [{ start: 0, end: bytes.length }];
    read(found, bytes);
    return found;
  });
  return heldParts(readElf(path, bytes), ranges, contents);
}

let scratch = new Uint8Array(0);

/** Reused: nothing of it outlives the reading of one file. */
function scratchOf(size: number): Uint8Array {
  if (scratch.length < size) scratch = new Uint8Array(Math.max(size, 2 * scratch.length));
  return scratch.subarray(0, size);
}

/** What is to be read, ascending and apart; undefined where the headers are not those of ELF64. */
function rangesOf(read: ReadRanges, bytes: Uint8Array): Range[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const load = (start: number, length: number): boolean => {
    const isInside = length >= 0 && start + length <= bytes.length;
    if (isInside) read([{ start, end: start + length }], bytes);
    return isInside;
  };
  if (!load(0, HEADER) || view.getUint32(0) !== 0x7f454c46 || view.getUint16(4) !== 0x0201)
    return undefined;
  const sections = { start: word(view, 40), count: view.getUint16(60, true) };
  const programs = { start: word(view, 32), count: view.getUint16(56, true) };
  if (sections.count === 0) return undefined;
  if (!load(sections.start, sections.count * SECTION_HEADER)) return undefined;
  if (!load(programs.start, programs.count * PROGRAM_HEADER)) return undefined;
  const headers = Array.from({ length: sections.count }, (_, i) =>
    headerAt(view, sections.start + i * SECTION_HEADER),
  );
  const names = headers[view.getUint16(62, true)];
  if (names === undefined || !load(names.offset, names.size)) return undefined;
  const named = headers.map((header) => ({ ...header, name: nameAt(bytes, names, header.name) }));
  return joined(
    [
      [0, HEADER],
      [sections.start, sections.count * SECTION_HEADER],
      [programs.start, programs.count * PROGRAM_HEADER],
      ...named
        .filter((header) => !hasNoBytes(header) && !isLeftOut(named, header))
        .map(({ offset, size }) => [offset, size + BEHIND]),
      ...segmentsOf(view, programs),
    ],
    bytes.length,
  );
}

type Header = Pick<ElfSection, 'type' | 'flags' | 'offset' | 'size' | 'info'>;

function headerAt(view: DataView, at: number): Header & { name: number } {
  return {
    name: view.getUint32(at, true),
    type: view.getUint32(at + 4, true),
    flags: word(view, at + 8),
    offset: word(view, at + 24),
    size: word(view, at + 32),
    info: view.getUint32(at + 44, true),
  };
}

const word = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

function nameAt(bytes: Uint8Array, names: Header, name: number): string {
  const start = names.offset + name;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const field = file.subarray(start, start + LIMITS.name);
  return field.toString('latin1', 0, Math.max(0, field.indexOf(0)));
}

const hasNoBytes = ({ type }: Header) => type === SHT.NOBITS || type === SHT.NULL;

/** Debugging information and its relocations. */
function isLeftOut(
  sections: readonly (Header & { name: string })[],
  section: Header & { name: string },
): boolean {
  const { type, info } = section;
  if (TABLES.has(type)) return false;
  const about = type === SHT.RELA || type === SHT.REL ? sections[info] : section;
  return about !== undefined && isDebugging(about);
}

function segmentsOf(view: DataView, { start, count }: { start: number; count: number }) {
  return Array.from({ length: count }, (_, i) => start + i * PROGRAM_HEADER)
    .filter((at) => view.getUint32(at, true) === PT.LOAD)
    .map((at) => [word(view, at + 8), word(view, at + 32)]);
}

/** Ranges within the file, ascending, those that touch as one. */
function joined(parts: readonly (readonly number[])[], size: number): Range[] {
  const ranges = parts
    .map(([start = 0, length = 0]) => ({ start, end: Math.min(start + length, size) }))
    .filter(({ start, end }) => start < end)
    .sort((a, b) => a.start - b.start);
  const result: { start: number; end: number }[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else result.push({ ...range });
  }
  return result;
}

/** The file with what was read of it in a buffer of its own. */
function heldParts(elf: ElfFile, ranges: readonly Range[], contents: Contents): ElfFile {
  const loaded = elf.segments.filter(({ type }) => type === PT.LOAD);
  const prefix = Math.max(HEADER, ...loaded.map(({ offset, fileSize }) => offset + fileSize));
  const { bytes } = elf;
  const hold = copier(bytes, ranges);
  const sections = elf.sections.map((section): ElfSection => {
    if (section.data.length === 0) return section;
    const data = isLeftOut(elf.sections, section) ? EMPTY : hold(section.offset, section.size);
    return { ...section, data };
  });
  return { ...elf, sections, bytes: bytes.slice(0, prefix), contents };
}

/** Index of the last range that begins at or before an offset; -1 where none does. */
function lastAtMost(ranges: readonly Range[], offset: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.start <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Copies ranges once, and gives views of the copies by offset in the file. */
function copier(bytes: Uint8Array, ranges: readonly Range[]) {
  const copies = ranges.map(({ start, end }) => ({ start, end, data: bytes.slice(start, end) }));
  return (offset: number, size: number): Uint8Array => {
    const found = copies[lastAtMost(copies, offset)];
    return found && offset + size <= found.end
      ? found.data.subarray(offset - found.start, offset - found.start + size)
      : EMPTY;
  };
}
