/**
 * Which slots come and go together. A unikernel that is added later lacks what it does not refer to.
 * Where sections are collected one by one that is a function and all that only this function leads to: so
 * slots are ordered along the tree of dominators of the references, where what dominates a slot is on every
 * way to it from what an image keeps anyway. Otherwise libraries are linked as a whole, and the order is theirs.
 * A layout that is to last keeps it within each class, so that what is lacking leaves few pages incomplete.
 *
 * Dominators by Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { REFERENCE_COLUMNS, TO_SLOT } from '../atoms/content.ts';
import { contentsOf, type Identified, type UnikernelInput } from '../atoms/identify.ts';
import type { Slot } from '../layout/slots.ts';
import { compareText } from './order.ts';

/**
 * By slot id: its number in the order; what may stand in any order has the same one.
 * @param isBySlot whether sections are collected one by one
 */
export function nearnessOf(
  inputs: readonly UnikernelInput[],
  identified: Identified,
  isBySlot: boolean,
): readonly number[] {
  if (!isBySlot) return byLibrary(identified.slots);
  const graph = graphOf(inputs, identified);
  const sizes = graph.names.map(() => 0);
  for (const { id, size } of identified.slots) sizes[graph.nodeOf[id]!]! += size;
  const ranks = preorder(graph, sizes);
  return graph.nodeOf.map((node) => ranks[node]!);
}

function byLibrary(slots: readonly Slot[]): number[] {
  const names = [...new Set(slots.map(({ library }) => library))].sort(compareText);
  const ranks = new Map(names.map((name, i) => [name, i]));
  return slots.map(({ library }) => ranks.get(library)!);
}

interface Graph {
  /** By slot id. */
  readonly nodeOf: readonly number[];
  readonly names: readonly string[];
  /** By node; node 0 stands for what every image keeps. */
  readonly targets: readonly Set<number>[];
}

function graphOf(inputs: readonly UnikernelInput[], { slots, parts }: Identified): Graph {
  const names = [''];
  const nodeOf = slots.map(({ role, library, key }) =>
    role === 'body' ? names.push(`${library} ${key}`) - 1 : 0,
  );
  const targets = names.map(() => new Set<number>());
  inputs.forEach((input, u) => {
    for (const [slot, { references }] of contentsOf(input, parts[u]!)) {
      const from = nodeOf[slot]!;
      for (let row = 0; row < references.length; row += REFERENCE_COLUMNS) {
        const target = references[row + 3]!;
        if (references[row + 2] !== TO_SLOT || target < 0) continue;
        const to = nodeOf[target]!;
        if (to !== from && to !== 0) targets[from]!.add(to);
      }
    }
  });
  const reached = new Set(targets.flatMap((own) => [...own]));
  for (let node = 1; node < names.length; node++) if (!reached.has(node)) targets[0]!.add(node);
  return { nodeOf, names, targets };
}

/** What is dominated by one node and not larger than this stands in any order. */
const CLUSTER = PAGE_SIZE / 2;

/** By node: its number in a walk over the tree of dominators, parents first; equal within a cluster. */
function preorder({ names, targets }: Graph, sizes: number[]): number[] {
  const { parents, order } = dominators(targets);
  const children = names.map((): number[] => []);
  const below = [...sizes];
  for (const node of order) {
    if (node === 0) continue;
    children[parents[node]!]!.push(node);
  }
  const ranks = names.map(() => 0);
  const walk: number[] = [];
  const open = [0];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    walk.push(node);
    open.push(...children[node]!.sort((a, b) => compareText(names[b]!, names[a]!)));
  }
  for (const node of [...walk].reverse()) if (node !== 0) below[parents[node]!]! += below[node]!;
  walk.forEach((node, i) => {
    const parent = parents[node]!;
    ranks[node] = node !== 0 && parent !== 0 && below[parent]! <= CLUSTER ? ranks[parent]! : i;
  });
  return ranks;
}

/** By node: its nearest dominator, of nodes that can be reached; and these, what they lead to first. */
function dominators(targets: readonly Set<number>[]): { parents: number[]; order: number[] } {
  const order = postorder(targets);
  const numbers = new Array<number>(targets.length).fill(-1);
  order.forEach((node, i) => (numbers[node] = i));
  const sources = targets.map((): number[] => []);
  for (const node of order) for (const to of targets[node]!) sources[to]!.push(node);
  const found = new Array<number>(targets.length).fill(-1);
  found[0] = 0;
  const meet = (a: number, b: number): number => {
    while (a !== b) {
      while (numbers[a]! < numbers[b]!) a = found[a]!;
      while (numbers[b]! < numbers[a]!) b = found[b]!;
    }
    return a;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const node of [...order].reverse()) {
      if (node === 0) continue;
      const known = sources[node]!.filter((source) => found[source]! >= 0);
      const nearest = known.reduce(meet);
      changed ||= found[node] !== nearest;
      found[node] = nearest;
    }
  }
  return { parents: found, order };
}

/** Nodes that can be reached, each behind those that it leads to. */
function postorder(targets: readonly Set<number>[]): number[] {
  const order: number[] = [];
  const seen = new Set([0]);
  const open = [{ node: 0, left: [...targets[0]!] }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.left.pop();
    if (next === undefined) {
      order.push(top.node);
      open.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      open.push({ node: next, left: [...targets[next]!] });
    }
  }
  return order;
}
