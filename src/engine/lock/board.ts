/**
 * One unikernel while it is placed by a lock: what of it stands where, what is free beside it, and
 * which of its pages another unikernel has too.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { SpacerError } from '../errors.ts';
import type { Group } from '../layout/regions.ts';
import { isApplication } from './application.ts';
import { FreeList, gapsBetween, IntervalSet, onPages, within, type Interval } from './intervals.ts';
import type { Holding, Ledger, OpenPlace } from './ledger.ts';
import type { LockedRegion, Member, MemberSlot } from './model.ts';
import { pagesOf } from './pages.ts';
import type { PageSums } from './signatures.ts';

/**
 * Up to this many unikernels, a newcomer fills all its own pages before it takes new ones. That saves 4 to
 * 10 pages of 120 for the eighth of a set; in a larger fleet, what stands over others' places cannot stand
 * there in all that come to have both. At 600 unikernels, the first 8 so placed cost 7 to 10% more pages than
 * none, the first 16 cost 15 to 22%.
 */
const SMALL_FLEET = 8;

/** What the unikernel has, and where. */
export interface MemberHolding extends Holding {
  readonly slot: MemberSlot;
}

export class Board {
  /** By key of the lock. */
  readonly holdings = new Map<string, MemberHolding>();
  /** By key of the member's slots. */
  readonly addresses = new Map<string, number>();
  private readonly occupied = new Map<string, IntervalSet>();
  private readonly regions = new Map<string, LockedRegion>();
  /** By group: what nobody has, and what no library has. Made when the known slots are placed. */
  private readonly free = new Map<string, { ofAll: FreeList; ofLibraries: FreeList }>();
  private pageSums: PageSums | undefined;

  /** Regions that the lock lacks come behind those that stand before them in the member's scripts. */
  constructor(
    readonly ledger: Ledger,
    readonly member: Member,
    /** What the unikernel had when it was placed before. */
    readonly earlier: ReadonlyMap<string, Holding>,
  ) {
    let before: string | undefined;
    for (const region of member.regions) {
      if (!ledger.regions.some(({ name }) => name === region.name))
        ledger.insertRegion({ ...region, ...this.emptyRange(region, before) }, before);
      before = region.name;
    }
    for (const region of ledger.regions) this.regions.set(region.name, region);
  }

  private emptyRange({ group }: { group: Group }, before: string | undefined) {
    const own = this.ledger.regions.filter((region) => region.group === group);
    const at = own.findIndex(({ name }) => name === before);
    const start = own[at]?.start ?? this.groupRange(group).start;
    return { start, end: own[0]?.end ?? start };
  }

  groupOf(region: string): Group {
    return this.regions.get(region)!.group;
  }

  groupRange(group: Group): Interval {
    const known = this.ledger.lock.groups.find((range) => range.group === group);
    const last = Math.max(...this.ledger.lock.groups.map(({ limit }) => limit));
    const { start, limit } = known ?? { start: last, limit: last };
    // Nothing stands behind these.
    return { start, end: group === 'bss' || group === 'unloaded' ? Infinity : limit };
  }

  /** Where the slots of a region may stand. Thread-local sections follow each other without overlap. */
  rangeOf(name: string): Interval {
    const region = this.regions.get(name)!;
    const { start, end } = this.groupRange(region.group);
    if (region.group !== 'tls') return { start: Math.max(start, region.start), end };
    const next = this.ledger.regions.filter(
      (other) => other.group === 'tls' && other.start > region.start,
    );
    return { start: region.start, end: Math.min(end, ...next.map((other) => other.start)) };
  }

  occupiedOf(region: string): IntervalSet {
    // `.tbss` takes no room: what follows it has the same addresses.
    const group = this.groupOf(region);
    const known = this.occupied.get(group);
    if (known) return known;
    const fresh = new IntervalSet();
    this.occupied.set(group, fresh);
    return fresh;
  }

