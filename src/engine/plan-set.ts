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
const SEARCH_EFFORT = 8_000;

/**
 * Plans the set.
 * @throws SpacerError `location-too-low` where the location counter would not leave room
 */
export function planSet(set: readonly LoadedUnikernel[], options: AlignOptions): SetPlan {
  const draft = draftOf(set, options);
  const best = isExplicit(options) ? draft : withBestIndirection(draft, options);
  const { regions, identified, inputs } = best;
  const { layout, reason } = chooseLayout(best.layoutInput, options);
  const unikernels = best.set.map((loaded, u): PlannedUnikernel => {
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
  const regions = mergeRegions(
    inputs.map((input) => input.outline.map((section) => ({ section, facts: facts(input, section) }))),
  );
  const identified = identify(inputs, regions, 'section');
  return { set, inputs, regions, identified, layoutInput: layoutInputOf(set, regions, identified, options) };
}

/** Stubs and pins are used where they save pages. */
function withBestIndirection(draft: Draft, options: AlignOptions): Draft {
  const indirection = chooseIndirection(draft.inputs, draft.identified);
  if (indirection.stubs.size + indirection.pins.size === 0) return draft;
  const indirect = draftOf(draft.set.map((loaded) => withIndirection(loaded, indirection)), options);
  const price = (candidate: Draft) => weigh(planLayout(candidate.layoutInput, BRIEF_SEARCH).cost);
  return price(indirect) < price(draft) ? indirect : draft;
}

/** Enough to tell which of two sets of slots packs better. */
const BRIEF_SEARCH: Strategy = {
  name: 'brief',
  group: true,
  align: false,
  effort: 1_600,
  searches: ['order'],
  pool: false,
};

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

function chooseLayout(input: LayoutInput, options: AlignOptions) {
  const strategies = strategiesFor(options);
  const layouts = strategies.map((strategy) => planLayout(input, strategy));
  const prices = layouts.map((layout) => weigh(layout.cost));
  const best = prices.indexOf(Math.min(...prices));
  const layout = layouts[best]!;
  const reason =
    layouts.length === 1
      ? 'It is the one that the options ask for.'
      : `It has the fewest pages: ${layouts.map((l) => `${l.strategy.name} ${l.cost.distinct}`).join(', ')}.`;
  return { layout, reason };
}

/** What is given explicitly is kept; what is `auto` is tried both ways, and searched. */
function strategiesFor(options: AlignOptions): Strategy[] {
  const both = [true, false];
  const groups = options.group === 'auto' ? both : [options.group];
  const aligns = options.align === 'auto' ? both : [options.align];
  const pool = options.customLoader;
  const plain = groups.flatMap((group) =>
    aligns.map((align): Strategy => ({
      name: nameOf(group, align),
      group,
      align,
      effort: 0,
      pool,
    })),
  );
  const free = options.group === 'auto' && options.align === 'auto' && !pool;
  if (!free) return plain;
  const searches = ['order', 'pages'] as const;
  return [
    ...plain,
    { name: 'search', group: true, align: false, effort: SEARCH_EFFORT, searches, pool },
  ];
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
            object: `*/objects/${copyName(object.library)}`,
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

/** File name of an object's copy; unique within a unikernel, as library names are. */
export const copyName = (library: string): string => `${library.replace(/[^\w.+-]/g, '_')}.o`;
