/**
 * The sections that ld makes for itself: the global offset table, and for a position-independent
 * executable what describes it at run time. Their sizes are known before the link; their bytes once
 * addresses are (bfd/elflink.c, bfd/elfxx-x86.c and bfd/elf64-x86-64.c of binutils 2.40).
 *
 * What depends neither on addresses nor on relocations is taken from the image of the default link,
 * which has the same inputs and options: hash tables without symbols, the name of an interpreter,
 * and which entries `.dynamic` has.
 */
import { SpacerError } from '../errors.ts';
import { SHF, SHT, type ElfFile } from '../elf/types.ts';
import { planGot, type GotOptions, type GotPlan, type SymbolReference } from './got.ts';
import { symbolName } from './program.ts';
import { KIND, type Program } from './types.ts';

export interface MadeSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly alignment: number;
  readonly size: number;
}

/** Where everything lies. */
export interface MadeAddresses {
  addressOf: (object: number, section: number) => number | undefined;
  symbolValue: (name: string) => number | undefined;
  /** True for a symbol of the script that does not move with the image. */
  isAbsolute: (name: string) => boolean;
  /** True where the output section at an address cannot be written. */
  isReadOnly: (address: number) => boolean;
  /** Start and size of an output section, or of one of these sections. */
  section: (name: string) => { address: number; size: number } | undefined;
}

/** A relocation that is left for run time: R_X86_64_RELATIVE. */
export interface Relative {
  readonly offset: number;
  readonly value: number;
}

export interface MadePlan {
  readonly got: GotPlan;
  /** In the order in which ld adds them to the first object. */
  readonly sections: readonly MadeSection[];
  /** The relocations for run time, in the order of the table. */
  relatives(at: MadeAddresses): Relative[];
  /** Final bytes of one of the sections. */
  bytes(name: string, at: MadeAddresses): Uint8Array;
}

const DT = {
  NULL: 0,
  PLTGOT: 3,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  RELAENT: 9,
  INIT: 12,
  FINI: 13,
  TEXTREL: 22,
  JMPREL: 23,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  FLAGS: 30,
  PREINIT_ARRAY: 32,
  PREINIT_ARRAYSZ: 33,
  GNU_HASH: 0x6ffffef5,
  RELACOUNT: 0x6ffffff9,
} as const;

const ENTRY = 8;
const RELA = 24;
const DYNAMIC_ENTRY = 16;
const GOT_HEADER = 3 * ENTRY;
const R_X86_64_RELATIVE = 8;
const SHT_HASH = 5;
const SHT_DYNAMIC = 6;
const SHT_DYNSYM = 11;
const SHT_GNU_HASH = 0x6ffffff6;

/** The one section that stands for all `.rela.*` of the linker; they end in one table. */
export const RELOCATIONS = '.rela.got';

/**
 * Plans the linker's own sections.
 * @param reference the unstripped image of the default link
 * @throws SpacerError `link-plt`, `link-dynamic` where the image needs more at run time than
 *   relocations relative to its start
 */
export function planMade(program: Program, options: GotOptions, reference: ElfFile): MadePlan {
  const got = planGot(program, options);
  const copied = options.pic ? copiedSections(reference) : new Map<string, Uint8Array>();
  const tags = options.pic ? tagsOf(reference) : [];
  const maker: Maker = { program, got, copied, tags };
  return {
    got,
    sections: sectionsOf(maker, options.pic),
    relatives: (at) => relativesOf(maker, at),
    bytes: (name, at) => bytesOf(maker, name, at),
  };
}

interface Maker {
  readonly program: Program;
  readonly got: GotPlan;
  /** Bytes that do not depend on addresses, by section. */
  readonly copied: ReadonlyMap<string, Uint8Array>;
  readonly tags: readonly { tag: number; value: number }[];
}

/** A static image has one dynamic symbol, the null one; so its hash tables are empty. */
function copiedSections(reference: ElfFile): Map<string, Uint8Array> {
  const copied = new Map<string, Uint8Array>();
  for (const name of ['.interp', '.dynsym', '.dynstr', '.hash', '.gnu.hash']) {
    const section = reference.sections.find((s) => s.name === name);
    if (section) copied.set(name, section.data);
  }
  if ((copied.get('.dynsym')?.length ?? 0) > 24)
    throw new SpacerError(
      'link-dynamic',
      'the image has dynamic symbols, which Spacer does not predict',
      {
        file: reference.path,
      },
    );
  return copied;
}

