/**
 * A set whose slots are known, before a layout is chosen: what each linker script places is
 * gathered, the regions are merged over the set, and the slots are identified.
 */
import { paddingOf, type AlignOptions } from '../protocol/options.ts';
import {
  factsOf,
  identify,
  type AtomSize,
  type Identified,
  type UnikernelInput,
} from './atoms/identify.ts';
import { NO_INDIRECTION, type Indirection } from './atoms/indirection.ts';
import { inputOf } from './atoms/input.ts';
import { SpacerError } from './errors.ts';
import type { OutlineSection } from './layout/outline.ts';
import type { LayoutInput } from './layout/plan.ts';
import { mergeRegions, type OutputFacts, type Region } from './layout/regions.ts';
import type { Slot } from './layout/slots.ts';
import type { LoadedUnikernel } from './loaded-unikernel.ts';
import { withSlotRoom } from './lock/room.ts';

/** The slots of a set. */
export interface SlotsOfSet {
  readonly inputs: readonly UnikernelInput[];
  readonly regions: readonly Region[];
  readonly identified: Identified;
}

export interface Draft extends SlotsOfSet {
  readonly set: readonly LoadedUnikernel[];
  readonly indirection: Indirection;
  readonly layoutInput: LayoutInput;
}

/**
 * @param indirection that the set was made ready for
 * @param growth how much room slots have for what is to come: 0 for none, 1 for the usual
 * @throws SpacerError `location-too-low` where the location counter would not leave room
 */
export function draftOf(
  set: readonly LoadedUnikernel[],
  options: AlignOptions,
  growth: number,
  indirection: Indirection = NO_INDIRECTION,
): Draft {
  // A lock knows slots by names that no set changes.
  const found = slotsOfSet(set, atomSizeOf(options), growth === 0);
  const { slots } = found.identified;
  const planned = growth > 0 ? withSlotRoom(slots, found.regions, growth) : slots;
  return { set, indirection, ...found, layoutInput: layoutInputOf(set, found, planned, options) };
}

/** Slots of sets that were asked about: they depend on nothing else, and take long to find. */
const known = new WeakMap<readonly LoadedUnikernel[], Map<string, SlotsOfSet>>();

/** Gathers, merges and identifies. */
export function slotsOfSet(
  set: readonly LoadedUnikernel[],
  size: AtomSize,
  joinsEqual = true,
): SlotsOfSet {
  const bySize = known.get(set) ?? new Map<string, SlotsOfSet>();
  const key = `${size} ${joinsEqual}`;
  const found = bySize.get(key) ?? findSlots(set, size, joinsEqual);
  known.set(set, bySize.set(key, found));
  return found;
}

function findSlots(
  set: readonly LoadedUnikernel[],
  size: AtomSize,
  joinsEqual: boolean,
): SlotsOfSet {
  const inputs = set.map(inputOf);
  const regions = regionsOf(inputs);
  return { inputs, regions, identified: identify(inputs, regions, size, [], joinsEqual) };
}

/** The regions of a set in one order. */
export function regionsOf(inputs: readonly UnikernelInput[]): Region[] {
  const merged = mergeRegions(
    inputs.map((input) =>
      input.outline.map((section) => ({ section, facts: outputFacts(input, section) })),
    ),
  );
  return merged.map((region): Region =>
    inputs.some(({ unloaded }) => unloaded.has(region.name))
      ? { ...region, group: 'unloaded' }
      : region,
  );
}

/** What is asked for by the original's options is what the original does: libraries as they are. */
export function isExplicit(options: AlignOptions): boolean {
  const { align, group } = paddingOf(options);
  return align !== 'auto' || group !== 'auto' || options.customLoader;
}

/** The options with the slots left as fine as the build offers. */
export const finest = (options: AlignOptions): AlignOptions => ({
  ...options,
  granularity: 'auto',
  layout: 'auto',
  align: 'auto',
  group: 'auto',
  customLoader: false,
});

/** True where the slots are the finest already. */
export const isFinest = (options: AlignOptions): boolean =>
  options.granularity === 'auto' && !isExplicit(options);

/** What one slot holds, as the options have it. */
export function atomSizeOf({ granularity }: Pick<AlignOptions, 'granularity'>): AtomSize {
  return granularity === 'library' || granularity === 'unit' ? granularity : 'section';
}

/** What is known of an output section in one unikernel. */
export function outputFacts(input: UnikernelInput, section: OutlineSection): OutputFacts {
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
  { regions }: SlotsOfSet,
  slots: readonly Slot[],
  options: AlignOptions,
): LayoutInput {
  const base = baseOf(set, options);
  return {
    unikernels: set.length,
    regions,
    slots,
    base,
    ...(options.location !== undefined && { location: options.location }),
  };
}

/**
 * Where the common addresses begin.
 * @throws SpacerError `location-too-low`, `script-base`
 */
export function baseOf(
  set: readonly LoadedUnikernel[],
  { location }: Pick<AlignOptions, 'location'>,
): number {
  const base = Math.max(...set.map(linkBase));
  if (location === undefined || location >= base) return base;
  throw new SpacerError(
    'location-too-low',
    `The location counter 0x${location.toString(16)} lies below the link's base 0x${base.toString(16)}.`,
  );
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
