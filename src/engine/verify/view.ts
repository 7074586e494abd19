/**
 * One image beside the program that it was made of: where each section of the user's objects stands
 * in it. For the user's own image the places are found in the image itself, for an aligned one they
 * are what the plan claims. Either way they are claims only: a wrong one shows as different bytes.
 */
import { constantSection, slotName } from '../aslr/names.ts';
import {
  SHF,
  SHN,
  SHT,
  STB,
  STT,
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
} from '../elf/types.ts';
import { unitSection } from '../link/unit-names.ts';
import type { Addresses } from '../model/relocate.ts';
import type { InputObject, Program } from '../model/types.ts';
import { R } from '../model/relocation-types.ts';
import { placeSections } from '../pages/locate.ts';
import { FILLED } from './boot-regions.ts';
import { LoadedMemory } from './memory.ts';

/** A run of bytes of a section at its place. */
export interface Span {
  /** Into the section of the user's object. */
  readonly offset: number;
  readonly size: number;
  readonly address: number;
  /** The compile unit of a section that was split; empty where it was not. */
  readonly unit: string;
}

/** A section of the program and the part of it that is looked at. */
export interface Site {
  readonly object: number;
  readonly section: ElfSection;
  readonly span: Span;
}

export interface ImageView {
  /** Of the user's objects, as the build made them. */
  readonly program: Program;
  readonly image: ElfFile;
  readonly memory: Pick<LoadedMemory, 'read'>;
  /** By offset; empty for a section that is not known to be in the image. */
  readonly spansOf: (object: number, section: number) => readonly Span[];
  /** Values of the image's own names, global ones first; undefined for a name that is not unique. */
  readonly names: ReadonlyMap<string, number | undefined>;
  readonly tls: Addresses['tls'];
  readonly pic: boolean;
  /** Places were looked for: a section without one may stand in the image all the same. */
  readonly isSearched: boolean;
  /** Instructions may be encoded otherwise, as `--aslr` does in its copies of the objects. */
  readonly isRewritten: boolean;
}

const NOWHERE: readonly Span[] = [];

/**
 * An image of which only the objects are known.
 * @param image the unstripped one: it tells where things stand
 * @param booted the one that runs; steps between the two may leave odd bytes in the first
 */
export function viewOfRecorded(
  program: Program,
  image: ElfFile,
  pic: boolean,
  booted: ElfFile = image,
): ImageView {
  const tls = templateOf(image);
  const bases = new Map<number, number>();
  const flat = (object: number, section: number) => program.sectionBase[object]! + section;
  const placed = placeSections(image, program.objects).placed;
  const orders = new Map(program.objects.map((object, i) => [object.elf, i]));
  for (const { object, section, base } of placed)
    if (base !== undefined) bases.set(flat(orders.get(object.elf)!, section.index), base);
  if (tls) placeTemplates(program, image, tls.start, bases, flat);
  placeByNames(program, image, bases);
  forgetCollected(program, image, bases);
  const spansOf = (object: number, section: number): readonly Span[] => {
    const address = bases.get(flat(object, section));
    if (address === undefined) return NOWHERE;
    const size = program.objects[object]?.elf.sections[section]?.size ?? 0;
    return [{ offset: 0, size, address, unit: '' }];
  };
  const view = viewOf(program, image, spansOf, pic);
  return { ...view, memory: memoryOf(image, booted), isSearched: true };
}

/** What a step after the link fills in, the objects do not have. */
function memoryOf(image: ElfFile, booted: ElfFile): ImageView['memory'] {
  const [plain, final] = [new LoadedMemory(image), new LoadedMemory(booted)];
  const filled = image.sections.filter(({ name }) => FILLED.has(name));
  return {
    read: (address, size) =>
      filled.some((s) => s.address < address + size && address < s.address + s.size)
        ? plain.read(address, size)
        : final.read(address, size),
  };
}

