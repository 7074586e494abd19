/**
 * Common symbols get their places from the linker: each one once, in the object whose definition is
 * the largest, behind each other in the order of the linker's symbol table. That is a hash table
 * (binutils 2.40: 4051 buckets), so the order is that of the names' hash values.
 */
import type { CommonSymbol, InputObject, InputSection } from './evaluate-types.ts';
import { SHF, SHT } from '../elf/types.ts';

const BUCKETS = 4051n;

export interface CommonSection {
  readonly section: InputSection;
  readonly offsets: ReadonlyMap<string, number>;
}

/** The COMMON section of each object that has one. */
export function placeCommons(objects: readonly InputObject[]): Map<InputObject, CommonSection> {
  const owners = new Map<string, { object: InputObject; symbol: CommonSymbol }>();
  for (const object of objects) {
    for (const symbol of object.commons ?? []) {
      const known = owners.get(symbol.name);
      owners.set(symbol.name, merge(known, { object, symbol }));
    }
  }
  const byObject = new Map<InputObject, CommonSymbol[]>();
  for (const { object, symbol } of owners.values()) {
    byObject.set(object, [...(byObject.get(object) ?? []), symbol]);
  }
  return new Map([...byObject].map(([object, symbols]) => [object, layOut(symbols)]));
}

interface Owned {
  readonly object: InputObject;
  readonly symbol: CommonSymbol;
}

function merge(known: Owned | undefined, found: Owned): Owned {
  if (known === undefined) return found;
  const larger = found.symbol.size > known.symbol.size ? found : known;
  const alignment = Math.max(found.symbol.alignment, known.symbol.alignment);
  return { object: larger.object, symbol: { ...larger.symbol, alignment } };
}

function layOut(symbols: CommonSymbol[]): CommonSection {
  const offsets = new Map<string, number>();
  let size = 0;
  let alignment = 1;
  const bucket = ({ name }: CommonSymbol) => Number(hash(name) % BUCKETS);
  for (const symbol of symbols.sort((a, b) => bucket(a) - bucket(b))) {
    size = Math.ceil(size / symbol.alignment) * symbol.alignment;
    offsets.set(symbol.name, size);
    size += symbol.size;
    alignment = Math.max(alignment, symbol.alignment);
  }
  const flags = SHF.ALLOC | SHF.WRITE;
  return { section: { name: 'COMMON', type: SHT.NOBITS, flags, size, alignment }, offsets };
}

/** BFD's hash of a symbol's name, in 64 bits. */
function hash(name: string): bigint {
  let value = 0n;
  const bytes = Buffer.from(name);
  for (const byte of bytes) {
    const code = BigInt(byte);
    value = BigInt.asUintN(64, value + code + (code << 17n));
    value ^= value >> 2n;
  }
  const length = BigInt(bytes.length);
  value = BigInt.asUintN(64, value + length + (length << 17n));
  return value ^ (value >> 2n);
}
