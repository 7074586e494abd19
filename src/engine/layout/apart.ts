/**
 * Unikernels that have nearly nothing in common, laid out apart. One address for every slot costs
 * an image room where others have what it lacks, and brings nothing where no page becomes equal: so
 * a group of unikernels that are alike gets addresses of its own, as dense as it would be alone.
 * References to other addresses are other bytes, so pages of two groups count as different, though
 * some may turn out equal.
 */
import { isLoaded, type Layout, type LayoutInput } from './plan.ts';
import type { Slot } from './slots.ts';

/** Unikernels by number, ascending. */
export type Members = readonly number[];

/** More unikernels than this are not compared pair by pair. */
const MOST_TO_COMPARE = 200;

/**
 * Groups of unikernels that are alike: as long as two groups have at least a given share of the
 * smaller one's bytes in common, on average over the pairs, the two that have most are joined.
 */
export function groupsAlike(
  { slots, regions, unikernels }: LayoutInput,
  share: number,
): readonly Members[] {
  const all = Array.from({ length: unikernels }, (_, u) => u);
  if (unikernels > MOST_TO_COMPARE) return [all];
  const kinds = new Map(regions.map(({ name, group }) => [name, group]));
  const likeness = likenessOf(
    slots.filter((slot) => isLoaded(kinds, slot)),
    unikernels,
  );
  const groups = all.map((u) => [u]);
  for (;;) {
    const [first, second] = closest(groups, likeness, share) ?? [];
    if (first === undefined || second === undefined) break;
    groups[first] = [...groups[first]!, ...groups[second]!].sort((a, b) => a - b);
    groups.splice(second, 1);
  }
  return groups.sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}

/** By pair, as a square: bytes that both have, as a share of the smaller one's. */
function likenessOf(slots: readonly Slot[], unikernels: number): Float64Array {
  const common = new Float64Array(unikernels * unikernels);
  for (const { fillings } of slots)
    for (let u = 0; u < unikernels; u++) {
      const filling = fillings[u];
      if (!filling) continue;
      for (let v = u; v < unikernels; v++)
        if (fillings[v]?.variant === filling.variant) common[u * unikernels + v]! += filling.size;
    }
  const sizeOf = (u: number) => Math.max(1, common[u * unikernels + u]!);
  return common.map((bytes, i) => {
    const u = Math.floor(i / unikernels);
    const v = i % unikernels;
    const both = u <= v ? bytes : common[v * unikernels + u]!;
    return both / Math.min(sizeOf(u), sizeOf(v));
  });
}

function closest(
  groups: readonly Members[],
  likeness: Float64Array,
  share: number,
): [number, number] | undefined {
  const unikernels = Math.sqrt(likeness.length);
  let best: [number, number] | undefined;
  let most = share;
  groups.forEach((a, i) => {
    for (let j = i + 1; j < groups.length; j++) {
      const b = groups[j]!;
      let sum = 0;
      for (const u of a) for (const v of b) sum += likeness[u * unikernels + v]!;
      const mean = sum / (a.length * b.length);
      if (mean < most) continue;
      most = mean;
      best = [i, j];
    }
  });
  return best;
}

/**
 * One layout of several, each of a group of the unikernels.
 * @param planGroup lays a group out by itself; slots that it lacks are not in its input
 */
export function planApart(
  input: LayoutInput,
  groups: readonly Members[],
  planGroup: (part: LayoutInput, members: Members) => Layout,
): Layout {
  const own = new Array<Layout>(input.unikernels);
  const parts = groups.map((members) => {
    const { slots, part } = partOf(input, members);
    const layout = planGroup(part, members);
    const addresses = new Array<number>(input.slots.length).fill(0);
    slots.forEach(({ id }, i) => (addresses[id] = layout.addresses[i]!));
    for (const u of members) own[u] = { ...layout, addresses };
    return { ...layout, addresses };
  });
  const sum = (of: (layout: Layout) => number) => parts.reduce((n, part) => n + of(part), 0);
  const cost = { distinct: sum((one) => one.cost.distinct), loaded: sum((one) => one.cost.loaded) };
  return { ...parts[0]!, own, cost };
}

/** The slots of some unikernels, as they are and as a set of their own. */
function partOf(input: LayoutInput, members: Members) {
  const slots = input.slots.flatMap((slot): Slot[] => {
    const fillings = slot.fillings.map((filling, u) => (members.includes(u) ? filling : undefined));
    const size = fillings.reduce((most, filling) => Math.max(most, filling?.size ?? 0), 0);
    return fillings.some(Boolean) ? [{ ...slot, fillings, size }] : [];
  });
  const numbered = slots.map((slot, id): Slot => {
    return { ...slot, id, fillings: members.map((u) => slot.fillings[u]) };
  });
  return { slots, part: { ...input, slots: numbered, unikernels: members.length } };
}
