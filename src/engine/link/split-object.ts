/**
 * Writes a merged object with its units apart: a section, a relocation table and a section symbol
 * for each piece. Bytes keep their place in the file, so that a piece is a window into what was one
 * section; symbols, and references to sections, are expressed by pieces. The rest, debugging
 * information included, stays as it was.
 */
import { wholeBytes } from '../elf/contents.ts';
import { originalOf } from '../elf/edit.ts';
import { SHF, SHN, SHT, STT, type ElfFile, type ElfSection } from '../elf/types.ts';
import { Appender, finishObject, StringTable, type Header } from '../elf/write.ts';
import {
  firstGlobal,
  isSectionSymbol,
  pieceAt,
  planSplit,
  refused,
  type SplitPlan,
  type UnitObject,
} from './split-plan.ts';

const SYM = 24;
const RELA = 24;

/** Everything that the parts of the writing share. */
interface Job {
  readonly whole: ElfFile;
  readonly plan: SplitPlan;
  /** Number of the first section symbol of a piece; global symbols follow behind all of them. */
  readonly first: number;
  /** Index of the section of the first piece; relocation tables follow behind all of them. */
  readonly base: number;
  /** By symbol: the split section that it stands for, or -1. */
  readonly split: Int32Array;
  readonly output: Appender;
  readonly headers: Header[];
}

/**
 * Splits an object at its compile units.
 * @param units those that have sections to be named, and all others of the merge, in its order
 * @throws SpacerError `library-whole` where that cannot be done without doubt
 */
export function splitObject(whole: ElfFile, units: readonly UnitObject[]): Uint8Array {
  const plan = planSplit(whole, units);
  if (new Set(plan.pieces.map(({ unit }) => unit)).size < 2)
    throw refused('all its code and data is of one compile unit');
  const job: Job = {
    whole,
    plan,
    first: firstGlobal(whole),
    base: whole.sections.length,
    split: splitSymbols(whole, plan),
    output: new Appender(originalOf(whole)),
    headers: whole.sections.map((section) => ({ ...section, name: 0 })),
  };
  shrinkHomes(job);
  addPieces(job);
  addTables(job);
  writeSymbols(job);
  const names = writeNames(job);
  const bytes = wholeBytes(finishObject(job.output, job.headers, names));
  for (const table of tablesOf(whole)) rewriteTable(job, bytes, table);
  return bytes;
}

const tablesOf = ({ sections }: ElfFile) => sections.filter(({ type }) => type === SHT.RELA);

/** What was split keeps only its tail; an empty section must not align what stands behind it. */
function shrinkHomes({ whole, plan, headers }: Job): void {
  for (const [home, tail] of plan.tails) {
    const section = whole.sections[home]!;
    const header = headers[home]!;
    header.size = section.size - tail;
    header.flags = withoutMerge(section.flags);
    header.entrySize = 0;
    if (header.size === 0) header.alignment = 1;
  }
}

const withoutMerge = (flags: number) => Number(BigInt(flags) & ~BigInt(SHF.MERGE | SHF.STRINGS));

function addPieces({ whole, plan, headers }: Job): void {
  for (const { home, offset, source } of plan.pieces) {
    const section = whole.sections[home]!;
    headers.push({
      name: 0,
      type: section.type,
      flags: withoutMerge(section.flags),
      offset: section.offset + (section.type === SHT.NOBITS ? 0 : offset),
      size: source.size,
      link: 0,
      info: 0,
      alignment: source.alignment,
      entrySize: 0,
    });
  }
}

/** A relocation table for each piece that has relocations; those of its home become empty. */
function addTables(job: Job): void {
  const { whole, plan, headers, output, base } = job;
  const symbolTable = whole.sections.find(({ type }) => type === SHT.SYMTAB)!.index;
  for (const table of tablesOf(whole)) {
    const own = plan.byHome.get(table.info);
    if (own === undefined) continue;
    for (const piece of own) {
      const bytes = tableOf(job, table, piece);
      if (bytes.length === 0) continue;
      headers.push({
        name: 0,
        type: SHT.RELA,
        flags: SHF.INFO_LINK,
        offset: output.append(bytes, 8),
        size: bytes.length,
        link: symbolTable,
        info: base + piece,
        alignment: 8,
        entrySize: RELA,
      });
    }
    headers[table.index]!.size = 0;
  }
}

