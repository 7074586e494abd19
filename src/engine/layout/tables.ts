/**
 * Bodies that go behind the tables of their group. A large table whose first bytes differ in every
 * unikernel and whose rest is zero (the boot information) should begin on a page that differs
 * anyway. Where what stands before it fills that page, moving a few bodies behind it, whose pages
 * several unikernels share, costs less than a page of its own for each. Every single body and every
 * two are tried and priced like any layout.
 */
import { costOf } from './cost.ts';
import { placeInOrder, type Step } from './place.ts';
import { weigh } from './search.ts';

/** Fillings that are placed while trying: a tenth of a second, and nothing for a very large set. */
const MOST_WORK = 2_000_000;

/**
 * Moves bodies behind all tables as long as that is cheaper; the rest keeps its order.
 * @returns the new order, and how many of its last steps were moved
 */
export function withBodiesBehind(
  steps: readonly Step[],
  start: number,
  unikernels: number,
): { steps: Step[]; late: number } {
  let best = [...steps];
  let late = 0;
  let tries = MOST_WORK / (steps.length * unikernels);
  let lowest = priceOf(best, start, unikernels);
  for (let improved = true; improved;) {
    improved = false;
    for (const group of tries >= 1 ? movable(best) : []) {
      if (--tries < 0) break;
      const order = [...best.filter((step) => !group.includes(step)), ...group];
      const price = priceOf(order, start, unikernels);
      if (price >= lowest - 1e-9) continue;
      [best, lowest, improved] = [order, price, true];
      late += group.length;
      break;
    }
  }
  return { steps: best, late };
}

/** What may be moved at once: each body before the last table, then each two of them. */
function movable(steps: readonly Step[]): Step[][] {
  const last = steps.findLastIndex((step) => isTable(step));
  const bodies = steps.slice(0, Math.max(0, last)).filter((step) => !isTable(step));
  const pairs = bodies.flatMap((a, i) => bodies.slice(i + 1).map((b) => [a, b]));
  return [...bodies.map((step) => [step]), ...pairs];
}

const isTable = ({ slot }: Step) => slot.role === 'table' && slot.size > 0;

function priceOf(steps: readonly Step[], start: number, unikernels: number): number {
  return weigh(costOf(placeInOrder(steps, start, unikernels).placed, unikernels));
}