function tagsOf(reference: ElfFile): { tag: number; value: number }[] {
  const data = reference.sections.find((s) => s.name === '.dynamic')?.data ?? new Uint8Array(0);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const tags: { tag: number; value: number }[] = [];
  for (let at = 0; at + DYNAMIC_ENTRY <= data.length; at += DYNAMIC_ENTRY)
    tags.push({
      tag: Number(view.getBigUint64(at, true)),
      value: Number(view.getBigUint64(at + 8, true)),
    });
  const usesPlt = tags.some(({ tag }) => tag === DT.JMPREL || tag === DT.PLTGOT);
  if (tags.length > 0 && !usesPlt) return tags;
  const why = usesPlt ? 'has a procedure linkage table' : 'has no dynamic section';
  throw new SpacerError('link-dynamic', `the image of the default link ${why}`, {
    file: reference.path,
  });
}

function sectionsOf({ got, copied, tags }: Maker, pic: boolean): MadeSection[] {
  const made = (name: string, type: number, flags: number, alignment: number, size: number) => ({
    name,
    type,
    flags: SHF.ALLOC | flags,
    alignment,
    size,
  });
  const copy = (name: string, type: number, alignment: number) =>
    made(name, type, 0, alignment, copied.get(name)?.length ?? 0);
  const table = got.entries.length * ENTRY;
  const sections: MadeSection[] = [
    copy('.interp', SHT.PROGBITS, 1),
    copy('.dynsym', SHT_DYNSYM, ENTRY),
    copy('.dynstr', SHT.STRTAB, 1),
    made('.dynamic', SHT_DYNAMIC, SHF.WRITE, ENTRY, tags.length * DYNAMIC_ENTRY),
    copy('.hash', SHT_HASH, ENTRY),
    copy('.gnu.hash', SHT_GNU_HASH, ENTRY),
    made(RELOCATIONS, SHT.RELA, 0, ENTRY, pic ? got.relocations * RELA : 0),
    made('.got', SHT.PROGBITS, SHF.WRITE, ENTRY, table),
    made('.got.plt', SHT.PROGBITS, SHF.WRITE, ENTRY, table > 0 || got.referenced ? GOT_HEADER : 0),
  ];
  return sections.filter(({ size }) => size > 0);
}

function bytesOf(maker: Maker, name: string, at: MadeAddresses): Uint8Array {
  switch (name) {
    case '.got':
      return words(maker.got.entries.map((entry) => valueOf(maker.program, entry, at)));
    case '.got.plt':
      return words([at.section('.dynamic')?.address ?? 0, 0, 0]);
    case '.dynamic':
      return dynamicBytes(maker, at);
    case RELOCATIONS:
      return relocationBytes(maker, at);
    default:
      return maker.copied.get(name) ?? new Uint8Array(0);
  }
}

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);
}

/** What a reference resolves to; 0 for a weak one that nothing satisfies. */
function valueOf(program: Program, { object, symbol }: SymbolReference, at: MadeAddresses): number {
  const { rows } = program;
  const row = rows.base[object]! + symbol;
  switch (rows.kind[row]) {
    case KIND.SECTION:
      return (at.addressOf(rows.object[row]!, rows.section[row]!) ?? 0) + rows.value[row]!;
    case KIND.ABSOLUTE:
      return rows.value[row]!;
    case KIND.SCRIPT:
    case KIND.COMMON:
      return at.symbolValue(symbolName(program, object, symbol)) ?? 0;
    default:
      return 0;
  }
}

/** True where the value of a reference moves with the image. */
function moves(program: Program, { object, symbol }: SymbolReference, at: MadeAddresses): boolean {
  const kind = program.rows.kind[program.rows.base[object]! + symbol];
  if (kind === KIND.SECTION || kind === KIND.COMMON) return true;
  return kind === KIND.SCRIPT && !at.isAbsolute(symbolName(program, object, symbol));
}

/** `-z combreloc`: relative relocations come first, by address. */
function relativesOf({ program, got }: Maker, at: MadeAddresses): Relative[] {
  const table = at.section('.got')?.address ?? 0;
  const fields = got.moving.flatMap((field): Relative[] => {
    const start = at.addressOf(field.object, field.section);
    if (start === undefined || !moves(program, field, at)) return [];
    const value = valueOf(program, field, at) + field.addend;
    return [{ offset: start + field.offset, value }];
  });
  const entries = got.entries.flatMap((entry, i): Relative[] =>
    moves(program, entry, at)
      ? [{ offset: table + i * ENTRY, value: valueOf(program, entry, at) }]
      : [],
  );
  return [...fields, ...entries].sort((a, b) => a.offset - b.offset);
}

