/**
 * Gives every slot its address. The common address space is a sequence of groups (text, read-only,
 * TLS, data, bss), each beginning on a page of its own; a group is a sequence of regions in the
 * order of the linker scripts. Within a group stand, in this order: heads, tables and what several
 * unikernels share, then what one unikernel alone has, each unikernel's own at one common start.
 */
import { PAGE_SIZE, type PoolRange } from '../../protocol/page-map.ts';
import { packIntoPages } from './bins.ts';
import { bundleByClass, partsOf, unbundle } from './bundles.ts';
import { placePages } from './place-pages.ts';
import { costOf, type Cost, type Placed } from './cost.ts';
import { alignUp, placeInOrder, type Step } from './place.ts';
import type { Group, Region } from './regions.ts';
import { byClass, improveOrder, weigh } from './search.ts';
import { sharersOf, sharingClassOf, variantsOf, type Slot } from './slots.ts';
import { withBodiesBehind } from './tables.ts';

/** How bodies are ordered and padded. */
export interface Strategy {
  readonly name: string;
  /** By sharing class, common slots first; otherwise in link order. */
  readonly group: boolean;
  /** Each text slot on a page of its own, but for common ones that are grouped. */
  readonly align: boolean;
  /** Steps that a search may take; 0 keeps the first order. */
  readonly effort: number;
  /** Searches to try for each group, of which the better is taken; absent: the order as it is. */
  readonly searches?: readonly ('order' | 'pages')[];
  /** How many times dearer a loaded page is than usual; absent: once. */
  readonly loadedWeight?: number;
  /** Read-only slots that are the same in all their unikernels form one contiguous range. */
  readonly pool: boolean;
}

export interface LayoutInput {
  readonly unikernels: number;
  readonly regions: readonly Region[];
  /** Slots by id: `slots[i].id === i`, in link order. */
  readonly slots: readonly Slot[];
  /** Address of the first byte of the first group. */
  readonly base: number;
  /** Bodies of the text group start here; absent: right behind its heads. */
  readonly location?: number;
}

export interface Layout {
  readonly strategy: Strategy;
  /** By slot id. */
  readonly addresses: readonly number[];
  /** Where each region begins, by name, empty ones included. */
  readonly regionStarts: ReadonlyMap<string, number>;
  /** First address beyond everything of a region's group, over the whole set. */
  readonly regionEnds: ReadonlyMap<string, number>;
  readonly cost: Cost;
  readonly pool?: PoolRange;
  /** By unikernel, where groups of them are laid out apart: the addresses that hold for it. */
  readonly own?: readonly Places[];
}

/** Where the slots of a unikernel stand. */
export type Places = Pick<Layout, 'addresses' | 'regionStarts' | 'regionEnds'>;

/** What holds for one unikernel of a layout. */
export const placesFor = (layout: Layout, unikernel: number): Places =>
  layout.own?.[unikernel] ?? layout;

const ORDER: readonly Group[] = ['text', 'readonly', 'tls', 'data', 'bss', 'unloaded'];

/** Places all slots. The result depends on nothing but the arguments. */
export function planLayout(input: LayoutInput, strategy: Strategy): Layout {
  const addresses = new Array<number>(input.slots.length).fill(0);
  const regionStarts = new Map<string, number>();
  const regionEnds = new Map<string, number>();
  let start = input.base;
  for (const group of ORDER) {
    const regions = input.regions.filter((region) => region.group === group);
    const { late, placed, end } = placeGroup(input, group, strategy, start);
    for (const { slot, address } of unbundle(placed)) addresses[slot.id] = address;
    noteStarts(regionStarts, regions, placed.slice(0, placed.length - late), start);
    const groupEnd = alignUp(end, endAlignmentOf(group, regions, placed));
    for (const { name } of regions) regionEnds.set(name, groupEnd);
    start = nextGroupStart(group, placed, start, end);
  }
  const all = input.slots.map((slot): Placed => ({ slot, address: addresses[slot.id]! }));
  const groups = new Map(input.regions.map(({ name, group }) => [name, group]));
  const loaded = all.filter(({ slot }) => isLoaded(groups, slot));
  const pool = strategy.pool ? poolRange(loaded, input.regions) : undefined;
  const cost = costOf(loaded, input.unikernels);
  return { strategy, addresses, regionStarts, regionEnds, cost, ...(pool && { pool }) };
}

