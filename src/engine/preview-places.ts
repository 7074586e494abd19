/**
 * Where slots would stand, without a search. Where addresses are randomised, all code counts as what
 * moves, and read-only data move with it unless they are to stay: which of the data really follow
 * their code, and what that takes, is known only to the exact plan.
 */
import { PAGE_SIZE, type PoolRange } from '../protocol/page-map.ts';
import { paddingOf, windowOf, type AlignOptions } from '../protocol/options.ts';
import { blocksOf } from './aslr/blocks.ts';
import { FIXED } from './aslr/homes.ts';
import { planMoving, type MovingInput } from './aslr/layout.ts';
import { KeyedRandom, pagesOf, randomPositions } from './aslr/positions.ts';
import { planLayout, type LayoutInput, type Strategy } from './layout/plan.ts';
import type { Slot } from './layout/slots.ts';

export interface QuickPlaces {
  /** What the layout is called. */
  readonly chosen: string;
  /** Address of a slot in a unikernel. */
  readonly addressOf: (unikernel: number, slot: Slot) => number;
  readonly pool?: PoolRange;
}

/** @param names of the unikernels, in the order of the slots' fillings */
export function placeQuickly(
  input: LayoutInput,
  names: readonly string[],
  options: AlignOptions,
): QuickPlaces {
  const strategy = strategyOf(options);
  if (options.aslr > 0) return placeMoving(input, names, options, strategy);
  const { addresses, pool } = planLayout(input, strategy);
  const addressOf = (_: number, { id }: Slot) => addresses[id]!;
  return { chosen: strategy.name, addressOf, ...(pool && { pool }) };
}

function strategyOf(options: AlignOptions): Strategy {
  const padding = paddingOf(options);
  const group = padding.group === 'auto' || padding.group;
  const align = padding.align !== 'auto' && padding.align;
  const name = group ? (align ? 'group+align' : 'group') : align ? 'align' : 'compact';
  return { name, group, align, effort: 0, pool: options.customLoader };
}

function placeMoving(
  input: LayoutInput,
  names: readonly string[],
  options: AlignOptions,
  strategy: Strategy,
): QuickPlaces {
  const { homes, blocks } = homesOf(input, options);
  const window = options.aslr === 2 ? windowOf(options) : 0;
  const moving: MovingInput = { ...input, homes, blocks, window };
  const { addresses, sizes, windowStart, windowSize } = planMoving(moving, strategy);
  const room = { pages: pagesOf(windowSize), blocks: sizes.map(pagesOf) };
  const starts = names.map((name) => {
    if (options.aslr === 1) return inARow(sizes);
    const random = new KeyedRandom(options.seed ?? '', name);
    return randomPositions(room, random, options.aslrSameMapping).map((page) => page * PAGE_SIZE);
  });
  return {
    chosen: strategy.name,
    addressOf: (u, { id }) =>
      homes[id] === FIXED ? addresses[id]! : windowStart + starts[u]![homes[id]!]! + addresses[id]!,
  };
}

function inARow(sizes: readonly number[]): number[] {
  let next = 0;
  return sizes.map((size) => (next += size) - size);
}

function homesOf({ slots, regions }: LayoutInput, options: AlignOptions) {
  const groups = new Map(regions.map(({ name, group }) => [name, group]));
  const blockOf = blocksOf([], slots, options.aslrBlocks ?? 1);
  const indices = new Map<string, number>();
  const homes = slots.map((slot) => {
    const moves = slot.role === 'body' && !isBoot(slot) && isMoved(slot, groups, options);
    if (!moves) return FIXED;
    const name = blockOf(slot);
    const index = indices.get(name) ?? indices.size;
    indices.set(name, index);
    return index;
  });
  return { homes, blocks: indices.size };
}

const isBoot = ({ key }: Slot) => /\.boot($|[. ])/.test(key);

function isMoved(slot: Slot, groups: ReadonlyMap<string, string>, { aslrMap }: AlignOptions) {
  return groups.get(slot.region) === 'text' || (!aslrMap && slot.region.startsWith('.rodata'));
}
