/**
 * Proof that an object whose sections were kept apart by compile unit is the object that the build
 * made: laid side by side as the merge laid them, the pieces have the same bytes, references and
 * symbols, unwind records say the same of the same functions, and all else is equal.
 */
import { describeFrames } from '../atoms/frame-form.ts';
import { sectionKeys } from '../atoms/object-form.ts';
import {
  maskedBytes,
  referenceText,
  relocationsOf,
  symbolText,
  type Placer,
} from '../atoms/reference-text.ts';
import { SHF, SHT, STT, type ElfFile, type ElfSection } from '../elf/types.ts';
import { isInputSection } from '../model/sections.ts';
import { unitSection } from './unit-names.ts';

/** A section of the split object at its place in a section of the whole one. */
interface Piece {
  readonly section: ElfSection;
  readonly offset: number;
}

interface Side {
  readonly elf: ElfFile;
  readonly placer: Placer;
}

/**
 * @param whole the object as the build made it; merging of strings may be switched off in it
 * @param units names of the compile units in the order of the merge
 * @returns what differs, in words; undefined where nothing does
 */
export function splitChange(
  whole: ElfFile,
  split: ElfFile,
  units: readonly string[],
): string | undefined {
  const pieces = piecesOf(whole, split, units);
  if (pieces === undefined) return 'it has sections of unknown units';
  const keys = sectionKeys(whole);
  const from: Side = { elf: whole, placer: (section) => placeOf(whole, section, keys[section]) };
  const to: Side = { elf: split, placer: placerOf(split, pieces) };
  return changedSections(from, to, keys, pieces) ?? changedSymbols(from, to);
}

const isLoaded = (section: ElfSection) =>
  isInputSection(section) && (section.flags & SHF.ALLOC) !== 0;

/** By key in the whole object, in order of their place. */
function piecesOf(
  whole: ElfFile,
  split: ElfFile,
  units: readonly string[],
): Map<string, Piece[]> | undefined {
  const sizes = new Map(sectionKeys(whole).map((key, i) => [key, whole.sections[i]!.size]));
  const order = new Map(units.map((unit, i) => [unit, i]));
  const byKey = new Map<string, { section: ElfSection; rank: number; isUnit: boolean }[]>();
  const ownKeys = sectionKeys(split);
  for (const section of split.sections) {
    if (!isLoaded(section)) continue;
    const part = unitSection(section.name);
    const rank = part ? order.get(part.unit) : units.length;
    if (rank === undefined) return undefined;
    const key = part ? part.name : ownKeys[section.index]!;
    byKey.set(key, [...(byKey.get(key) ?? []), { section, rank, isUnit: part !== undefined }]);
  }
  return new Map([...byKey].map(([key, list]) => [key, laidOut(list, sizes.get(key) ?? 0)]));
}

/** As ld lays out input sections of one output section; what belongs to no unit ends with it. */
function laidOut(
  list: readonly { section: ElfSection; rank: number; isUnit: boolean }[],
  size: number,
): Piece[] {
  let end = 0;
  return [...list]
    .sort((a, b) => a.rank - b.rank)
    .map(({ section, isUnit }) => {
      const aligned = Math.ceil(end / section.alignment) * section.alignment;
      const isTail = !isUnit && list.length > 1 && section.size > 0;
      const offset = isTail ? size - section.size : aligned;
      end = offset + section.size;
      return { section, offset };
    });
}

/** A section that is not loaded is known by its name; a group and its members are numbered anew. */
function placeOf(elf: ElfFile, section: number, key: string | undefined) {
  const source = elf.sections[section];
  const isKeyed = source !== undefined && isLoaded(source) && key !== undefined;
  return { key: isKeyed ? key : (source?.name ?? ''), offset: 0 };
}

function placerOf(split: ElfFile, pieces: ReadonlyMap<string, readonly Piece[]>): Placer {
  const places = new Map<number, { key: string; offset: number }>();
  for (const [key, list] of pieces)
    for (const { section, offset } of list) places.set(section.index, { key, offset });
  return (section) => places.get(section) ?? placeOf(split, section, undefined);
}

