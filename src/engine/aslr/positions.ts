/**
 * Where the blocks of one unikernel lie. The randomness is that of a cryptographic key: HKDF with
 * SHA-256 (RFC 5869) makes a stream from the seed and the unikernel's name, so that every
 * unikernel has a layout of its own and the seed gives all of them again.
 *
 * All arrangements have the same probability: the blocks stand in a random order, and the free
 * pages are dealt to the gaps by choosing, among all sequences of blocks and free pages, one.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { PAGE_SIZE } from '../../protocol/page-map.ts';

/** Sizes are pages. */
export interface Window {
  readonly pages: number;
  /** Size of each block, over the whole set. */
  readonly blocks: readonly number[];
}

/** Numbers without a bias, from a stream of bytes. */
export class KeyedRandom {
  private bytes = new Uint8Array(0);
  private used = 0;
  private round = 0;

  constructor(
    private readonly seed: string,
    private readonly name: string,
  ) {}

  /** A whole number from 0 to below `limit`, at most 2^32. */
  below(limit: number): number {
    const bound = Math.floor(2 ** 32 / limit) * limit;
    for (;;) {
      const value = this.next();
      if (value < bound) return value % limit;
    }
  }

  private next(): number {
    if (this.used + 4 > this.bytes.length) {
      const info = `spacer aslr ${this.round++} ${this.name}`;
      this.bytes = new Uint8Array(hkdfSync('sha256', this.seed, 'spacer', info, 4096));
      this.used = 0;
    }
    const value = new DataView(this.bytes.buffer).getUint32(this.used, true);
    this.used += 4;
    return value;
  }
}

/** A new seed: 128 random bits as hexadecimal digits. */
export const newSeed = (): string => randomBytes(16).toString('hex');

/**
 * Start pages of the blocks, counted from the start of the window, by block.
 * @param keepOrder the blocks keep their order; only the gaps are random
 */
export function randomPositions(window: Window, random: KeyedRandom, keepOrder: boolean): number[] {
  const count = window.blocks.length;
  const order = window.blocks.map((_, i) => i);
  if (!keepOrder)
    for (let i = count - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
  const places = chooseSorted(count, freePages(window) + count, random);
  const starts = new Array<number>(count).fill(0);
  let blocksBefore = 0;
  order.forEach((block, i) => {
    starts[block] = places[i]! - i + blocksBefore;
    blocksBefore += window.blocks[block]!;
  });
  return starts;
}

/** Pages of a window that no block takes. */
const freePages = ({ pages, blocks }: Window): number =>
  pages - blocks.reduce((sum, size) => sum + size, 0);

/** Floyd's algorithm: `count` different numbers below `limit`, ascending, all sets equally likely. */
function chooseSorted(count: number, limit: number, random: KeyedRandom): number[] {
  const chosen = new Set<number>();
  for (let j = limit - count; j < limit; j++) {
    const candidate = random.below(j + 1);
    chosen.add(chosen.has(candidate) ? j : candidate);
  }
  return [...chosen].sort((a, b) => a - b);
}

export interface Entropy {
  /** Bits of the position of each block, by itself. */
  readonly blocks: readonly number[];
  /** Bits of the whole arrangement. */
  readonly arrangement: number;
}

/** Shannon entropy of `randomPositions`, in bits. */
export function entropyOf(window: Window, keepOrder: boolean): Entropy {
  const count = window.blocks.length;
  const free = freePages(window);
  if (count === 0 || free < 0) return { blocks: window.blocks.map(() => 0), arrangement: 0 };
  const arrangement = logBinomial(free + count, count) + (keepOrder ? 0 : logFactorial(count));
  return { blocks: window.blocks.map((_, i) => positionBits(window, i, keepOrder)), arrangement };
}

/**
 * A block's position is the free pages before it, and the blocks before it. Counting the free pages
 * alone is a lower bound, exact for a single block: with k blocks before it, f of F free pages lie
 * before it in C(f + k, k) C(F - f + n - k - 1, n - k - 1) of the C(F + n, n) arrangements.
 */
function positionBits(window: Window, block: number, keepOrder: boolean): number {
  const count = window.blocks.length;
  const free = freePages(window);
  const before = keepOrder ? [block] : Array.from({ length: count }, (_, k) => k);
  const total = logBinomial(free + count, count) + Math.log2(before.length);
  let bits = 0;
  for (let f = 0; f <= free; f++) {
    const probability = before.reduce((sum, k) => {
      const after = count - k - 1;
      return sum + 2 ** (logBinomial(f + k, k) + logBinomial(free - f + after, after) - total);
    }, 0);
    if (probability > 0) bits -= probability * Math.log2(probability);
  }
  return bits;
}

const logBinomial = (n: number, k: number): number =>
  logFactorial(n) - logFactorial(k) - logFactorial(n - k);

const factorials: number[] = [0];

/** Base 2 logarithm of n!. */
function logFactorial(n: number): number {
  for (let i = factorials.length; i <= n; i++) factorials.push(factorials[i - 1]! + Math.log2(i));
  return factorials[n]!;
}

/** Pages that a number of bytes takes. */
export const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);
