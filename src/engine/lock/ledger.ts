/**
 * The lock while it is worked on: places by key, by symbol and by unikernel, and the pages of the
 * fleet. Nothing in it ever moves; places are added, and go when no unikernel holds them any more.
 */
import type { Interval } from './intervals.ts';
import { compareText } from './order.ts';
import type { Lock, LockedRegion, LockedUnikernel, MemberSlot, Place } from './model.ts';
import { addToPages, FleetPages, type PageSums } from './signatures.ts';

/** A place with its variants open for change. */
export interface OpenPlace extends Omit<Place, 'variants'> {
  readonly variants: Map<string, { readonly size: number; readonly holders: Set<string> }>;
}

/** What one unikernel has, and where. */
export interface Holding {
  readonly slot: Pick<MemberSlot, 'size' | 'content'>;
  readonly place: OpenPlace;
}

export class Ledger {
  readonly lock: Lock;
  private readonly byKey = new Map<string, OpenPlace[]>();
  private readonly bySymbol = new Map<string, string>();
  private readonly held = new Map<string, Map<string, Holding>>();
  private readonly sums = new Map<string, PageSums>();
  private readonly checksums = new Map<string, string>();
  private readonly loaded: Set<string>;
  /** By address. */
  private sorted: OpenPlace[] = [];
  private readonly emptied = new Set<OpenPlace>();
  private readonly pins: Set<string>;
  private names: LockedRegion[];
  readonly pages = new FleetPages();

  constructor(lock: Lock) {
    this.lock = lock;
    this.pins = new Set(lock.pins);
    this.names = [...lock.regions];
    this.loaded = new Set(lock.regions.filter(hasContents).map(({ name }) => name));
    for (const { name, checksum } of lock.unikernels) {
      this.checksums.set(name, checksum);
      this.held.set(name, new Map());
    }
    for (const place of [...lock.places].sort((a, b) => a.address - b.address)) this.admit(place);
    for (const [name, holdings] of this.held) this.countPages(name, holdings.values());
  }

  private admit({ variants, ...rest }: Place): void {
    const place: OpenPlace = { ...rest, variants: new Map() };
    this.insert(place);
    for (const { content, size, holders } of variants) {
      place.variants.set(content, { size, holders: new Set(holders) });
      for (const name of holders)
        this.held.get(name)?.set(place.key, { slot: { size, content }, place });
    }
  }

  private countPages(name: string, holdings: Iterable<Holding>): void {
    const sums = this.sumsOf(holdings);
    this.sums.set(name, sums);
    this.pages.add(sums);
  }

  /** Sums of the pages that these fill; what has no file contents fills none. */
  sumsOf(holdings: Iterable<Holding>): PageSums {
    const sums: PageSums = new Map();
    for (const holding of holdings) this.addSums(sums, holding);
    return sums;
  }

  addSums(sums: PageSums, { place, slot }: Holding): void {
    if (slot.size > 0 && this.isLoaded(place.region))
      addToPages(sums, place.address, slot.size, slot.content);
  }

  private isLoaded(region: string): boolean {
    return this.loaded.has(region);
  }

  insert(place: OpenPlace): void {
    const known = this.byKey.get(place.key);
    if (known) known.push(place);
    else this.byKey.set(place.key, [place]);
    for (const symbol of place.symbols) {
      const name = `${place.region} ${symbol}`;
      if (!this.bySymbol.has(name)) this.bySymbol.set(name, place.key);
    }
    this.sorted.splice(this.indexBehind(place.address), 0, place);
    this.emptied.add(place);
  }