/** Room that was made for a symbol that turned out absolute stays at the end, as zeros. */
function relocationBytes(maker: Maker, at: MadeAddresses): Uint8Array {
  const bytes = new Uint8Array(maker.got.relocations * RELA);
  const view = new DataView(bytes.buffer);
  relativesOf(maker, at).forEach(({ offset, value }, i) => {
    view.setBigUint64(i * RELA, BigInt(offset), true);
    view.setBigUint64(i * RELA + 8, BigInt(R_X86_64_RELATIVE), true);
    view.setBigInt64(i * RELA + 16, BigInt(value), true);
  });
  return bytes;
}

function dynamicBytes(maker: Maker, at: MadeAddresses): Uint8Array {
  const changesText = relativesOf(maker, at).some(({ offset }) => at.isReadOnly(offset));
  const tags = withTextFlag(maker.tags, changesText);
  const bytes = new Uint8Array(tags.length * DYNAMIC_ENTRY);
  const view = new DataView(bytes.buffer);
  tags.forEach(({ tag, value }, i) => {
    view.setBigUint64(i * DYNAMIC_ENTRY, BigInt(tag), true);
    const now = dynamicValue(maker, tag, at) ?? value;
    view.setBigUint64(i * DYNAMIC_ENTRY + 8, BigInt(now), true);
  });
  return bytes;
}

const DF_TEXTREL = 4;
/** Bytes by which `.dynamic` can grow: an entry says twice that read-only sections are relocated. */
export const DYNAMIC_GROWTH = 2 * DYNAMIC_ENTRY;

/** Which sections can be written, and with that these entries, depends on how sections are joined. */
function withTextFlag(tags: Maker['tags'], changesText: boolean): Maker['tags'] {
  const plain = tags.flatMap((entry) => {
    if (entry.tag !== DT.FLAGS) return entry.tag === DT.TEXTREL ? [] : [entry];
    const value = entry.value & ~DF_TEXTREL;
    return value === 0 && !changesText ? [] : [{ ...entry, value }];
  });
  if (!changesText) return plain;
  const at = plain.findIndex(({ tag }) => tag === DT.RELAENT) + 1;
  const marked = [...plain.slice(0, at), { tag: DT.TEXTREL, value: 0 }, ...plain.slice(at)];
  if (marked.some(({ tag }) => tag === DT.FLAGS))
    return marked.map((entry) =>
      entry.tag === DT.FLAGS ? { ...entry, value: entry.value | DF_TEXTREL } : entry,
    );
  const flags = { tag: DT.FLAGS, value: DF_TEXTREL };
  return [...marked.slice(0, at + 1), flags, ...marked.slice(at + 1)];
}

/** Value of an entry that depends on addresses or relocations; undefined for a constant one. */
function dynamicValue(maker: Maker, tag: number, at: MadeAddresses): number | undefined {
  const home = SECTION_OF.get(tag);
  if (home !== undefined) return at.section(home)?.address;
  const sized = SIZE_OF.get(tag);
  if (sized !== undefined) return at.section(sized)?.size;
  switch (tag) {
    case DT.RELASZ:
      return maker.got.relocations * RELA;
    case DT.RELACOUNT:
      return relativesOf(maker, at).length;
    case DT.INIT:
      return functionAddress(maker.program, '_init', at);
    case DT.FINI:
      return functionAddress(maker.program, '_fini', at);
    default:
      return undefined;
  }
}

const SECTION_OF: ReadonlyMap<number, string> = new Map([
  [DT.HASH, '.hash'],
  [DT.GNU_HASH, '.gnu.hash'],
  [DT.STRTAB, '.dynstr'],
  [DT.SYMTAB, '.dynsym'],
  [DT.RELA, RELOCATIONS],
  [DT.INIT_ARRAY, '.init_array'],
  [DT.FINI_ARRAY, '.fini_array'],
  [DT.PREINIT_ARRAY, '.preinit_array'],
]);
const SIZE_OF: ReadonlyMap<number, string> = new Map([
  [DT.INIT_ARRAYSZ, '.init_array'],
  [DT.FINI_ARRAYSZ, '.fini_array'],
  [DT.PREINIT_ARRAYSZ, '.preinit_array'],
]);

function functionAddress(program: Program, name: string, at: MadeAddresses): number | undefined {
  const global = program.globalByName.get(name);
  if (global?.kind === KIND.SECTION) {
    const start = at.addressOf(global.object, global.section);
    return start === undefined ? undefined : start + global.value;
  }
  return at.symbolValue(name);
}
