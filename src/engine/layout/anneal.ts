/**
 * Simulated annealing over pages: a class moves from a page to another, as much of it as there is
 * room for, two classes change places, or a few pages are filled anew; the result is kept if it is better, or, early on, if it
 * is not much worse. Besides the cost, full columns count a little, so that moves that change no
 * page count yet, but gather free room where a whole page can vanish, are worth making.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { Bin, type Counter, type Entry } from './bin.ts';
import { randomNumbers } from './random.ts';
import { redistribute } from './redistribute.ts';
import type { SharingClass } from './sharing.ts';

const HOTTEST = 0.3;
const COLDEST = 0.05;
/** Weight of full pages beside the cost. */
const FULLNESS = 0.4;

/** Pages with less room are not tried. */
const MINIMUM = 32;

/** How often a few pages are filled anew instead, and how many single moves that takes the time of. */
const REDISTRIBUTED = 0.1;
const MOVES_OF_REDISTRIBUTION = 10;

/** Moves that cost as much as one placement of a whole order. */
const MOVES_PER_EFFORT = 10;

const valueOf = (bin: Bin): number => {
  const full = Math.min(1, bin.fill / PAGE_SIZE);
  return bin.cost - FULLNESS * full * full;
};

/** Improves the packing in place; the best that was seen is what remains. */
export function anneal(bins: Bin[], counter: Counter, effort: number): void {
  const active = bins.filter((bin) => !bin.isEmpty);
  const spare = new Bin(counter);
  active.push(spare);
  bins.push(spare);
  if (active.length < 3) return;
  const random = randomNumbers(active.length * 7919 + 1);
  const pick = () => active[Math.floor(random() * active.length)]!;
  const steps = effort * MOVES_PER_EFFORT;
  let cost = active.reduce((sum, bin) => sum + bin.cost, 0);
  let best = { cost, entries: snapshot(active) };
  for (let step = 0; step < steps; step++) {
    const from = pick();
    const to = pick();
    if (from === to) continue;
    const heat = HOTTEST * (COLDEST / HOTTEST) ** (step / steps);
    const allowed = -heat * Math.log(1 - random());
    let change = 0;
    if (random() < REDISTRIBUTED) {
      const third = random() < 0.5 ? pick() : from;
      change = tryRedistribution([...new Set([from, to, third])], random, allowed);
      step += MOVES_OF_REDISTRIBUTION - 1;
    } else change = tryOneMove(from, to, random, allowed);
    cost += change;
    if (cost < best.cost - 1e-9) best = { cost, entries: snapshot(active) };
  }
  active.forEach((bin, i) => bin.restore(best.entries[i]!));
}

const snapshot = (bins: readonly Bin[]): (readonly Entry[])[] =>
  bins.map((bin) => [...bin.entries]);

function pickOf(classes: readonly SharingClass[], random: () => number): SharingClass | undefined {
  return classes[Math.floor(random() * classes.length)];
}

/** Moves a class of one page to another, or lets two classes change places. Returns the change of cost. */
function tryOneMove(from: Bin, to: Bin, random: () => number, allowed: number): number {
  const moved = pickOf(from.movableClasses(), random);
  if (!moved) return 0;
  const back = random() < 0.4 ? pickOf(to.movableClasses(), random) : undefined;
  if (back === moved) return 0;
  if (!back && to.roomFor(moved) < MINIMUM) return 0;
  return tryMove(from, to, moved, back, allowed);
}

/** Fills some pages anew unless that is worse by more than allowed. Returns the change of cost. */
function tryRedistribution(bins: readonly Bin[], random: () => number, allowed: number): number {
  const entries = bins.map((bin) => bin.entries.slice());
  const costBefore = sumOf(bins, (bin) => bin.cost);
  const before = sumOf(bins, valueOf);
  if (redistribute(bins, random) && sumOf(bins, valueOf) - before <= allowed)
    return sumOf(bins, (bin) => bin.cost) - costBefore;
  bins.forEach((bin, i) => bin.restore(entries[i]!));
  return 0;
}

const sumOf = (bins: readonly Bin[], of: (bin: Bin) => number) =>
  bins.reduce((sum, bin) => sum + of(bin), 0);

/** Moves classes between two pages unless that is worse by more than allowed. Returns the change of cost. */
function tryMove(
  from: Bin,
  to: Bin,
  moved: SharingClass,
  back: SharingClass | undefined,
  allowed: number,
): number {
  const costBefore = from.cost + to.cost;
  const before = valueOf(from) + valueOf(to);
  const entries = [from.entries.slice(), to.entries.slice()] as const;
  const there = from.movable(moved.index);
  const here = back ? to.movable(back.index) : [];
  for (const item of here) to.remove(item);
  for (const item of there) from.remove(item);
  const left = there.filter((item) => !to.add(item));
  const fits = left.length < there.length && [...left, ...here].every((item) => from.add(item));
  if (fits && valueOf(from) + valueOf(to) - before <= allowed)
    return from.cost + to.cost - costBefore;
  from.restore(entries[0]);
  to.restore(entries[1]);
  return 0;
}
