/**
 * Reads ELF files. elfy 1.0.0 parses the container (header, program and section headers); what it
 * reads wrongly or not at all is read here with checked reads: ELF64 alignment and entry size
 * (elfy reads offsets 46/54 instead of 48/56), numeric types and flags, extended section numbers,
 * NOBITS sections; symbols and relocations in `symbols.ts`.
 *
 * Files are hostile until read: counts are checked against the size of the file before anything
 * is allocated, and whatever is wrong ends as a SpacerError with file and offset.
 * Source of the layouts: System V gABI, chapters 4 and 5.
 */
import { Parser, type Header, type Program, type Section } from 'elfy';
import { CheckedView } from './checked-view.ts';
import { readRelocations, readSymbols, type ReadOptions } from './symbols.ts';
import { PT, SHN, SHT, type ElfFile, type ElfSection, type ElfSegment } from './types.ts';
import { LIMITS } from '../limits.ts';

const HEADER_SIZE = { 32: 52, 64: 64 } as const;
const SECTION_HEADER_SIZE = { 32: 40, 64: 64 } as const;
const PROGRAM_HEADER_SIZE = { 32: 32, 64: 56 } as const;
/** gABI: the real number of program headers stands in section header 0. */
const PN_XNUM = 0xffff;
const EMPTY = new Uint8Array(0);

/**
 * Parses an ELF file.
 * @param path named in errors
 * @throws SpacerError `elf-not-elf`, `elf-truncated`, `elf-value`, `elf-string`, `elf-header`
 */
export function readElf(path: string, bytes: Uint8Array, options: ReadOptions = {}): ElfFile {
  const view = new CheckedView(path, bytes);
  const container = new Container(view);
  const sections = container.sections();
  const symbols = readSymbols(view, container.bits, sections);
  return {
    path,
    bits: container.bits,
    type: view.u16(16),
    machine: view.u16(18),
    entry: container.header.entry,
    sections,
    segments: container.segments(),
    symbols,
    relocations: readRelocations(view, container.bits, sections, symbols.length, options),
    bytes,
  };
}

/** The headers of one file, by elfy and by checked reads. */
class Container {
  readonly bits: 32 | 64;
  readonly header: Header;
  /** elfy keeps byte order and word size of the header it parsed last: one parser a file. */
  private readonly parser = new Parser();
  private readonly buffer: Buffer;

  constructor(private readonly view: CheckedView) {
    const { bytes } = view;
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.bits = this.readBits();
    this.header = this.readHeader();
  }

  private readBits(): 32 | 64 {
    const magic = [0x7f, 0x45, 0x4c, 0x46];
    if (magic.some((byte, i) => this.view.bytes[i] !== byte))
      this.view.fail('elf-not-elf', 'is not an ELF file', 0);
    const kind = this.view.u8(4);
    if (kind !== 1 && kind !== 2) this.view.fail('elf-header', `has ELF class ${kind}`, 4);
    if (this.view.u8(5) !== 1) this.view.fail('elf-header', 'is not little-endian', 5);
    return kind === 1 ? 32 : 64;
  }

  private readHeader(): Header {
    const { view, bits } = this;
    view.require(0, HEADER_SIZE[bits], 'the ELF header');
    const header = this.elfy('the ELF header', () => this.parser.parseHeader(this.buffer));
    for (const field of ['entry', 'phoff', 'shoff'] as const) view.exact(header[field], field, 24);
    if (header.shoff === 0 && header.phnum === PN_XNUM)
      view.fail('elf-header', 'has no section header with the number of program headers');
    if (header.shoff !== 0)
      this.checkEntrySize(header.shentsize, SECTION_HEADER_SIZE[bits], 'section');
    const numbers = header.shoff === 0 ? { shnum: 0 } : this.extendedNumbers(header);
    const result = { ...header, ...numbers };
    if (result.phnum > 0)
      this.checkEntrySize(header.phentsize, PROGRAM_HEADER_SIZE[bits], 'program');
    if (result.shnum > LIMITS.count.sections)
      view.fail('elf-header', `claims ${result.shnum} sections`);
    return result;
  }

  private checkEntrySize(size: number, expected: number, what: string): void {
    if (size === expected) return;
    this.view.fail('elf-header', `has ${what} headers of ${size} bytes instead of ${expected}`);
  }

