/**
 * Empties pages that are a unikernel's own: what stands there goes to holes of others of its own pages.
 * A slot may move only where all that refers to it stands on own pages too, since a move changes what
 * refers to it; and not where it has been recorded for this unikernel, since that stays. The emptiest
 * page is tried first.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { Board, MemberHolding } from './board.ts';
import { addressIn } from './fresh.ts';
import { Holes } from './holes.ts';
import { pagesOf } from './pages.ts';

/** A page that is fuller than this is not tried. */
const FULL = 0.9 * PAGE_SIZE;

/** @param board on which everything has a place */
export function gather(board: Board): void {
  if (!board.isSmallFleet) return;
  for (const group of ['text', 'readonly', 'data'] as const) {
    // What was moved to an own page can move on, so that no page drops out of the list by it.
    for (const page of candidates(board, group)) empty(board, page, group);
  }
}

type Packed = 'text' | 'readonly' | 'data';

/** Own pages of a group that can be emptied, the emptiest first. */
function candidates(board: Board, group: Packed): number[] {
  const fills = new Map<number, number>();
  const stuck = new Set<number>();
  const referers = referersOf(board);
  for (const holding of board.holdings.values()) {
    const { slot, place } = holding;
    if (board.groupOf(slot.region) !== group) continue;
    const pages = pagesOf(place.address, slot.size);
    const isStuck = pages.length > 1 || !canMove(board, holding, referers.get(place.key) ?? []);
    for (const page of pages) {
      fills.set(page, (fills.get(page) ?? 0) + slot.size);
      if (isStuck) stuck.add(page);
    }
  }
  return [...fills]
    .filter(([page, fill]) => fill <= FULL && !stuck.has(page) && board.isOwn(page))
    .sort((a, b) => a[1] - b[1] || a[0] - b[0])
    .map(([page]) => page);
}

function referersOf(board: Board): Map<string, MemberHolding[]> {
  const referers = new Map<string, MemberHolding[]>();
  for (const holding of board.holdings.values())
    for (const key of holding.slot.targets) {
      const known = referers.get(key);
      if (known) known.push(holding);
      else referers.set(key, [holding]);
    }
  return referers;
}

function canMove(
  board: Board,
  { slot, place }: MemberHolding,
  referers: readonly MemberHolding[],
): boolean {
  if (slot.role !== 'body' || board.isUnchanged(slot, place)) return false;
  return referers.every(({ slot: other, place: at }) =>
    pagesOf(at.address, other.size).every((page) => board.isOwn(page)),
  );
}

/** Moves all that stands on a page to others; nothing where not all find room. */
function empty(board: Board, page: number, group: Packed): void {
  const start = page * PAGE_SIZE;
  const own = board.between(group, start, start + PAGE_SIZE).filter(({ slot }) => slot.size > 0);
  const holes = new Map<string, Holes>();
  const moves: { holding: MemberHolding; address: number }[] = [];
  for (const holding of own.sort((a, b) => b.slot.size - a.slot.size)) {
    const { slot } = holding;
    const { region } = slot;
    const known =
      holes.get(region) ?? new Holes(board, region, (one) => one !== page && board.isOwn(one));
    holes.set(region, known);
    const address = known.take(slot, (at) => addressIn(at, slot));
    if (address === undefined || holes.size > 1) return;
    moves.push({ holding, address });
  }
  for (const { holding } of moves) board.takeOut(holding.place);
  for (const { holding, address } of moves) board.open(holding.slot, address);
}
