/**
 * Orders the slots of a region so that few different pages result. The first order, by sharing
 * class, is there at once; then each slot in turn, largest first, is tried at other places and
 * kept where the cost falls most. The search is deterministic and limited by a count of steps.
 */
import { costOf, type Cost } from './cost.ts';
import { placeInOrder, type Step } from './place.ts';
import { sharersOf, sharingClassOf, variantsOf, type Slot } from './slots.ts';

/** What one loaded page more is worth against one distinct page: without it images grow by a seventh. */
const LOADED_WEIGHT = 0.1;

/** Common slots first, then subsets, then what one unikernel alone has; equal fillings together. */
export function byClass(slots: readonly Slot[]): Slot[] {
  const keyed = slots.map((slot) => ({
    slot,
    sharers: sharersOf(slot),
    variants: variantsOf(slot),
    sharingClass: sharingClassOf(slot),
  }));
  keyed.sort(
    (a, b) =>
      b.sharers - a.sharers ||
      a.variants - b.variants ||
      compare(a.sharingClass, b.sharingClass) ||
      compare(a.slot.key, b.slot.key),
  );
  return keyed.map(({ slot }) => slot);
}

export interface SearchRequest {
  /** The order to start from. */
  readonly steps: readonly Step[];
  /** Placements tried at most. */
  readonly effort: number;
  readonly start: number;
  readonly unikernels: number;
  /** Steps at the front that keep their place. */
  readonly fixed: number;
}

/** Improves an order by moving one slot at a time; never returns a worse one. */
export function improveOrder(request: SearchRequest): Step[] {
  let best = [...request.steps];
  let bestPrice = priceOf(best, request);
  let tried = 0;
  const movable = request.steps.slice(request.fixed);
  const bySize = movable.sort((a, b) => b.slot.size - a.slot.size || a.slot.id - b.slot.id);
  for (let improved = true; improved && tried < request.effort; ) {
    improved = false;
    for (const step of bySize) {
      const others = best.filter((other) => other !== step);
      for (let i = request.fixed; i <= others.length && tried < request.effort; i++, tried++) {
        const order = [...others.slice(0, i), step, ...others.slice(i)];
        const price = priceOf(order, request);
        if (price >= bestPrice - 1e-9) continue;
        best = order;
        bestPrice = price;
        improved = true;
      }
    }
  }
  return best;
}

function priceOf(steps: readonly Step[], request: SearchRequest): number {
  const { placed } = placeInOrder(steps, request.start, request.unikernels);
  return weigh(costOf(placed, request.unikernels));
}

/** One number for a cost, for comparing placements. */
export const weigh = (cost: Cost): number => cost.distinct + LOADED_WEIGHT * cost.loaded;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
