/**
 * From the programs of a set to one layout: gathers what each linker script places, merges the
 * regions, identifies the slots, and chooses the best of the layouts that the options allow.
 */
import type { AlignOptions } from '../protocol/options.ts';
import { chooseIndirection } from './atoms/indirection.ts';
import { factsOf, identify, type Identified, type UnikernelInput } from './atoms/identify.ts';
import { inputOf } from './atoms/input.ts';
import { SpacerError } from './errors.ts';
import type { PlacedInput, SectionPlacement } from './ldscript/rewrite.ts';
import { copyPattern } from './link/copies.ts';
import type { OutlineSection } from './layout/outline.ts';
import { planLayout, type Layout, type LayoutInput, type Strategy } from './layout/plan.ts';
import { mergeRegions, type OutputFacts, type Region } from './layout/regions.ts';
import { weigh } from './layout/search.ts';
import { withIndirection, type LoadedUnikernel } from './read-unikernel.ts';

/** One unikernel of the set, ready for its script to be rewritten. */
export interface PlannedUnikernel {
  readonly loaded: LoadedUnikernel;
  readonly input: UnikernelInput;
  readonly placements: ReadonlyMap<string, SectionPlacement>;
}

export interface SetPlan {
  readonly options: AlignOptions;
  readonly regions: readonly Region[];
  readonly identified: Identified;
  readonly layout: Layout;
  /** Why this layout was chosen, in one sentence. */
  readonly reason: string;
  readonly unikernels: readonly PlannedUnikernel[];
}

/** Placements that the search for an order may try, for each bulk region. */
const SEARCH_EFFORT = 6_000;

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
 * @throws SpacerError `location-too-low` where the location counter would not leave room
 */
export function planSet(set: readonly LoadedUnikernel[], options: AlignOptions): SetPlan {
  const draft = draftOf(set, options);
  const { candidate, layout, reason } = isExplicit(options)
    ? { candidate: draft, ...explicitLayout(draft, options) }
    : bestLayout(draft, options);
  const { regions, identified, inputs } = candidate;
  const unikernels = candidate.set.map((loaded, u): PlannedUnikernel => {
    const input = inputs[u]!;
    return { loaded, input, placements: placementsOf(input, u, regions, identified, layout) };
  });
  return { options, regions, identified, layout, reason, unikernels };
}

/** What is asked for by the original's options is what the original does: libraries as they are. */
const isExplicit = (options: AlignOptions) =>
  options.align !== 'auto' || options.group !== 'auto' || options.customLoader;

/** A set whose slots are known, before a layout is chosen. */
interface Draft {
  readonly set: readonly LoadedUnikernel[];
  readonly inputs: readonly UnikernelInput[];
  readonly regions: readonly Region[];
  readonly identified: Identified;
  readonly layoutInput: LayoutInput;
}

function draftOf(set: readonly LoadedUnikernel[], options: AlignOptions): Draft {
  const inputs = set.map(inputOf);
  const merged = mergeRegions(
    inputs.map((input) =>
      input.outline.map((section) => ({ section, facts: facts(input, section) })),
    ),
  );
  const regions = merged.map((region): Region =>
    inputs.some(({ unloaded }) => unloaded.has(region.name))
      ? { ...region, group: 'unloaded' }
      : region,
  );
  const identified = identify(inputs, regions, 'section');
  return {
    set,
    inputs,
    regions,
    identified,
    layoutInput: layoutInputOf(set, regions, identified, options),
  };
}

interface Planned {
  readonly candidate: Draft;
  readonly layout: Layout;
  readonly reason: string;
}

/**
 * The best of: the plain layouts of the original's options, and a searched one without indirection,
 * with pinned constants, and with stubs as well.
 */
