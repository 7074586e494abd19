/**
 * How an object that `ld -r` merged of compile units comes apart again: which bytes of its sections
 * came from which unit, where each symbol belongs, and which piece each reference means.
 *
 * A merged object refers to a section by its symbol and an addend, so that the end of one piece
 * cannot be told from the start of the next. The unit's own reference tells: the n-th relocation by
 * offset of the merged section is the n-th of its units. Every one is compared, and every byte; an
 * object that is not exactly the merge of its units is refused.
 */
import { describeFrames } from '../atoms/frame-form.ts';
import { maskedBytes, relocationsOf } from '../atoms/reference-text.ts';
import {
  SHF,
  SHN,
  SHT,
  STT,
  type ElfFile,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
} from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { isInputSection } from '../model/sections.ts';
import { renamedSections } from './unit-names.ts';

export interface UnitObject {
  readonly name: string;
  readonly elf: ElfFile;
}

/** Part of a section of the merged object that gets a section of its own. */
export interface Piece {
  /** Its new name. */
  readonly name: string;
  /** Index of the merged section. */
  readonly home: number;
  /** Offset into the merged section. */
  readonly offset: number;
  readonly unit: number;
  /** The section of the unit. */
  readonly source: ElfSection;
}

/** A section of a unit at its place in the merged one. */
interface Contribution {
  readonly home: number;
  readonly offset: number;
  readonly unit: number;
  readonly source: ElfSection;
  /** Index into the pieces; -1 where it stays in the merged section. */
  readonly piece: number;
}

export interface SplitPlan {
  readonly pieces: readonly Piece[];
  /** Pieces by merged section, in order of offset. */
  readonly byHome: ReadonlyMap<number, readonly number[]>;
  /**
   * Where what stays in a split section begins: the common symbols behind the pieces. It may begin
   * before the end of the last piece, since it keeps the alignment of the section. Where nothing
   * stays it is the section's size.
   */
  readonly tails: ReadonlyMap<number, number>;
  /** By merged section that is loaded: the piece that relocation `n` refers to, or -1. */
  readonly targets: ReadonlyMap<number, Int32Array>;
  /** By symbol of the merged object: the piece that it stands in, or -1. */
  readonly symbols: Int32Array;
}

/**
 * Plans the split.
 * @throws SpacerError `library-whole` where the object is not the merge of the units
 */
export function planSplit(whole: ElfFile, units: readonly UnitObject[]): SplitPlan {
  const { contributions, pieces } = layOut(whole, units);
  const byHome = new Map<number, number[]>();
  pieces.forEach(({ home }, i) => byHome.set(home, [...(byHome.get(home) ?? []), i]));
  const targets = new Map<number, Int32Array>();
  const located = new Map(contributions.map((c) => [`${c.unit} ${c.source.index}`, c]));
  for (const section of whole.sections) {
    if (!isLoaded(section)) continue;
    const own = contributions.filter(({ home }) => home === section.index);
    if (section.name === UNWIND) checkFrames(section, whole, own, units, located);
    else checkBytes(section, whole, own, units);
    targets.set(section.index, pairReferences(whole, section, own, units, located));
  }
  const symbols = Int32Array.from(whole.symbols, (symbol) =>
    pieceOfSymbol(symbol, whole, units, pieces, byHome.get(symbol.section) ?? []),
  );
  const tails = new Map([...byHome.keys()].map((home) => [home, tailOf(whole, home, symbols)]));
  return { pieces, byHome, tails, targets, symbols };
}

const endOf = ({ offset, source }: Piece) => offset + source.size;

const isLoaded = (section: ElfSection) =>
  isInputSection(section) && (section.flags & SHF.ALLOC) !== 0;

/** Notes are not laid side by side: the linker merges properties into one. */
const isLaidOut = (section: ElfSection) => isLoaded(section) && section.type !== SHT.NOTE;

