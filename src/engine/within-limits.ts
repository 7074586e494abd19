/**
 * Keeps layouts within the limits of `growth.ts`. The layout with the fewest pages may load too many
 * in some images: rooms for what only others have are holes, and each begins a page more. So where
 * the limits are broken, the search is made again with loaded pages dearer, and with unikernels that
 * have nearly nothing in common apart from each other. The fewest pages within the limits win.
 */
import type { Draft } from './draft.ts';
import { defaultLinkOf, excessOf, objectionTo, type DefaultLink } from './growth.ts';
import { groupsAlike, planApart, type Members } from './layout/apart.ts';
import type { Planner } from './known-layouts.ts';
import { type Layout, type LayoutInput, type Strategy } from './layout/plan.ts';
import { weigh } from './layout/search.ts';

export interface Chosen {
  readonly layout: Layout;
  /** Why, in one sentence or two. */
  readonly reason: string;
}

/** The cheapest of several layouts. */
export function fewestPages(layouts: readonly Layout[]): Chosen {
  const layout = layouts.reduce((a, b) => (weigh(b.cost) < weigh(a.cost) ? b : a));
  return { layout, reason: `It has the fewest pages of those tried: ${listed(layouts)}.` };
}

/** Names and pages of layouts, for a reader. */
export const listed = (layouts: readonly Layout[]): string =>
  layouts.map(({ strategy, cost }) => `${strategy.name} ${cost.distinct}`).join(', ');

/**
 * The cheapest layout that keeps the limits; where none does, the one that breaks them least.
 * @param layouts tried so far, the searched one last
 * @param mayPart whether unikernels may have addresses of their own
 */
export function withinLimits(
  layouts: readonly Layout[],
  draft: Draft,
  mayPart: boolean,
  planner: Planner,
): Chosen {
  const limits = limitsOf(draft, planner);
  const wanted = fewestPages(layouts);
  const objection = limits.objection(wanted.layout);
  if (objection === undefined) return wanted;
  const more = furtherLayouts(draft.layoutInput, layouts.at(-1)!.strategy, limits, mayPart);
  const all = [...layouts, ...more];
  const { name } = wanted.layout.strategy;
  const refused = `${name} has ${wanted.layout.cost.distinct} pages, but ${objection}`;
  const allowed = all.filter((one) => limits.objection(one) === undefined);
  if (allowed.length > 0) {
    const { layout } = fewestPages(allowed);
    return {
      layout,
      reason: `${layout.strategy.name} keeps the limits with the fewest pages; ${refused}.`,
    };
  }
  const layout = all.reduce((a, b) => (limits.excess(b) < limits.excess(a) ? b : a));
  const why = limits.objection(layout);
  return {
    layout,
    reason: `${layout.strategy.name} breaks the limits least of those tried (${listed(all)}): ${why}.`,
  };
}

interface Limits {
  readonly before: DefaultLink;
  readonly isSplit: boolean;
  readonly objection: (layout: Layout) => string | undefined;
  readonly excess: (layout: Layout) => number;
  readonly planner: Planner;
}

function limitsOf({ set, layoutInput }: Draft, planner: Planner): Limits {
  const before = defaultLinkOf(set);
  const isSplit = set.some(({ sources, originals }) => sources.some((s, i) => s !== originals[i]));
  return {
    before,
    isSplit,
    planner,
    objection: (layout) => objectionTo(layout, layoutInput, before, isSplit),
    excess: (layout) => excessOf(layout, layoutInput, before, isSplit),
  };
}

/** How many times dearer a loaded page becomes, until the limits are kept. */
const DEARER = [4, 16, 64];

/**
 * Layouts to try where the first do not keep the limits, until one does. Groups apart come first:
 * what has little in common loses little by it.
 */
function furtherLayouts(
  input: LayoutInput,
  strategy: Strategy,
  limits: Limits,
  mayPart: boolean,
): Layout[] {
  const isGood = (layout: Layout) => limits.objection(layout) === undefined;
  const tried: Layout[] = [];
  for (const groups of mayPart ? divisionsOf(input) : []) {
    const layout = apart(input, groups, strategy, limits);
    tried.push(layout);
    if (isGood(layout)) return tried;
  }
  return [...tried, ...searchUntil(input, strategy, DEARER, isGood, limits.planner)];
}

function searchUntil(
  input: LayoutInput,
  strategy: Strategy,
  weights: readonly number[],
  isGood: (layout: Layout) => boolean,
  planner: Planner,
): Layout[] {
  const tried: Layout[] = [];
  for (const loadedWeight of weights) {
    const name = loadedWeight === 1 ? strategy.name : `${strategy.name}, denser x${loadedWeight}`;
    const layout = planner(input, { ...strategy, name, loadedWeight });
    tried.push(layout);
    if (isGood(layout)) break;
  }
  return tried;
}

/** Shares of common bytes from which on unikernels are laid out together. */
const ALIKE = [0.1, 0.3, 0.6];

/** Divisions of the set into groups of unikernels that are alike, the coarsest first. */
function divisionsOf(input: LayoutInput): (readonly Members[])[] {
  const divisions = ALIKE.map((share) => groupsAlike(input, share));
  const different = new Map(divisions.map((groups) => [JSON.stringify(groups), groups]));
  return [...different.values()].filter((groups) => groups.length > 1);
}

function apart(
  input: LayoutInput,
  groups: readonly Members[],
  strategy: Strategy,
  limits: Limits,
): Layout {
  const layout = planApart(input, groups, (part, members) =>
    denseEnough(part, members, strategy, limits),
  );
  const name = `${strategy.name}, ${groups.length} groups apart`;
  return { ...layout, strategy: { ...layout.strategy, name } };
}

/** The first layout of a group that keeps its images within their limits, or the densest. */
function denseEnough(
  part: LayoutInput,
  members: Members,
  strategy: Strategy,
  { before, isSplit, planner }: Limits,
): Layout {
  const own = { distinct: Infinity, loaded: members.map((u) => before.loaded[u]!) };
  const isGood = (layout: Layout) => objectionTo(layout, part, own, isSplit) === undefined;
  const tried = searchUntil(part, strategy, [1, ...DEARER], isGood, planner);
  return tried.find(isGood) ?? tried.reduce((a, b) => (b.cost.loaded < a.cost.loaded ? b : a));
}
