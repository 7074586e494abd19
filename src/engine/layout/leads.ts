/**
 * Room before slots, so that their contents stand elsewhere within a page than they would. A planner
 * sees each such slot as larger by its lead, with nothing in it, and what it says is moved by as much.
 */
import { digestBlocks, BLOCK_SIZE, type Blocks } from './digest.ts';
import type { Layout, LayoutInput, Strategy } from './plan.ts';
import type { Filling, Slot } from './slots.ts';

type Planner = (input: LayoutInput, strategy: Strategy) => Layout;

/** A planner that leaves `leadOf` bytes free before each slot: multiples of the slot's alignment. */
export function withLeads(planner: Planner, leadOf: (slot: Slot) => number): Planner {
  const moved = new Map<Filling, Filling>();
  return (input, strategy) => {
    const leads = input.slots.map(leadOf);
    const slots = input.slots.map((slot, i) => ledBy(slot, leads[i]!, moved));
    const layout = planner({ ...input, slots }, strategy);
    const addresses = layout.addresses.map((address, i) => address + (leads[i] ?? 0));
    const regionStarts = new Map(layout.regionStarts);
    input.slots.forEach(({ role, region }, i) => {
      if (role !== 'body' && leads[i]! > 0) regionStarts.set(region, addresses[i]!);
    });
    return { ...layout, addresses, regionStarts };
  };
}

function ledBy(slot: Slot, lead: number, moved: Map<Filling, Filling>): Slot {
  if (lead === 0) return slot;
  const fillings = slot.fillings.map((filling) => filling && movedBy(filling, lead, moved));
  return { ...slot, size: slot.size + lead, fillings };
}

/** Unikernels that have the same content keep having the same. */
function movedBy(filling: Filling, lead: number, moved: Map<Filling, Filling>): Filling {
  const known = moved.get(filling);
  if (known?.size === filling.size + lead) return known;
  const blocks = {
    low: behind(filling.blocks.low, lead),
    high: behind(filling.blocks.high, lead),
  };
  const result = { ...filling, size: filling.size + lead, blocks, digest: digestBlocks(blocks) };
  moved.set(filling, result);
  return result;
}

function behind(blocks: Blocks['low'], lead: number): Int32Array {
  const result = new Int32Array(blocks.length + lead / BLOCK_SIZE);
  result.set(blocks, lead / BLOCK_SIZE);
  return result;
}