  /** gABI: numbers that do not fit the ELF header stand in section header 0. */
  private extendedNumbers(header: Header): { shnum: number; shstrndx: number; phnum: number } {
    const { view, bits } = this;
    const first = header.shoff;
    view.require(first, SECTION_HEADER_SIZE[bits], 'section header 0');
    const size = () => (bits === 64 ? view.u64(first + 32, 'section count') : view.u32(first + 20));
    const link = view.u32(first + (bits === 64 ? 40 : 24));
    const info = view.u32(first + (bits === 64 ? 44 : 28));
    return {
      shnum: header.shnum === 0 ? size() : header.shnum,
      shstrndx: header.shstrndx === SHN.XINDEX ? link : header.shstrndx,
      phnum: header.phnum === PN_XNUM ? info : header.phnum,
    };
  }

  segments(): ElfSegment[] {
    const { view, bits, header } = this;
    if (header.phnum === 0) return [];
    view.require(header.phoff, header.phnum * header.phentsize, 'the program headers');
    const programs = this.elfy('the program headers', () =>
      this.parser.parsePrograms(this.buffer, header),
    );
    return programs.map((program, i) => {
      const at = header.phoff + i * header.phentsize;
      const flags = view.u32(at + (bits === 64 ? 4 : 24));
      return this.segment(program, view.u32(at), flags, i, at);
    });
  }

  private segment(
    program: Program,
    type: number,
    flags: number,
    index: number,
    at: number,
  ): ElfSegment {
    for (const field of ['offset', 'vaddr', 'paddr', 'filesz', 'memsz', 'align'] as const)
      this.view.exact(program[field], `${field} of program header ${index}`, at);
    if (type === PT.LOAD && program.filesz > 0)
      this.view.require(program.offset, program.filesz, `the contents of program header ${index}`);
    return {
      type,
      flags,
      offset: program.offset,
      virtualAddress: program.vaddr,
      physicalAddress: program.paddr,
      fileSize: program.filesz,
      memorySize: program.memsz,
      alignment: program.align,
    };
  }

  sections(): ElfSection[] {
    const { view, bits, header } = this;
    if (header.shnum === 0) return [];
    const size = SECTION_HEADER_SIZE[bits];
    view.require(header.shoff, header.shnum * size, 'the section headers');
    const raw = this.elfy('the section headers', () =>
      this.parser.parseSections(this.buffer, header),
    );
    const nameOf = this.namesOf(raw);
    return raw.map((section, index) =>
      this.section(section, index, header.shoff + index * size, nameOf),
    );
  }

  private section(
    section: Section,
    index: number,
    at: number,
    nameOf: (section: Section, index: number) => string,
  ): ElfSection {
    const { view, bits } = this;
    const what = `section ${index}`;
    for (const field of ['addr', 'off', 'size'] as const)
      view.exact(section[field], `${field} of ${what}`, at);
    const type = view.u32(at + 4);
    const isEmpty = type === SHT.NOBITS || type === SHT.NULL || section.size === 0;
    return {
      index,
      name: nameOf(section, index),
      type,
      flags: bits === 64 ? view.u64(at + 8, `the flags of ${what}`) : view.u32(at + 8),
      address: section.addr,
      offset: section.off,
      size: section.size,
      link: section.link,
      info: section.info,
      alignment: this.alignmentAt(at, what),
      entrySize: bits === 64 ? view.u64(at + 56, `the entry size of ${what}`) : view.u32(at + 36),
      data: isEmpty ? EMPTY : view.slice(section.off, section.size, what),
    };
  }

  /** gABI: a file without section names says so with name table 0. */
  private namesOf(raw: readonly Section[]): (section: Section, index: number) => string {
    const { view, header } = this;
    if (header.shstrndx === SHN.UNDEF) return () => '';
    const names = raw[header.shstrndx];
    const at = header.shoff + header.shstrndx * SECTION_HEADER_SIZE[this.bits];
    if (names === undefined || view.u32(at + 4) !== SHT.STRTAB)
      return view.fail('elf-header', `has no section name table at index ${header.shstrndx}`);
    view.exact(names.off, 'the offset of the section name table', at);
    view.exact(names.size, 'the size of the section name table', at);
    view.require(names.off, names.size, 'the section name table');
    return (section, index) =>
      view.string(names.off, names.off + names.size, section.name, `the name of section ${index}`);
  }

  private alignmentAt(at: number, what: string): number {
    const { view, bits } = this;
    const value = bits === 64 ? view.u64(at + 48, `the alignment of ${what}`) : view.u32(at + 32);
    if (value !== 0 && !Number.isInteger(Math.log2(value)))
      view.fail('elf-value', `${what} has an alignment of ${value}, not a power of two`, at);
    return Math.max(1, value);
  }

  /** elfy throws its own errors, and Node's for reads past the end. */
  private elfy<T>(what: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return this.view.fail('elf-header', `${what} cannot be read: ${reason}`);
    }
  }
}
