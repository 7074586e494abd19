/**
 * Gives addresses to packed pages. Pages of unikernels that never meet share an address: every
 * unikernel has a cursor, and a block of pages goes to the highest cursor of those that have it.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { PageBlock, Packed } from './bins.ts';
import type { Placed } from './cost.ts';
import { alignUp } from './place.ts';

export interface PlacedPages {
  readonly placed: readonly Placed[];
  readonly end: number;
  /** How many of the placed, at the end, stand behind the start of a whole that comes last. */
  readonly late: number;
}

/**
 * Places the whole first, or else last, and the other blocks by how many unikernels have them.
 * @param from blocks other than the whole stand no lower
 */
export function placePages(
  { whole, blocks }: Packed,
  isWholeFirst: boolean,
  start: number,
  from: number,
  unikernels: number,
): PlacedPages {
  const cursors = new Float64Array(unikernels).fill(start);
  const placed: Placed[] = [];
  const put = (block: PageBlock, least: number) => {
    let address = least;
    for (const u of block.present) address = Math.max(address, cursors[u]!);
    address = alignUp(address, block.alignment);
    const end = address + block.pages * PAGE_SIZE;
    for (const u of block.present) cursors[u] = end;
    for (const { slot, offset } of [...block.run, ...block.beside])
      placed.push({ slot, address: address + offset });
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
