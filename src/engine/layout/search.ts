/**
 * Orders the slots of a region so that few different pages result. The first order, by sharing
 * class, is there at once; then it is improved by simulated annealing. The search is deterministic and
 * limited by a count of steps.
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

/**
 * Improves an order by simulated annealing: a slot moves to another place, or two change places,
 * and the new order is kept if it is better, or, early on, if it is not much worse. Never returns
 * a worse order than it was given.
 */
export function improveOrder(request: SearchRequest): Step[] {
  const { fixed, effort } = request;
  let current = [...request.steps];
  let price = priceOf(current, request);
  let best = current;
  let bestPrice = price;
  const movable = current.length - fixed;
  if (movable < 2) return current;
  const random = randomNumbers(movable);
  for (let tried = 0; tried < effort; tried++) {
    const order = neighbour(current, fixed, random);
    const next = priceOf(order, request);
    const heat = HOTTEST * (COLDEST / HOTTEST) ** (tried / effort);
    if (next > price && random() >= Math.exp((price - next) / heat)) continue;
    current = order;
    price = next;
    if (price >= bestPrice - 1e-9) continue;
    best = current;
    bestPrice = price;
  }
  return best;
}

/** Temperatures in pages: early on an order may be some pages worse, in the end none. */
const HOTTEST = Number(process.env["HOT"] ?? 1.5);
const COLDEST = 0.03;

function neighbour(steps: readonly Step[], fixed: number, random: () => number): Step[] {
  const pick = () => fixed + Math.floor(random() * (steps.length - fixed));
  const from = pick();
  const to = pick();
  const order = [...steps];
  if (random() < 0.5) {
    const [moved] = order.splice(from, 1);
    order.splice(to, 0, moved!);
  } else {
    order[from] = steps[to]!;
    order[to] = steps[from]!;
  }
  return order;
}

/** Mulberry32: a small generator with a fixed seed, so that a search gives the same result twice. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function priceOf(steps: readonly Step[], request: SearchRequest): number {
  const { placed } = placeInOrder(steps, request.start, request.unikernels);
  return weigh(costOf(placed, request.unikernels));
}

/** One number for a cost, for comparing placements. */
export const weigh = (cost: Cost): number => cost.distinct + LOADED_WEIGHT * cost.loaded;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
