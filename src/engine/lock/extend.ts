/**
 * Places one unikernel by a lock, without the others. What the lock knows goes to its place; the rest
 * goes to free space, so that nothing that is locked moves:
 *
 * 1. The head of an output section stays where it is, and so does a table that has room.
 * 2. A body goes to the place of its key: that with its very content first, else one with room for it.
 *    What outgrew its room stays all the same where moving what stands behind it is cheaper than
 *    moving it: a move changes every page that refers to what is moved.
 * 3. What is left is new or was moved. Libraries that fill pages go where no unikernel has anything,
 *    each in a row, since others may come to have the same. Small ones and an application's own may
 *    stand where others have something that this one lacks: first on pages that no other unikernel
 *    has as this one has them, which are its own anyway.
 *
 * Pages that another unikernel has with the same content are left as they are.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { SpacerError } from '../errors.ts';
import { alignUp, GRAIN } from '../layout/place.ts';
import { checksumOf } from './content.ts';
import { FreeList, gapsBetween, IntervalSet, onPages, within, type Interval } from './intervals.ts';
import type { Holding, Ledger, OpenPlace } from './ledger.ts';
import type { LockedRegion, Member, MemberSlot } from './model.ts';
import { compareText } from './order.ts';
import type { PageSums } from './signatures.ts';

export interface Placement {
  /** By key of the member's slots. */
  readonly addresses: ReadonlyMap<string, number>;
  /** Start and end of the member's regions, by name. */
  readonly regions: ReadonlyMap<string, { readonly start: number; readonly end: number }>;
  /** Keys that the lock did not have. */
  readonly added: readonly string[];
  /** Keys whose places have no room for what this unikernel has. */
  readonly outgrown: readonly string[];
}

/**
 * Places a member and enters it into the ledger; an earlier state of it is taken out.
 * @throws SpacerError `lock-full` where a group has no room left; the ledger is then spoilt
 */
export function place(ledger: Ledger, member: Member): Placement {
  const earlier = ledger.holdingsOf(member.name);
  ledger.release(member.name);
  const work = new Placing(ledger, member, earlier);
  const placement = work.run();
  ledger.enter(member.name, checksumOf(work.holdings), work.holdings);
  ledger.settle();
  return placement;
}

/** Unikernels that are compared in full, to find the one that is most alike. */
const NEIGHBOURS = 8;

interface MemberHolding extends Holding {
  readonly slot: MemberSlot;
}

class Placing {
  /** By key of the lock. */
  readonly holdings = new Map<string, MemberHolding>();
  private readonly addresses = new Map<string, number>();
  private readonly occupied = new Map<string, IntervalSet>();
  private readonly regions = new Map<string, LockedRegion>();
  private readonly added: string[] = [];
  private readonly outgrown: string[] = [];
  /** By group: what nobody has, and what no library has. Made when the known slots are placed. */
  private readonly free = new Map<string, { ofAll: FreeList; ofLibraries: FreeList }>();
  private pageSums: PageSums | undefined;
  private neighbour: string | undefined;

  constructor(
    private readonly ledger: Ledger,
    private readonly member: Member,
    private readonly earlier: ReadonlyMap<string, Holding>,
  ) {}

  run(): Placement {
    this.noteRegions();
    const { slots } = this.member;
    for (const slot of slots) if (slot.role === 'head') this.placeHead(slot);
    this.placeTables(slots.filter(({ role }) => role === 'table'));
    const bodies = slots.filter(({ role }) => role === 'body');
    const left = this.placeKnown(bodies);
    this.placeNew(left.flatMap((slot) => this.keepOrMove(slot)));
    return {
      addresses: this.addresses,
      regions: this.bounds(),
      added: this.added,
      outgrown: this.outgrown,
    };
  }

  /** Regions that the lock lacks come behind those that stand before them in the member's scripts. */
  private noteRegions(): void {
    let before: string | undefined;
    for (const region of this.member.regions) {
      if (!this.ledger.regions.some(({ name }) => name === region.name))
        this.ledger.insertRegion({ ...region, ...this.emptyRange(region, before) }, before);
      before = region.name;
    }
    for (const region of this.ledger.regions) this.regions.set(region.name, region);
  }

