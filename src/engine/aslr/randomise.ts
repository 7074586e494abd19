/**
 * Turns a planned set into one whose blocks can lie anywhere: chooses what moves, makes the objects
 * independent of where that is, plans the blocks and what stays, and gives each unikernel its
 * positions.
 */
import type { AslrReport } from '../../protocol/page-map.ts';
import { identify, type Identified, type UnikernelInput } from '../atoms/identify.ts';
import { inputOf } from '../atoms/input.ts';
import type { Locator } from '../atoms/content.ts';
import type { Strategy } from '../layout/plan.ts';
import type { Region } from '../layout/regions.ts';
import { PC_RELATIVE } from '../model/relocation-types.ts';
import { withObjects, type LoadedUnikernel } from '../read-unikernel.ts';
import { isAddress } from './address-types.ts';
import type { Counts, HomeOf } from './bench.ts';
import { blocksOf, type Blocks } from './blocks.ts';
import { chooseStarts, type Starts } from './choose-starts.ts';
import { makeCommonObject, numberEntries } from './common-object.ts';
import { chooseHomes, FIXED, type Homes } from './homes.ts';
import { planMoving, type MovingLayout } from './layout.ts';
import { COMMON, farSection, FIXED_SECTION } from './names.ts';
import { besideSection } from './object-draft.ts';
import { pagesOf } from './positions.ts';
import { redirect } from './redirect.ts';

/** A set whose slots are known. */
export interface KnownSet {
  readonly set: readonly LoadedUnikernel[];
  readonly inputs: readonly UnikernelInput[];
  readonly regions: readonly Region[];
  readonly identified: Identified;
  readonly base: number;
  /** Distinct pages of its layout without randomisation. */
  readonly distinct: number;
}

export interface RandomiseOptions {
  /** 1: blocks at fixed positions; 2: at random ones. */
  readonly aslr: 1 | 2;
  /** Read-only data stay at common addresses. */
  readonly map: boolean;
  readonly keepOrder: boolean;
  readonly blocks: Blocks;
  readonly seed: string | undefined;
  /** Bytes of the window. */
  readonly window: number;
  readonly strategy: Strategy;
}

export interface Randomised {
  readonly set: readonly LoadedUnikernel[];
  readonly inputs: readonly UnikernelInput[];
  readonly identified: Identified;
  readonly layout: MovingLayout;
  /** Address of a slot in a unikernel. */
  readonly addressOf: (unikernel: number, slot: number) => number;
  readonly report: AslrReport;
}

/**
 * @throws SpacerError `aslr-field` for a field that is not understood, `aslr-window` where the
 *   blocks do not fit
 */
export function randomise(known: KnownSet, options: RandomiseOptions): Randomised {
  const homes = chooseHomes(known.inputs, known.regions, known.identified, {
    moveReadOnly: !options.map,
    blockOf: blocksOf(known.inputs, known.identified.slots, options.blocks),
  });
  const homeOfs = known.inputs.map((_, u) => homesOf(known, u, homes));
  const redirected = known.set.map((loaded, u) =>
    redirect(known.inputs[u]!, loaded.objects, homeOfs[u]!),
  );
  const numbering = numberEntries(redirected.map(({ needs }) => needs));
  const set = known.set.map((loaded, u) => {
    const { objects, needs } = redirected[u]!;
    const common = makeCommonObject(needs, numbering, numbering.sizes[u]!, objects.length);
    return withObjects(loaded, [...objects, common]);
  });
  const inputs = set.map(inputOf);
  const homeOfs2 = inputs.map((input, u) => withAdded(input, known.inputs[u]!, homeOfs[u]!));
  const drifts = inputs.map((input, u) => driftOf(input, homeOfs2[u]!, u));
  const identified = identify(inputs, known.regions, 'section', drifts);
  const slotHomes = identified.slots.map((slot) => {
    if (slot.role !== 'body') return homes.ofSlot.get(slot.key) ?? FIXED;
    for (const [u, parts] of identified.parts.entries()) {
      const part = parts.get(slot.id)?.parts[0];
      if (part) return homeOfs2[u]!(part.object, part.section);
    }
    return FIXED;
  });
  const layout = planMoving(
    {
      unikernels: set.length,
      regions: known.regions,
      slots: identified.slots,
      base: known.base,
      homes: slotHomes,
      blocks: homes.blocks.length,
      window: options.aslr === 2 ? options.window : 0,
    },
    options.strategy,
  );
  const names = known.set.map(({ unikernel }) => unikernel.name);
  const window = { start: layout.windowStart, size: layout.windowSize };
  const placed = chooseStarts(names, window, layout.sizes, options);
  const counts = redirected.map((one) => one.counts);
  return {
    set,
    inputs,
    identified,
    layout,
    addressOf: (u, slot) => {
      const home = slotHomes[slot]!;
      const offset = layout.addresses[slot]!;
      return home === FIXED ? offset : placed.starts[u]![home]! + offset;
    },
    report: reportOf(layout, known, homes, placed, counts),
  };
}

