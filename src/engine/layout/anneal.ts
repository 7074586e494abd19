/**
 * Simulated annealing over pages: a class moves from a page to another, as much of it as there is
 * room for, or two classes change places; the result is kept if it is better, or, early on, if it
 * is not much worse. Besides the cost, full columns count a little, so that moves that change no
 * page count yet, but gather free room where a whole page can vanish, are worth making.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { Bin, type Counter, type Entry } from './bin.ts';
import { randomNumbers } from './random.ts';
import type { SharingClass } from './sharing.ts';

const HOTTEST = 0.3;
const COLDEST = 0.05;
/** Weight of full pages beside the cost. */
const FULLNESS = 0.4;

/** Pages with less room are not tried. */
const MINIMUM = 32;

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
    const moved = pickOf(from.movableClasses(), random);
    if (!moved) continue;
    const back = random() < 0.4 ? pickOf(to.movableClasses(), random) : undefined;
    if (back === moved) continue;
    if (!back && to.roomFor(moved) < MINIMUM) continue;
    const heat = HOTTEST * (COLDEST / HOTTEST) ** (step / steps);
    const change = tryMove(from, to, moved, back, -heat * Math.log(1 - random()));
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
