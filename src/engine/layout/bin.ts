/**
 * One page while it is packed: what stands where on it, and what it costs. A page costs one for
 * each different column, where a column is what one unikernel has on it. Only the real placement
 * counts: slots that some unikernel has both must not overlap, slots of unikernels that never meet
 * may.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { BLOCK_SIZE } from './digest.ts';
import { alignUp } from './place.ts';
import { meet, type SharingClass } from './sharing.ts';
import type { Slot } from './slots.ts';

/** Something that takes room on a page: slots of one class, or the end of a longer run. */
export interface Item {
  /** For a total order. */
  readonly id: number;
  /** Offsets are relative; empty for a part of a run, which cannot move. */
  readonly members: readonly { readonly slot: Slot; readonly offset: number }[];
  readonly sharing: SharingClass;
  /** Bytes in the unikernel that has most. */
  readonly size: number;
  /** Beside the unikernels of the class; absent where all have `size`. */
  readonly sizes?: Int32Array;
  readonly alignment: number;
}

export interface Entry {
  readonly item: Item;
  readonly offset: number;
}

interface Group {
  readonly sharing: SharingClass;
  /** Items of the class on the page; `movable` without those of runs. */
  total: number;
  movable: number;
}

/** What one page more in one unikernel is worth against one distinct page, where no limit is near. */
export const LOADED_WEIGHT = 0.02;

/** What of a search all pages have in common. */
export class Counter {
  /** What one page more in one unikernel is worth against one distinct page. */
  loadedWeight: number;
  /** By class: the pages that have it. */
  readonly homes = new Map<number, Set<Bin>>();
  private readonly table: Int32Array;
  private readonly stamps: Int32Array;
  private readonly mask: number;
  private stamp = 0;
  /** Results of the last count. */
  columns = 0;
  loaded = 0;

  /** @param dearer how many times dearer a loaded page is than usual */
  constructor(
    readonly unikernels: number,
    dearer = 1,
  ) {
    this.loadedWeight = LOADED_WEIGHT * dearer;
    const length = 2 ** Math.ceil(Math.log2(unikernels * 2 + 2));
    this.table = new Int32Array(length);
    this.stamps = new Int32Array(length);
    this.mask = length - 1;
  }

  /** Keeps `homes`. */
  note(index: number, bin: Bin, isThere: boolean): void {
    let homes = this.homes.get(index);
    if (!homes) this.homes.set(index, (homes = new Set()));
    if (isThere) homes.add(bin);
    else homes.delete(bin);
  }

  /** Starts a count. */
  begin(): void {
    this.stamp++;
  }

  /** True where the value was not seen since the count began. */
  isNew(value: number): boolean {
    let at = (value ^ (value >>> 15)) & this.mask;
    while (this.stamps[at] === this.stamp) {
      if (this.table[at] === value) return false;
      at = (at + 1) & this.mask;
    }
    this.stamps[at] = this.stamp;
    this.table[at] = value;
    return true;
  }
}

export class Bin {
  entries: Entry[] = [];
  readonly groups = new Map<number, Group>();
  /** By unikernel: hash of what it has on the page, number of classes, and bytes left. */
  private readonly sums: Int32Array;
  private readonly counts: Int32Array;
  private readonly free: Int32Array;
  private isKnown = false;
  private columns = 0;
  private loaded = 0;

  constructor(private readonly counter: Counter) {
    const { unikernels } = counter;
    this.sums = new Int32Array(unikernels);
    this.counts = new Int32Array(unikernels);
    this.free = new Int32Array(unikernels).fill(PAGE_SIZE);
  }

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** True where nothing on the page can move. */
  get isPinned(): boolean {
    return this.entries.some(({ item }) => !canMove(item));
  }

  /** Bytes of all items. */
  get fill(): number {
    let sum = 0;
    for (const { item } of this.entries) sum += item.size;
    return sum;
  }

  /** Different columns, and a little for each unikernel that has the page. */
  get cost(): number {
    if (!this.isKnown) {
      this.count(undefined);
      this.isKnown = true;
      this.columns = this.counter.columns;
      this.loaded = this.counter.loaded;
    }
    return this.columns + this.counter.loadedWeight * this.loaded;
  }

  /** Unikernels that have the page. */
  get loadedBy(): number {
    return this.cost > 0 ? this.loaded : 0;
  }

  /** What a class more on the page costs. */
  priceOf(sharing: SharingClass): number {
    if (this.groups.has(sharing.index)) return 0;
    const { cost, counter } = this;
    this.count(sharing);
    return counter.columns + counter.loadedWeight * counter.loaded - cost;
  }

  private count(extra: SharingClass | undefined): void {
    const { counter, sums, counts } = this;
    const { present, hashes } = extra ?? NOTHING;
    counter.begin();
    let columns = 0;
    let loaded = 0;
    let next = 0;
    for (let u = 0; u < sums.length; u++) {
      let sum = sums[u]!;
      let count = counts[u]!;
      if (present[next] === u) {
        sum = (sum + hashes[next++]!) | 0;
        count++;
      }
      if (count === 0) continue;
      loaded++;
      if (sum !== 0 && counter.isNew(sum)) columns++;
    }
    counter.columns = columns;
    counter.loaded = loaded;
  }

  /** Bytes left in each of the unikernels of a class. */
  roomFor({ present }: SharingClass): number {
    let room = PAGE_SIZE;
    for (const u of present) room = Math.min(room, this.free[u]!);
    return room;
  }