/** As ld places input sections one after the other. */
function layOut(whole: ElfFile, units: readonly UnitObject[]) {
  const homes = homesOf(whole);
  const ends = new Map<number, number>();
  const contributions: Contribution[] = [];
  const pieces: Piece[] = [];
  units.forEach(({ name, elf }, unit) => {
    const renamed = renamedSections(elf, name);
    for (const source of elf.sections.filter(isLaidOut)) {
      const home = homes.get(source.name);
      if (home === undefined && source.size === 0) continue;
      if (home === undefined) throw refused(`${source.name} of ${name} is not in the object`);
      const end = ends.get(home) ?? 0;
      const offset = Math.ceil(end / source.alignment) * source.alignment;
      ends.set(home, offset + source.size);
      const own = renamed.get(source.index);
      contributions.push({
        home,
        offset,
        unit,
        source,
        piece: own === undefined ? -1 : pieces.length,
      });
      if (own !== undefined) pieces.push({ name: own, home, offset, unit, source });
    }
  });
  return { contributions, pieces };
}

function homesOf(whole: ElfFile): Map<string, number> {
  const homes = new Map<string, number>();
  for (const { name, index } of whole.sections.filter(isLaidOut)) {
    if (homes.has(name)) throw refused(`several of its sections are called ${name}`);
    homes.set(name, index);
  }
  return homes;
}

function checkBytes(
  section: ElfSection,
  whole: ElfFile,
  own: readonly Contribution[],
  units: readonly UnitObject[],
): void {
  const bytes = maskedBytes(section.data, whole.relocations.get(section.index) ?? []);
  for (const { offset, source, unit } of own) {
    const end = offset + source.size;
    const isFilled = source.size > 0 && source.type !== SHT.NOBITS;
    const isSame = source.size === 0 || (source.type === section.type && end <= section.size);
    const theirs = units[unit]!.elf.relocations.get(source.index) ?? [];
    const same =
      !isFilled ||
      Buffer.compare(bytes.subarray(offset, end), maskedBytes(source.data, theirs)) === 0;
    if (!isSame || !same) throw differs(section, units[unit]!);
  }
}

/** The merge drops padding of unwind records, so that they are compared one by one. */
const UNWIND = '.eh_frame';

function checkFrames(
  section: ElfSection,
  whole: ElfFile,
  own: readonly Contribution[],
  units: readonly UnitObject[],
  located: ReadonlyMap<string, Contribution>,
): void {
  const name = (home: number) => whole.sections[home]?.name ?? '';
  const ours = describeFrames(whole, section, (home) => ({ key: name(home), offset: 0 }));
  const theirs = own.flatMap(({ source, unit }) => {
    const placer = (index: number) => {
      const place = located.get(`${unit} ${index}`);
      return { key: name(place?.home ?? -1), offset: place?.offset ?? 0 };
    };
    return describeFrames(units[unit]!.elf, source, placer) ?? [undefined];
  });
  const same = (i: number) => ours?.[i]?.text === theirs[i]?.text;
  if (ours?.length !== theirs.length || !theirs.every((frame, i) => frame && same(i)))
    throw refused('its unwind records are not those of its units');
}

const differs = ({ name }: ElfSection, unit: UnitObject) =>
  refused(`its ${name} is not what ${unit.name} has now`);

/** Compares every relocation with that of its unit; says which piece each one means. */
function pairReferences(
  whole: ElfFile,
  section: ElfSection,
  own: readonly Contribution[],
  units: readonly UnitObject[],
  located: ReadonlyMap<string, Contribution>,
): Int32Array {
  const list = whole.relocations.get(section.index) ?? [];
  const order = [...list.keys()].sort((a, b) => list[a]!.offset - list[b]!.offset);
  const targets = new Int32Array(list.length).fill(-1);
  let n = 0;
  for (const { offset, source, unit } of own) {
    const { elf } = units[unit]!;
    for (const theirs of relocationsOf(elf, source.index)) {
      const ours = list[order[n] ?? -1];
      const at = theirs.offset + offset;
      const isThere = ours?.type === theirs.type && (section.name === UNWIND || ours.offset === at);
      if (ours === undefined || !isThere) throw differs(section, units[unit]!);
      const target = pieceOfReference(whole, ours, elf, theirs, unit, located);
      if (target === undefined) throw differs(section, units[unit]!);
      targets[order[n++]!] = target;
    }
  }
  if (n !== list.length) throw refused(`its ${section.name} has references of no unit`);
  return targets;
}

