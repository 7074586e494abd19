/**
 * Packs slots into pages so that few different pages result.
 *
 * A page costs one for each different column on it, where a column is what one unikernel has there:
 * slots of one class cost as many pages as they have variants, and a second class on the same page
 * is free where it does not tell the columns further apart. So the bulk of each class goes to
 * pages of its own, and what is left over begins there too. Then pages are dissolved, whose
 * slots, class by class, are re-homed in the free room of others where that lowers the cost, and at
 * last annealing moves and swaps classes between pages to leave the valley that this ends in.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { Bin, Counter, type Item } from './bin.ts';
import { anneal } from './anneal.ts';
import { neighboursOf } from './neighbours.ts';
import { dissolve } from './dissolve.ts';
import { alignUp } from './place.ts';
import {
  bulkOf,
  cheapestRun,
  cheapestRuns,
  SMALL_GAP,
  runOf,
  sequence,
  startsOf,
  type Member,
  type Run,
} from './runs.ts';
import { SharingClasses, type SharingClass } from './sharing.ts';
import type { Slot } from './slots.ts';

export interface PackRequest {
  /** Slots that may stand anywhere. */
  readonly slots: readonly Slot[];
  /** Slots that stay together in this order, at any place in their first page. */
  readonly whole: readonly Slot[];
  /** The whole begins where its first page does. */
  readonly wholeOpens: boolean;
  /** Nothing else may stand on the pages of the whole. */
  readonly wholeAlone: boolean;
  readonly unikernels: number;
  /** Moves that may be tried. */
  readonly effort: number;
  /** How many times dearer a loaded page is than usual; absent: once. */
  readonly loadedWeight?: number;
}

/** Pages that stay together, with what stands on them. */
export interface PageBlock {
  /** In the order that they were given, where that counts. */
  readonly run: readonly Member[];
  /** What else stands on the pages of the run. */
  readonly beside: readonly Member[];
  readonly pages: number;
  readonly alignment: number;
  /** Unikernels that have something on it, ascending. */
  readonly present: readonly number[];
  /** Different columns of all its pages. */
  readonly columns: number;
}

export interface Packed {
  /** The pages of the whole; absent where there is none. */
  readonly whole?: PageBlock;
  /** To be placed in any order. */
  readonly blocks: readonly PageBlock[];
}

interface Draft {
  readonly run: Run;
  /** Pages that others may share. */
  readonly open: { readonly bin: Bin; readonly page: number }[];
}

/** Packs the slots. The result depends on nothing but the request. */
export function packIntoPages(request: PackRequest): Packed {
  const classes = new SharingClasses(request.unikernels);
  const packings = wholeRuns(request, classes).map((run) => packAround(run, request, classes));
  return packings.reduce((best, one) => (one.cost < best.cost - 1e-9 ? one : best));
}

/** Packs the slots with the whole at a given start. */
function packAround(
  run: Run,
  request: PackRequest,
  classes: SharingClasses,
): Packed & { cost: number } {
  const { unikernels, effort } = request;
  const counter = new Counter(unikernels, request.loadedWeight);
  const whole = draftOf(run, counter, request.wholeAlone);
  const { drafts, loose } = firstPages(request.slots, classes, counter);
  const open = [whole, ...drafts].flatMap((draft) => draft.open.map(({ bin }) => bin));
  const bins = [...open, ...loose];
  improve(bins, counter, effort, mostLoaded(request) - loadedByRuns([whole, ...drafts]));
  const singles = bins.slice(open.length).filter((bin) => !bin.isEmpty);
  const extra = singles.map((bin): Draft => ({ run: NO_RUN, open: [{ bin, page: 0 }] }));
  return {
    ...(request.whole.length > 0 && { whole: blockOf(whole) }),
    blocks: [...drafts, ...extra].map(blockOf),
    cost: bins.reduce((sum, bin) => sum + bin.cost, 0),
  };
}

const NO_RUN: Run = { members: [], pieces: [] };

/** Starts of the whole that are tried where several cost the same by themselves. */
const MOST_STARTS = 3;

