/**
 * Gives addresses to packed pages. Pages of unikernels that never meet share an address: every
 * unikernel has a cursor, and a block of pages goes to the highest cursor of those that have it. Where
 * a layout is to last, pages that a unikernel to come may want together are kept apart.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { PageBlock, Packed } from './bins.ts';
import type { Placed } from './cost.ts';
import { alignUp } from './place.ts';
import type { Slot } from './slots.ts';

export interface PlacedPages {
  readonly placed: readonly Placed[];
  readonly end: number;
  /** How many of the placed, at the end, stand behind the start of a whole that comes last. */
  readonly late: number;
}

export interface PlaceRequest {
  /** The whole stands before all other blocks, or else behind them. */
  readonly isWholeFirst: boolean;
  readonly start: number;
  /** Blocks other than the whole stand no lower. */
  readonly from: number;
  readonly unikernels: number;
  /** Slots whose pages stand where no other such slot does; absent: none. */
  readonly isLasting?: (slot: Slot) => boolean;
}

/**
 * Places the whole first, or else last, and the other blocks by how many unikernels have them.
 */
export function placePages(
  { whole, blocks }: Packed,
  { isWholeFirst, start, from, unikernels, isLasting }: PlaceRequest,
): PlacedPages {
  const cursors = new Float64Array(unikernels).fill(start);
  let lasting = start;
  const placed: Placed[] = [];
  const put = (block: PageBlock, least: number) => {
    const members = [...block.run, ...block.beside];
    const lasts = isLasting !== undefined && members.some(({ slot }) => isLasting(slot));
    let address = lasts ? Math.max(least, lasting) : least;
    for (const u of block.present) address = Math.max(address, cursors[u]!);
    address = alignUp(address, block.alignment);
    const end = address + block.pages * PAGE_SIZE;
    for (const u of block.present) cursors[u] = end;
    if (lasts) lasting = end;
    for (const { slot, offset } of members) placed.push({ slot, address: address + offset });
  };
  if (whole && isWholeFirst) {
    put(whole, start);
    cursors.fill(whole.pages * PAGE_SIZE + start);
  }
  for (const block of ordered(blocks)) put(block, from);
  let late = 0;
  if (whole && !isWholeFirst) {
    const first = whole.run[0]!.offset;
    const behind = whole.beside.filter(({ offset }) => offset > first);
    const before = whole.beside.filter(({ offset }) => offset <= first);
    const least = cursors.reduce((a, b) => Math.max(a, b), start);
    put({ ...whole, run: [...before, ...whole.run], beside: behind }, least);
    late = behind.length;
  }
  const end = placed.reduce(
    (most, { slot, address }) => Math.max(most, address + slot.size),
    start,
  );
  return { placed, end, late };
}

/** Common pages first, those with few columns before others. */
function ordered(blocks: readonly PageBlock[]): PageBlock[] {
  return [...blocks].sort(
    (a, b) =>
      b.present.length - a.present.length ||
      a.columns - b.columns ||
      compare(a.present, b.present) ||
      b.pages - a.pages,
  );
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((u, i) => u !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