function homesOf({ inputs, identified }: KnownSet, u: number, { ofSlot }: Homes): HomeOf {
  const { program } = inputs[u]!;
  const homes = new Int32Array(program.sectionBase.at(-1)!).fill(FIXED);
  for (const { slot, parts } of identified.parts[u]!.values())
    for (const part of parts)
      homes[program.sectionBase[part.object]! + part.section] =
        ofSlot.get(identified.slots[slot]!.key) ?? FIXED;
  return (object, section) => homes[program.sectionBase[object]! + section] ?? FIXED;
}

/** Homes of the sections of the new objects, those that were added included. */
function withAdded({ program }: UnikernelInput, before: UnikernelInput, homeOf: HomeOf): HomeOf {
  const known = before.program.objects;
  return (object, section) => {
    const { elf, library } = program.objects[object]!;
    const { name } = elf.sections[section]!;
    if (library === COMMON) return homeOfCommon(name);
    const count = known[object]?.elf.sections.length ?? 0;
    if (section < count) return homeOf(object, section);
    const base = elf.sections.findIndex((s) => besideSection(s.name) === name);
    return base < 0 ? FIXED : homeOf(object, base);
  };
}

function homeOfCommon(name: string): number {
  if (name === FIXED_SECTION || !name.startsWith(farSection(-1).slice(0, -2))) return FIXED;
  return Number(name.slice(name.lastIndexOf('.') + 1));
}

/** A number for each reference that changes with the positions; unikernels have different ones. */
function driftOf({ program }: UnikernelInput, homeOf: HomeOf, u: number): Locator['drift'] {
  const homes = program.objects.flatMap(({ index, elf }) =>
    elf.sections.map((section) => homeOf(index, section.index)),
  );
  return (from, to, type) => {
    if (!isAddress(type)) return 0;
    const target = to < 0 ? FIXED : homes[to]!;
    const source = PC_RELATIVE[type] === 1 ? homes[from]! : FIXED;
    return source === target ? 0 : (u + 1) * 2 ** 33;
  };
}

function reportOf(
  layout: MovingLayout,
  { set, distinct }: KnownSet,
  { blocks, kept }: Homes,
  { starts, seed, entropy }: Starts,
  counts: readonly Counts[],
): AslrReport {
  const sum = (key: keyof Counts) => counts.reduce((total, one) => total + one[key], 0);
  return {
    ...(seed !== undefined && { seed }),
    window: { start: layout.windowStart, pages: pagesOf(layout.windowSize) },
    blocks: blocks.map((name, block) => ({
      name,
      pages: pagesOf(layout.sizes[block]!),
      bits: entropy.blocks[block]!,
      starts: Object.fromEntries(
        set.map(({ unikernel }, u) => [unikernel.name, starts[u]![block]!]),
      ),
    })),
    bits: entropy.arrangement,
    pagesSpent: layout.cost.distinct - distinct,
    kept: Object.fromEntries(kept),
    references: {
      stubs: sum('stubs'),
      farCalls: sum('farCalls'),
      inPlace: sum('inPlace'),
      besideThunks: sum('besideThunks'),
      privateThunks: sum('privateThunks'),
      left: sum('left'),
    },
  };
}