function changedSections(
  from: Side,
  to: Side,
  keys: readonly string[],
  pieces: ReadonlyMap<string, readonly Piece[]>,
): string | undefined {
  const left = new Set(pieces.keys());
  for (const section of from.elf.sections) {
    if (!isLoaded(section)) continue;
    const key = keys[section.index]!;
    const own = pieces.get(key) ?? [];
    left.delete(key);
    const change = changedSection(from, to, section, own);
    if (change !== undefined) return `${section.name} would have ${change}`;
  }
  const extra = [...left].find((key) => pieces.get(key)!.some(({ section }) => section.size > 0));
  return extra === undefined ? undefined : `${extra} would be new`;
}

function changedSection(
  from: Side,
  to: Side,
  section: ElfSection,
  pieces: readonly Piece[],
): string | undefined {
  if (pieces.length === 0) return section.size === 0 ? undefined : 'no contents';
  if (section.name === '.eh_frame' && pieces.length === 1)
    return changedFrames(from, to, section, pieces[0]!);
  if (pieces.some((piece) => !sameKind(section, piece.section))) return 'other flags';
  if (!sameSize(section, pieces)) return 'another size';
  if (pieces.some((piece) => piece.offset % piece.section.alignment > 0))
    return 'another alignment';
  if (!sameReferences(from, to, section, pieces)) return 'other references';
  return sameBytes(from, to, section, pieces) ? undefined : 'other bytes';
}

function sameKind(a: ElfSection, b: ElfSection): boolean {
  const kind = ({ flags }: ElfSection) => flags & ~(SHF.MERGE | SHF.STRINGS);
  return (a.type === b.type || b.size === 0) && kind(a) === kind(b);
}

/** The merge aligns the end of a section where empty ones follow. */
function sameSize(section: ElfSection, pieces: readonly Piece[]): boolean {
  const ends = pieces.map((piece) =>
    piece.section.size === 0 ? 0 : piece.offset + piece.section.size,
  );
  const end = Math.max(...ends);
  const alignment = Math.max(...pieces.map((piece) => piece.section.alignment));
  if (alignment > section.alignment) return false;
  return section.size >= end && section.size - end < section.alignment;
}

function sameReferences(
  from: Side,
  to: Side,
  section: ElfSection,
  pieces: readonly Piece[],
): boolean {
  const was = referencesOf(from, section, 0);
  const is = pieces.flatMap((piece) => referencesOf(to, piece.section, piece.offset));
  return was.length === is.length && was.every((text, i) => text === is[i]);
}

function referencesOf({ elf, placer }: Side, section: ElfSection, offset: number): string[] {
  return relocationsOf(elf, section.index).map(
    (r) => `${offset + r.offset} ${referenceText(elf, r, placer)}`,
  );
}

function sameBytes(from: Side, to: Side, section: ElfSection, pieces: readonly Piece[]): boolean {
  const bytes = maskedOf(from.elf, section);
  if (section.type === SHT.NOBITS) return true;
  return pieces.every((piece) => {
    const { size } = piece.section;
    const own = bytes.subarray(piece.offset, piece.offset + size);
    return Buffer.compare(own, maskedOf(to.elf, piece.section)) === 0;
  });
}

const maskedOf = (elf: ElfFile, section: ElfSection) =>
  maskedBytes(section.data, relocationsOf(elf, section.index));

function changedFrames(
  from: Side,
  to: Side,
  section: ElfSection,
  piece: Piece,
): string | undefined {
  const was = describeFrames(from.elf, section, from.placer);
  const is = describeFrames(to.elf, piece.section, to.placer);
  if (was === undefined || is === undefined) return 'records that cannot be read';
  const same = was.length === is.length && was.every(({ text }, i) => text === is[i]!.text);
  return same ? undefined : 'other records';
}

function changedSymbols(from: Side, to: Side): string | undefined {
  const [was, is] = [symbolsOf(from), symbolsOf(to)];
  for (const [text, count] of was)
    if (is.get(text) !== count) return `the symbol ${nameIn(text)} would change`;
  for (const text of is.keys())
    if (!was.has(text)) return `the symbol ${nameIn(text)} would be new`;
  return undefined;
}

const nameIn = (text: string) => text.slice(0, text.indexOf('\n'));

/** Every symbol but those of sections, each with how often it occurs. */
function symbolsOf({ elf, placer }: Side): Map<string, number> {
  const result = new Map<string, number>();
  for (const symbol of elf.symbols) {
    if (symbol.type === STT.SECTION || symbol.index === 0) continue;
    const text = `${symbol.name}\n${symbolText(symbol, placer)}`;
    result.set(text, (result.get(text) ?? 0) + 1);
  }
  return result;
}
