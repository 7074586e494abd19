/**
 * Which input section of which object stands where, as far as it is known. Only free places that
 * can hold a section are taken, so a wrong guess never overwrites what was found before.
 */
import { SHF, SHT, type ElfFile, type ElfRelocation, type ElfSection } from '../elf/types.ts';
import type { ImageMemory } from './image-memory.ts';

/** An object of the recorded link. */
export interface LinkObject {
  /** Name of the micro-library. */
  readonly library: string;
  readonly elf: ElfFile;
}

/** An input section that may stand in the image. */
export interface Candidate {
  /** Place of the object in the link order. */
  readonly order: number;
  readonly object: LinkObject;
  readonly section: ElfSection;
  readonly relocations: readonly ElfRelocation[];
  /** Address in the image, once found. */
  base?: number;
}

/**
 * Compares the image at an address with a candidate: undefined where they disagree, else how many
 * relocations are confirmed.
 */
export type Matches = (
  placement: Placement,
  candidate: Candidate,
  base: number,
) => number | undefined;

/**
 * Comparisons that one image may cost, in steps of a quarter KiB. Real images take 200,000; damaged
 * objects, in which everything looks like everything, stop here instead of running on.
 */
const MAX_WORK = 50_000_000;

const NONE: readonly ElfRelocation[] = [];

export class Placement {
  /** In link order; within an object in the order of its sections. */
  readonly candidates: readonly Candidate[];
  /** Ascending by address, without overlaps. */
  readonly placed: Candidate[] = [];
  private workLeft = MAX_WORK;
  private readonly byObject = new Map<ElfFile, (Candidate | undefined)[]>();

  constructor(
    readonly memory: ImageMemory,
    objects: readonly LinkObject[],
    private readonly matches: Matches,
  ) {
    this.candidates = objects.flatMap((object, order) => this.candidatesOf(object, order));
  }

  private candidatesOf(object: LinkObject, order: number): Candidate[] {
    const bySection: (Candidate | undefined)[] = [];
    const result: Candidate[] = [];
    for (const section of object.elf.sections) {
      if ((section.flags & SHF.ALLOC) === 0 || section.size === 0) continue;
      const relocations = object.elf.relocations.get(section.index) ?? NONE;
      const candidate: Candidate = { order, object, section, relocations };
      bySection[section.index] = candidate;
      result.push(candidate);
    }
    this.byObject.set(object.elf, bySection);
    return result;
  }

  candidateOf(object: ElfFile, section: number): Candidate | undefined {
    return this.byObject.get(object)?.[section];
  }

  /**
   * Puts a candidate at an address if it can stand there; whether it does.
   * @param evidence relocations that must have been confirmed
   */
  place(candidate: Candidate, base: number, evidence = 0): boolean {
    if (candidate.base !== undefined || !this.fits(candidate, base)) return false;
    this.workLeft -= 1 + candidate.section.data.length / 256;
    if (this.workLeft < 0) return false;
    const confirmed = this.matches(this, candidate, base);
    if (confirmed === undefined || confirmed < evidence) return false;
    candidate.base = base;
    this.placed.splice(this.firstAbove(base), 0, candidate);
    return true;
  }

  /** Whether the place has the right kind, is aligned, and is free. */
  private fits(candidate: Candidate, base: number): boolean {
    const { section } = candidate;
    if (base % section.alignment !== 0) return false;
    const output = this.memory.outputOf(base, section.size);
    if (output === undefined || !isKindOf(section, output)) return false;
    const next = this.firstAbove(base);
    const before = this.placed[next - 1];
    const after = this.placed[next];
    return endOf(before) <= base && base + section.size <= (after?.base ?? Infinity);
  }

  /** Index of the first placed candidate above an address. */
  firstAbove(address: number): number {
    let low = 0;
    let high = this.placed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.placed[middle]?.base ?? Infinity) <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The free ranges of an output section, with their placed neighbours inside it. */
  gaps(output: ElfSection): Gap[] {
    const result: Gap[] = [];
    const end = output.address + output.size;
    let start = output.address;
    let before: Candidate | undefined;
    for (let i = this.firstAbove(output.address - 1); i < this.placed.length; i++) {
      const next = this.placed[i];
      if (next?.base === undefined || next.base >= end) break;
      if (start < next.base) result.push({ start, end: next.base, before, after: next });
      start = endOf(next);
      before = next;
    }
    if (start < end) result.push({ start, end, before, after: undefined });
    return result;
  }
}

export interface Gap {
  readonly start: number;
  readonly end: number;
  readonly before: Candidate | undefined;
  readonly after: Candidate | undefined;
}

function endOf(candidate: Candidate | undefined): number {
  return candidate?.base === undefined ? -Infinity : candidate.base + candidate.section.size;
}

const KIND = SHF.EXECINSTR | SHF.TLS;

/** Code stands in code, thread-local data in thread-local data; bytes never where there are none. */
export function isKindOf(section: ElfSection, output: ElfSection): boolean {
  if ((section.flags & SHF.TLS) !== (output.flags & SHF.TLS)) return false;
  if ((section.flags & KIND & ~output.flags) !== 0) return false;
  if (section.type === SHT.NOBITS) return (output.flags & SHF.WRITE) !== 0;
  return output.type !== SHT.NOBITS;
}

/** Merged sections lose their shape in the link. ld merges none that has relocations. */
export function isMerged({ section, relocations }: Candidate): boolean {
  return (section.flags & SHF.MERGE) !== 0 && relocations.length === 0;
}

/** Unwind tables are edited by the linker. */
function isUnwind(section: ElfSection): boolean {
  return section.name === '.eh_frame';
}

/** Whether a candidate is still to be found, and has one base to be found at. */
export function canStand(candidate: Candidate | undefined): candidate is Candidate {
  if (candidate === undefined || candidate.base !== undefined) return false;
  return !isMerged(candidate) && !isUnwind(candidate.section);
}

/** Whether an input section of this name goes to that output section, by the custom of scripts. */
export function goesTo(section: ElfSection, output: ElfSection): boolean {
  return section.name === output.name || section.name.startsWith(`${output.name}.`);
}