  private hasRoom({ sharing: { present }, size, sizes }: Item): boolean {
    for (let i = 0; i < present.length; i++)
      if (this.free[present[i]!]! < (sizes ? sizes[i]! : size)) return false;
    return true;
  }

  /** Puts an item where it fits first; repacks the page where the room is there but scattered. */
  add(item: Item): boolean {
    if (!this.hasRoom(item)) return false;
    const offset = firstRoom(this.entries, item);
    if (offset === undefined) return this.repackWith(item);
    this.put(item, offset);
    return true;
  }

  /** Puts an item at an offset that is known to be free. */
  put(item: Item, offset: number): void {
    this.entries.push({ item, offset });
    this.account(item, 1);
  }

  remove(item: Item): void {
    const index = this.entries.findIndex((entry) => entry.item === item);
    if (index < 0) return;
    this.entries.splice(index, 1);
    this.account(item, -1);
  }

  /** Items of a class that can move. */
  movable(index: number): Item[] {
    const found: Item[] = [];
    for (const { item } of this.entries)
      if (canMove(item) && item.sharing.index === index) found.push(item);
    return found;
  }

  /** Classes of which something can move. */
  movableClasses(): SharingClass[] {
    const found: SharingClass[] = [];
    for (const { sharing, movable } of this.groups.values()) if (movable > 0) found.push(sharing);
    return found;
  }

  /** Goes back to entries that it had before. */
  restore(entries: readonly Entry[]): void {
    const now = new Set(this.entries.map(({ item }) => item));
    for (const { item } of entries) if (!now.delete(item)) this.account(item, 1);
    for (const item of now) this.account(item, -1);
    this.entries = [...entries];
  }

  private account(item: Item, sign: 1 | -1): void {
    const { sharing, size, sizes } = item;
    const { present, hashes, index } = sharing;
    let group = this.groups.get(index);
    if (!group) this.groups.set(index, (group = { sharing, total: 0, movable: 0 }));
    const before = group.total;
    group.total += sign;
    if (canMove(item)) group.movable += sign;
    for (let i = 0; i < present.length; i++)
      this.free[present[i]!]! -= sign * (sizes ? sizes[i]! : size);
    if (before !== 0 && group.total !== 0) return;
    if (group.total === 0) this.groups.delete(index);
    this.counter.note(index, this, group.total > 0);
    this.isKnown = false;
    for (let i = 0; i < present.length; i++) {
      const u = present[i]!;
      this.sums[u] = (this.sums[u]! + sign * hashes[i]!) | 0;
      this.counts[u]! += sign;
    }
  }

  private repackWith(item: Item): boolean {
    const pinned = this.entries.filter(({ item: one }) => !canMove(one));
    const moving = this.entries.map((entry) => entry.item).filter(canMove);
    moving.push(item);
    moving.sort((a, b) => b.alignment - a.alignment || b.size - a.size || a.id - b.id);
    for (const one of moving) {
      const offset = firstRoom(pinned, one);
      if (offset === undefined) return false;
      pinned.push({ item: one, offset });
    }
    this.entries = pinned;
    this.account(item, 1);
    return true;
  }
}

const NOTHING = { present: new Int32Array(0), hashes: new Int32Array(0) };

const canMove = (item: Item) => item.members.length > 0;

/** The first offset at which the item overlaps nothing that some unikernel has beside it. */
function firstRoom(entries: readonly Entry[], item: Item): number | undefined {
  const alignment = Math.max(BLOCK_SIZE, Math.min(item.alignment, PAGE_SIZE));
  const last = PAGE_SIZE - item.size;
  const against = metBy(entries, item.sharing);
  if (against.some((other) => other.item.sizes)) return firstGap(against, item, alignment);
  let offset = 0;
  for (const other of against) {
    if (offset + item.size <= other.offset) return offset;
    offset = Math.max(offset, alignUp(other.offset + other.item.size, alignment));
    if (offset > last) return undefined;
  }
  return offset <= last ? offset : undefined;
}

/** Entries that some unikernel has beside the class, by rising offset. Pages hold few: no sort. */
function metBy(entries: readonly Entry[], { bits }: SharingClass): Entry[] {
  const found: Entry[] = [];
  for (const entry of entries) {
    if (!meet(entry.item.sharing.bits, bits)) continue;
    let at = found.length;
    for (; at > 0 && found[at - 1]!.offset > entry.offset; at--) found[at] = found[at - 1]!;
    found[at] = entry;
  }
  return found;
}

/** The same where others end at different places in different unikernels. */
function firstGap(against: readonly Entry[], item: Item, alignment: number): number | undefined {
  const spans = against.map((other) => {
    const size = sizeAmong(other.item, item.sharing);
    return {
      from: other.offset,
      to: other.offset + size,
      before: sizeAmong(item, other.item.sharing),
    };
  });
  const isFree = (offset: number) =>
    offset + item.size <= PAGE_SIZE &&
    spans.every(({ from, to, before }) => offset >= to || offset + before <= from);
  if (isFree(0)) return 0;
  let least: number | undefined;
  for (const { to } of spans) {
    const offset = alignUp(to, alignment);
    if ((least === undefined || offset < least) && isFree(offset)) least = offset;
  }
  return least;
}

/** The most bytes that an item has in a unikernel that has the other class too. */
function sizeAmong({ sharing, size, sizes }: Item, { bits }: SharingClass): number {
  if (!sizes) return size;
  let most = 0;
  for (let i = 0; i < sharing.present.length; i++) {
    const u = sharing.present[i]!;
    if ((bits[u >>> 5]! >>> (u & 31)) & 1) most = Math.max(most, sizes[i]!);
  }
  return most;
}
