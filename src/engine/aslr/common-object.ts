/**
 * The object that all of a set's indirection goes through. Its fixed section has one address in
 * every unikernel and holds
 *
 * - the address table: 8 bytes for each target of a far jump;
 * - canonical stubs: `jmp FUNCTION`, one for each function or label whose address is taken, so that
 *   a pointer to it is the same bytes everywhere and equal pointers stay equal;
 * - instructions that refer to something that moves otherwise than they do.
 *
 * Numbering is that of the whole set, so an entry has one place whichever unikernels have it. Only
 * this section differs because blocks lie elsewhere. Beside it, each block has far jumps
 * `jmp *SLOT`, the same bytes in all unikernels.
 */
import { editObject, type NewSection, type NewSymbol } from '../elf/edit.ts';
import { readElf } from '../elf/read.ts';
import { readElfParts } from '../elf/read-parts.ts';
import { SHF, SHT, STT, type ElfRelocation } from '../elf/types.ts';
import { makeStubObject } from '../elf/stub-object.ts';
import type { PreparedObject } from '../link/prepare.ts';
import { R } from '../model/relocation-types.ts';
import {
  COMMON,
  FIXED_SECTION,
  farName,
  farSection,
  slotName,
  stubName,
  thunkName,
} from './names.ts';

/** A symbol by its name, or nothing (zero), and a distance from it. */
export interface Place {
  readonly symbol: string | undefined;
  readonly addend: number;
}

export interface NamedRelocation extends Place {
  readonly offset: number;
  readonly type: number;
}

/** An instruction that is carried out in the fixed section, and where it goes on. */
export interface PrivateThunk {
  readonly bytes: Uint8Array;
  readonly relocations: readonly NamedRelocation[];
  readonly back: Place | undefined;
}

/** What one unikernel needs of the common object, by key. */
export interface Needs {
  readonly stubs: ReadonlyMap<string, Place>;
  readonly slots: ReadonlyMap<string, Place>;
  readonly thunks: ReadonlyMap<string, PrivateThunk>;
  /** Keys of slots, by block. */
  readonly far: ReadonlyMap<number, ReadonlySet<string>>;
}

/** Where everything stands in the common object, over a whole set. */
export interface Numbering {
  /** Bytes of the fixed section, by unikernel. */
  readonly sizes: readonly number[];
  readonly slots: ReadonlyMap<string, number>;
  readonly stubs: ReadonlyMap<string, number>;
  readonly thunks: ReadonlyMap<string, number>;
  /** By block: the slots that it has jumps to, in order. */
  readonly far: ReadonlyMap<number, readonly string[]>;
}

const SLOT = 8;
const JUMP = 5;
const FAR = 8;

/**
 * Gives every entry that any unikernel needs its place. An entry goes to the highest end of the
 * unikernels that have it, most shared first: what is in no unikernel together may overlap.
 */
export function numberEntries(needs: readonly Needs[]): Numbering {
  const ends = needs.map(() => 0);
  const place = (entries: readonly ReadonlyMap<string, number>[]) =>
    new Map(
      joined(entries).map(({ key, size, sharers }) => {
        const offset = Math.max(...sharers.map((u) => ends[u]!));
        for (const u of sharers) ends[u] = offset + size;
        return [key, offset] as const;
      }),
    );
  const sized = (keys: Iterable<string>, size: number) =>
    new Map([...keys].map((key) => [key, size]));
  const slots = place(needs.map((n) => sized(n.slots.keys(), SLOT)));
  const stubs = place(needs.map((n) => sized(n.stubs.keys(), JUMP)));
  const thunks = place(
    needs.map(({ thunks: own }) => new Map([...own].map(([k, thunk]) => [k, thunkSize(thunk)]))),
  );
  const blocks = new Set(needs.flatMap((n) => [...n.far.keys()]));
  const far = new Map(
    [...blocks].map((block) => {
      const keys = new Set(needs.flatMap((n) => [...(n.far.get(block) ?? [])]));
      return [block, [...keys].sort()] as const;
    }),
  );
  return { sizes: ends, slots, stubs, thunks, far };
}

interface Joined {
  readonly key: string;
  size: number;
  /** Unikernels that have the entry. */
  readonly sharers: number[];
}

/** Entries of all unikernels, the most shared first. */
function joined(entries: readonly ReadonlyMap<string, number>[]): Joined[] {
  const byKey = new Map<string, Joined>();
  entries.forEach((own, u) => {
    for (const [key, size] of own) {
      const known = byKey.get(key) ?? { key, size: 0, sharers: [] };
      byKey.set(key, known);
      known.size = Math.max(known.size, size);
      known.sharers.push(u);
    }
  });
  return [...byKey.values()].sort(
    (a, b) => b.sharers.length - a.sharers.length || (a.key < b.key ? -1 : 1),
  );
}