  private indexBehind(address: number): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]!.address > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  get regions(): readonly LockedRegion[] {
    return this.names;
  }

  /** Adds a region behind another; `undefined`: first of all. */
  insertRegion(region: LockedRegion, before: string | undefined): void {
    const at = this.names.findIndex(({ name }) => name === before) + 1;
    this.names.splice(at, 0, region);
    if (hasContents(region)) this.loaded.add(region.name);
  }

  placesOf(key: string): readonly OpenPlace[] {
    return this.byKey.get(key) ?? [];
  }

  /** Key of the slot whose content begins with a symbol, in a region. */
  keyOfSymbol(region: string, symbol: string): string | undefined {
    return this.bySymbol.get(`${region} ${symbol}`);
  }

  /** The unikernel of a few that has most of some slots just as they are. */
  nearest(names: Iterable<string>, slots: readonly MemberSlot[]): string | undefined {
    let best: { name: string; same: number } | undefined;
    for (const name of names) {
      const held = this.holdingsOf(name);
      const same = slots.filter(({ key, content }) => held.get(key)?.slot.content === content);
      if (best === undefined || same.length > best.same) best = { name, same: same.length };
    }
    return best?.name;
  }

  /** Places of which some room lies in a range, by address. */
  placesIn({ start, end }: Interval): OpenPlace[] {
    return this.sorted.filter(({ address, room }) => address < end && address + room > start);
  }

  /** What a unikernel of the fleet has, by key. */
  holdingsOf(name: string): ReadonlyMap<string, Holding> {
    return this.held.get(name) ?? new Map<string, Holding>();
  }

  get unikernels(): readonly string[] {
    return [...this.held.keys()];
  }

  /** Takes a unikernel out of the fleet. Places that only it had stay until `settle`. */
  release(name: string): void {
    const holdings = this.held.get(name);
    if (holdings === undefined) return;
    for (const { place, slot } of holdings.values()) {
      const variant = place.variants.get(slot.content)!;
      variant.holders.delete(name);
      if (variant.holders.size === 0) place.variants.delete(slot.content);
      if (place.variants.size === 0) this.emptied.add(place);
    }
    this.pages.remove(this.sums.get(name)!);
    this.held.delete(name);
    this.sums.delete(name);
    this.checksums.delete(name);
  }

  /** Enters a unikernel with what it has. */
  enter(name: string, checksum: string, holdings: ReadonlyMap<string, Holding>): void {
    for (const { place, slot } of holdings.values()) {
      const known = place.variants.get(slot.content);
      if (known) known.holders.add(name);
      else place.variants.set(slot.content, { size: slot.size, holders: new Set([name]) });
    }
    const kept = [...holdings].map(
      ([
        key,
        {
          slot: { size, content },
          place,
        },
      ]) => {
        return [key, { slot: { size, content }, place }] as const;
      },
    );
    this.held.set(name, new Map(kept));
    this.checksums.set(name, checksum);
    this.countPages(name, holdings.values());
  }

  /** Gives the space of places back that nobody holds. */
  settle(): void {
    const empty = [...this.emptied].filter(({ variants }) => variants.size === 0);
    this.emptied.clear();
    if (empty.length === 0) return;
    const gone = new Set(empty);
    for (const { key, region, symbols } of empty) {
      const left = this.byKey.get(key)?.filter((other) => !gone.has(other)) ?? [];
      if (left.length > 0) this.byKey.set(key, left);
      else this.byKey.delete(key);
      for (const symbol of symbols)
        if (left.length === 0 && this.bySymbol.get(`${region} ${symbol}`) === key)
          this.bySymbol.delete(`${region} ${symbol}`);
    }
    this.sorted = this.sorted.filter((place) => !gone.has(place));
  }

  /** Notes constants that have a slot of their own in some unikernel. */
  addPins(names: Iterable<string>): void {
    for (const name of names) this.pins.add(name);
  }

  /** The lock as a value, sorted. */
  toLock(): Lock {
    const unikernels = [...this.checksums]
      .map(([name, checksum]): LockedUnikernel => ({ name, checksum }))
      .sort((a, b) => compareText(a.name, b.name));
    const places = this.sorted
      .map(({ variants, ...rest }): Place => ({
        ...rest,
        variants: [...variants]
          .map(([content, { size, holders }]) => ({
            content,
            size,
            holders: [...holders].sort(compareText),
          }))
          .sort((a, b) => compareText(a.content, b.content)),
      }))
      .sort((a, b) => compareText(a.key, b.key) || a.address - b.address);
    const pins = [...this.pins].sort(compareText);
    return { ...this.lock, pins, regions: this.names, unikernels, places };
  }
}

const hasContents = ({ name, group }: LockedRegion) =>
  group !== 'bss' && group !== 'unloaded' && name !== '.tbss';