function bestLayout(draft: Draft, options: AlignOptions): Planned {
  const { stubs, pins } = chooseIndirection(draft.inputs, draft.identified);
  const choices = [
    ...(pins.size > 0 ? [{ name: 'search with pins', stubs: new Set<string>(), pins }] : []),
    ...(stubs.size > 0 ? [{ name: 'search with stubs', stubs, pins }] : []),
  ];
  const effort = options.effort ?? SEARCH_EFFORT;
  const searched = (candidate: Draft, name: string) => {
    const strategy: Strategy = { ...SEARCHED, name, effort };
    return { candidate, layout: planLayout(candidate.layoutInput, strategy) };
  };
  const results = [
    ...plainStrategies(options).map((strategy) => ({
      candidate: draft,
      layout: planLayout(draft.layoutInput, strategy),
    })),
    searched(draft, 'search'),
    ...choices.map(({ name, ...indirection }) => {
      const set = draft.set.map((loaded) => withIndirection(loaded, indirection));
      return searched(draftOf(set, options), name);
    }),
  ];
  const price = ({ layout }: { layout: Layout }) => weigh(layout.cost);
  const best = results.reduce((known, one) => (price(one) < price(known) ? one : known));
  const tried = results.map(({ layout }) => `${layout.strategy.name} ${layout.cost.distinct}`);
  return { ...best, reason: `It has the fewest pages of those tried: ${tried.join(', ')}.` };
}

/** The layout that the options ask for; what they leave open is tried both ways. */
function explicitLayout(draft: Draft, options: AlignOptions): { layout: Layout; reason: string } {
  const layouts = plainStrategies(options).map((s) => planLayout(draft.layoutInput, s));
  const best = layouts.reduce((a, b) => (weigh(b.cost) < weigh(a.cost) ? b : a));
  if (layouts.length === 1)
    return { layout: best, reason: 'It is the one that the options ask for.' };
  const tried = layouts.map((l) => `${l.strategy.name} ${l.cost.distinct}`).join(', ');
  return { layout: best, reason: `It has the fewest pages that the options allow: ${tried}.` };
}

function facts(input: UnikernelInput, section: OutlineSection): OutputFacts {
  return factsOf(input.program, input.inputs.get(section.name) ?? []) ?? factsByName(section.name);
}

/** An empty output section is taken for what its name says. */
function factsByName(name: string): OutputFacts {
  const tls = /^\.(tdata|tbss)\b/.test(name);
  return {
    tls,
    executable: /^\.(text|init|fini)$/.test(name),
    writable: tls || /^\.(data|bss)\b/.test(name),
    nobits: /^\.(bss|tbss)\b/.test(name),
  };
}

function layoutInputOf(
  set: readonly LoadedUnikernel[],
  regions: readonly Region[],
  { slots }: Identified,
  options: AlignOptions,
): LayoutInput {
  const base = Math.max(...set.map(linkBase));
  if (options.location !== undefined && options.location < base)
    throw new SpacerError(
      'location-too-low',
      `The location counter 0x${options.location.toString(16)} lies below the link's base 0x${base.toString(16)}.`,
    );
  return {
    unikernels: set.length,
    regions,
    slots,
    base,
    ...(options.location !== undefined && { location: options.location }),
  };
}

/** The first address that the script gives to the location counter. */
function linkBase(loaded: LoadedUnikernel): number {
  for (const statement of loaded.scripts[0]!.statements) {
    if (statement.kind !== 'sections') continue;
    for (const inner of statement.statements)
      if (inner.kind === 'assignment' && inner.symbol === '.' && inner.value.kind === 'number')
        return Number(inner.value.value);
  }
  throw new SpacerError('script-base', 'the script gives no start address', {
    file: loaded.unikernel.link.script,
  });
}

/** What is given explicitly is kept; what is `auto` is tried both ways. */
function plainStrategies(options: AlignOptions): Strategy[] {
  const both = [true, false];
  const groups = options.group === 'auto' ? both : [options.group];
  const aligns = options.align === 'auto' ? both : [options.align];
  return groups.flatMap((group) =>
    aligns.map((align): Strategy => {
      const name = nameOf(group, align);
      return { name, group, align, effort: 0, pool: options.customLoader };
    }),
  );
}

const nameOf = (group: boolean, align: boolean) =>
  group ? (align ? 'group+align' : 'group') : align ? 'align' : 'compact';

function placementsOf(
  input: UnikernelInput,
  u: number,
  regions: readonly Region[],
  { slots, parts }: Identified,
  layout: Layout,
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
      nobits: facts(input, section).nobits,
      tls: region.group === 'tls',
      unloaded: input.unloaded.has(section.name),
    });
  }
  return result;
}