/** TLS offsets count from an end that is aligned like the most aligned variable (psABI, variant II). */
function endAlignmentOf(group: Group, regions: readonly Region[], placed: readonly Placed[]) {
  const asked = Math.max(1, ...regions.map((region) => region.endAlignment));
  if (group === 'bss') return Math.max(asked, PAGE_SIZE);
  if (group !== 'tls') return 1;
  return Math.max(asked, ...placed.map(({ slot }) => slot.alignment));
}

interface PlacedGroup {
  readonly placed: readonly Placed[];
  readonly end: number;
  /** How many of the placed, at the end, are what one unikernel alone has. */
  readonly late: number;
}

/** Part of the effort that shows which of several searches suits a group. */
const TRIAL = 0.15;

/** Places a group by the search that suits it best of those that the strategy names. */
function placeGroup(
  input: LayoutInput,
  group: Group,
  strategy: Strategy,
  start: number,
): PlacedGroup {
  const searches = searchesFor(input, group, strategy);
  const trial = { ...strategy, effort: Math.ceil(strategy.effort * TRIAL) };
  const priced = searches.map((search) => {
    const { placed } = placeBySearch(
      input,
      group,
      searches.length > 1 ? trial : strategy,
      start,
      search,
    );
    return {
      search,
      placed,
      price: weigh(costOf(placed, input.unikernels), strategy.loadedWeight),
    };
  });
  const best = priced.reduce((a, b) => (b.price < a.price ? b : a));
  return placeBySearch(input, group, strategy, start, best.search);
}

/** Filled places of a group up to which whole orders are searched. */
const MOST_TO_ORDER = 40_000;

/** An order is priced as a whole, which a large fleet cannot pay for; pages are priced one by one. */
function searchesFor(input: LayoutInput, group: Group, { searches }: Strategy) {
  if (!searches) return [undefined];
  const packs = searches.includes('pages') && (group === 'text' || group === 'readonly');
  const names = new Set(
    input.regions.filter((region) => region.group === group).map((region) => region.name),
  );
  const places = input.slots.reduce(
    (sum, slot) => sum + (names.has(slot.region) ? sharersOf(slot) : 0),
    0,
  );
  if (places <= MOST_TO_ORDER) return packs ? searches : (['order'] as const);
  return packs ? (['pages'] as const) : [undefined];
}

function placeBySearch(
  input: LayoutInput,
  group: Group,
  strategy: Strategy,
  start: number,
  search: 'order' | 'pages' | undefined,
): PlacedGroup {
  const regions = input.regions.filter((region) => region.group === group);
  if (search === 'pages' && !strategy.pool && (group === 'text' || group === 'readonly'))
    return packedGroup(input, regions, group, strategy, start);
  const { steps, late } = stepsOfGroup(input, group, strategy, start, search);
  return { ...placeInOrder(steps, start, input.unikernels), late };
}

/** An empty region begins where the one before it ends. */
function noteStarts(
  starts: Map<string, number>,
  regions: readonly Region[],
  placed: readonly Placed[],
  groupStart: number,
): void {
  let cursor = groupStart;
  for (const { name } of regions) {
    const own = placed.filter(({ slot }) => slot.region === name);
    const first = own.reduce((least, { address }) => Math.min(least, address), Infinity);
    starts.set(name, own.length > 0 ? first : cursor);
    cursor = own.reduce((most, { slot, address }) => Math.max(most, address + slot.size), cursor);
  }
}

/** `.tbss` takes no room in memory: what follows starts behind the initialised part. */
function nextGroupStart(group: Group, placed: readonly Placed[], start: number, end: number) {
  if (group !== 'tls') return alignUp(end, PAGE_SIZE);
  const initialised = placed.filter(({ slot }) => slot.region !== '.tbss' && slot.size > 0);
  const ends = initialised.map(({ slot, address }) => address + slot.size);
  return alignUp(Math.max(start, ...ends), PAGE_SIZE);
}

export const isLoaded = (groups: ReadonlyMap<string, Group>, slot: Slot): boolean => {
  const group = groups.get(slot.region);
  return group !== 'bss' && group !== 'unloaded' && slot.region !== '.tbss';
};

