/**
 * Lays slots of one sharing class together. All slots with the same filling are wanted by the same
 * unikernels in the same variants, so their order among themselves costs nothing; a layout has to
 * order classes, which are far fewer. A bundle is a run of such slots that is placed like one slot.
 */
import { BLOCK_SIZE, digestBlocks, scramble, type Blocks } from './digest.ts';
import { alignUp } from './place.ts';
import { sharingClassOf, type Filling, type Slot } from './slots.ts';

export interface Bundle extends Slot {
  readonly members: readonly { readonly slot: Slot; readonly offset: number }[];
}

/** Bundles the slots of one region by sharing class; the order of first appearance is kept. */
export function bundleByClass(slots: readonly Slot[], firstId: number): Bundle[] {
  const classes = new Map<string, Slot[]>();
  for (const slot of slots) {
    const key = sharingClassOf(slot);
    const known = classes.get(key);
    if (known) known.push(slot);
    else classes.set(key, [slot]);
  }
  return [...classes.values()].map((members, i) => bundleOf(members, firstId + i));
}

/** Bundles slots in a good order for packing: large alignments first, so that little is padded. */
export function bundleOf(slots: readonly Slot[], id: number): Bundle {
  const ordered = [...slots].sort(
    (a, b) => b.alignment - a.alignment || b.size - a.size || a.id - b.id,
  );
  let end = 0;
  const members = ordered.map((slot) => {
    const offset = alignUp(end, Math.max(BLOCK_SIZE, slot.alignment));
    end = offset + slot.size;
    return { slot, offset };
  });
  return bundleAt(members, id);
}

/** Bundles slots at the offsets given. */
export function bundleAt(members: Bundle['members'], id: number): Bundle {
  const first = members[0]!.slot;
  const count = first.fillings.length;
  const fillings = Array.from({ length: count }, (_, u) => fillingOf(members, u));
  return {
    id,
    key: first.key,
    library: first.library,
    region: first.region,
    role: 'body',
    alignment: Math.max(...members.map(({ slot }) => slot.alignment)),
    size: Math.max(...members.map(({ slot, offset }) => offset + slot.size)),
    fillings: shareFillings(fillings),
    members,
  };
}

/** Contents of all members that a unikernel has; its variant stands for theirs. */
function fillingOf(members: Bundle['members'], u: number): Filling | undefined {
  const present = members.flatMap(({ slot, offset }) => {
    const filling = slot.fillings[u];
    return filling ? [{ filling, offset, id: slot.id }] : [];
  });
  const [only] = present;
  if (only === undefined) return undefined;
  if (present.length === 1 && only.offset === 0) return only.filling;
  const size = Math.max(...present.map(({ filling, offset }) => offset + filling.size));
  const count = Math.ceil(size / BLOCK_SIZE);
  const blocks: Blocks = { low: new Int32Array(count), high: new Int32Array(count) };
  let variant = 0;
  for (const { filling, offset, id } of present) {
    blocks.low.set(filling.blocks.low, offset / BLOCK_SIZE);
    blocks.high.set(filling.blocks.high, offset / BLOCK_SIZE);
    variant = scramble(variant ^ scramble(id * 8191 + filling.variant + 1));
  }
  return { size, variant, blocks, digest: digestBlocks(blocks) };
}

/** Unikernels with equal contents share one filling. */
function shareFillings(fillings: readonly (Filling | undefined)[]): (Filling | undefined)[] {
  const known = new Map<number, Filling>();
  return fillings.map((filling) => {
    if (!filling) return undefined;
    const same = known.get(filling.variant) ?? filling;
    known.set(filling.variant, same);
    return same;
  });
}

/** The members of placed bundles at their own addresses; other slots as they are. */
export function unbundle<T extends { slot: Slot; address: number }>(placed: readonly T[]) {
  return placed.flatMap(({ slot, address }) =>
    isBundle(slot)
      ? slot.members.map((member) => ({ slot: member.slot, address: address + member.offset }))
      : [{ slot, address }],
  );
}

const isBundle = (slot: Slot): slot is Bundle => 'members' in slot;

/** A bundle in parts of at most a number of bytes, or of one slot; another slot as it is. */
export function partsOf(slot: Slot, most: number): Slot[] {
  if (!isBundle(slot)) return [slot];
  const parts: Slot[][] = [];
  let size = Infinity;
  for (const { slot: member } of slot.members) {
    if (size + member.size > most) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(member);
    size += member.size;
  }
  return parts.length === 1 ? [slot] : parts.map((members) => bundleOf(members, slot.id));
}