  private emptyRange({ group }: { group: LockedRegion['group'] }, before: string | undefined) {
    const own = this.ledger.regions.filter((region) => region.group === group);
    const at = own.findIndex(({ name }) => name === before);
    const start = own[at]?.start ?? this.groupRange(group).start;
    return { start, end: own[0]?.end ?? start };
  }

  private groupRange(group: LockedRegion['group']): Interval {
    const known = this.ledger.lock.groups.find((range) => range.group === group);
    const last = Math.max(...this.ledger.lock.groups.map(({ limit }) => limit));
    const { start, limit } = known ?? { start: last, limit: last };
    // Nothing stands behind these.
    return { start, end: group === 'bss' || group === 'unloaded' ? Infinity : limit };
  }

  /** Where the slots of a region may stand. Thread-local sections follow each other without overlap. */
  private rangeOf(name: string): Interval {
    const region = this.regions.get(name)!;
    const { start, end } = this.groupRange(region.group);
    if (region.group !== 'tls') return { start: Math.max(start, region.start), end };
    const next = this.ledger.regions.filter(
      (other) => other.group === 'tls' && other.start > region.start,
    );
    return { start: region.start, end: Math.min(end, ...next.map((other) => other.start)) };
  }

  private occupiedOf(region: string): IntervalSet {
    // `.tbss` takes no room: what follows has the same addresses.
    const { group } = this.regions.get(region)!;
    const known = this.occupied.get(group);
    if (known) return known;
    const fresh = new IntervalSet();
    this.occupied.set(group, fresh);
    return fresh;
  }

  private put(slot: MemberSlot, at: OpenPlace): void {
    const end = at.address + slot.size;
    this.occupiedOf(slot.region).add(at.address, end);
    const free = this.free.get(this.regions.get(slot.region)!.group);
    free?.ofAll.take(at.address, end);
    free?.ofLibraries.take(at.address, end);
    const holding = { slot, place: at };
    this.holdings.set(at.key, holding);
    this.addresses.set(slot.key, at.address);
    if (this.pageSums) this.ledger.addSums(this.pageSums, holding);
  }

  /** What must come first in its section begins where the section begins. */
  private placeHead(slot: MemberSlot): void {
    const known = this.ledger.placesOf(slot.key)[0];
    this.put(slot, known ?? this.open(slot, this.rangeOf(slot.region).start));
  }

  /** A table that outgrew its room, or is new, stands alone behind what is locked. */
  private placeTables(tables: readonly MemberSlot[]): void {
    const left = tables.filter((slot) => {
      const known = this.candidates(slot)[0];
      if (known) this.put(slot, known);
      return known === undefined;
    });
    for (const slot of left) {
      this.note(slot);
      const range = this.groupRange(this.regions.get(slot.region)!.group);
      const address = firstFit(this.freeOfAll(slot.region, range), slot);
      if (address === undefined) throw this.full(slot);
      this.put(slot, this.open(slot, address));
    }
  }

  /** Places of a slot that are free in this member and have room, the best first. */
  private candidates(slot: MemberSlot): OpenPlace[] {
    const { key } = slot;
    const rank = (at: OpenPlace) => {
      const variant = at.variants.get(slot.content);
      if (this.isUnchanged(slot, at)) return 4;
      if (variant === undefined) return at === this.earlier.get(key)?.place ? 1 : 0;
      return this.neighbour !== undefined && variant.holders.has(this.neighbour) ? 3 : 2;
    };
    const fitting = this.ledger
      .placesOf(key)
      .filter((at) => at.region === slot.region && this.fits(slot, at));
    return fitting.sort((a, b) => rank(b) - rank(a) || a.address - b.address);
  }

  private fits(slot: MemberSlot, at: OpenPlace): boolean {
    const { address, room } = at;
    const isAligned = address % slot.alignment === 0;
    const end = address + slot.size;
    const hasRoom = slot.size <= room || this.isUnchanged(slot, at);
    return hasRoom && isAligned && this.occupiedOf(slot.region).isFree(address, end);
  }

