/**
 * From the programs of a set to one layout: gathers what each linker script places, merges the
 * regions, identifies the slots, and chooses the best of the layouts that the options allow.
 */
import { paddingOf, windowOf, type AlignOptions } from '../protocol/options.ts';
import type { AslrReport } from '../protocol/page-map.ts';
import { randomise, type KnownSet, type RandomiseOptions } from './aslr/randomise.ts';
import { isPositionIndependent, moveWhole, type MovedWhole } from './aslr/whole.ts';
import { chooseIndirection, type Indirection } from './atoms/indirection.ts';
import type { Identified, UnikernelInput } from './atoms/identify.ts';
import { draftOf, finest, isExplicit, isFinest, outputFacts, type Draft } from './draft.ts';
import { SpacerError } from './errors.ts';
import type { Planner } from './known-layouts.ts';
import type { PlacedInput, SectionPlacement } from './ldscript/rewrite.ts';
import { copyPattern } from './link/copies.ts';
import { boundOf } from './layout/bound.ts';
import { placesFor, planLayout, type Layout, type Places, type Strategy } from './layout/plan.ts';
import type { Region } from './layout/regions.ts';
import { weigh } from './layout/search.ts';
import type { Slot } from './layout/slots.ts';
import type { LockedGroup } from './lock/model.ts';
import { inMost, lastingIndirection } from './lock/lasting.ts';
import { nearnessOf } from './lock/nearness.ts';
import { lastingLayout } from './lock/room.ts';
import { fewestPages, listed, withinLimits } from './within-limits.ts';
import { withIndirection, type LoadedUnikernel } from './read-unikernel.ts';

/** One unikernel of the set, ready for its script to be rewritten. */
export interface PlannedUnikernel {
  readonly loaded: LoadedUnikernel;
  readonly input: UnikernelInput;
  readonly placements: ReadonlyMap<string, SectionPlacement>;
}

export interface SetPlan {
  readonly options: AlignOptions;
  /** Stubs and pins of the layout. */
  readonly indirection: Indirection;
  /** Slots as they were planned: with room for growth, where that was asked for. */
  readonly planned: readonly Slot[];
  /** Where each group may grow. */
  readonly groups: readonly LockedGroup[];
  readonly regions: readonly Region[];
  readonly identified: Identified;
  readonly layout: Layout;
  /** Why this layout was chosen, in one sentence. */
  readonly reason: string;
  /**
   * Distinct pages that no layout goes below; absent where addresses differ, and where options ask for
   * slots that are not the finest (`boundOfSet`).
   */
  readonly bound?: number;
  readonly unikernels: readonly PlannedUnikernel[];
  readonly aslr?: AslrReport;
}

/** Placements that the search for an order may try, for each bulk region. */
export const SEARCH_EFFORT = 20_000;

const SEARCHED: Strategy = {
  name: 'search',
  group: true,
  align: false,
  effort: SEARCH_EFFORT,
  searches: ['order', 'pages'],
  pool: false,
};

/**
 * Plans the set.
 * @param room how much of it the layout leaves for what is to come: 0 for none, 1 for what
 *   `lock/room.ts` takes for usual; absent: the layout is not to last, and unikernels that are
 *   unlike may be laid out apart
 * @param planner plans layouts, or knows them from before
 * @throws SpacerError `location-too-low` where the location counter would not leave room
 */
export function planSet(
  set: readonly LoadedUnikernel[],
  options: AlignOptions,
  room?: number,
  planner: Planner = planLayout,
): SetPlan {
  const growth = room ?? 0;
  const mayPart = room === undefined && options.aslr === 0;
  const plain = draftOf(set, options, growth);
  const chosen = isExplicit(options)
    ? { draft: plain, ...explicitLayout(plain, options) }
    : bestLayout(plain, options, growth, mayPart, planner);
  if (options.aslr > 0) return randomisedPlan(chosen, options, growth);
  const { draft, reason } = chosen;
  const { regions, identified, inputs, indirection } = draft;
  const planned = draft.layoutInput.slots;
  const { layout, groups } =
    growth > 0
      ? lastingLayout(chosen.layout, planned, regions, growth, nearness(draft))
      : { layout: chosen.layout, groups: [] };
  const unikernels = draft.set.map((loaded, u): PlannedUnikernel => {
    const input = inputs[u]!;
    const places = placesFor(layout, u);
    return { loaded, input, placements: placementsOf(input, u, regions, identified, places) };
  });
  return {
    ...{ options, indirection, planned, groups, regions, identified, layout, reason, unikernels },
    ...(chosen.bound !== undefined && { bound: chosen.bound }),
  };
}

const nearness = ({ set, inputs, identified }: Draft) =>
  nearnessOf(
    inputs,
    identified,
    set.some(({ command }) => command.gcSections),
  );

