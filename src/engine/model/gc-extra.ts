/**
 * The last step of garbage collection: sections that nobody refers to but that belong to what was
 * kept (bfd/elflink.c, _bfd_elf_gc_mark_extra_sections). An object that keeps a loaded section
 * keeps its debugging sections and its unloaded ones without relocations, in groups only if the
 * whole group is of that kind; a section tied to another by SHF_LINK_ORDER follows that one;
 * debugging sections made for one function (`.debug_line.text.f`) go with it.
 */
import { SHF, SHT, type ElfSection } from '../elf/types.ts';
import { groupMembers } from './comdat.ts';
import { SHF_LINK_ORDER } from './constants.ts';
import type { Marker } from './gc-marker.ts';
import { isDebugging } from '../elf/debugging.ts';
import { isInputSection } from './sections.ts';
import type { Program } from './types.ts';

/** What the sections of an object are, by index. An object has thousands, so it is found out once. */
interface Kinds {
  readonly all: readonly ElfSection[];
  readonly input: Uint8Array;
  readonly debugging: Uint8Array;
  /** Neither loaded nor relocated. */
  readonly special: Uint8Array;
}

/** Marks the extra sections of an object. */
export function keepExtraSections(program: Program, object: number, marker: Marker): void {
  const all = program.objects[object]?.elf.sections ?? [];
  const kinds = kindsOf(all);
  if (!followLinkOrder(kinds, object, marker)) return;
  for (const section of all) {
    if (section.type === SHT.GROUP) keepGroup(kinds, section, object, marker);
    else if (isExtra(kinds, section.index) && !isTied(section))
      marker.set(object, section.index, 1);
  }
  dropFragments(kinds, object, marker);
  for (const section of all)
    if (kinds.debugging[section.index] === 1 && marker.isMarked(object, section.index))
      marker.runDebugging(object, section.index);
}

function kindsOf(all: readonly ElfSection[]): Kinds {
  const kinds: Kinds = {
    all,
    input: new Uint8Array(all.length),
    debugging: new Uint8Array(all.length),
    special: new Uint8Array(all.length).fill(1),
  };
  for (const section of all) {
    const { index } = section;
    kinds.input[index] = isInputSection(section) ? 1 : 0;
    kinds.debugging[index] = isDebugging(section) ? 1 : 0;
    if ((section.flags & SHF.ALLOC) !== 0) kinds.special[index] = 0;
    if (section.type === SHT.RELA || section.type === SHT.REL) kinds.special[section.info] = 0;
  }
  return kinds;
}

/** @returns whether anything loaded but notes is kept */
function followLinkOrder({ all, input }: Kinds, object: number, marker: Marker): boolean {
  let someKept = false;
  for (const section of all) {
    if (input[section.index] === 0) continue;
    const loaded = (section.flags & SHF.ALLOC) !== 0 && section.type !== SHT.NOTE;
    if (loaded && marker.isMarked(object, section.index)) someKept = true;
    else if (isLinkedToMarked(all, section, object, marker)) {
      marker.mark(object, section.index);
      marker.run();
    }
  }
  return someKept;
}

function isLinkedToMarked(
  all: readonly ElfSection[],
  section: ElfSection,
  object: number,
  marker: Marker,
): boolean {
  if (!isLinked(section)) return false;
  const seen = new Set<number>();
  let linked = all[section.link];
  while (linked !== undefined && !seen.has(linked.index)) {
    if (marker.isMarked(object, linked.index)) return true;
    seen.add(linked.index);
    linked = isLinked(linked) ? all[linked.link] : undefined;
  }
  return false;
}

const isLinked = (section: ElfSection) =>
  (section.flags & SHF_LINK_ORDER) !== 0 && section.link !== 0;

const isTied = (section: ElfSection) => isLinked(section) || (section.flags & SHF.GROUP) !== 0;

function isExtra(kinds: Kinds, index: number): boolean {
  return kinds.input[index] === 1 && (kinds.debugging[index] === 1 || kinds.special[index] === 1);
}

function keepGroup(kinds: Kinds, group: ElfSection, object: number, marker: Marker): void {
  let debugging = true;
  let special = true;
  const members = groupMembers(group).filter((m) => isMember(kinds, m));
  for (const member of members) {
    debugging &&= kinds.debugging[member] === 1;
    special &&= kinds.special[member] === 1;
  }
  if (debugging || special) for (const member of members) marker.set(object, member, 1);
}

function isMember({ all, input }: Kinds, index: number): boolean {
  return input[index] === 1 && ((all[index]?.flags ?? 0) & SHF.GROUP) !== 0;
}

function dropFragments({ all, debugging }: Kinds, object: number, marker: Marker): void {
  const fragments = all.filter((section) => debugging[section.index] === 1);
  if (!fragments.some((section) => section.name.startsWith('.debug_line.'))) return;
  for (const code of all) {
    if ((code.flags & SHF.EXECINSTR) === 0 || marker.isMarked(object, code.index)) continue;
    for (const fragment of fragments)
      if (fragment.name.length > code.name.length && fragment.name.endsWith(code.name))
        marker.set(object, fragment.index, 0);
  }
}