  /** True where the member has had this content at this place before. */
  private isUnchanged({ key, content }: MemberSlot, at: OpenPlace): boolean {
    const earlier = this.earlier.get(key);
    return earlier?.place === at && earlier.slot.content === content;
  }

  /** @returns what has no place yet */
  private placeKnown(bodies: readonly MemberSlot[]): MemberSlot[] {
    const exact = (slot: MemberSlot) => this.exactPlaces(slot).length > 0;
    this.neighbour = this.findNeighbour(bodies);
    const stays = ({ key, content }: MemberSlot) => this.earlier.get(key)?.slot.content === content;
    const [first, rest] = divide(bodies, stays);
    const [second, third] = divide(rest, exact);
    const left: MemberSlot[] = [];
    for (const slot of [...first, ...second, ...third]) {
      const at = this.candidates(slot)[0];
      if (at) this.put(slot, at);
      else left.push(slot);
    }
    return left;
  }

  private exactPlaces({ key, content }: MemberSlot): OpenPlace[] {
    return this.ledger.placesOf(key).filter(({ variants }) => variants.has(content));
  }

  /** Where contents stand at several places, those of the unikernel that is most alike are taken. */
  private findNeighbour(bodies: readonly MemberSlot[]): string | undefined {
    const counts = new Map<string, number>();
    for (const slot of bodies) {
      const places = this.exactPlaces(slot);
      if (places.length < 2 || this.earlier.get(slot.key)?.slot.content === slot.content) continue;
      for (const { variants } of places)
        for (const name of variants.get(slot.content)!.holders)
          counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const most = [...counts].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0]));
    const names = most.slice(0, NEIGHBOURS).map(([name]) => name);
    return this.ledger.nearest(names, bodies);
  }

  /**
   * Lets what outgrew its room keep its address, if that is cheaper.
   * @returns what has to be moved instead
   */
  private keepOrMove(slot: MemberSlot): MemberSlot[] {
    const at = this.ledger.placesOf(slot.key).find(({ region }) => region === slot.region);
    const end = (at?.address ?? 0) + slot.size;
    if (
      at === undefined ||
      at.address % slot.alignment !== 0 ||
      end > this.rangeOf(slot.region).end
    )
      return [slot];
    const inTheWay = this.between(slot.region, at.address, end);
    const isFixed = inTheWay.some(({ place: other }) => other.role !== 'body');
    const keys = inTheWay.map(({ place: other }) => other.key);
    if (isFixed || this.priceOf(keys) > this.priceOf([slot.key])) return [slot];
    for (const { place: other } of inTheWay) this.takeOut(other);
    this.put(slot, at);
    return inTheWay.map((holding) => holding.slot);
  }

  /** What this unikernel has between two addresses. */
  private between(region: string, start: number, end: number): MemberHolding[] {
    const group = this.regions.get(region)!.group;
    return [...this.holdings.values()].filter(
      ({ slot, place: { address } }) =>
        address < end &&
        address + slot.size > start &&
        this.regions.get(slot.region)!.group === group,
    );
  }

  private takeOut({ key, region, address }: OpenPlace): void {
    this.occupiedOf(region).remove(address);
    this.holdings.delete(key);
    this.addresses.delete(key);
    this.pageSums = undefined;
    this.free.clear();
  }

  /** Pages, now shared, that a move of these slots would change: those that refer to them. */
  private priceOf(keys: readonly string[]): number {
    const sums = this.sums();
    const pages = new Set<number>();
    for (const { slot, place: at } of this.holdings.values()) {
      if (!keys.some((key) => slot.targets.has(key))) continue;
      const last = Math.floor((at.address + slot.size - 1) / PAGE_SIZE);
      for (let page = Math.floor(at.address / PAGE_SIZE); page <= last; page++)
        if (this.isShared(page, sums)) pages.add(page);
    }
    return pages.size;
  }

  private placeNew(slots: readonly MemberSlot[]): void {
    slots.forEach((slot) => this.note(slot));
    for (const own of groupBy(slots, ({ region }) => region)) {
      const libraries = groupBy(own, ({ library }) => library);
      const [large, small] = divide(libraries, isLarge);
      if (large.length > 0) this.placeTogether(large.flat());
      const falling = small.flat().sort((a, b) => b.size - a.size || compareText(a.key, b.key));
      if (falling.length > 0) this.placeApart(falling);
    }
  }

  private note(slot: MemberSlot): void {
    (this.ledger.placesOf(slot.key).length > 0 ? this.outgrown : this.added).push(slot.key);
  }

  /** Slots of one region, in a row where no unikernel has anything. */
  private placeTogether(batch: readonly MemberSlot[]): void {
    const { region } = batch[0]!;
    const gaps = this.freeOfAll(region, this.rangeOf(region));
    const size = batch.reduce((end, slot) => alignUp(end, grainOf(slot)) + slot.size, 0);
    const alignment = Math.max(PAGE_SIZE, ...batch.map(grainOf));
    const start = firstFit(gaps, { size, alignment });
    if (start === undefined) return this.placeEach(batch, gaps);
    let cursor = start;
    for (const slot of batch) {
      const address = alignUp(cursor, grainOf(slot));
      this.put(slot, this.open(slot, address));
      cursor = address + slot.size;
    }
  }

  /** Small things: on pages that are this unikernel's own, then behind everything. */
  private placeApart(batch: readonly MemberSlot[]): void {
    const { region } = batch[0]!;
    const range = this.rangeOf(region);
    const sums = this.sums();
    const isOwn = (page: number) => sums.has(page) && !this.isShared(page, sums);
    const holes = pagesOf(gapsBetween(this.occupiedOf(region).intervals, range), isOwn);
    const wanted = Math.min(
      PAGE_SIZE,
      batch.reduce((sum, slot) => sum + slot.size, 0),
    );
    const { ofLibraries } = this.freeIn(region);
    const behind = onPages(within(ofLibraries.gaps, range), (page) => !sums.has(page), PAGE_SIZE);
    const large = behind.filter(({ start, end }) => end - start >= wanted);
    this.placeEach(batch, [...holes, ...large, ...behind]);
  }

  /** First fit in the gaps; what is placed takes its room from them. */
  private placeEach(batch: readonly MemberSlot[], gaps: readonly Interval[]): void {
    const left = gaps.map(({ start, end }) => ({ start, end }));
    for (const slot of batch) {
      const fits = ({ start, end }: Interval) =>
        this.occupiedOf(slot.region).isFree(
          addressIn(start, slot),
          addressIn(start, slot) + slot.size,
        ) && addressIn(start, slot) + slot.size <= end;
      const gap = left.find(fits);
      if (gap === undefined) throw this.full(slot);
      const address = addressIn(gap.start, slot);
      this.put(slot, this.open(slot, address));
      gap.start = address + slot.size;
    }
  }

  /** Gaps in which no unikernel has anything, on pages that no other has as this one has them. */
  private freeOfAll(region: string, range: Interval): Interval[] {
    const sums = this.sums();
    const gaps = within(this.freeIn(region).ofAll.gaps, range);
    return onPages(gaps, (page) => !this.isShared(page, sums), PAGE_SIZE);
  }

  private freeIn(region: string) {
    const { group } = this.regions.get(region)!;
    const known = this.free.get(group);
    if (known) return known;
    const range = this.groupRange(group);
    const mine = this.occupiedOf(region).intervals;
    const others = this.ledger
      .byAddress()
      .filter(({ address, room }) => address < range.end && address + room > range.start);
    const libraries = others.filter(
      ({ variants, library }) => variants.size > 0 && !isApplication(library),
    );
    const without = (places: readonly OpenPlace[]) => {
      const all = [...places.map(intervalOf), ...mine].sort((a, b) => a.start - b.start);
      return new FreeList(gapsBetween(all, range));
    };
    const fresh = { ofAll: without(others), ofLibraries: without(libraries) };
    this.free.set(group, fresh);
    return fresh;
  }

  private sums(): PageSums {
    return (this.pageSums ??= this.ledger.sumsOf(this.holdings.values()));
  }

  private isShared(page: number, sums: PageSums): boolean {
    const sum = sums.get(page);
    return sum !== undefined && this.ledger.pages.has(page, sum);
  }

  private open(slot: MemberSlot, address: number): OpenPlace {
    const { key, region, role, library, size, symbols } = slot;
    const alignment = slot.alignment;
    const variants: OpenPlace['variants'] = new Map();
    const fresh = { key, region, role, library, address, room: size, alignment, symbols, variants };
    this.ledger.insert(fresh);
    return fresh;
  }

  private full({ key, region, size }: MemberSlot): SpacerError {
    const { group } = this.regions.get(region)!;
    return new SpacerError(
      'lock-full',
      `The lock has no room left for ${key} of ${this.member.name}: ${size} bytes in ${region} (${group}). spacer relayout makes a new layout.`,
    );
  }

  /** Starts of known regions stay; one that was empty begins where its first slot stands. */
  private bounds(): Map<string, { start: number; end: number }> {
    const result = new Map<string, { start: number; end: number }>();
    for (const { name, group, start, end } of this.ledger.regions) {
      const own = this.member.slots.filter((slot) => slot.region === name);
      const at = own.map(({ key, size }) => ({ start: this.addresses.get(key)!, size }));
      const isTable = own[0]?.role === 'table';
      const first = isTable ? at[0]!.start : Math.min(start, ...at.map((slot) => slot.start));
      const last = Math.max(end, ...at.map((slot) => slot.start + slot.size));
      const isSoft = group === 'bss' && last > end;
      result.set(name, { start: first, end: isSoft ? alignUp(last, PAGE_SIZE) : last });
    }
    return result;
  }
}

