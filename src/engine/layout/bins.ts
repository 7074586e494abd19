/**
 * Packs slots into pages so that few different pages result.
 *
 * A page costs one for each different column on it, where a column is what one unikernel has there:
 * slots of one filling cost as many pages as they have variants, and a second class on the same
 * page is free where it does not tell the columns further apart. So packing starts with pages of
 * one class each, and then, again and again, dissolves a page whose slots can be re-homed, class by
 * class, in the free room of other pages where that lowers the cost. Only the real placement
 * inside a page counts: slots that some unikernel has both must not overlap, slots of unikernels
 * that never meet may. A slot larger than a page takes whole pages; its tail page takes others.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { bundleAt, type Bundle } from './bundles.ts';
import { BLOCK_SIZE, scramble } from './digest.ts';
import { alignUp } from './place.ts';
import { sharingClassOf, type Slot } from './slots.ts';

export interface PackRequest {
  readonly slots: readonly Slot[];
  readonly unikernels: number;
  /** Bytes at the start of the first page that are taken in every unikernel. */
  readonly reserved: number;
  /** The reserved bytes differ in every unikernel; otherwise they are the same. */
  readonly reservedDiffers: boolean;
  /** Re-homing attempts at most. */
  readonly effort: number;
}

export interface Packed {
  /** The slots that stand behind the reserved bytes; offsets count from the start of that page. */
  readonly first: readonly Member[];
  /** Whole pages, to be placed in any order. */
  readonly pages: readonly Bundle[];
}

interface Member {
  readonly slot: Slot;
  readonly offset: number;
}

/** What one page more in one unikernel is worth against one distinct page. */
const LOADED_WEIGHT = 0.02;

interface Item {
  readonly slot: Slot;
  readonly sharingClass: string;
  /** By unikernel: a number that stands for the variant; 0 where absent. */
  readonly hashes: Int32Array;
  /** Unikernels that fill the slot. */
  readonly present: readonly number[];
  /** Bytes on the page that other slots can share: all of a small slot, the tail of a large one. */
  readonly size: number;
}

/** Packs the slots. The result depends on nothing but the request. */
export function packIntoPages(request: PackRequest): Packed {
  const items = request.slots.map((slot) => itemOf(slot, request.unikernels));
  const first = Bin.reserved(request);
  const bins = [first, ...classPages(items, request.unikernels)];
  dissolve(bins, request.effort);
  const used = bins.filter((bin) => bin !== first && bin.items.length > 0);
  return {
    first: first.items.map(({ item, offset }) => ({ slot: item.slot, offset })),
    pages: used.map((bin) => bin.toBundle()),
  };
}

function itemOf(slot: Slot, unikernels: number): Item {
  const hashes = new Int32Array(unikernels);
  const present: number[] = [];
  slot.fillings.forEach((filling, u) => {
    if (!filling) return;
    hashes[u] = scramble(slot.id * 8191 + filling.variant + 1);
    present.push(u);
  });
  const size = slot.size > PAGE_SIZE ? slot.size % PAGE_SIZE : slot.size;
  return { slot, sharingClass: sharingClassOf(slot), hashes, present, size };
}

/** One page with its slots; a large slot stands alone at its start and reaches back before it. */
class Bin {
  readonly items: { item: Item; offset: number }[] = [];
  private readonly sums: Int32Array;
  private readonly counts: Int32Array;
  private readonly free: Int32Array;

  private constructor(
    unikernels: number,
    private readonly start: number,
    readonly isFixed: boolean,
  ) {
    this.sums = new Int32Array(unikernels);
    this.counts = new Int32Array(unikernels);
    this.free = new Int32Array(unikernels).fill(PAGE_SIZE - start);
  }

  static empty(unikernels: number): Bin {
    return new Bin(unikernels, 0, false);
  }

  static reserved(request: PackRequest): Bin {
    const bin = new Bin(request.unikernels, request.reserved, true);
    for (let u = 0; u < request.unikernels && request.reserved > 0; u++) {
      bin.counts[u] = 1;
      bin.sums[u] = scramble(request.reservedDiffers ? -1 - u : -1);
    }
    if (request.reserved === 0) bin.free.fill(0);
    return bin;
  }

