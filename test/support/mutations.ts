/** Random damage to one byte or one field of an aligned image, of which a proof must see every one. */
import { PT, SHT, type ElfFile } from '../../src/engine/elf/types.ts';

export interface Mutation {
  readonly bytes: Uint8Array;
  readonly what: string;
}

/** Whole numbers below `limit`. */
export type Random = (limit: number) => number;

/** Marsaglia's xorshift32: the same seed gives the same run. */
export function randomOf(seed: number): Random {
  let state = seed || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** A kind of damage: undefined where the image has nothing of the kind. */
type Damage = (elf: ElfFile, random: Random) => Mutation | undefined;

const KINDS: readonly Damage[] = [loadedByte, loadedByte, headerField, entry, symbolValue];

/** One random mutation of an image. */
export function mutate(image: ElfFile, random: Random): Mutation {
  for (;;) {
    const mutation = KINDS[random(KINDS.length)]!(image, random);
    if (mutation !== undefined) return mutation;
  }
}

function changed({ bytes }: ElfFile, at: number, size: number, random: Random, what: string) {
  const copy = Uint8Array.from(bytes);
  const byte = at + random(size);
  copy[byte] = copy[byte]! ^ (1 + random(255));
  return { bytes: copy, what: `${what}, file offset 0x${byte.toString(16)}` };
}

/** Any byte of the file that a loader copies. */
function loadedByte(elf: ElfFile, random: Random): Mutation {
  const loads = elf.segments.filter(({ type, fileSize }) => type === PT.LOAD && fileSize > 0);
  let at = random(loads.reduce((sum, { fileSize }) => sum + fileSize, 0));
  const own = loads.find(({ fileSize }) => at < fileSize || ((at -= fileSize), false))!;
  const address = (own.virtualAddress + at).toString(16);
  return changed(elf, own.offset + at, 1, random, `the loaded byte at 0x${address}`);
}

const SIZES = { 32: { header: 32, word: 4 }, 64: { header: 56, word: 8 } } as const;
/** Field offsets in program headers (gABI chapter 5, "Program Header"). */
const FIELDS = {
  32: { type: 0, offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20, flags: 24, align: 28 },
  64: { type: 0, flags: 4, offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40, align: 48 },
} as const;

/** Any field of a program header that says something: a header without file bytes has no offset. */
function headerField(elf: ElfFile, random: Random): Mutation | undefined {
  const { bits, bytes, segments } = elf;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = bits === 64 ? Number(view.getBigUint64(32, true)) : view.getUint32(28, true);
  const index = random(segments.length);
  const names = Object.keys(FIELDS[bits]) as (keyof (typeof FIELDS)[64])[];
  const name = names[random(names.length)]!;
  if (name === 'offset' && segments[index]!.fileSize === 0) return undefined;
  const size = name === 'type' || name === 'flags' ? 4 : SIZES[bits].word;
  const at = table + index * SIZES[bits].header + FIELDS[bits][name];
  return changed(elf, at, size, random, `${name} of program header ${index}`);
}

function entry(elf: ElfFile, random: Random): Mutation {
  return changed(elf, 24, SIZES[elf.bits].word, random, 'the entry');
}

const SYMBOL = 24;
const VALUE = 8;

function symbolValue(elf: ElfFile, random: Random): Mutation | undefined {
  const table = elf.sections.find(({ type }) => type === SHT.SYMTAB);
  if (elf.bits !== 64 || table === undefined) return undefined;
  const index = 1 + random(elf.symbols.length - 1);
  const at = table.offset + index * SYMBOL + VALUE;
  return changed(elf, at, 8, random, `the value of symbol ${index} (${elf.symbols[index]!.name})`);
}