/** Zeroed thread-local sections take no memory: their symbols tell where they are in the template. */
function placeTemplates(
  program: Program,
  image: ElfFile,
  start: number,
  bases: Map<number, number>,
  flat: (object: number, section: number) => number,
): void {
  const values = new Map<string, number | undefined>();
  for (const { name, type, value } of image.symbols)
    if (type === STT.TLS) values.set(name, values.has(name) ? undefined : value);
  program.objects.forEach(({ elf }, object) => {
    for (const { name, type, section, value } of elf.symbols) {
      const at = values.get(name);
      if (type !== STT.TLS || section === SHN.UNDEF || at === undefined) continue;
      if (!bases.has(flat(object, section))) bases.set(flat(object, section), start + at - value);
    }
  });
}

/**
 * What was not found otherwise (a section without bytes, say) is where its names are, if all are at
 * one distance: a section that an alignment left in parts has no place of its own.
 */
function placeByNames(program: Program, image: ElfFile, bases: Map<number, number>): void {
  const names = namesOf(image.symbols);
  const definitions = new Map<string, number>();
  for (const { elf } of program.objects)
    for (const { name, section } of elf.symbols)
      if (section !== SHN.UNDEF) definitions.set(name, (definitions.get(name) ?? 0) + 1);
  const memory = new LoadedMemory(image);
  program.objects.forEach((object, index) => {
    const found = new Map<ElfSection, Set<number>>();
    for (const { name, section, value, type } of object.elf.symbols) {
      const source = object.elf.sections[section];
      const address = definitions.get(name) === 1 ? names.get(name) : undefined;
      if (!source || !(source.flags & SHF.ALLOC) || type === STT.SECTION || !address) continue;
      found.set(source, (found.get(source) ?? new Set()).add(address - value));
    }
    for (const [section, [base = 0, ...others]] of found) {
      const flat = program.sectionBase[index]! + section.index;
      if (bases.has(flat) || others.length > 0) continue;
      if (resembles(memory, object, section, base)) bases.set(flat, base);
    }
  });
}

/**
 * Whether a section seems to stand at a place: most bytes that no relocation changes are there, and
 * most addresses in it are of the image. One byte that differs is to be found, not to be missed.
 */
function resembles(
  memory: Pick<LoadedMemory, 'read'>,
  { elf }: InputObject,
  section: ElfSection,
  base: number,
): boolean {
  if (section.type === SHT.NOBITS) return true;
  const found = memory.read(base, section.size);
  if (found === undefined) return false;
  const view = new DataView(found.buffer, found.byteOffset, found.byteLength);
  const fields = new Set<number>();
  let [same, all] = [0, 0];
  for (const { offset, type } of elf.relocations.get(section.index) ?? []) {
    for (let at = offset; at < offset + 8; at++) fields.add(at);
    if (type !== R.ABS64 || offset + 8 > section.size) continue;
    all += 8;
    if (memory.read(Number(view.getBigUint64(offset, true)), 1)) same += 8;
  }
  section.data.forEach((byte, at) => {
    if (fields.has(at)) return;
    all++;
    if (found[at] === byte) same++;
  });
  return same * 8 >= all * 7;
}

/** An image that somebody linked from the objects: what is in parts there has no place of its own. */
export function viewOfFound(program: Program, image: ElfFile, pic: boolean): ImageView {
  const view = viewOfRecorded(program, image, pic);
  const spans = program.objects.map((object, index) =>
    object.elf.sections.map((section) =>
      view
        .spansOf(index, section.index)
        .filter(({ address }) => pic || resembles(view.memory, object, section, address)),
    ),
  );
  return { ...view, spansOf: (object, section) => spans[object]?.[section] ?? NOWHERE };
}

/** A section that has names, none of which the image knows, was left out of the link. */
function forgetCollected(program: Program, image: ElfFile, bases: Map<number, number>): void {
  const known = new Set(image.symbols.map(({ name }) => name));
  program.objects.forEach(({ elf }, object) => {
    const named = new Map<number, boolean>();
    for (const { name, section, type } of elf.symbols)
      if (name !== '' && !name.startsWith('.L') && type !== STT.SECTION)
        named.set(section, (named.get(section) ?? false) || known.has(name));
    for (const [section, isKnown] of named)
      if (!isKnown) bases.delete(program.sectionBase[object]! + section);
  });
}

