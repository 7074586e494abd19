/**
 * What outgrew its room. Moving it changes every page that refers to it; letting it keep its address
 * moves what stands behind it. The cheaper of the two is done.
 */
import type { Board } from './board.ts';
import type { MemberSlot } from './model.ts';

/**
 * Lets a slot keep its address if that is cheaper.
 * @returns what has to be moved instead
 */
export function keepOrMove(board: Board, slot: MemberSlot): MemberSlot[] {
  const at = board.ledger.placesOf(slot.key).find(({ region }) => region === slot.region);
  const end = (at?.address ?? 0) + slot.size;
  if (at === undefined || at.address % slot.alignment !== 0) return [slot];
  if (end > board.rangeOf(slot.region).end) return [slot];
  const inTheWay = board.between(board.groupOf(slot.region), at.address, end);
  const isFixed = inTheWay.some(({ place: other }) => other.role !== 'body');
  const keys = inTheWay.map(({ place: other }) => other.key);
  if (isFixed || board.priceOfMove(keys) > board.priceOfMove([slot.key])) return [slot];
  for (const { place: other } of inTheWay) board.takeOut(other);
  board.put(slot, at);
  return inTheWay.map((holding) => holding.slot);
}
