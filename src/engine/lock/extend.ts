/**
 * Places one unikernel by a lock, without the others. What the lock knows goes to its place; the rest
 * goes to free space, so that nothing that is locked moves:
 *
 * 1. The head of an output section stays where it is, and so does a table that has room.
 * 2. A body goes to the place of its key (`known.ts`); what outgrew its room keeps its address where
 *    that is cheaper (`outgrown.ts`).
 * 3. What is left is new or was moved, and goes to free space (`fresh.ts`), first on
 *    pages that are this unikernel's own anyway (`holes.ts`).
 * 4. Own pages that have room for each other become fewer (`gather.ts`).
 *
 * Pages that another unikernel has with the same content are left as they are.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { alignUp } from '../layout/place.ts';
import { Board } from './board.ts';
import { checksumOf } from './content.ts';
import { placeFresh, placeTable } from './fresh.ts';
import { gather } from './gather.ts';
import { bestPlace, placeKnown } from './known.ts';
import type { Ledger } from './ledger.ts';
import type { Member, MemberSlot } from './model.ts';
import { keepOrMove } from './outgrown.ts';

export interface Placement {
  /** By key of the member's slots. */
  readonly addresses: ReadonlyMap<string, number>;
  /** Start and end of the member's regions, by name. */
  readonly regions: ReadonlyMap<string, { readonly start: number; readonly end: number }>;
  /** Keys that the lock did not have. */
  readonly added: readonly string[];
  /** Keys whose places have no room for what this unikernel has. */
  readonly outgrown: readonly string[];
}

/**
 * Places a member and enters it into the ledger; an earlier state of it is taken out.
 * @throws SpacerError `lock-full` where a group has no room left; the ledger is then spoilt
 */
export function place(ledger: Ledger, member: Member): Placement {
  const earlier = ledger.holdingsOf(member.name);
  ledger.release(member.name);
  const board = new Board(ledger, member, earlier);
  const { slots } = member;
  const known = new Set(
    slots.map(({ key }) => key).filter((key) => ledger.placesOf(key).length > 0),
  );
  const heads = slots.filter(({ role }) => role === 'head');
  for (const slot of heads) placeHead(board, slot);
  const tables = placeTables(board, slots);
  const left = placeKnown(
    board,
    slots.filter(({ role }) => role === 'body'),
  );
  const fresh = left.flatMap((slot) => keepOrMove(board, slot));
  placeFresh(board, fresh);
  gather(board);
  ledger.enter(member.name, checksumOf(board.holdings), board.holdings);
  ledger.settle();
  const keys = [...tables, ...fresh].map(({ key }) => key);
  return {
    addresses: board.addresses,
    regions: boundsOf(board),
    added: keys.filter((key) => !known.has(key)),
    outgrown: keys.filter((key) => known.has(key)),
  };
}

/** What must come first in its section begins where the section begins. */
function placeHead(board: Board, slot: MemberSlot): void {
  const known = board.ledger.placesOf(slot.key)[0];
  if (known) board.put(slot, known);
  else board.open(slot, board.rangeOf(slot.region).start);
}

/** @returns tables that are new, or outgrew their room */
function placeTables(board: Board, slots: readonly MemberSlot[]): MemberSlot[] {
  const left: MemberSlot[] = [];
  for (const slot of slots.filter(({ role }) => role === 'table')) {
    const at = bestPlace(board, slot);
    if (at) board.put(slot, at);
    else left.push(slot);
  }
  for (const slot of left) placeTable(board, slot);
  return left;
}

/** Starts of known regions stay; one that was empty begins where its first slot stands. */
function boundsOf({ ledger, member, addresses }: Board): Placement['regions'] {
  const result = new Map<string, { start: number; end: number }>();
  for (const { name, group, start, end } of ledger.regions) {
    const own = member.slots.filter((slot) => slot.region === name);
    const at = own.map(({ key, size }) => ({ start: addresses.get(key)!, size }));
    const isTable = own[0]?.role === 'table';
    const first = isTable ? at[0]!.start : Math.min(start, ...at.map((slot) => slot.start));
    const last = Math.max(end, ...at.map((slot) => slot.start + slot.size));
    const isSoft = group === 'bss' && last > end;
    result.set(name, { start: first, end: isSoft ? alignUp(last, PAGE_SIZE) : last });
  }
  return result;
}
