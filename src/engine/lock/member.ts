/** A unikernel as the lock sees it: what it has in which slot, under names that no set changes. */
import {
  contentsOf,
  identify,
  symbolsAtStart,
  type AtomSize,
  type Identified,
  type UnikernelInput,
} from '../atoms/identify.ts';
import type { Region } from '../layout/regions.ts';
import { contentName, targetsOf } from './content.ts';
import type { Member, MemberSlot } from './model.ts';

/** Which slots a lock knows, and what makes one. */
export interface KnownSlots {
  readonly size: AtomSize;
  readonly has: (key: string) => boolean;
  /** Key of the slot whose content begins with a symbol, in a region. */
  readonly keyOfSymbol: (region: string, symbol: string) => string | undefined;
}

/** A member with the slots of its own from which it was made. */
export interface IdentifiedMember {
  readonly member: Member;
  readonly identified: Identified;
  /** By slot id: the key in the lock. */
  readonly keys: readonly string[];
}

/** @param regions of this unikernel alone, with what the lock says of those it knows */
export function memberOf(
  name: string,
  input: UnikernelInput,
  regions: readonly Region[],
  known: KnownSlots,
): IdentifiedMember {
  const identified = identify([input], regions, known.size);
  const keys = lockKeys(input, identified, known);
  const slots = slotsOf(input, identified, 0, keys);
  return { member: { name, regions, slots }, identified, keys };
}

/** What unikernel `u` of an identified set has in each slot that it fills. */
export function slotsOf(
  input: UnikernelInput,
  { slots, parts }: Identified,
  u: number,
  keys: readonly string[] = slots.map(({ key }) => key),
): MemberSlot[] {
  const own = parts[u]!;
  const contents = contentsOf(input, own);
  const keyOf = (slot: number) => keys[slot]!;
  return [...own.values()].map(({ slot: id, size }): MemberSlot => {
    const content = contents.get(id)!;
    const { region, role, library, libraries, alignment } = slots[id]!;
    return {
      key: keys[id]!,
      region,
      role,
      library: libraries?.[u] ?? library,
      alignment,
      size,
      content: contentName(content, size, keyOf),
      targets: targetsOf(content, keyOf),
      symbols: symbolsOf(input, { slots, parts }, u, id),
    };
  });
}

function symbolsOf(input: UnikernelInput, { slots, parts }: Identified, u: number, id: number) {
  const first = parts[u]!.get(id)?.parts[0];
  if (first === undefined || slots[id]!.role !== 'body') return [];
  return [...symbolsAtStart(input.program, first)].sort();
}

/**
 * A slot that the lock does not know goes by the key of what begins with the same symbol there: `main`
 * has one address, whatever the application is called.
 */
function lockKeys(input: UnikernelInput, identified: Identified, known: KnownSlots): string[] {
  const used = new Set(identified.slots.map(({ key }) => key));
  return identified.slots.map(({ key, region, id }) => {
    if (known.has(key)) return key;
    const keys = symbolsOf(input, identified, 0, id).map((s) => known.keyOfSymbol(region, s));
    const other = keys.find((one): one is string => one !== undefined && !used.has(one));
    if (other !== undefined) used.add(other);
    return other ?? key;
  });
}
