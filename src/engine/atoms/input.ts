/** What the link of one unikernel keeps, and where its scripts put it. */
import { outlineOf, type OutlineSection } from '../layout/outline.ts';
import { DYNAMIC_GROWTH } from '../model/dynamic.ts';
import { planEhFrame } from '../model/eh-frame.ts';
import { liveSections, type LiveSections } from '../model/gc.ts';
import { isDiscarded } from '../model/program.ts';
import { UK_RELOC } from '../model/uk-reloc.ts';
import type { LoadedUnikernel } from '../loaded-unikernel.ts';
import { effectsOf } from '../link/effects.ts';
import type { ElfFile, ElfSection } from '../elf/types.ts';
import { isInputSection } from '../model/sections.ts';
import { gather, globMatches, isLoaded, type GatheredInput } from './gather.ts';
import type { UnikernelInput } from './identify.ts';

/** Gathers the live sections of a unikernel, with the unwind tables that the linker will make. */
export function inputOf(loaded: LoadedUnikernel): UnikernelInput {
  const { program } = loaded;
  const isCandidate = (object: number, section: number) => !isDiscarded(program, object, section);
  const all = outlineOf(loaded.scripts);
  const { inputs } = gather(all, program.objects, isCandidate);
  const live = liveOf(loaded, [inputs, unloadedInputs(loaded, all, isCandidate)]);
  keepMade(loaded, live);
  const frame = planEhFrame(
    program,
    inputs.get('.eh_frame') ?? [],
    (object, section) => live.has(object, section),
    { header: loaded.hasFrameHeader, pic: loaded.command.pie },
  );
  const wholeSizes = new Map([
    ['.eh_frame', frame.totalSize],
    ['.eh_frame_hdr', frame.headerSize],
  ]);
  const { made } = loaded;
  if (made?.ukReloc) wholeSizes.set(UK_RELOC, made.ukReloc.size);
  if (made?.isAdmitted) growFrames(wholeSizes, loaded.debug);
  const dynamic = made?.plan.sections.find(({ name }) => name === '.dynamic');
  if (dynamic) wholeSizes.set('.dynamic', dynamic.size + DYNAMIC_GROWTH);
  const outline = all.filter(isPlaceable);
  const linked = withoutDead(inputs, loaded, live);
  return {
    program,
    outline,
    inputs: linked,
    live,
    frame,
    wholeSizes,
    unloaded: unloadedOf(loaded, linked),
  };
}

/**
 * Sections that are not loaded may be roots too: Unikraft's table of places to relocate is one, and
 * of a position-independent program nearly everything hangs on it.
 */
function unloadedInputs(
  { program, command }: LoadedUnikernel,
  outline: readonly OutlineSection[],
  isCandidate: (object: number, section: number) => boolean,
): ReadonlyMap<string, readonly GatheredInput[]> {
  if (!command.gcSections) return new Map();
  const isAsked = (section: ElfSection) => isInputSection(section) && !isLoaded(section);
  return gather(outline, program.objects, isCandidate, isAsked).inputs;
}

function liveOf(
  loaded: LoadedUnikernel,
  gathered: readonly ReadonlyMap<string, readonly GatheredInput[]>[],
): LiveSections {
  const kept = new Set<string>();
  for (const inputs of gathered)
    for (const list of inputs.values())
      for (const { object, section, keep } of list) if (keep) kept.add(`${object} ${section}`);
  return liveSections(loaded.program, {
    ...(loaded.entry !== undefined && { entry: loaded.entry }),
    roots: loaded.roots,
    keep: (object, section) => kept.has(`${object} ${section}`),
    gcSections: loaded.command.gcSections,
  });
}

/** ld describes what it makes in the unwind tables. */
function growFrames(sizes: Map<string, number>, { sections }: ElfFile): void {
  for (const { name, size } of sections) {
    const known = sizes.get(name);
    if (known !== undefined) sizes.set(name, Math.max(known, size));
  }
}

/** ld keeps its own sections whether or not something refers to them. */
function keepMade({ made, program }: LoadedUnikernel, { live }: LiveSections): void {
  if (made) live.fill(1, made.first, program.sectionBase[1]);
}

/** Output sections of the linker alone that the bootable image does not have. */
function unloadedOf(
  { made, unikernel }: LoadedUnikernel,
  inputs: ReadonlyMap<string, readonly GatheredInput[]>,
): Set<string> {
  if (made === undefined) return new Set();
  const { removed } = effectsOf(unikernel.link.postLink);
  const isOwn = ({ object, section }: GatheredInput) => object === 0 && section >= made.first;
  const names = [...inputs].filter(
    ([name, list]) =>
      list.length > 0 && list.every(isOwn) && removed.some((pattern) => globMatches(pattern, name)),
  );
  return new Set(names.map(([name]) => name));
}

/** Debugging sections stand at address 0 and are not loaded; discarded ones are gone. */
function isPlaceable(section: OutlineSection): boolean {
  const { address } = section.node;
  const atZero = address?.kind === 'number' && address.value === 0n;
  return section.name !== '/DISCARD/' && !atZero;
}

function withoutDead(
  inputs: ReadonlyMap<string, readonly GatheredInput[]>,
  loaded: LoadedUnikernel,
  live: LiveSections,
): Map<string, GatheredInput[]> {
  const size = ({ object, section }: GatheredInput) =>
    loaded.program.objects[object]!.elf.sections[section]!.size;
  const remains = (input: GatheredInput) =>
    size(input) > 0 && live.has(input.object, input.section);
  return new Map([...inputs].map(([name, list]) => [name, list.filter(remains)]));
}