/** Relocations of one piece, as bytes. */
function tableOf(job: Job, table: ElfSection, piece: number): Uint8Array {
  const { whole, plan } = job;
  const { offset, source } = plan.pieces[piece]!;
  const list = whole.relocations.get(table.info) ?? [];
  const targets = plan.targets.get(table.info)!;
  const rows = list.flatMap((r, n) =>
    r.offset >= offset && r.offset < offset + source.size ? [n] : [],
  );
  const bytes = new Uint8Array(rows.length * RELA);
  const view = new DataView(bytes.buffer);
  rows.forEach((n, i) => {
    const { type, symbol, addend, offset: at } = list[n]!;
    view.setBigUint64(i * RELA, BigInt(at - offset), true);
    view.setUint32(i * RELA + 8, type, true);
    writeTarget(job, view, i * RELA, symbol, addend, targets[n]!);
  });
  return bytes;
}

/** @param piece what a reference to a section means; -1: the symbol itself */
function writeTarget(
  job: Job,
  view: DataView,
  at: number,
  symbol: number,
  addend: number,
  piece: number,
): void {
  const { plan, first } = job;
  const moved = symbol < first ? symbol : symbol + plan.pieces.length;
  view.setUint32(at + 12, piece < 0 ? moved : first + piece, true);
  const value = piece < 0 ? addend : addend - plan.pieces[piece]!.offset;
  view.setBigInt64(at + 16, BigInt(value), true);
}

/** Numbers of symbols change in every table; references to split sections change their target too. */
function rewriteTable(job: Job, bytes: Uint8Array, table: ElfSection): void {
  const { whole, plan, first } = job;
  if (plan.byHome.has(table.info)) return;
  const known = plan.targets.get(table.info);
  const view = new DataView(bytes.buffer, bytes.byteOffset + table.offset, table.size);
  for (let at = 0, n = 0; at + RELA <= table.size; at += RELA, n++) {
    const symbol = view.getUint32(at + 12, true);
    const home = job.split[symbol] ?? -1;
    if (home < 0) {
      if (symbol >= first) view.setUint32(at + 12, symbol + plan.pieces.length, true);
      continue;
    }
    const addend = Number(view.getBigInt64(at + 16, true));
    const piece = known ? known[n]! : pieceAt(plan, home, addend);
    if (known && piece < 0)
      throw refused(`${whole.sections[table.info]!.name} refers to what is left of a section`);
    writeTarget(job, view, at, symbol, addend, piece);
  }
}

/** By symbol: the split section that it stands for, or -1. */
function splitSymbols(whole: ElfFile, plan: SplitPlan): Int32Array {
  return Int32Array.from(whole.symbols, (symbol) =>
    isSectionSymbol(symbol) && plan.byHome.has(symbol.section) ? symbol.section : -1,
  );
}

/** Local symbols, a section symbol for each piece, global symbols. */
function writeSymbols({ whole, plan, first, base, output, headers }: Job): void {
  const table = whole.sections.find(({ type }) => type === SHT.SYMTAB)!;
  const count = plan.pieces.length;
  const bytes = new Uint8Array(table.size + count * SYM);
  bytes.set(table.data.subarray(0, first * SYM));
  bytes.set(table.data.subarray(first * SYM), (first + count) * SYM);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    view.setUint8((first + i) * SYM + 4, STT.SECTION);
    view.setUint16((first + i) * SYM + 6, base + i, true);
  }
  whole.symbols.forEach(({ section, value, type }, i) => {
    const at = (i < first ? i : i + count) * SYM;
    const piece = plan.symbols[i]!;
    const tail = type === STT.SECTION ? undefined : plan.tails.get(section);
    if (piece >= 0) view.setUint16(at + 6, base + piece, true);
    const start = piece >= 0 ? plan.pieces[piece]!.offset : (tail ?? 0);
    if (start > 0 && section !== SHN.ABS) view.setBigUint64(at + 8, BigInt(value - start), true);
  });
  const header = headers[table.index]!;
  Object.assign(header, {
    offset: output.append(bytes, 8),
    size: bytes.length,
    info: first + count,
  });
  for (const { type, index, info } of whole.sections)
    if (type === SHT.GROUP && info >= first) headers[index]!.info = info + count;
}

/** @returns index of the section with the names of sections */
function writeNames({ whole, plan, base, output, headers }: Job): number {
  const index = whole.sections.findIndex((s) => s.type === SHT.STRTAB && s.name === '.shstrtab');
  if (index < 0) throw refused('it has no names of sections');
  const table = new StringTable();
  headers.forEach((header, i) => {
    const piece = header.type === SHT.RELA && i >= base ? header.info - base : i - base;
    const own = plan.pieces[piece];
    const prefix = header.type === SHT.RELA && i >= base ? '.rela' : '';
    header.name = table.add(own ? prefix + own.name : whole.sections[i]!.name);
  });
  const bytes = table.bytes();
  Object.assign(headers[index]!, { offset: output.append(bytes, 1), size: bytes.length });
  return index;
}