function wholeRuns({ whole, wholeOpens }: PackRequest, classes: SharingClasses): Run[] {
  if (whole.length === 0) return [NO_RUN];
  const starts = wholeOpens ? [0] : startsOf(whole);
  return cheapestRuns(whole, starts, classes).slice(0, MOST_STARTS);
}

function draftOf(run: Run, counter: Counter, alone = false): Draft {
  const open = run.pieces.flatMap(({ sharing, from, to, ends }, page) => {
    if (alone || PAGE_SIZE - (to - from) < SMALL_GAP) return [];
    const bin = new Bin(counter);
    const sizes = ends?.map((end) => end - from);
    const size = to - from;
    bin.put({ id: -1, members: [], sharing, size, ...(sizes && { sizes }), alignment: 1 }, from);
    return [{ bin, page }];
  });
  return { run, open };
}

/** Up to this many pages, each is a candidate for each; beyond, the pages of like classes only. */
const FEW = 256;

/**
 * Pages are emptied as long as that pays; then, as long as the unikernels load more pages than they
 * may, a page more in a unikernel is made dearer.
 */
function improve(bins: Bin[], counter: Counter, effort: number, limit: number): void {
  const isSmall = bins.length <= FEW;
  const candidatesOf = isSmall ? () => bins : likePages(bins, counter);
  dissolve(bins, candidatesOf, PASSES);
  if (isSmall) {
    anneal(bins, counter, effort);
    dissolve(bins, candidatesOf, PASSES);
  }
  const loaded = () => bins.reduce((sum, bin) => sum + bin.loadedBy, 0);
  while (loaded() > limit && counter.loadedWeight < 0.3) {
    counter.loadedWeight *= 2;
    dissolve(bins, candidatesOf, PASSES);
  }
}

/** Unikernels that have the pages of runs which nothing else may share. */
function loadedByRuns(drafts: readonly Draft[]): number {
  return drafts.reduce((sum, { run, open }) => {
    const shared = new Set(open.map(({ page }) => page));
    const alone = run.pieces.filter((_, page) => !shared.has(page));
    return sum + alone.reduce((n, { sharing }) => n + sharing.present.length, 0);
  }, 0);
}

/** How much more than the least the unikernels may load. */
const GROWTH = 1.06;

/** Pages that pages of loose slots may be loaded at most, over all unikernels. */
function mostLoaded({ unikernels, slots, whole }: PackRequest): number {
  const bytes = new Float64Array(unikernels);
  for (const { fillings, alignment } of [...slots, ...whole])
    for (let u = 0; u < unikernels; u++) {
      const filling = fillings[u];
      if (filling) bytes[u]! += alignUp(filling.size, Math.min(alignment, PAGE_SIZE));
    }
  const pages = bytes.reduce((sum, one) => sum + Math.ceil(one / PAGE_SIZE), 0);
  return Math.ceil(pages * GROWTH);
}

/** Passes over all pages that empty some, at most. */
const PASSES = 6;

/** For a class: pages that have it already, or a class like it. */
function likePages(bins: readonly Bin[], counter: Counter): (sharing: SharingClass) => Bin[] {
  const classes = new Map<number, SharingClass>();
  for (const bin of bins)
    for (const { sharing } of bin.groups.values()) classes.set(sharing.index, sharing);
  const neighbours = neighboursOf([...classes.values()]);
  return ({ index }) => {
    const found = new Set<Bin>();
    for (const one of [index, ...(neighbours.get(index) ?? [])])
      for (const bin of counter.homes.get(one) ?? []) {
        if (found.size >= MOST_CANDIDATES) return [...found];
        found.add(bin);
      }
    return [...found];
  };
}

const MOST_CANDIDATES = 24;

