/**
 * Which sharing classes are alike, found without comparing all with all. A class's signature is the
 * least hash of its unikernels under several hash functions: two classes agree in one with the
 * probability that a unikernel of either has both (MinHash; Broder, "On the resemblance and
 * containment of documents", 1997). Classes are looked up by each value of their signature, and
 * those that agree most often are neighbours.
 */
import { scramble } from './digest.ts';
import type { SharingClass } from './sharing.ts';

const FUNCTIONS = 12;
/** Classes compared at most for each hash function. */
const COMPARED = 24;
/** Neighbours kept for a class. */
const KEPT = 16;

/** By index of a class: the classes most alike, nearest first, without itself. */
export function neighboursOf(classes: readonly SharingClass[]): Map<number, readonly number[]> {
  const votes = classes.map(() => new Map<number, number>());
  for (let f = 0; f < FUNCTIONS; f++) {
    const keys = classes.map(({ present }) => leastHash(present, f));
    // Those with equal least hashes stand together, the more alike in size the nearer.
    const order = classes.map((_, i) => i);
    order.sort(
      (a, b) =>
        keys[a]! - keys[b]! || classes[a]!.present.length - classes[b]!.present.length || a - b,
    );
    order.forEach((one, at) => {
      for (let next = at + 1; next < order.length && next <= at + COMPARED / 2; next++) {
        const other = order[next]!;
        if (keys[one] !== keys[other]) break;
        vote(votes[one]!, other);
        vote(votes[other]!, one);
      }
    });
  }
  return new Map(classes.map(({ index }, i) => [index, nearest(votes[i]!, classes)]));
}

function vote(votes: Map<number, number>, other: number): void {
  votes.set(other, (votes.get(other) ?? 0) + 1);
}

function nearest(votes: ReadonlyMap<number, number>, classes: readonly SharingClass[]): number[] {
  return [...votes]
    .sort(([a, n], [b, m]) => m - n || a - b)
    .slice(0, KEPT)
    .map(([i]) => classes[i]!.index);
}

function leastHash(present: Int32Array, f: number): number {
  let least = 0x7fffffff;
  for (const u of present) least = Math.min(least, scramble(u * FUNCTIONS + f + 1));
  return least;
}
