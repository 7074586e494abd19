/**
 * Turns a planned set into one whose blocks can lie anywhere: chooses what moves, makes the objects
 * independent of where that is, plans the blocks and what stays, and gives each unikernel its
 * positions.
 */
import type { AslrReport } from '../../protocol/page-map.ts';
import { identify, type Identified, type UnikernelInput } from '../atoms/identify.ts';
import { inputOf } from '../atoms/input.ts';
import type { Locator } from '../atoms/content.ts';
import { SpacerError } from '../errors.ts';
import type { Strategy } from '../layout/plan.ts';
import type { Region } from '../layout/regions.ts';
import { PC_RELATIVE } from '../model/relocation-types.ts';
import { withObjects, type LoadedUnikernel } from '../read-unikernel.ts';
import { blocksOf, type Blocks } from './blocks.ts';
import { makeCommonObject, numberEntries } from './common-object.ts';
import { chooseHomes, FIXED, type Homes } from './homes.ts';
import { planMoving, type MovingLayout } from './layout.ts';
import { COMMON, farSection, FIXED_SECTION } from './names.ts';
import { besideSection } from './object-draft.ts';
import {
  entropyOf,
  KeyedRandom,
  newSeed,
  pagesOf,
  randomPositions,
  type Entropy,
} from './positions.ts';
import { isAddress, redirect, type Counts, type HomeOf } from './redirect.ts';

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
 * @throws SpacerError `aslr-field` for a field that is not understood, `aslr-pie` for a
 *   position-independent build, `aslr-window` where the blocks do not fit
 */
export function randomise(known: KnownSet, options: RandomiseOptions): Randomised {
  for (const { command, unikernel } of known.set)
    if (command.pie)
      throw new SpacerError(
        'aslr-pie',
        `${unikernel.name} is position-independent, which --aslr cannot do yet`,
      );
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
  const placed = placeBlocks(layout, known.set, homes, options);
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

interface PlacedBlocks {
  /** Start addresses by unikernel and block. */
  readonly starts: readonly (readonly number[])[];
  readonly seed?: string;
  readonly entropy: Entropy;
}

function placeBlocks(
  { sizes, windowStart, windowSize }: MovingLayout,
  set: readonly LoadedUnikernel[],
  { blocks }: Homes,
  options: RandomiseOptions,
): PlacedBlocks {
  const window = { pages: pagesOf(windowSize), blocks: sizes.map(pagesOf) };
  if (options.aslr === 1) {
    let next = windowStart;
    const starts = sizes.map((size) => (next += size) - size);
    const entropy = { blocks: blocks.map(() => 0), arrangement: 0 };
    return { starts: set.map(() => starts), entropy };
  }
  const seed = options.seed ?? newSeed();
  const taken = blocks.map(() => new Set<number>());
  const starts = set.map(({ unikernel }) => {
    const random = new KeyedRandom(seed, unikernel.name);
    const pages = freshPositions(window, random, options.keepOrder, taken);
    return pages.map((page) => windowStart + page * 4096);
  });
  return { starts, seed, entropy: entropyOf(window, options.keepOrder) };
}

/** Draws again while a block would lie where another unikernel has it. */
function freshPositions(
  window: { pages: number; blocks: readonly number[] },
  random: KeyedRandom,
  keepOrder: boolean,
  taken: readonly Set<number>[],
): number[] {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const pages = randomPositions(window, random, keepOrder);
    const isFresh = pages.every((page, block) => !taken[block]!.has(page));
    if (!isFresh) continue;
    pages.forEach((page, block) => taken[block]!.add(page));
    return pages;
  }
  throw new SpacerError('aslr-window', 'The window has no room for another layout: give it more.');
}

const MOST_ATTEMPTS = 10_000;

function reportOf(
  layout: MovingLayout,
  { set, distinct }: KnownSet,
  { blocks, kept }: Homes,
  { starts, seed, entropy }: PlacedBlocks,
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
