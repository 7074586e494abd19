/**
 * The order in which ld visits global symbols, where that order reaches the output: entries of the
 * global offset table. ld walks its symbol hash table bucket by bucket (bfd/hash.c). In a bucket the
 * newest symbol comes first, until the table grows: then the symbols of each old bucket, from its
 * first to its last, go to the front of their new ones; neighbours of equal hash go together.
 */
import { STB } from '../elf/types.ts';
import type { Program } from './types.ts';

/** Buckets of a new table; it grows through the primes below as soon as it is three quarters full. */
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

interface Entry {
  readonly name: string;
  readonly hash: bigint;
}

/** ld's table of symbols, as far as its order goes. */
class Table {
  private size = FIRST_SIZE;
  private count = 0;
  /** By bucket, last to first. */
  private buckets = new Map<number, Entry[]>();

  insert(name: string): void {
    this.put({ name, hash: hashName(name) });
    this.count++;
    const larger = LARGER_SIZES.find((size) => size > this.size);
    if (this.count > Math.floor((this.size * 3) / 4) && larger !== undefined) this.grow(larger);
  }

  private put(entry: Entry): void {
    const bucket = Number(entry.hash % BigInt(this.size));
    const entries = this.buckets.get(bucket);
    if (entries) entries.push(entry);
    else this.buckets.set(bucket, [entry]);
  }

  private grow(size: number): void {
    const before = this.inOrder();
    this.size = size;
    this.buckets = new Map();
    for (let start = 0, end = 0; start < before.length; start = end) {
      while (before[end]?.hash === before[start]!.hash) end++;
      for (const entry of before.slice(start, end).reverse()) this.put(entry);
    }
  }

  inOrder(): Entry[] {
    return [...this.buckets]
      .sort(([a], [b]) => a - b)
      .flatMap(([, entries]) => [...entries].reverse());
  }
}

/**
 * Orders global symbols, given as indexes into `program.globals`, as ld visits them.
 * @param first names that are in the table before any object's: of -u, and what the linker defines
 *   before it reads the first object
 * @param last names that no object mentions: assigned by the script
 */
export function inTableOrder(
  program: Program,
  globals: readonly number[],
  { first, last }: { readonly first: Iterable<string>; readonly last: Iterable<string> },
): number[] {
  if (globals.length < 2) return [...globals];
  const wanted = new Map(globals.map((index) => [program.globals[index]!.name, index]));
  const names = namesInOrder(program, first, last);
  const table = new Table();
  // While the table keeps its size, other symbols do not matter.
  const grows = names.length > Math.floor((FIRST_SIZE * 3) / 4);
  for (const name of names) if (grows || wanted.has(name)) table.insert(name);
  return table.inOrder().flatMap(({ name }) => wanted.get(name) ?? []);
}

/** Each name once, with the first object that mentions it, in the order of its symbols. */
function namesInOrder(program: Program, first: Iterable<string>, last: Iterable<string>): string[] {
  const names = new Set(first);
  for (const { elf } of program.objects)
    for (const { binding, name } of elf.symbols) if (binding !== STB.LOCAL) names.add(name);
  for (const name of last) names.add(name);
  return [...names];
}
