/** Places that the lock has for what a unikernel brings. */
import type { Board } from './board.ts';
import type { OpenPlace } from './ledger.ts';
import type { MemberSlot } from './model.ts';
import { compareText } from './order.ts';

/** Unikernels that are compared in full, to find the one that is most alike. */
const NEIGHBOURS = 8;

/**
 * Puts bodies to the places of their keys: what has not changed where it was, then what has a place with
 * its very content, then what has a place with room.
 * @returns what has no place yet
 */
export function placeKnown(board: Board, bodies: readonly MemberSlot[]): MemberSlot[] {
  const neighbour = findNeighbour(board, bodies);
  const stays = ({ key, content }: MemberSlot) => board.earlier.get(key)?.slot.content === content;
  const rank = (slot: MemberSlot) =>
    stays(slot) ? 0 : exactPlaces(board, slot).length > 0 ? 1 : 2;
  const ranked = bodies.map((slot) => ({ slot, rank: rank(slot) }));
  const left: MemberSlot[] = [];
  for (const { slot } of ranked.sort((a, b) => a.rank - b.rank)) {
    const at = bestPlace(board, slot, neighbour);
    if (at) board.put(slot, at);
    else left.push(slot);
  }
  return left;
}

/**
 * The best place of a slot that is free in this unikernel and has room; undefined where none has.
 * @param neighbour the unikernel that is most alike
 */
export function bestPlace(
  board: Board,
  slot: MemberSlot,
  neighbour?: string,
): OpenPlace | undefined {
  const { key } = slot;
  const rank = (at: OpenPlace) => {
    const variant = at.variants.get(slot.content);
    if (board.isUnchanged(slot, at)) return 4;
    if (variant === undefined) return at === board.earlier.get(key)?.place ? 1 : 0;
    return neighbour !== undefined && variant.holders.has(neighbour) ? 3 : 2;
  };
  const fitting = board.ledger
    .placesOf(key)
    .filter((at) => at.region === slot.region && fits(board, slot, at));
  return fitting.sort((a, b) => rank(b) - rank(a) || a.address - b.address)[0];
}

function fits(board: Board, slot: MemberSlot, at: OpenPlace): boolean {
  const { address, room } = at;
  const isAligned = address % slot.alignment === 0;
  const hasRoom = slot.size <= room || board.isUnchanged(slot, at);
  const occupied = board.occupiedOf(slot.region);
  return hasRoom && isAligned && occupied.isFree(address, address + slot.size);
}

const exactPlaces = ({ ledger }: Board, { key, content }: MemberSlot) =>
  ledger.placesOf(key).filter(({ variants }) => variants.has(content));

/** Where contents stand at several places, those of the unikernel that is most alike are taken. */
function findNeighbour(board: Board, bodies: readonly MemberSlot[]): string | undefined {
  const counts = new Map<string, number>();
  for (const slot of bodies) {
    const places = exactPlaces(board, slot);
    if (places.length < 2 || board.earlier.get(slot.key)?.slot.content === slot.content) continue;
    for (const { variants } of places)
      for (const name of variants.get(slot.content)!.holders)
        counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0]));
  const names = most.slice(0, NEIGHBOURS).map(([name]) => name);
  return board.ledger.nearest(names, bodies);
}
