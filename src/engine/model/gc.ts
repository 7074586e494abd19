/**
 * Which input sections survive `--gc-sections`, as ld 2.40 decides it (bfd/elflink.c,
 * bfd_elf_gc_sections).
 *
 * Marking starts at the entry, the names given with -u, `_init` and `_fini`, at what the script
 * KEEPs, at notes and at SHF_GNU_RETAIN, and follows relocations, weak ones too. Unwind sections
 * that can be parsed are not followed as a whole: when a function is marked, the references of its
 * FDE and CIE are (so a personality routine lives, and a dead function is not revived by its own
 * FDE). A reference to `__start_NAME` keeps every section NAME. In the end each object that keeps
 * anything loaded keeps its debugging and other unloaded sections (gc-extra.ts).
 */
import { SHF, SHN, SHT } from '../elf/types.ts';
import { isDiscarded } from './program.ts';
import {
  EI_OSABI,
  ELFOSABI_FREEBSD,
  ELFOSABI_GNU,
  SHF_EXCLUDE,
  SHF_LINK_ORDER,
} from './constants.ts';
import { keepExtraSections } from './gc-extra.ts';
import { Marker } from './gc-marker.ts';
import { isInputSection } from './sections.ts';
import type { InputObject, Program } from './types.ts';

export interface GcOptions {
  /** Name of the entry symbol. */
  entry?: string;
  /** Names given with -u or EXTERN. */
  roots: readonly string[];
  /** Whether a KEEP of the script matches; for common symbols asked with section SHN.COMMON. */
  keep: (object: number, section: number) => boolean;
  /** False: everything lives that no COMDAT group discards. */
  gcSections: boolean;
  /** Script symbols that are assigned just another symbol (`a = b;`, not `a = b + 4;`): a -> b. */
  aliases?: ReadonlyMap<string, string>;
}

/** The sections that are in the output, if the script does not discard them. */
export interface LiveSections {
  /** Section SHN.COMMON asks for the common symbols of an object. */
  has(object: number, section: number): boolean;
  /** By flat section index: 1 if live. */
  readonly live: Uint8Array;
  /** What was collected: not empty, not discarded before. */
  readonly removed: readonly { object: number; section: number }[];
}

/** ld looks for these besides the entry (ldlang.c, lang_add_gc_name). */
const INIT_AND_FINI = ['_init', '_fini'];

/** Decides which sections live. */
export function liveSections(program: Program, options: GcOptions): LiveSections {
  const marker = new Marker(program, options.aliases ?? new Map<string, string>());
  if (options.gcSections) {
    markRoots(program, options, marker);
    program.objects.forEach((_, object) => keepExtraSections(program, object, marker));
  } else marker.marked.fill(1);
  return collect(program, marker);
}

function markRoots(program: Program, options: GcOptions, marker: Marker): void {
  for (const name of [options.entry ?? '', ...options.roots, ...INIT_AND_FINI])
    marker.markName(name);
  marker.run();
  program.objects.forEach((input, object) => {
    for (const section of input.elf.sections)
      if (isInputSection(section) && isRoot(input, section.index, options))
        marker.mark(object, section.index);
    if (options.keep(object, SHN.COMMON)) marker.mark(object, SHN.COMMON);
    marker.run();
  });
}

function isRoot(input: InputObject, index: number, options: GcOptions): boolean {
  const section = input.elf.sections[index];
  if (section === undefined || hasFlag(section.flags, SHF_EXCLUDE)) return false;
  if (options.keep(input.index, index)) return true;
  if (section.type === SHT.NOTE)
    return !hasFlag(section.flags, SHF.GROUP) && !hasFlag(section.flags, SHF_LINK_ORDER);
  return hasFlag(section.flags, SHF.GNU_RETAIN) && obeysRetain(input);
}

const hasFlag = (flags: number, flag: number) => (flags & flag) !== 0;

function obeysRetain(input: InputObject): boolean {
  const abi = input.elf.bytes[EI_OSABI];
  return abi === ELFOSABI_GNU || abi === ELFOSABI_FREEBSD;
}

function collect(program: Program, marker: Marker): LiveSections {
  const live = new Uint8Array(program.discarded.length);
  const removed: { object: number; section: number }[] = [];
  program.objects.forEach(({ elf }, object) => {
    const base = program.sectionBase[object] ?? 0;
    for (const section of elf.sections) {
      if (!isInputSection(section) || section.type === SHT.GROUP) continue;
      if (isDiscarded(program, object, section.index)) continue;
      if (marker.isMarked(object, section.index)) live[base + section.index] = 1;
      else if (section.size > 0) removed.push({ object, section: section.index });
    }
  });
  return {
    live,
    removed,
    has: (object, section) =>
      section === SHN.COMMON
        ? marker.isMarked(object, section)
        : live[(program.sectionBase[object] ?? 0) + section] === 1,
  };
}
