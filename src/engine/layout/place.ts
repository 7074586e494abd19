/**
 * Gives addresses to slots in a given order. Every unikernel has a cursor; a slot goes to the
 * highest cursor of the unikernels that fill it and moves only theirs. So slots of unikernels that
 * never meet may stand at the same addresses, and an image has no gap for a library that it lacks
 * unless others need the room.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { Placed } from './cost.ts';
import { BLOCK_SIZE } from './digest.ts';
import type { Slot } from './slots.ts';

/** One slot in an order, with the padding that the layout asks for. */
export interface Step {
  readonly slot: Slot;
  /** Start on a multiple of this; at least the slot's own alignment counts. */
  readonly alignment?: number;
  /** Start beyond everything placed so far, of any unikernel. */
  readonly apart?: boolean;
  /** Start at this offset into a page, on the page that the end of everything so far lies on. */
  readonly within?: number;
  /** Start no lower than this address. */
  readonly from?: number;
}

/** Addresses are multiples of a block, so that contents keep their blocks wherever they stand. */
export const GRAIN = BLOCK_SIZE;

/**
 * Places the steps in order from `start` on.
 * @returns the placed slots and the first address beyond all of them
 */
export function placeInOrder(
  steps: readonly Step[],
  start: number,
  unikernels: number,
): { placed: Placed[]; end: number } {
  const cursors = new Float64Array(unikernels).fill(start);
  let end = start;
  const placed = steps.map((step) => {
    const { slot } = step;
    const free = step.apart ? end : highestCursor(cursors, slot);
    const address =
      step.within === undefined
        ? alignUp(
            Math.max(free, step.from ?? 0),
            Math.max(GRAIN, slot.alignment, step.alignment ?? 1),
          )
        : pageOf(end) + step.within;
    const next = address + slot.size;
    for (let i = 0; i < unikernels; i++) if (step.apart || slot.fillings[i]) cursors[i] = next;
    end = Math.max(end, next);
    return { slot, address };
  });
  return { placed, end };
}

function highestCursor(cursors: Float64Array, slot: Slot): number {
  let highest = 0;
  slot.fillings.forEach((filling, i) => {
    if (filling) highest = Math.max(highest, cursors[i]!);
  });
  return highest;
}

/** The page that the last byte before an address lies on. */
const pageOf = (end: number) => Math.floor((end - 1) / PAGE_SIZE) * PAGE_SIZE;

/** The least multiple of `alignment` that is not below `value`. */
export const alignUp = (value: number, alignment: number): number =>
  Math.ceil(value / alignment) * alignment;