/** The planned set with blocks that lie elsewhere in every unikernel. */
function randomisedPlan(
  { draft, layout: chosen }: Planned,
  options: AlignOptions,
  growth: number,
): SetPlan {
  if (growth > 0)
    throw new SpacerError(
      'bad-options',
      '--aslr cannot be combined with a lock, which holds the layout.',
    );
  const { regions, layoutInput, indirection } = draft;
  const known: KnownSet = { ...draft, base: layoutInput.base, distinct: chosen.cost.distinct };
  const asked: RandomiseOptions = {
    aslr: options.aslr === 2 ? 2 : 1,
    map: options.aslrMap,
    keepOrder: options.aslrSameMapping,
    blocks: options.aslrBlocks ?? 1,
    seed: options.seed,
    window: windowOf(options),
    strategy: chosen.strategy,
  };
  if (isPositionIndependent(known)) return wholePlan(draft, options, moveWhole(known, asked));
  const { set, inputs, identified, layout, addressOf, report } = randomise(known, asked);
  const unikernels = set.map((loaded, u): PlannedUnikernel => {
    const input = inputs[u]!;
    const own = (slot: number) => addressOf(u, slot);
    const addresses = identified.slots.map(({ id }) => own(id));
    const placements = placementsOf(input, u, regions, identified, { ...layout, addresses });
    for (const { slot } of identified.parts[u]!.values())
      if (identified.slots[slot]!.role !== 'body')
        moveTable(placements, identified, slot, own(slot));
    for (const [name, one] of placements) placements.set(name, { symbols: one.address, ...one });
    return { loaded, input, placements };
  });
  const reason = 'Blocks of code lie elsewhere in every unikernel, and are the same bytes there.';
  const planned = identified.slots;
  const common = { options, indirection, planned, groups: [], regions, identified };
  return { ...common, layout, reason, unikernels, aslr: report };
}

/** The planned set of position-independent unikernels, each at a distance of its own. */
function wholePlan(
  { set, inputs, regions, indirection }: Draft,
  options: AlignOptions,
  { identified, layout, report }: MovedWhole,
): SetPlan {
  const unikernels = set.map((loaded, u): PlannedUnikernel => {
    const input = inputs[u]!;
    const places = placesFor(layout, u);
    const placements = placementsOf(input, u, regions, identified, places);
    const { start } = report.window;
    const first = input.outline.find(({ name }) => layout.regionStarts.get(name) === start);
    const head = first && placements.get(first.name);
    // Boot code has the address that the base was linked at as a number.
    if (head) placements.set(first.name, { ...head, symbols: start });
    return { loaded, input, placements };
  });
  const reason =
    'Position-independent unikernels lie elsewhere as a whole, each at its own address.';
  const planned = identified.slots;
  const common = { options, indirection, planned, groups: [], regions, identified };
  return { ...common, layout, reason, unikernels, aslr: report };
}

/** The slots that a plan of the set would have, without the search for a layout. */
export function slotsFor(set: readonly LoadedUnikernel[], options: AlignOptions): Draft {
  const plain = draftOf(set, options, 0);
  if (isExplicit(options)) return plain;
  const redirected = withReferencesKept(plain, options, 0);
  return redirected && weigh(firstCost(redirected)) < weigh(firstCost(plain)) ? redirected : plain;
}

/** A head or table stands where its slot does. */
function moveTable(
  placements: Map<string, SectionPlacement>,
  { slots }: Identified,
  slot: number,
  address: number,
): void {
  const { region } = slots[slot]!;
  const placement = placements.get(region);
  if (placement) placements.set(region, { ...placement, address });
}

interface Planned {
  readonly draft: Draft;
  readonly layout: Layout;
  readonly reason: string;
  /** Absent where the slots are not the finest that the build offers. */
  readonly bound?: number;
}

/**
 * The best of the plain layouts of the original's options and a searched one. Whether calls go
 * through stubs and constants are pinned is decided by first layouts: a search does not change
 * which of the two is better.
 */
function bestLayout(
  plain: Draft,
  options: AlignOptions,
  growth: number,
  mayPart: boolean,
  planner: Planner,
): Planned {
  const redirected = withReferencesKept(plain, options, growth);
  // A layout that is to last keeps references for what is to come.
  const drafts = !redirected ? [plain] : growth > 0 ? [redirected] : [plain, redirected];
  const bound = isFinest(options) ? { bound: leastBound(drafts) } : {};
  const first = drafts.map((draft) => ({ draft, cost: firstCost(draft) }));
  const { draft } = first.reduce((a, b) => (weigh(b.cost) < weigh(a.cost) ? b : a));
  const name = draft === plain ? 'search' : 'search with stubs and pins';
  const effort = options.effort ?? SEARCH_EFFORT;
  const strategies = [...plainStrategies(options), { ...SEARCHED, name, effort }];
  const layouts = strategies.map((strategy) => planner(draft.layoutInput, strategy));
  const chosen = growth > 0 ? fewestPages(layouts) : withinLimits(layouts, draft, mayPart, planner);
  return { draft, ...bound, ...chosen };
}