  put(slot: MemberSlot, at: OpenPlace): void {
    const end = at.address + slot.size;
    this.occupiedOf(slot.region).add(at.address, end);
    const free = this.free.get(this.groupOf(slot.region));
    free?.ofAll.take(at.address, end);
    free?.ofLibraries.take(at.address, end);
    const holding = { slot, place: at };
    this.holdings.set(at.key, holding);
    this.addresses.set(slot.key, at.address);
    if (this.pageSums) this.ledger.addSums(this.pageSums, holding);
  }

  takeOut({ key, region, address }: OpenPlace): void {
    this.occupiedOf(region).remove(address);
    this.holdings.delete(key);
    this.addresses.delete(key);
    this.pageSums = undefined;
    this.free.clear();
  }

  /** A new place for a slot, put there. */
  open(slot: MemberSlot, address: number): void {
    const { key, region, role, library, size, symbols, alignment } = slot;
    const variants: OpenPlace['variants'] = new Map();
    const fresh = { key, region, role, library, address, room: size, alignment, symbols, variants };
    this.ledger.insert(fresh);
    this.put(slot, fresh);
  }

  /** True where the member has had this content at this place before. */
  isUnchanged({ key, content }: MemberSlot, at: OpenPlace): boolean {
    const earlier = this.earlier.get(key);
    return earlier?.place === at && earlier.slot.content === content;
  }

  /** What this unikernel has between two addresses of a group. */
  between(group: Group, start: number, end: number): MemberHolding[] {
    return [...this.holdings.values()].filter(
      ({ slot, place: { address } }) =>
        address < end && address + slot.size > start && this.groupOf(slot.region) === group,
    );
  }

  /** True where the unikernel has the page, and another one has the same page. */
  isShared(page: number): boolean {
    const sum = this.sums().get(page);
    return sum !== undefined && this.ledger.pages.has(page, sum);
  }

  /** True where the unikernel has the page, and no other has it as it is. */
  isOwn(page: number): boolean {
    return this.sums().has(page) && !this.isShared(page);
  }

  /** True where the unikernel has nothing yet. */
  isEmpty(page: number): boolean {
    return !this.sums().has(page);
  }

  /** True in a fleet so small that pages count more than room for what is to come. */
  get isSmallFleet(): boolean {
    return this.ledger.unikernels.length <= SMALL_FLEET;
  }

  private sums(): PageSums {
    return (this.pageSums ??= this.ledger.sumsOf(this.holdings.values()));
  }

  /** Pages that now are shared and on which a move of these slots would be seen: those that refer to them. */
  priceOfMove(keys: readonly string[]): number {
    const pages = new Set<number>();
    for (const { slot, place: at } of this.holdings.values()) {
      if (!keys.some((key) => slot.targets.has(key))) continue;
      for (const page of pagesOf(at.address, slot.size)) if (this.isShared(page)) pages.add(page);
    }
    return pages.size;
  }

  /** Gaps in which no unikernel has anything, on pages that no other has as this one has them. */
  freeOfAll(region: string, range: Interval): Interval[] {
    const gaps = within(this.freeIn(region).ofAll.gaps, range);
    return onPages(gaps, (page) => !this.isShared(page), PAGE_SIZE);
  }

  /** Gaps in which no library has anything, on pages of which this unikernel has nothing. */
  freeOfLibraries(region: string, range: Interval): Interval[] {
    const gaps = within(this.freeIn(region).ofLibraries.gaps, range);
    return onPages(gaps, (page) => this.isEmpty(page), PAGE_SIZE);
  }

  private freeIn(region: string) {
    const group = this.groupOf(region);
    const known = this.free.get(group);
    if (known) return known;
    const range = this.groupRange(group);
    const mine = this.occupiedOf(region).intervals;
    const others = this.ledger.placesIn(range);
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

  full({ key, region, size }: MemberSlot): SpacerError {
    return new SpacerError(
      'lock-full',
      `The lock has no room left for ${key} of ${this.member.name}: ${size} bytes in ${region} (${this.groupOf(region)}). spacer relayout makes a new layout.`,
    );
  }
}

const intervalOf = ({ address, room }: OpenPlace): Interval => ({
  start: address,
  end: address + room,
});
