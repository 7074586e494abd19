/**
 * Digests of contents that can be cut and moved. The layout search asks, thousands of times, "would
 * these pages be equal if this slot stood here?". A slot's content is hashed in blocks of 4 bytes
 * with references resolved, and a page is the sum of its blocks, each weighed by its position:
 *
 *     page = sum over blocks k of block[k] * B^position(k)   (mod 2^32, twice with different B)
 *
 * Prefix sums give any range of a slot in constant time, multiplying by a power of B moves it to
 * any position, and nothing (a gap, an absent slot, zero bytes) adds nothing. Two pages with equal
 * digests are taken as equal for the search only; the prediction compares real bytes.
 */
export const BLOCK_SIZE = 4;

/** Multipliers are odd, so that they have an inverse modulo 2^32 and content can move both ways. */
const BASES = [0x9e3779b1, 0x85ebca6b] as const;

/** Two independent 32-bit hashes a block; both 0 for a block of zero bytes. */
export interface Blocks {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

export interface ContentDigest {
  /** `low[i]`, `high[i]`: sums of the first `i` blocks. */
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/** Sums blocks into a digest. */
export function digestBlocks(blocks: Blocks): ContentDigest {
  return { low: prefixSums(blocks.low, 0), high: prefixSums(blocks.high, 1) };
}

function prefixSums(blocks: Int32Array, which: 0 | 1): Int32Array {
  const sums = new Int32Array(blocks.length + 1);
  const powers = powersOf(which, blocks.length);
  for (let i = 0; i < blocks.length; i++)
    sums[i + 1] = (sums[i]! + Math.imul(blocks[i]!, powers.up[i]!)) | 0;
  return sums;
}

/** The blocks `[from, to)` of a digest, placed so that block `from` has position `position`. */
export function rangeLow(
  digest: ContentDigest,
  from: number,
  to: number,
  position: number,
): number {
  return moved(digest.low, from, to, position, 0);
}

/** The second, independent sum of the same range. */
export function rangeHigh(
  digest: ContentDigest,
  from: number,
  to: number,
  position: number,
): number {
  return moved(digest.high, from, to, position, 1);
}

function moved(sums: Int32Array, from: number, to: number, position: number, which: 0 | 1): number {
  const last = sums.length - 1;
  const sum = (sums[Math.min(to, last)]! - sums[Math.min(from, last)]!) | 0;
  const shift = position - from;
  const powers = powersOf(which, Math.abs(shift));
  return Math.imul(sum, shift >= 0 ? powers.up[shift]! : powers.down[-shift]!);
}

interface Powers {
  up: Int32Array;
  down: Int32Array;
}

const tables: [Powers, Powers] = [
  { up: Int32Array.of(1), down: Int32Array.of(1) },
  { up: Int32Array.of(1), down: Int32Array.of(1) },
];

/** Factors that move the two sums of a range by a number of blocks, up and down. */
export interface ShiftTables {
  readonly upLow: Int32Array;
  readonly upHigh: Int32Array;
  readonly downLow: Int32Array;
  readonly downHigh: Int32Array;
}

/** Factors for moves by up to `most` blocks. */
export function shiftTables(most: number): ShiftTables {
  const low = powersOf(0, most);
  const high = powersOf(1, most);
  return { upLow: low.up, upHigh: high.up, downLow: low.down, downHigh: high.down };
}

/** Powers of a base and of its inverse, at least up to exponent `n`; grown by doubling. */
function powersOf(which: 0 | 1, n: number): Powers {
  const known = tables[which];
  if (n < known.up.length) return known;
  const length = Math.max(1024, 2 ** Math.ceil(Math.log2(n + 1)));
  const base = BASES[which];
  tables[which] = { up: powerTable(base, length), down: powerTable(inverse(base), length) };
  return tables[which];
}

function powerTable(base: number, length: number): Int32Array {
  const table = new Int32Array(length);
  table[0] = 1;
  for (let i = 1; i < length; i++) table[i] = Math.imul(table[i - 1]!, base);
  return table;
}

/** The inverse of an odd number modulo 2^32, by Newton's iteration: each step doubles the bits. */
function inverse(odd: number): number {
  let guess = odd;
  for (let i = 0; i < 5; i++) guess = Math.imul(guess, 2 - Math.imul(odd, guess));
  return guess;
}

/** The finaliser of MurmurHash3: every input bit changes every output bit with probability one half. */
export function scramble(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
