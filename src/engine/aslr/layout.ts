/**
 * The layout of a set whose blocks move. The common address space begins with the code that stays;
 * behind it lies the window that the blocks move in; behind that, everything else. Each block is
 * laid out like a small image of its own: code, read-only data, data, zero-initialised data, each
 * from a page on, all at constant distances.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { planLayout, type Layout, type LayoutInput, type Strategy } from '../layout/plan.ts';
import { alignUp } from '../layout/place.ts';
import type { Region } from '../layout/regions.ts';
import type { Slot } from '../layout/slots.ts';
import { FIXED } from './homes.ts';

export interface MovingInput extends LayoutInput {
  /** By slot id: a block, or FIXED. */
  readonly homes: readonly number[];
  readonly blocks: number;
  /** Bytes that the blocks together may lie in; the blocks' own sizes where that is more. */
  readonly window: number;
}

export interface MovingLayout extends Layout {
  /** By slot id; of a slot in a block, counted from the block's start. */
  readonly addresses: readonly number[];
  /** Bytes of each block, whole pages. */
  readonly sizes: readonly number[];
  readonly windowStart: number;
  readonly windowSize: number;
}

/** Plans the parts one after the other. */
export function planMoving(input: MovingInput, strategy: Strategy): MovingLayout {
  const addresses = new Array<number>(input.slots.length).fill(0);
  const isText = textRegions(input.regions);
  const homeOf = (slot: Slot) => input.homes[slot.id]!;
  const costs: { distinct: number; loaded: number }[] = [];
  const plan = (slots: readonly Slot[], regions: readonly Region[], base: number): Layout => {
    const numbered = slots.map((slot, id) => ({ ...slot, id }));
    const { unikernels } = input;
    const layout = planLayout({ unikernels, regions, slots: numbered, base }, strategy);
    slots.forEach((slot, i) => (addresses[slot.id] = layout.addresses[i]!));
    costs.push(layout.cost);
    return layout;
  };
  const own = (home: number) => input.slots.filter((slot) => homeOf(slot) === home);
  const fixed = own(FIXED);
  const lowRegions = input.regions.filter(({ name }) => isText.has(name));
  const highRegions = input.regions.filter(({ name }) => !isText.has(name));
  const lowSlots = fixed.filter(({ region }) => isText.has(region));
  const low = plan(lowSlots, lowRegions, input.base);
  const sizes = Array.from({ length: input.blocks }, (_, block) => {
    const slots = own(block);
    plan(slots, input.regions, 0);
    return endOf(slots, addresses, 0);
  });
  const windowStart = endOf(lowSlots, addresses, input.base);
  const needed = sizes.reduce((sum, size) => sum + size, 0);
  const windowSize = Math.max(input.window, needed);
  const high = plan(
    fixed.filter(({ region }) => !isText.has(region)),
    highRegions,
    windowStart + windowSize,
  );
  const textEnd = windowStart + windowSize;
  const textEnds = lowRegions.map(({ name }) => [name, textEnd] as const);
  return {
    strategy,
    addresses,
    regionStarts: new Map([...low.regionStarts, ...high.regionStarts]),
    regionEnds: new Map([...textEnds, ...high.regionEnds]),
    cost: {
      distinct: costs.reduce((sum, { distinct }) => sum + distinct, 0),
      loaded: costs.reduce((sum, { loaded }) => sum + loaded, 0),
    },
    sizes,
    windowStart,
    windowSize,
  };
}

const textRegions = (regions: readonly Region[]): ReadonlySet<string> =>
  new Set(regions.filter(({ group }) => group === 'text').map(({ name }) => name));

function endOf(slots: readonly Slot[], addresses: readonly number[], start: number): number {
  const ends = slots.map((slot) => addresses[slot.id]! + slot.size);
  return alignUp(Math.max(start, ...ends), PAGE_SIZE);
}