  /** A page for a slot larger than a page. */
  static ofLarge(item: Item, unikernels: number): Bin {
    const bin = new Bin(unikernels, 0, true);
    bin.put(item, 0);
    return bin;
  }

  get isLarge(): boolean {
    return (this.items[0]?.item.slot.size ?? 0) > PAGE_SIZE;
  }

  get fill(): number {
    return this.items.reduce((sum, { item }) => sum + item.size, 0);
  }

  /** Cost of the page with further items that all have the same columns as `extra`. */
  cost(extra?: Item, sign: 1 | -1 = 1): number {
    const columns = new Set<number>();
    let loaded = 0;
    for (let u = 0; u < this.sums.length; u++) {
      const adds = extra !== undefined && extra.hashes[u] !== 0;
      const count = this.counts[u]! + (adds ? sign : 0);
      if (count <= 0) continue;
      loaded++;
      columns.add(adds ? (this.sums[u]! + sign * extra.hashes[u]!) | 0 : this.sums[u]!);
    }
    return columns.size + LOADED_WEIGHT * loaded;
  }

  /** Puts an item where it fits first; repacks the page where the room is there but scattered. */
  add(item: Item): boolean {
    if (item.present.some((u) => this.free[u]! < item.size)) return false;
    const offset = this.findRoom(item);
    if (offset === undefined) return this.repackWith(item);
    this.put(item, offset);
    return true;
  }

  remove(item: Item): void {
    const index = this.items.findIndex((entry) => entry.item === item);
    if (index < 0) return;
    this.items.splice(index, 1);
    this.account(item, -1);
  }

  /** Puts an item back where it stood. */
  restore(item: Item, offset: number): void {
    this.put(item, offset);
  }

  private put(item: Item, offset: number): void {
    this.items.push({ item, offset });
    this.account(item, 1);
  }

  private account(item: Item, sign: 1 | -1): void {
    for (const u of item.present) {
      this.sums[u] = (this.sums[u]! + sign * item.hashes[u]!) | 0;
      this.counts[u]! += sign;
      this.free[u]! -= sign * item.size;
    }
  }

  private findRoom(item: Item): number | undefined {
    const alignment = Math.max(BLOCK_SIZE, Math.min(item.slot.alignment, PAGE_SIZE));
    const starts = [this.start, ...this.items.map((other) => other.offset + other.item.size)];
    const offsets = starts.map((start) => alignUp(start, alignment)).sort((a, b) => a - b);
    return offsets.find(
      (offset) =>
        offset + item.size <= PAGE_SIZE && !this.items.some((o) => conflicts(o, item, offset)),
    );
  }

  private repackWith(item: Item): boolean {
    if (this.isLarge) return false;
    const trial = new Bin(this.sums.length, this.start, this.isFixed);
    const all = [...this.items.map((entry) => entry.item), item].sort(
      (a, b) => b.slot.alignment - a.slot.alignment || b.size - a.size || a.slot.id - b.slot.id,
    );
    for (const one of all) {
      const offset = trial.findRoom(one);
      if (offset === undefined) return false;
      trial.items.push({ item: one, offset });
    }
    this.items.splice(0, this.items.length, ...trial.items);
    this.account(item, 1);
    return true;
  }

  toBundle(): Bundle {
    const large = this.items.find(({ item }) => item.slot.size > PAGE_SIZE)?.item.slot;
    const before = large ? Math.floor(large.size / PAGE_SIZE) * PAGE_SIZE : 0;
    const members = this.items.map(({ item, offset }) => ({
      slot: item.slot,
      offset: item.slot === large ? 0 : before + offset,
    }));
    return { ...bundleAt(members, members[0]!.slot.id), alignment: PAGE_SIZE };
  }
}

function conflicts(other: { item: Item; offset: number }, item: Item, offset: number): boolean {
  const apart = offset + item.size <= other.offset || other.offset + other.item.size <= offset;
  if (apart) return false;
  return item.present.some((u) => other.item.hashes[u] !== 0);
}