/** The steps of a group in order; the last `late` of them are what one unikernel alone has. */
function stepsOfGroup(
  input: LayoutInput,
  group: Group,
  strategy: Strategy,
  start: number,
  search: 'order' | 'pages' | undefined,
): { steps: Step[]; late: number } {
  const regions = input.regions.filter((region) => region.group === group);
  const slotsOf = (region: Region) => input.slots.filter((slot) => slot.region === region.name);
  if (group === 'tls') return { steps: tlsSteps(regions.flatMap(slotsOf)), late: 0 };
  if (strategy.pool && group === 'text')
    return { steps: pooledText(regions.flatMap(slotsOf), input), late: 0 };
  return orderedSteps(input, regions, group, strategy, start, search !== undefined);
}

/** Bodies in an order of classes, tables where the scripts have them. */
function orderedSteps(
  input: LayoutInput,
  regions: readonly Region[],
  group: Group,
  strategy: Strategy,
  start: number,
  searched: boolean,
): { steps: Step[]; late: number } {
  const inPool = strategy.pool && group === 'readonly';
  const isSearched = searched && group !== 'bss';
  const pad = (slot: Slot) => stepFor(slot, group, strategy, input.unikernels);
  const from = group === 'text' ? input.location : undefined;
  let steps: Step[] = [];
  const late: Slot[] = [];
  for (const region of regions) {
    const slots = input.slots.filter((slot) => slot.region === region.name);
    const single = slots.filter((slot) => slot.role === 'body');
    const bodies = isSearched ? bundleByClass(single, input.slots.length) : single;
    const order = inPool ? poolOrder(bodies) : plainOrder(bodies, strategy, group);
    const whole = slots.filter((slot) => slot.role !== 'body');
    steps.push(...whole.map((slot): Step => ({ slot, apart: true })));
    const fixed = steps.length;
    steps.push(...(inPool ? poolSteps(order.main) : order.main.map(pad)));
    steps = at(from, steps, fixed);
    if (isSearched) steps = improvedTwice(steps, fixed, strategy, input, start);
    late.push(...order.late);
  }
  const behind = at(from, late.map(pad), 0);
  const all = [...steps, ...behind];
  if (isSearched && group === 'data') return withBodiesBehind(all, start, input.unikernels);
  return { steps: inPool ? closePool(all) : all, late: behind.length };
}

/** Parts of a class up to this many bytes may stand apart in the end. */
const LARGEST_PART = 2 * PAGE_SIZE;

const finer = (steps: readonly Step[]): Step[] =>
  steps.flatMap((step) => partsOf(step.slot, LARGEST_PART).map((slot) => ({ ...step, slot })));

/** What follows the pool begins on a page of its own, so that the pool's last page is the same too. */
function closePool(steps: readonly Step[]): Step[] {
  let open = false;
  return steps.map((step) => {
    const pooled = step.slot.role === 'body' && isPooled(step.slot);
    const closes = open && !pooled && step.slot.size > 0;
    open = pooled || (open && !closes);
    return closes ? { ...step, alignment: PAGE_SIZE } : step;
  });
}

/**
 * Packs the bodies of a group page by page. In the text group the head opens the first page and
 * others may share it; in the read-only group the tables, which differ in every unikernel, close
 * the group and what else differs may share their pages.
 */
function packedGroup(
  input: LayoutInput,
  regions: readonly Region[],
  group: Group,
  strategy: Strategy,
  start: number,
): PlacedGroup {
  const slots = regions.flatMap((region) =>
    input.slots.filter((slot) => slot.region === region.name),
  );
  const isText = group === 'text';
  const from = isText ? (input.location ?? start) : start;
  const packed = packIntoPages({
    slots: slots.filter((slot) => slot.role === 'body'),
    whole: slots.filter((slot) => slot.role !== 'body'),
    wholeOpens: isText,
    wholeAlone: isText && input.location !== undefined,
    unikernels: input.unikernels,
    effort: strategy.effort,
    ...dearness(strategy),
  });
  return { ...placePages(packed, isText, start, from, input.unikernels) };
}