/**
 * An aligned image.
 * @param prepared the objects that it was linked from; those of `program` come first, in their order
 * @param addressOf where a section of a prepared object is said to stand
 */
export function viewOfAligned(
  program: Program,
  image: ElfFile,
  prepared: readonly InputObject[],
  addressOf: Addresses['addressOf'],
  pic: boolean,
): ImageView {
  const spans = program.objects.map(({ elf }, object) =>
    spansOfObject(elf, prepared[object]!.elf, (section) => addressOf(object, section)),
  );
  return viewOf(program, image, (object, section) => spans[object]?.[section] ?? NOWHERE, pic);
}

/**
 * A copy has the sections of its original in their order. One that was split keeps its end, if
 * anything of it belongs to no unit; what is before that stands in pieces named after their units.
 */
function spansOfObject(
  whole: ElfFile,
  copy: ElfFile,
  addressOf: (section: number) => number | undefined,
): Span[][] {
  const pieces = piecesByName(copy);
  return whole.sections.map((section, index) => {
    const own = copy.sections[index];
    const address = addressOf(index);
    if (own !== undefined && own.size === section.size && address !== undefined)
      return [{ offset: 0, size: section.size, address, unit: '' }];
    let end = 0;
    const spans = (pieces.get(section.name) ?? []).flatMap(({ piece, unit }) => {
      const { size, alignment } = copy.sections[piece]!;
      const at = addressOf(piece);
      const offset = Math.ceil(end / alignment) * alignment;
      end = offset + size;
      return at === undefined || size === 0 ? [] : [{ offset, size, address: at, unit }];
    });
    const tail = own?.size ?? 0;
    if (tail > 0 && tail < section.size && address !== undefined)
      spans.push({ offset: section.size - tail, size: tail, address, unit: '' });
    return spans;
  });
}

function piecesByName(copy: ElfFile): Map<string, { piece: number; unit: string }[]> {
  const result = new Map<string, { piece: number; unit: string }[]>();
  for (const { name, index } of copy.sections) {
    const part = unitSection(name.startsWith(CONSTANTS) ? name.slice(CONSTANTS.length) : name);
    if (part === undefined) continue;
    const list = result.get(part.name) ?? [];
    result.set(part.name, list);
    list.push({ piece: index, unit: part.unit });
  }
  return result;
}

function viewOf(
  program: Program,
  image: ElfFile,
  spansOf: ImageView['spansOf'],
  pic: boolean,
): ImageView {
  const memory = new LoadedMemory(image);
  const names = namesOf(image.symbols);
  const tls = templateOf(image);
  const isRewritten = image.symbols.some(({ name }) => name.startsWith(REWRITTEN));
  return { program, image, memory, spansOf, names, tls, pic, isSearched: false, isRewritten };
}

/** Names of the address table that only such images have. */
const REWRITTEN = slotName('');
/** Constants that move with code are named as code. */
const CONSTANTS = constantSection('');

/** A hidden symbol of a script is local in the image. */
function namesOf(symbols: readonly ElfSymbol[]): Map<string, number | undefined> {
  const result = new Map<string, number | undefined>();
  const add = (isGlobal: boolean) => {
    const known = new Set(result.keys());
    for (const { name, binding, section, value, type } of symbols) {
      if ((binding !== STB.LOCAL) !== isGlobal || section === SHN.UNDEF || known.has(name))
        continue;
      if (type === STT.TLS || type === STT.SECTION || type === STT.FILE) continue;
      result.set(name, result.has(name) ? undefined : value);
    }
  };
  add(true);
  add(false);
  return result;
}

/** The thread-local template, by the section headers. */
function templateOf({ sections }: ElfFile): Addresses['tls'] {
  const own = sections.filter(({ flags }) => flags & SHF.TLS);
  if (own.length === 0) return undefined;
  return {
    start: Math.min(...own.map(({ address }) => address)),
    end: Math.max(...own.map(({ address, size }) => address + size)),
    alignment: Math.max(...own.map(({ alignment }) => alignment)),
  };
}
