/**
 * Room for growth, made when a layout is locked: each table gets a little, thread-local storage gets
 * some, and each group of regions moves up to leave free pages before it. Groups begin on pages, so
 * that moving them as a whole changes no page's content but by the addresses in it, which are those of
 * every unikernel.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { alignUp } from '../layout/place.ts';
import type { Layout } from '../layout/plan.ts';
import type { Group, Region } from '../layout/regions.ts';
import type { Slot } from '../layout/slots.ts';
import { orderWithinClasses } from './affinity.ts';
import { keptApart } from './apart.ts';
import type { LockedGroup } from './model.ts';

/** Room behind what a group holds: a share of its bytes, and at least some pages. */
const ROOM: Readonly<Record<Group, { readonly share: number; readonly pages: number }>> = {
  // Holes from 64 pages on stay free memory of the guest.
  text: { share: 1, pages: 64 },
  readonly: { share: 1, pages: 64 },
  tls: { share: 0, pages: 0 },
  data: { share: 0.5, pages: 16 },
  // Room here is memory that the guest cannot use.
  bss: { share: 0.25, pages: 16 },
  unloaded: { share: 0, pages: 0 },
};

const ORDER: readonly Group[] = ['text', 'readonly', 'tls', 'data', 'bss', 'unloaded'];

/** Tables grow with what is linked; large ones by less of their size. */
const tableRoom = (size: number) => alignUp(Math.min(size / 8, 128), 8);

/** Bytes kept free in thread-local storage; only what is initialised takes bytes of the image. */
const threadLocalRoom = (region: string) => (region === '.tbss' ? 256 : 64);

/**
 * Slots with more room, planned instead of the real ones, which have the same fillings. Behind them
 * come slots that nobody fills: they keep room in each part of thread-local storage.
 * @param scale 1 for the room described above, 0 for none
 */
export function withSlotRoom(
  slots: readonly Slot[],
  regions: readonly Region[],
  scale: number,
): Slot[] {
  const grown = slots.map((slot): Slot => {
    const extra = slot.role === 'table' ? tableRoom(slot.size) : 0;
    return { ...slot, size: slot.size + Math.round(extra * scale) };
  });
  const threadLocal = regions.filter(({ group }) => group === 'tls');
  const free = threadLocal.map(({ name }, i): Slot => ({
    id: slots.length + i,
    key: `[room] ${name}`,
    library: '[linker]',
    region: name,
    role: 'body',
    alignment: 1,
    size: Math.round(threadLocalRoom(name) * scale),
    fillings: slots[0]?.fillings.map(() => undefined) ?? [],
  }));
  return [...grown, ...free];
}

export interface Roomy {
  readonly layout: Layout;
  readonly groups: readonly LockedGroup[];
}

/**
 * A layout made to last: a library's slots side by side, pages apart that a unikernel to come may want
 * together, and room behind each group. No page of the set becomes another one by it.
 * @param scale as above
 * @param near by slot id: what comes and goes together has numbers that are close
 */
export function lastingLayout(
  planned: Layout,
  slots: readonly Slot[],
  regions: readonly Region[],
  scale: number,
  near: readonly number[],
): Roomy {
  const { layout: apart, added } = keptApart(planned, slots, regions);
  const layout = orderWithinClasses(apart, slots, regions, ({ id }) => near[id] ?? 0);
  const groupOf = new Map(regions.map(({ name, group }) => [name, group]));
  const groups: LockedGroup[] = [];
  const shifts = new Map<Group, number>();
  let shift = 0;
  for (const group of ORDER) {
    const own = regions.filter((region) => region.group === group);
    if (own.length === 0) continue;
    shift = alignUp(shift, largestAlignment(slots, own));
    shifts.set(group, shift);
    const start = Math.min(...own.map(({ name }) => layout.regionStarts.get(name)!));
    const last = Math.max(...own.map(({ name }) => layout.regionEnds.get(name)!));
    const end = alignLimit(group, last);
    const behind = (added.get(group) ?? 0) * PAGE_SIZE + room(group, last - start, scale);
    groups.push({ group, start: start + shift, limit: end + behind + shift });
    shift += behind;
  }
  return { layout: moved(layout, slots, groupOf, shifts, groups), groups };
}

/** What a group may be moved by, so that its slots keep their alignment. */
function largestAlignment(slots: readonly Slot[], regions: readonly Region[]): number {
  const names = new Set(regions.map(({ name }) => name));
  return slots.reduce(
    (most, { region, alignment }) => (names.has(region) ? Math.max(most, alignment) : most),
    PAGE_SIZE,
  );
}

/** Bytes, whole pages, that a group gets behind what it holds. */
function room(group: Group, size: number, scale: number): number {
  const { pages, share } = ROOM[group];
  return Math.round(scale * Math.max(pages, (share * size) / PAGE_SIZE)) * PAGE_SIZE;
}

/** Thread-local storage ends where its offsets count from. */
const alignLimit = (group: Group, end: number) => (group === 'tls' ? end : alignUp(end, PAGE_SIZE));

function moved(
  layout: Layout,
  slots: readonly Slot[],
  groupOf: ReadonlyMap<string, Group>,
  shifts: ReadonlyMap<Group, number>,
  groups: readonly LockedGroup[],
): Layout {
  const by = (region: string) => shifts.get(groupOf.get(region)!) ?? 0;
  const limits = new Map(groups.map(({ group, limit }) => [group, limit]));
  const addresses = layout.addresses.map((address, i) => address + by(slots[i]!.region));
  const regionStarts = new Map([...layout.regionStarts].map(([name, at]) => [name, at + by(name)]));
  const regionEnds = new Map(
    [...layout.regionEnds].map(([name]) => [name, limits.get(groupOf.get(name)!)!]),
  );
  return { ...layout, addresses, regionStarts, regionEnds };
}