/** Unikraft calls libraries `libNAME`, and an application's own code by another name (`appNAME`). */
export const isApplication = (library: string): boolean => !/^(lib|spacer-|\[)/.test(library);

const intervalOf = ({ address, room }: OpenPlace): Interval => ({
  start: address,
  end: address + room,
});

const grainOf = ({ alignment }: { readonly alignment: number }) => Math.max(GRAIN, alignment);

const addressIn = (start: number, slot: { readonly alignment: number }) =>
  alignUp(start, grainOf(slot));

function firstFit(
  gaps: readonly Interval[],
  slot: { readonly size: number; readonly alignment: number },
): number | undefined {
  const gap = gaps.find(({ start, end }) => addressIn(start, slot) + slot.size <= end);
  return gap && addressIn(gap.start, slot);
}

function divide<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** Items by a name, in the order of its first appearance. */
function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const known = groups.get(name);
    if (known) known.push(item);
    else groups.set(name, [item]);
  }
  return [...groups.values()];
}

/**
 * From so many bytes on a library's part of a region is kept apart. Less saves a page or two when a
 * unikernel comes (3% of a set of eight at 4096 bytes against 0), and costs when many have come, since what
 * stands over others' places cannot stand there in all (30% at 600 unikernels).
 */
const LARGE = 1024;

/** What a library puts into a region, if it fills pages of its own that others may come to share. */
const isLarge = (slots: readonly MemberSlot[]): boolean =>
  !isApplication(slots[0]!.library) && slots.reduce((sum, { size }) => sum + size, 0) >= LARGE;

/** The parts of gaps on pages that `isOwn` admits, page by page. */
function pagesOf(gaps: readonly Interval[], isOwn: (page: number) => boolean): Interval[] {
  return gaps.flatMap(({ start, end }) => {
    const result: Interval[] = [];
    // A gap that has an own page in its middle does not exist: such a page would be empty.
    for (const page of new Set([
      Math.floor(start / PAGE_SIZE),
      Math.floor((end - 1) / PAGE_SIZE),
    ])) {
      if (!isOwn(page)) continue;
      const from = Math.max(start, page * PAGE_SIZE);
      const to = Math.min(end, (page + 1) * PAGE_SIZE);
      if (to > from) result.push({ start: from, end: to });
    }
    return result;
  });
}
