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
import { isDebugging, isInputSection } from './sections.ts';
import type { Program } from './types.ts';

/** Marks the extra sections of an object. */
export function keepExtraSections(program: Program, object: number, marker: Marker): void {
  const all = program.objects[object]?.elf.sections ?? [];
  const sections = all.filter(isInputSection);
  const relocated = new Set(
    all.filter((s) => s.type === SHT.RELA || s.type === SHT.REL).map((s) => s.info),
  );
  if (!followLinkOrder(all, sections, object, marker)) return;
  for (const section of sections) {
    if (section.type === SHT.GROUP) keepGroup(all, section, object, marker, relocated);
    else if (isExtra(section, relocated) && !isTied(section)) marker.set(object, section.index, 1);
  }
  dropFragments(sections, object, marker);
  for (const section of sections)
    if (isDebugging(section) && marker.isMarked(object, section.index))
      marker.runDebugging(object, section.index);
}

const isAlloc = (section: ElfSection) => (section.flags & SHF.ALLOC) !== 0;

/** @returns whether anything loaded but notes is kept */
function followLinkOrder(
  all: readonly ElfSection[],
  sections: readonly ElfSection[],
  object: number,
  marker: Marker,
): boolean {
  let someKept = false;
  for (const section of sections) {
    const marked = marker.isMarked(object, section.index);
    if (marked && isAlloc(section) && section.type !== SHT.NOTE) someKept = true;
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
  const seen = new Set<number>();
  let linked = linkedTo(all, section);
  while (linked !== undefined && !seen.has(linked.index)) {
    if (marker.isMarked(object, linked.index)) return true;
    seen.add(linked.index);
    linked = linkedTo(all, linked);
  }
  return false;
}

function linkedTo(all: readonly ElfSection[], section: ElfSection): ElfSection | undefined {
  return (section.flags & SHF_LINK_ORDER) !== 0 && section.link !== 0
    ? all[section.link]
    : undefined;
}

function isExtra(section: ElfSection, relocated: ReadonlySet<number>): boolean {
  return isDebugging(section) || (!isAlloc(section) && !relocated.has(section.index));
}

function isTied(section: ElfSection): boolean {
  const linked = (section.flags & SHF_LINK_ORDER) !== 0 && section.link !== 0;
  return linked || (section.flags & SHF.GROUP) !== 0;
}

function keepGroup(
  all: readonly ElfSection[],
  group: ElfSection,
  object: number,
  marker: Marker,
  relocated: ReadonlySet<number>,
): void {
  const members = groupMembers(group)
    .map((index) => all[index])
    .filter((section) => section !== undefined)
    .filter((section) => (section.flags & SHF.GROUP) !== 0 && isInputSection(section));
  const debugging = members.every(isDebugging);
  const special = members.every((s) => !isAlloc(s) && !relocated.has(s.index));
  if (debugging || special) members.forEach((s) => marker.set(object, s.index, 1));
}

function dropFragments(sections: readonly ElfSection[], object: number, marker: Marker): void {
  const debugging = sections.filter(isDebugging);
  if (!debugging.some((section) => section.name.startsWith('.debug_line.'))) return;
  for (const code of sections) {
    if ((code.flags & SHF.EXECINSTR) === 0 || marker.isMarked(object, code.index)) continue;
    for (const fragment of debugging)
      if (fragment.name.length > code.name.length && fragment.name.endsWith(code.name))
        marker.set(object, fragment.index, 0);
  }
}