const thunkSize = ({ bytes, back }: PrivateThunk) => bytes.length + (back ? JUMP : 0);

/** Collects the names that relocations of the object refer to. */
class Symbols {
  readonly list: NewSymbol[] = [];
  private readonly indexes = new Map<string, number>();

  constructor(private readonly first: number) {}

  define(name: string, section: number, value: number, size: number): void {
    const place = { section, value, size, type: STT.NOTYPE };
    this.indexes.set(name, this.first + this.list.length);
    this.list.push({ name, place });
  }

  indexOf(name: string | undefined): number {
    if (name === undefined) return 0;
    const known = this.indexes.get(name);
    if (known !== undefined) return known;
    const index = this.first + this.list.length;
    this.indexes.set(name, index);
    this.list.push({ name });
    return index;
  }
}

/**
 * The common object of one unikernel.
 * @param size of its fixed section
 * @param index in the link order
 */
export function makeCommonObject(
  needs: Needs,
  numbering: Numbering,
  size: number,
  index: number,
): PreparedObject {
  const path = `<${COMMON}>`;
  const empty = readElf(path, makeStubObject([]));
  const symbols = new Symbols(empty.symbols.length);
  const fixedIndex = empty.sections.length;
  for (const [key, offset] of numbering.slots)
    symbols.define(slotName(key), fixedIndex, offset, SLOT);
  for (const [key, offset] of numbering.stubs)
    if (needs.stubs.has(key)) symbols.define(stubName(key), fixedIndex, offset, JUMP);
  for (const [key, offset] of numbering.thunks)
    if (needs.thunks.has(key)) symbols.define(thunkName(key), fixedIndex, offset, 0);
  // A unikernel without the block has no page for its far jumps.
  const far = [...numbering.far].filter(([block]) => needs.far.has(block));
  far.forEach(([block, keys], i) =>
    keys.forEach((key, n) => symbols.define(farName(block, key), fixedIndex + 1 + i, n * FAR, FAR)),
  );
  const addSections = [
    fixedSection(needs, numbering, size, symbols),
    ...far.map(([block, keys]) => farJumps(block, keys, symbols)),
  ];
  const copy = editObject(empty, { addSections, addSymbols: symbols.list });
  return { index, path, library: COMMON, elf: readElfParts(path, copy), copy };
}

function fixedSection(
  needs: Needs,
  numbering: Numbering,
  size: number,
  symbols: Symbols,
): NewSection {
  const data = new Uint8Array(size);
  const relocations: ElfRelocation[] = [];
  const relocate = (offset: number, type: number, { symbol, addend }: Place) =>
    relocations.push({ offset, type, symbol: symbols.indexOf(symbol), addend });
  for (const [key, place] of needs.slots)
    if (place.symbol !== undefined) relocate(numbering.slots.get(key)!, R.ABS64, place);
  const jump = (at: number, to: Place) => {
    data[at] = 0xe9;
    relocate(at + 1, R.PLT32, { ...to, addend: to.addend - 4 });
  };
  for (const [key, place] of needs.stubs) jump(numbering.stubs.get(key)!, place);
  for (const [key, thunk] of needs.thunks) {
    const at = numbering.thunks.get(key)!;
    data.set(thunk.bytes, at);
    for (const { offset, type, ...place } of thunk.relocations) relocate(at + offset, type, place);
    if (thunk.back) jump(at + thunk.bytes.length, thunk.back);
  }
  return section(FIXED_SECTION, data, relocations, SLOT);
}

/** `jmp *SLOT`: ff /4 with an absolute 32-bit address (SIB without base and index). */
function farJumps(block: number, keys: readonly string[], symbols: Symbols): NewSection {
  const data = new Uint8Array(keys.length * FAR);
  const relocations = keys.map((key, n): ElfRelocation => {
    data.set([0xff, 0x24, 0x25], n * FAR);
    const symbol = symbols.indexOf(slotName(key));
    return { offset: n * FAR + 3, type: R.ABS32S, symbol, addend: 0 };
  });
  return section(farSection(block), data, relocations, FAR);
}

function section(
  name: string,
  data: Uint8Array,
  relocations: readonly ElfRelocation[],
  alignment: number,
): NewSection {
  const flags = SHF.ALLOC | SHF.EXECINSTR;
  return {
    name,
    type: SHT.PROGBITS,
    flags,
    size: data.length,
    alignment,
    data,
    relocations: [...relocations].sort((a, b) => a.offset - b.offset),
  };
}
