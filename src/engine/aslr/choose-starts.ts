/** The start addresses of a set's blocks: fixed ones, or random ones that no two unikernels share. */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { SpacerError } from '../errors.ts';
import { entropyOf, KeyedRandom, newSeed, randomPositions, type Entropy } from './positions.ts';

/** Addresses and sizes are bytes. */
export interface AddressWindow {
  readonly start: number;
  readonly size: number;
  /** What start addresses are a multiple of, counted from the window's start; absent: a page. */
  readonly granule?: number;
}

export interface StartOptions {
  /** 1: blocks at fixed positions; 2: at random ones. */
  readonly aslr: 1 | 2;
  /** The blocks keep their order. */
  readonly keepOrder: boolean;
  /** Absent: a new one. */
  readonly seed: string | undefined;
}

export interface Starts {
  /** Start addresses by unikernel and block. */
  readonly starts: readonly (readonly number[])[];
  /** Absent where the positions are not random. */
  readonly seed?: string;
  readonly entropy: Entropy;
}

/**
 * @param names of the unikernels
 * @param sizes of the blocks, multiples of the granule
 * @throws SpacerError `aslr-window` where there is no room for another layout
 */
export function chooseStarts(
  names: readonly string[],
  { start, size, granule = PAGE_SIZE }: AddressWindow,
  sizes: readonly number[],
  options: StartOptions,
): Starts {
  if (options.aslr === 1) {
    let next = start;
    const fixed = sizes.map((own) => (next += own) - own);
    const entropy = { blocks: sizes.map(() => 0), arrangement: 0 };
    return { starts: names.map(() => fixed), entropy };
  }
  const window = {
    pages: Math.floor(size / granule),
    blocks: sizes.map((own) => Math.ceil(own / granule)),
  };
  const seed = options.seed ?? newSeed();
  const taken = sizes.map(() => new Set<number>());
  const starts = names.map((name) => {
    const random = new KeyedRandom(seed, name);
    const places = freshPositions(window, random, options.keepOrder, taken);
    return places.map((place) => start + place * granule);
  });
  return { starts, seed, entropy: entropyOf(window, options.keepOrder) };
}

/** Draws again while a block would lie where another unikernel has it. */
function freshPositions(
  window: { readonly pages: number; readonly blocks: readonly number[] },
  random: KeyedRandom,
  keepOrder: boolean,
  taken: readonly Set<number>[],
): number[] {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const places = randomPositions(window, random, keepOrder);
    if (places.some((place, block) => taken[block]!.has(place))) continue;
    places.forEach((place, block) => taken[block]!.add(place));
    return places;
  }
  throw new SpacerError('aslr-window', 'The window has no room for another layout: give it more.');
}

const MOST_ATTEMPTS = 10_000;