/** Each class on pages of its own, first fit by falling size. */
function classPages(items: readonly Item[], unikernels: number): Bin[] {
  const classes = new Map<string, Item[]>();
  for (const item of items)
    classes.set(item.sharingClass, [...(classes.get(item.sharingClass) ?? []), item]);
  const bins: Bin[] = [];
  for (const members of classes.values()) {
    const own: Bin[] = [];
    members.sort((a, b) => b.size - a.size || a.slot.id - b.slot.id);
    for (const item of members) {
      if (item.slot.size > PAGE_SIZE) own.push(Bin.ofLarge(item, unikernels));
      else if (!own.some((bin) => bin.add(item))) {
        const bin = Bin.empty(unikernels);
        bin.add(item);
        own.push(bin);
      }
    }
    bins.push(...own);
  }
  return bins;
}

/** Empties pages, and moves classes between pages, as long as that lowers the cost. */
function dissolve(bins: Bin[], effort: number): void {
  let left = effort;
  for (let improved = true; improved && left > 0;) {
    improved = false;
    const candidates = bins.filter((bin) => bin.items.length > 0);
    candidates.sort((a, b) => a.fill - b.fill);
    for (const bin of candidates) {
      if (left <= 0) break;
      left -= candidates.length;
      if (empty(bin, bins)) improved = true;
    }
  }
}

/** Re-homes all of a page, or else each of its classes that it pays for. */
function empty(bin: Bin, bins: readonly Bin[]): boolean {
  const groups = classesOf(bin);
  if (!bin.isFixed && rehome(bin, groups, bins)) return true;
  return groups.filter((group) => rehome(bin, [group], bins)).length > 0;
}

/** Movable items of a page by class, the largest class first. */
function classesOf(bin: Bin): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const { item } of bin.items)
    if (item.slot.size <= PAGE_SIZE)
      groups.set(item.sharingClass, [...(groups.get(item.sharingClass) ?? []), item]);
  return [...groups.values()];
}

/** Moves whole groups off a page where that lowers the cost of all pages together; else undoes it. */
function rehome(from: Bin, groups: readonly Item[][], bins: readonly Bin[]): boolean {
  const before = from.cost();
  const undo: (() => void)[] = [];
  const layout = from.items.map((entry) => ({ ...entry }));
  let change = 0;
  for (const group of groups) {
    for (const item of group) from.remove(item);
    const price = placeGroup(group, from, bins, undo);
    change = price === undefined ? Infinity : change + price;
    if (change >= before) break;
  }
  if (change < Infinity && change + from.cost() - before < -1e-9) return true;
  for (const step of undo.reverse()) step();
  restore(from, layout);
  return false;
}

function restore(bin: Bin, layout: readonly { item: Item; offset: number }[]): void {
  for (const { item } of [...bin.items]) bin.remove(item);
  for (const entry of layout) bin.restore(entry.item, entry.offset);
}

/** Puts a class into the pages where it costs least, split where one page has no room for all. */
function placeGroup(
  group: readonly Item[],
  from: Bin,
  bins: readonly Bin[],
  undo: (() => void)[],
): number | undefined {
  const sample = group[0]!;
  const targets = bins
    .filter((bin) => bin !== from && (bin.items.length > 0 || bin.isFixed))
    .map((bin) => ({ bin, price: bin.cost(sample) - bin.cost() }))
    .sort((a, b) => a.price - b.price || b.bin.fill - a.bin.fill);
  let rest = [...group].sort((a, b) => b.size - a.size || a.slot.id - b.slot.id);
  let total = 0;
  for (const { bin, price } of targets) {
    if (rest.length === 0 || total + price > sample.present.length) break;
    const placed = rest.filter((item) => {
      const layout = bin.items.map((entry) => ({ ...entry }));
      if (!bin.add(item)) return false;
      undo.push(() => restore(bin, layout));
      return true;
    });
    if (placed.length === 0) continue;
    total += price;
    rest = rest.filter((item) => !placed.includes(item));
  }
  return rest.length === 0 ? total : undefined;
}