/** @returns the piece, -1 for a reference that stays as it is, undefined where the two do not agree */
function pieceOfReference(
  whole: ElfFile,
  ours: ElfRelocation,
  elf: ElfFile,
  theirs: ElfRelocation,
  unit: number,
  located: ReadonlyMap<string, Contribution>,
): number | undefined {
  const symbol = whole.symbols[ours.symbol]!;
  const original = elf.symbols[theirs.symbol]!;
  if (symbol.type !== STT.SECTION)
    return symbol.name === original.name && ours.addend === theirs.addend ? -1 : undefined;
  const place = located.get(`${unit} ${original.section}`);
  if (place === undefined || place.home !== symbol.section) return undefined;
  const addend = place.offset + original.value + theirs.addend;
  return addend === ours.addend ? place.piece : undefined;
}

/** Where a symbol stands at the border of two pieces, the unit that has it decides. */
function pieceOfSymbol(
  symbol: ElfSymbol,
  whole: ElfFile,
  units: readonly UnitObject[],
  pieces: readonly Piece[],
  own: readonly number[],
): number {
  if (own.length === 0 || symbol.type === STT.SECTION) return -1;
  const { value, section } = symbol;
  const near = own.filter((i) => pieces[i]!.offset <= value && value <= endOf(pieces[i]!));
  const inside = near.filter((i) => value < endOf(pieces[i]!));
  const isTail = value >= endOf(pieces[own.at(-1)!]!);
  if (near.length === 1 && !isTail) return near[0]!;
  const sure = near.filter((i) => holds(pieces[i]!, units, symbol));
  if (sure.length === 1) return sure[0]!;
  if (sure.length === 0 && isTail && inside.length === 0) return -1;
  throw refused(`the place of ${symbol.name} in ${whole.sections[section]!.name} is not certain`);
}

/** Commons have no bytes: where they begin, they may overlap the window of the last piece. */
function tailOf(whole: ElfFile, home: number, pieceOf: Int32Array): number {
  const { size, alignment, type, name } = whole.sections[home]!;
  const left = whole.symbols.filter(
    (symbol, i) => symbol.section === home && symbol.type !== STT.SECTION && pieceOf[i] === -1,
  );
  if (left.length === 0) return size;
  if (type !== SHT.NOBITS) throw refused(`its ${name} has contents of no unit`);
  const start = Math.min(...left.map(({ value }) => value));
  return Math.floor(start / alignment) * alignment;
}

function holds(
  { unit, source, offset }: Piece,
  units: readonly UnitObject[],
  symbol: ElfSymbol,
): boolean {
  return units[unit]!.elf.symbols.some(
    ({ name, section, value }) =>
      name === symbol.name && section === source.index && value + offset === symbol.value,
  );
}

/** The piece at an offset of a split section: of two that meet there, the one that begins. */
export function pieceAt(plan: SplitPlan, home: number, offset: number): number {
  const own = plan.byHome.get(home) ?? [];
  const found = own.findLast((i) => plan.pieces[i]!.offset <= offset);
  const piece = found === undefined ? undefined : plan.pieces[found];
  if (found === undefined || piece === undefined || offset > endOf(piece)) return -1;
  return found;
}

/** Symbol numbers below this are local. */
export function firstGlobal(elf: ElfFile): number {
  const table = elf.sections.find(({ type }) => type === SHT.SYMTAB);
  if (table === undefined) throw refused('it has no symbols');
  if (elf.sections.some(({ type }) => type === SHT.SYMTAB_SHNDX))
    throw refused('it has too many sections');
  return table.info;
}

/** True for a symbol that stands for a section of the object. */
export const isSectionSymbol = (symbol: ElfSymbol | undefined): symbol is ElfSymbol =>
  symbol?.type === STT.SECTION && symbol.section !== SHN.UNDEF && symbol.section < SHN.ABS;

/** Why a library stays whole. */
export const refused = (why: string): SpacerError => new SpacerError('library-whole', why);