/**
 * Distinct pages that no layout of a set goes below, whatever its options ask for.
 * @param set with libraries split as `finest` has it
 */
export function boundOfSet(set: readonly LoadedUnikernel[], options: AlignOptions): number {
  const plain = draftOf(set, finest(options), 0);
  const redirected = withReferencesKept(plain, finest(options), 0);
  return leastBound(redirected ? [plain, redirected] : [plain]);
}

const leastBound = (drafts: readonly Draft[]): number =>
  Math.min(...drafts.map(({ layoutInput }) => boundOf(layoutInput)));

/** The set with calls through stubs and with pinned constants; undefined where neither is needed. */
function withReferencesKept(
  draft: Draft,
  options: AlignOptions,
  growth: number,
): Draft | undefined {
  const found = chooseIndirection(draft.inputs, draft.identified);
  const chosen = growth > 0 ? lastingChoices(draft.set, found) : { ...found, own: [] };
  if (chosen.stubs.size + chosen.pins.size === 0) return undefined;
  const redirected = draft.set.map((loaded, u) => withIndirection(loaded, chosen.own[u] ?? found));
  return draftOf(redirected, options, growth, { stubs: chosen.stubs, pins: chosen.pins });
}

/** Stubs are the same for all; pins are what each could have to pin. */
function lastingChoices(
  set: readonly LoadedUnikernel[],
  found: Indirection,
): Indirection & { own: readonly Indirection[] } {
  const lasting = set.map(({ program }) => lastingIndirection(program));
  const usual = inMost(lasting.map(({ stubs }) => stubs));
  const stubs = new Set([...found.stubs, ...usual]);
  const pins = new Set(lasting.flatMap((one) => [...one.pins]));
  return { stubs, pins, own: lasting.map((one) => ({ stubs, pins: one.pins })) };
}

const firstCost = ({ layoutInput }: Draft) =>
  planLayout(layoutInput, { ...SEARCHED, effort: 0 }).cost;

/** The layout that the options ask for; what they leave open is tried both ways. */
function explicitLayout(draft: Draft, options: AlignOptions): { layout: Layout; reason: string } {
  const layouts = plainStrategies(options).map((s) => planLayout(draft.layoutInput, s));
  const { layout } = fewestPages(layouts);
  if (layouts.length === 1) return { layout, reason: 'It is the one that the options ask for.' };
  return { layout, reason: `It has the fewest pages that the options allow: ${listed(layouts)}.` };
}

/** What is given explicitly is kept; what is `auto` is tried both ways. */
function plainStrategies(options: AlignOptions): Strategy[] {
  const both = [true, false];
  const padding = paddingOf(options);
  const groups = padding.group === 'auto' ? both : [padding.group];
  const aligns = padding.align === 'auto' ? both : [padding.align];
  return groups.flatMap((group) =>
    aligns.map((align): Strategy => {
      const name = nameOf(group, align);
      return { name, group, align, effort: 0, pool: options.customLoader };
    }),
  );
}

const nameOf = (group: boolean, align: boolean) =>
  group ? (align ? 'group+align' : 'group') : align ? 'align' : 'compact';

/** What the layout says of each output section of one unikernel. */
export function placementsOf(
  input: UnikernelInput,
  u: number,
  regions: readonly Region[],
  { slots, parts }: Identified,
  layout: Places,
): Map<string, SectionPlacement> {
  const result = new Map<string, SectionPlacement>();
  const kindOf = new Map(regions.map((region) => [region.name, region]));
  for (const section of input.outline) {
    const region = kindOf.get(section.name)!;
    const own = [...parts[u]!.values()].filter((p) => slots[p.slot]!.region === section.name);
    const whole = own.find((p) => slots[p.slot]!.role !== 'body');
    const bodies = own
      .filter((p) => slots[p.slot]!.role === 'body')
      .flatMap((p) =>
        p.parts.map((part): PlacedInput => {
          const object = input.program.objects[part.object]!;
          return {
            address: layout.addresses[p.slot]! + part.offset,
            size: part.size,
            object: copyPattern(object),
            section: object.elf.sections[part.section]!.name,
          };
        }),
      )
      .sort((a, b) => a.address - b.address);
    result.set(section.name, {
      address: layout.regionStarts.get(section.name)!,
      end: layout.regionEnds.get(section.name)!,
      wholeSize: whole?.size ?? 0,
      bodies,
      nobits: outputFacts(input, section).nobits,
      tls: region.group === 'tls',
      unloaded: input.unloaded.has(section.name),
    });
  }
  return result;
}
