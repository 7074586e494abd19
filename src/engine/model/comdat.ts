/**
 * Sections that occur once: COMDAT groups and `.gnu.linkonce` sections. The first group of a
 * signature in link order wins, the members of later ones are discarded, and debugging sections
 * that refer to a discarded section are served by its twin in the group that won, if the two have
 * the same symbols and size (bfd/elflink.c: _bfd_elf_section_already_linked,
 * _bfd_elf_check_kept_section, bfd_elf_match_symbols_in_sections).
 */
import { SHT, SHF, STT, type ElfFile, type ElfSection } from '../elf/types.ts';
import { GRP_COMDAT, SHF_EXCLUDE } from './constants.ts';
import { isDebugging } from '../elf/debugging.ts';
import { isInputSection } from './sections.ts';
import type { InputObject, Program } from './types.ts';

interface First {
  object: number;
  section: number;
}

interface Found {
  discarded: Uint8Array;
  keptBy: Int32Array;
}

/** Which sections lose before anything else is decided. Both arrays are by flat section index. */
export function findDiscarded(objects: readonly InputObject[], sectionBase: Int32Array): Found {
  const count = sectionBase[objects.length] ?? 0;
  const found = { discarded: new Uint8Array(count), keptBy: new Int32Array(count).fill(-1) };
  const groups = new Map<string, First>();
  const linkOnce = new Map<string, First>();
  objects.forEach(({ elf }, object) => {
    for (const section of elf.sections) {
      const flat = (sectionBase[object] ?? 0) + section.index;
      if (isExcluded(section)) found.discarded[flat] = 1;
      if (section.type === SHT.GROUP) visitGroup(found, groups, sectionBase, elf, object, section);
      else if (isLinkOnce(section)) visitLinkOnce(found, linkOnce, sectionBase, object, section);
    }
  });
  return found;
}

function isExcluded(section: ElfSection): boolean {
  return isInputSection(section) && (section.flags & SHF_EXCLUDE) !== 0;
}

function isLinkOnce(section: ElfSection): boolean {
  return section.name.startsWith('.gnu.linkonce.') && (section.flags & SHF.GROUP) === 0;
}

function visitGroup(
  found: Found,
  groups: Map<string, First>,
  sectionBase: Int32Array,
  elf: ElfFile,
  object: number,
  group: ElfSection,
): void {
  if (!isComdat(group)) return;
  const signature = groupSignature(elf, group);
  const first = groups.get(signature);
  if (first === undefined) {
    groups.set(signature, { object, section: group.index });
    return;
  }
  const base = sectionBase[object] ?? 0;
  const winner = (sectionBase[first.object] ?? 0) + first.section;
  for (const member of [group.index, ...groupMembers(group)]) {
    found.discarded[base + member] = 1;
    found.keptBy[base + member] = winner;
  }
}

function visitLinkOnce(
  found: Found,
  linkOnce: Map<string, First>,
  sectionBase: Int32Array,
  object: number,
  section: ElfSection,
): void {
  const first = linkOnce.get(section.name);
  if (first === undefined) {
    linkOnce.set(section.name, { object, section: section.index });
    return;
  }
  const flat = (sectionBase[object] ?? 0) + section.index;
  found.discarded[flat] = 1;
  found.keptBy[flat] = (sectionBase[first.object] ?? 0) + first.section;
}

function viewOf(group: ElfSection): DataView {
  return new DataView(group.data.buffer, group.data.byteOffset, group.data.byteLength);
}

function isComdat(group: ElfSection): boolean {
  return group.data.length >= 4 && (viewOf(group).getUint32(0, true) & GRP_COMDAT) !== 0;
}

/** The section indexes that a SHT_GROUP section lists. */
export function groupMembers(group: ElfSection): number[] {
  const view = viewOf(group);
  const members: number[] = [];
  for (let at = 4; at + 4 <= view.byteLength; at += 4) members.push(view.getUint32(at, true));
  return members;
}

function groupSignature(elf: ElfFile, group: ElfSection): string {
  const symbol = elf.symbols[group.info];
  if (symbol === undefined) return '';
  return symbol.type === STT.SECTION ? (elf.sections[symbol.section]?.name ?? '') : symbol.name;
}

/**
 * The section that stands in for a discarded one where debugging information refers to it.
 * @returns object and section, or undefined where ld finds none
 */
export function keptTwin(
  program: Program,
  object: number,
  section: number,
): { object: number; section: number } | undefined {
  const kept = program.keptBy[(program.sectionBase[object] ?? 0) + section] ?? -1;
  if (kept < 0) return undefined;
  const owner = ownerOf(program, kept);
  const winner = inputOf(program, owner, kept - (program.sectionBase[owner] ?? 0));
  const lost = inputOf(program, object, section);
  if (winner === undefined || lost === undefined) return undefined;
  const match = twinIn(winner, lost);
  return match?.size === lost.section.size ? { object: owner, section: match.index } : undefined;
}

interface Input {
  elf: ElfFile;
  section: ElfSection;
}

function inputOf(program: Program, object: number, index: number): Input | undefined {
  const elf = program.objects[object]?.elf;
  const section = elf?.sections[index];
  return elf && section && { elf, section };
}

function twinIn(winner: Input, lost: Input): ElfSection | undefined {
  if (winner.section.type !== SHT.GROUP) return winner.section;
  return groupMembers(winner.section)
    .map((index) => winner.elf.sections[index])
    .filter((section) => section !== undefined)
    .find((section) => isInputSection(section) && haveSameSymbols({ ...winner, section }, lost));
}

function ownerOf(program: Program, flat: number): number {
  let object = 0;
  while ((program.sectionBase[object + 1] ?? Infinity) <= flat) object++;
  return object;
}

function haveSameSymbols(a: Input, b: Input): boolean {
  if (a.section.type !== b.section.type) return false;
  const inGroup = ({ section }: Input) => section.flags & SHF.GROUP;
  const ignoreSectionSymbols = !isDebugging(a.section) || inGroup(a) !== inGroup(b);
  const symbols = ({ elf, section }: Input) =>
    elf.symbols
      .filter((s) => s.section === section.index && s.index !== 0)
      .filter((s) => !ignoreSectionSymbols || s.type !== STT.SECTION)
      .map((s) => `${s.name}\0${s.binding}\0${s.type}\0${s.visibility}`)
      .sort();
  const [left, right] = [symbols(a), symbols(b)];
  return left.length > 0 && left.length === right.length && left.every((s, i) => s === right[i]);
}
