/**
 * Orders the slots of a region so that few different pages result. The first order, by sharing
 * class, is there at once; then it is improved by simulated annealing. The search is deterministic and
 * limited by a count of steps.
 */
import type { Cost } from './cost.ts';
import { OrderEvaluator } from './evaluator.ts';
import type { Step } from './place.ts';
import { randomNumbers } from './random.ts';
import { SharingClasses } from './sharing.ts';
import { sharersOf, type Slot } from './slots.ts';

/** What one loaded page more is worth against one distinct page: without it images grow by a seventh. */
const LOADED_WEIGHT = 0.1;

/** Common slots first, then subsets, then what one unikernel alone has; equal fillings together. */
export function byClass(slots: readonly Slot[]): Slot[] {
  const classes = new SharingClasses(slots[0]?.fillings.length ?? 0);
  const keyed = slots.map((slot) => ({ slot, sharing: classes.ofSlot(slot) }));
  keyed.sort(
    (a, b) =>
      b.sharing.present.length - a.sharing.present.length ||
      a.sharing.distinct - b.sharing.distinct ||
      a.sharing.index - b.sharing.index ||
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
  /** The order is that of a search already, so that fewer runs do. */
  readonly isGood?: boolean;
  /** How many times dearer a loaded page is than usual; absent: once. */
  readonly loadedWeight?: number;
}

/**
 * Improves an order by simulated annealing: a slot moves to another place, or two change places,
 * and the new order is kept if it is better, or, early on, if it is not much worse. Several runs
 * from the first order, at different temperatures, end in different valleys; the best is taken.
 * Never returns a worse order than it was given.
 */
export function improveOrder(request: SearchRequest): Step[] {
  const { steps, start, unikernels, fixed } = request;
  if (steps.length - fixed < 2) return [...steps];
  const effort = affordable(request);
  if (effort < FEWEST_TRIES) return [...steps];
  const evaluator = new OrderEvaluator(steps, start, unikernels);
  const heats = request.isGood ? HOTTEST_OF_GOOD : HOTTEST;
  const share = Math.floor(effort / heats.length);
  const runs = heats.map((heat, seed) =>
    anneal({ ...request, effort: share }, evaluator, heat, seed + 1),
  );
  const best = runs.reduce((a, b) => (b.price < a.price - 1e-9 ? b : a));
  return [...best.order].map((index) => steps[index]!);
}

/** Below this, annealing does not get anywhere. */
const FEWEST_TRIES = 100;
/** Filled places that pricing an order may visit for each step of effort. */
const PLACES_A_STEP = 3_000;

/** The price of an order grows with the places in it, so large sets try fewer orders. */
function affordable({ steps, effort }: SearchRequest): number {
  const places = steps.reduce((sum, { slot }) => sum + sharersOf(slot), 0);
  return Math.floor(effort * Math.min(1, PLACES_A_STEP / places));
}

/** Starting temperatures in pages: how many pages worse an order may be early on. */
const HOTTEST = [0.3, 1.5, 0.6, 0.3];
const HOTTEST_OF_GOOD = [0.3, 0.6];
const COLDEST = 0.03;

function anneal(request: SearchRequest, evaluator: OrderEvaluator, hottest: number, seed: number) {
  const { effort } = request;
  const count = request.steps.length;
  const random = randomNumbers(seed * 7919 + count);
  let order = Int32Array.from({ length: count }, (_, i) => i);
  let next = new Int32Array(count);
  const priceOf = (one: Int32Array) => weigh(evaluator.cost(one), request.loadedWeight);
  let price = priceOf(order);
  let best = { order: order.slice(), price };
  for (let tried = 0; tried < effort; tried++) {
    next.set(order);
    disturb(next, request.fixed, random);
    const nextPrice = priceOf(next);
    const heat = hottest * (COLDEST / hottest) ** (tried / effort);
    if (nextPrice > price && random() >= Math.exp((price - nextPrice) / heat)) continue;
    [order, next] = [next, order];
    price = nextPrice;
    if (price < best.price - 1e-9) best = { order: order.slice(), price };
  }
  return best;
}

/** Moves one step to another place, or lets two change places. */
function disturb(order: Int32Array, fixed: number, random: () => number): void {
  const pick = () => fixed + Math.floor(random() * (order.length - fixed));
  const from = pick();
  const to = pick();
  const moved = order[from]!;
  if (random() < 0.5) {
    order[from] = order[to]!;
    order[to] = moved;
    return;
  }
  if (from < to) order.copyWithin(from, from + 1, to + 1);
  else order.copyWithin(to + 1, to, from);
  order[to] = moved;
}

/** One number for a cost, for comparing placements; `times` makes a loaded page dearer. */
export const weigh = (cost: Cost, times = 1): number =>
  cost.distinct + LOADED_WEIGHT * times * cost.loaded;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