/** Runs of what fills pages, and pages for what is left, class by class. */
function firstPages(slots: readonly Slot[], classes: SharingClasses, counter: Counter) {
  const byClass = new Map<SharingClass, Slot[]>();
  const drafts: Draft[] = [];
  for (const slot of slots) {
    if (slot.size > PAGE_SIZE || slot.alignment > PAGE_SIZE) {
      drafts.push(draftOf(largeRun(slot, classes), counter));
      continue;
    }
    const sharing = classes.ofSlot(slot);
    const members = byClass.get(sharing);
    if (members) members.push(slot);
    else byClass.set(sharing, [slot]);
  }
  const loose: Bin[] = [];
  for (const [sharing, members] of byClass) {
    const { run, rest } = bulkOf(members, sharing);
    const draft = run && draftOf(run, counter);
    if (draft) drafts.push(draft);
    const own = draft ? draft.open.map(({ bin }) => bin) : [];
    loose.push(...firstFit(rest, sharing, own, counter));
  }
  return { drafts, loose };
}

/** Where variants differ in places, the start decides how many pages hold such a place. */
function largeRun(slot: Slot, classes: SharingClasses): Run {
  const step = Math.max(PAGE_SIZE / 8, slot.alignment);
  const isOne = slot.fillings.every((f) => !f || f === slot.fillings.find(Boolean));
  if (isOne || step >= PAGE_SIZE) return runOf(sequence([slot], 0), classes);
  const starts = Array.from({ length: PAGE_SIZE / step }, (_, i) => i * step);
  return cheapestRun([slot], starts, classes);
}

/** Slots smaller than this are moved together with others of their class. */
const SMALL = 256;

/** What moves as one: large slots alone, small ones in strings. */
function itemsOf(slots: readonly Slot[], sharing: SharingClass): Item[] {
  const ordered = [...slots].sort(
    (a, b) => b.alignment - a.alignment || b.size - a.size || a.id - b.id,
  );
  const groups: Slot[][] = [];
  let open: { slots: Slot[]; size: number } | undefined;
  for (const slot of ordered) {
    if (slot.size >= SMALL) groups.push([slot]);
    else if (open && open.size + slot.size <= SMALL) {
      open.slots.push(slot);
      open.size += slot.size;
    } else groups.push((open = { slots: [slot], size: slot.size }).slots);
  }
  return groups.map((group): Item => {
    const members = sequence(group, 0);
    const last = members.at(-1)!;
    const alignment = group.reduce((most, slot) => Math.max(most, slot.alignment), 1);
    const { id } = group[0]!;
    const size = last.offset + last.slot.size;
    const sizes = sharing.present.map((u) => last.offset + last.slot.fillings[u]!.size);
    const varies = sizes.some((one) => one !== size);
    return { id, members, sharing, size, ...(varies && { sizes }), alignment };
  });
}

/** First fit by falling size, into pages that there are, then into new ones. */
function firstFit(
  slots: readonly Slot[],
  sharing: SharingClass,
  own: readonly Bin[],
  counter: Counter,
): Bin[] {
  const items = itemsOf(slots, sharing).sort((a, b) => b.size - a.size || a.id - b.id);
  const made: Bin[] = [];
  for (const item of items) {
    if (own.some((bin) => bin.add(item)) || made.some((bin) => bin.add(item))) continue;
    const bin = new Bin(counter);
    bin.add(item);
    made.push(bin);
  }
  return made;
}

function blockOf({ run, open }: Draft): PageBlock {
  const beside = open.flatMap(({ bin, page }) =>
    bin.entries.flatMap(({ item, offset }) =>
      item.members.map((member): Member => {
        return { slot: member.slot, offset: page * PAGE_SIZE + offset + member.offset };
      }),
    ),
  );
  const present = new Set<number>();
  for (const { sharing } of run.pieces) for (const u of sharing.present) present.add(u);
  for (const { bin } of open)
    for (const { sharing } of bin.groups.values()) for (const u of sharing.present) present.add(u);
  return {
    run: run.members,
    beside,
    pages: Math.max(run.pieces.length, 1),
    alignment: run.members.reduce((most, { slot }) => Math.max(most, slot.alignment), PAGE_SIZE),
    present: [...present].sort((a, b) => a - b),
    columns: open.reduce((sum, { bin }) => sum + bin.cost, 0),
  };
}
