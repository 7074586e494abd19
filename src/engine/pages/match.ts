/**
 * Whether the bytes of an image agree with an input section at an address. Bytes that a relocation
 * writes are compared by value where the target's address is known, and skipped elsewhere.
 */
import { SHT, STB, type ElfRelocation } from '../elf/types.ts';
import type { Candidate, Matches, Placement } from './placement.ts';

/** R_X86_64_* */
const R = { NONE: 0, A64: 1, PC32: 2, PLT32: 4, A32: 10, A32S: 11, PC64: 24 } as const;
const WIDTH: Readonly<Record<number, number>> = {
  0: 0,
  1: 8,
  12: 2,
  13: 2,
  14: 1,
  15: 1,
  24: 8,
  25: 8,
};
/** Relocations whose instruction the linker may rewrite, with the bytes before the field. */
const REWRITTEN: Readonly<Record<number, number>> = {
  9: 3,
  19: 4,
  20: 4,
  22: 4,
  34: 4,
  35: 2,
  41: 3,
  42: 4,
};

/** Resolves symbols of objects to addresses of the image. */
export type AddressOf = (candidate: Candidate, symbol: number) => number | undefined;

/** Where a relocation's field reads an address: `value = target + addend (- place)`. */
export function targetOf(
  relocation: ElfRelocation,
  field: Uint8Array,
  place: number,
): number | undefined {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  switch (relocation.type) {
    case R.A64:
      return Number(view.getBigUint64(0, true)) - relocation.addend;
    case R.PC64:
      return Number(view.getBigInt64(0, true)) - relocation.addend + place;
    case R.A32:
      return view.getUint32(0, true) - relocation.addend;
    case R.A32S:
      return view.getInt32(0, true) - relocation.addend;
    case R.PC32:
    case R.PLT32:
      return view.getInt32(0, true) - relocation.addend + place;
    default:
      return undefined;
  }
}

export function widthOf(type: number): number {
  return WIDTH[type] ?? 4;
}

/** Builds the comparison; `addressOf` may know more with every section that is placed. */
export function matcher(addressOf: AddressOf): Matches {
  return (placement, candidate, base) => {
    const { section, relocations } = candidate;
    const image = placement.memory.bytesAt(base, section.size);
    if (image === undefined) return section.type === SHT.NOBITS ? 0 : undefined;
    if (section.type === SHT.NOBITS) return image.every((byte) => byte === 0) ? 0 : undefined;
    let at = 0;
    let confirmed = 0;
    for (const relocation of relocations) {
      const from = relocation.offset - (REWRITTEN[relocation.type] ?? 0);
      if (!sameBytes(section.data, image, at, from)) return undefined;
      const agrees = sameTarget(relocation, image, base, addressOf, candidate);
      if (agrees === false) return undefined;
      if (agrees) confirmed += 1;
      at = Math.max(at, relocation.offset + widthOf(relocation.type));
    }
    return sameBytes(section.data, image, at, section.size) ? confirmed : undefined;
  };
}

function sameBytes(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, a.length);
  for (let i = from; i < end; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether the image has the address that the relocation asks for; undefined where not known. */
function sameTarget(
  relocation: ElfRelocation,
  image: Uint8Array,
  base: number,
  addressOf: AddressOf,
  candidate: Candidate,
): boolean | undefined {
  const width = widthOf(relocation.type);
  if (width < 4 || relocation.offset + width > image.length) return undefined;
  const expected = addressOf(candidate, relocation.symbol);
  if (expected === undefined) return undefined;
  const field = image.subarray(relocation.offset, relocation.offset + width);
  const target = targetOf(relocation, field, base + relocation.offset);
  // In position-independent images the field is zero, and a table of its own has the value.
  if (target === undefined || field.every((byte) => byte === 0)) return undefined;
  return target === expected;
}

/** Addresses of symbols: of sections that are placed, and of the image's global names. */
export function addressBook(
  placement: () => Placement,
  globals: ReadonlyMap<string, number | undefined>,
): AddressOf {
  return (candidate, index) => {
    const symbol = candidate.object.elf.symbols[index];
    if (symbol === undefined) return undefined;
    // A weak definition may have lost against another object's: the image knows which won.
    if (symbol.binding !== STB.LOCAL && globals.has(symbol.name)) return globals.get(symbol.name);
    const target = placement().candidateOf(candidate.object.elf, symbol.section);
    return target?.base === undefined ? undefined : target.base + symbol.value;
  };
}
