/**
 * Pages of unikernels that never meet may have the same addresses, until one comes that wants both. So,
 * in a layout that is to last, they are given addresses of their own. What two slots of one unikernel
 * share a page, or a slot that crosses into the next one, ties together; what is tied moves by whole
 * pages, so every page stays what it is. What is an application's own stays, since no other has it.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { Layout } from '../layout/plan.ts';
import type { Group, Region } from '../layout/regions.ts';
import type { Slot } from '../layout/slots.ts';
import { isApplication } from './application.ts';
import { pagesOf } from './pages.ts';

/** Pages that a group may be given more: in a large fleet, images would reach too far. */
const MOST_ADDED = 1024;

export interface Apart {
  readonly layout: Layout;
  /** By group: pages that it needs more, behind its end. */
  readonly added: ReadonlyMap<Group, number>;
}

/** The layout with addresses of text and read-only data that overlap no more than they have to. */
export function keptApart(
  layout: Layout,
  slots: readonly Slot[],
  regions: readonly Region[],
): Apart {
  const addresses = [...layout.addresses];
  const added = new Map<Group, number>();
  for (const group of ['text', 'readonly'] as const) {
    const names = new Set(regions.filter((one) => one.group === group).map(({ name }) => name));
    const own = slots.filter(({ region, size }) => size > 0 && names.has(region));
    const ends = own.map(({ id, size }) => addresses[id]! + size);
    const end = Math.ceil(Math.max(0, ...ends) / PAGE_SIZE);
    let next = end;
    const taken = new Set<number>();
    for (const { members, pages, isFixed } of tiedTogether(own, addresses)) {
      const size = pages.at(-1)! - pages[0]! + 1;
      const isFree = pages.every((page) => !taken.has(page));
      if (isFree || isFixed || next - end + size > MOST_ADDED) {
        for (const page of pages) taken.add(page);
        continue;
      }
      for (const { id } of members) addresses[id]! += (next - pages[0]!) * PAGE_SIZE;
      next += size;
    }
    added.set(group, next - end);
  }
  return { layout: { ...layout, addresses }, added };
}

interface Tied {
  readonly members: readonly Slot[];
  /** Numbers of the pages that they touch, ascending. */
  readonly pages: readonly number[];
  readonly isFixed: boolean;
}

/** Groups of slots that move together; those of libraries, first what cannot move. */
function tiedTogether(slots: readonly Slot[], addresses: readonly number[]): Tied[] {
  const parent = slots.map((_, i) => i);
  const rootOf = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root]!;
    parent[i] = root;
    return root;
  };
  const seen = new Map<string, number>();
  slots.forEach(({ id, size, fillings }, i) => {
    for (const page of pagesOf(addresses[id]!, size))
      fillings.forEach((filling, u) => {
        const key = `${page} ${u}`;
        const known = seen.get(key);
        if (!filling) return;
        if (known === undefined) seen.set(key, i);
        else parent[rootOf(i)] = rootOf(known);
      });
  });
  const groups = new Map<number, Slot[]>();
  slots.forEach((slot, i) => groups.set(rootOf(i), [...(groups.get(rootOf(i)) ?? []), slot]));
  return [...groups.values()]
    .filter((members) => members.some(isLasting))
    .map((members) => tiedOf(members, addresses))
    .sort((a, b) => Number(b.isFixed) - Number(a.isFixed) || a.pages[0]! - b.pages[0]!);
}

function tiedOf(members: readonly Slot[], addresses: readonly number[]): Tied {
  const pages = new Set(members.flatMap(({ id, size }) => pagesOf(addresses[id]!, size)));
  const isFixed = members.some(({ role, alignment }) => role !== 'body' || alignment > PAGE_SIZE);
  return { members, pages: [...pages].sort((a, b) => a - b), isFixed };
}

/** Slots that a unikernel to come may have too: those of libraries. */
const isLasting = ({ library, libraries }: Slot): boolean =>
  libraries === undefined && !isApplication(library);