/** What differs stands below the pool, so that the pool's text touches its read-only data. */
function pooledText(slots: readonly Slot[], input: LayoutInput): Step[] {
  const whole = slots.filter((slot) => slot.role !== 'body');
  const { main, late } = poolOrder(slots.filter((slot) => slot.role === 'body'));
  const steps = [
    ...whole.map((slot): Step => ({ slot, apart: true })),
    ...late.map((slot): Step => ({ slot })),
    ...poolSteps(main),
  ];
  return at(input.location, steps, whole.length);
}

/** First whole classes are ordered, then, once these stand well, parts of them. */
function improvedTwice(
  steps: readonly Step[],
  fixed: number,
  strategy: Strategy,
  input: LayoutInput,
  start: number,
): Step[] {
  const { unikernels } = input;
  const { effort } = strategy;
  const request = { effort, start, unikernels, fixed, ...dearness(strategy) };
  const classes = improveOrder({ ...request, steps });
  return improveOrder({ ...request, steps: finer(classes), isGood: true });
}

const dearness = ({ loadedWeight }: Strategy) => (loadedWeight ? { loadedWeight } : {});

/** Keeps bodies at or above a given address. */
function at(location: number | undefined, steps: Step[], bodies: number): Step[] {
  if (location === undefined) return steps;
  return steps.map((step, i) => (i < bodies ? step : { ...step, from: location }));
}

/**
 * In the read-only group what one unikernel alone has stands behind the tables, which differ in
 * every unikernel too. In the data group it stands before them: behind the boot information, which
 * is larger than a page and nearly all zero, it would open a page of its own.
 */
function plainOrder(bodies: readonly Slot[], strategy: Strategy, group: Group) {
  if (!strategy.group) return { main: bodies, late: [] };
  const ordered = byClass(bodies);
  if (group !== 'readonly') return { main: ordered, late: [] };
  return {
    main: ordered.filter((slot) => sharersOf(slot) > 1),
    late: ordered.filter((slot) => sharersOf(slot) <= 1),
  };
}

/** What is the same in all its unikernels, and has at least two, goes to the pool. */
function poolOrder(bodies: readonly Slot[]) {
  const ordered = byClass(bodies);
  return { main: ordered.filter(isPooled), late: ordered.filter((slot) => !isPooled(slot)) };
}

const isPooled = (slot: Slot) => sharersOf(slot) > 1 && variantsOf(slot) === 1;

/** A page of the pool holds slots of one sharing class only, so that it is one content for all. */
function poolSteps(slots: readonly Slot[]): Step[] {
  return slots.map((slot, i): Step => {
    const before = slots[i - 1];
    const opens = before === undefined || sharingClassOf(before) !== sharingClassOf(slot);
    return { slot, apart: true, alignment: opens ? PAGE_SIZE : 1 };
  });
}

function stepFor(slot: Slot, group: Group, strategy: Strategy, unikernels: number): Step {
  const common = strategy.group && sharersOf(slot) === unikernels;
  const padded = strategy.align && group === 'text' && !common;
  return padded ? { slot, alignment: PAGE_SIZE } : { slot };
}

/**
 * TLS offsets count from the end of the segment (x86-64 psABI, variant II), so every part of it
 * starts on the largest alignment and has one size for the set.
 */
function tlsSteps(slots: readonly Slot[]): Step[] {
  const alignment = Math.max(1, ...slots.map((slot) => slot.alignment));
  let region = '';
  return slots.map((slot): Step => {
    const opens = slot.region !== region;
    region = slot.region;
    return { slot, apart: true, alignment: opens ? alignment : slot.alignment };
  });
}

function poolRange(placed: readonly Placed[], regions: readonly Region[]): PoolRange | undefined {
  const readonly = new Set(
    regions.filter((r) => r.group === 'text' || r.group === 'readonly').map((r) => r.name),
  );
  const pooled = placed.filter(
    ({ slot }) => slot.role === 'body' && readonly.has(slot.region) && isPooled(slot),
  );
  if (pooled.length === 0) return undefined;
  const start = Math.min(...pooled.map(({ address }) => address));
  const end = Math.max(...pooled.map(({ slot, address }) => address + slot.size));
  return { start, end: alignUp(end, PAGE_SIZE) };
}
