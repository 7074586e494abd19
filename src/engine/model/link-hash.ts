/**
 * The order in which ld visits global symbols, where that order reaches the output: entries of the
 * global offset table. ld walks its symbol hash table bucket by bucket (bfd/hash.c); within a bucket
 * the newest symbol comes first.
 */
import { STB } from '../elf/types.ts';
import type { Program } from './types.ts';

/** Buckets of a new table; it grows through the primes below while it is three quarters full. */
const FIRST_SIZE = 4051;
const LARGER_SIZES = [4093, 8191, 16381, 32749, 65521, 131071, 262139, 524287, 1048573];

/** bfd_hash_hash: 64-bit arithmetic that wraps. */
export function hashName(name: string): bigint {
  const bytes = new TextEncoder().encode(name);
  const add = (hash: bigint, value: bigint) => {
    const sum = BigInt.asUintN(64, hash + value + (value << 17n));
    return sum ^ (sum >> 2n);
  };
  let hash = 0n;
  for (const byte of bytes) hash = add(hash, BigInt(byte));
  return add(hash, BigInt(bytes.length));
}

/** Buckets of a table that holds `count` symbols. */
export function tableSize(count: number): number {
  let size = FIRST_SIZE;
  for (const larger of LARGER_SIZES) {
    if (count <= Math.floor((size * 3) / 4)) break;
    size = larger;
  }
  return size;
}

/**
 * Orders global symbols, given as indexes into `program.globals`, as ld visits them.
 * @param others names in the table that no object mentions: assigned by the script
 */
export function inTableOrder(
  program: Program,
  globals: readonly number[],
  others: ReadonlySet<string>,
): number[] {
  const extra = [...others].filter((name) => !program.globalByName.has(name)).length;
  const size = BigInt(tableSize(program.globals.length + extra));
  const seen = insertionOrder(program);
  const keyed = globals.map((index) => {
    const { name } = program.globals[index]!;
    return { index, bucket: Number(hashName(name) % size), order: seen.get(name) ?? -1 };
  });
  keyed.sort((a, b) => a.bucket - b.bucket || b.order - a.order);
  return keyed.map(({ index }) => index);
}

/** When each name entered the table: with the first object that mentions it, in symbol order. */
function insertionOrder(program: Program): Map<string, number> {
  const order = new Map<string, number>();
  for (const { elf } of program.objects)
    for (const symbol of elf.symbols)
      if (symbol.binding !== STB.LOCAL && !order.has(symbol.name))
        order.set(symbol.name, order.size);
  return order;
}
