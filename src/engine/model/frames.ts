/** The parsed `.eh_frame` sections of a program. Garbage collection and the writing of the output share them. */
import { STB, type ElfRelocation } from '../elf/types.ts';
import { parseEhFrame, RECORD_HEADER, type Fde, type FrameRecord } from './eh-frame-parse.ts';
import { KIND, type Program } from './types.ts';

/** An unwind section of an object, in the order of the output section. */
export interface FrameInput {
  object: number;
  section: number;
}

/** A record of the output. */
export interface PlacedRecord {
  readonly record: FrameRecord;
  /** Index of its input. */
  readonly input: number;
  /** Where it stands in what remains of its input. */
  offset: number;
}

export interface PlannedInput extends FrameInput {
  /** Kept records in order; undefined for a section that stays as it is. */
  readonly records: readonly PlacedRecord[] | undefined;
  /** Bytes in the output. */
  size: number;
  /** Where it begins in the output section. */
  offset: number;
}

const NO_RELOCATIONS: readonly ElfRelocation[] = [];
const CACHE = new WeakMap<Program, Map<number, FrameRecord[] | undefined>>();

/** The relocations of a section, in the order of the file. */
export function relocationsOf(
  program: Program,
  object: number,
  section: number,
): readonly ElfRelocation[] {
  return program.objects[object]?.elf.relocations.get(section) ?? NO_RELOCATIONS;
}

/** The records of an unwind section; undefined where ld cannot parse it. */
export function framesOf(
  program: Program,
  object: number,
  section: number,
): readonly FrameRecord[] | undefined {
  const cache = CACHE.get(program) ?? new Map<number, FrameRecord[] | undefined>();
  CACHE.set(program, cache);
  const flat = (program.sectionBase[object] ?? 0) + section;
  if (cache.has(flat)) return cache.get(flat);
  const data = program.objects[object]?.elf.sections[section]?.data ?? new Uint8Array(0);
  const relocations = relocationsOf(program, object, section);
  const records = parseEhFrame(data, relocations, (r) => mayBeFunction(program, object, r));
  cache.set(flat, records);
  return records;
}

/** ld parses only sections whose FDEs are about functions of the same object, or of none. */
function mayBeFunction(program: Program, object: number, relocation: ElfRelocation): boolean {
  const { rows } = program;
  const row = (rows.base[object] ?? 0) + relocation.symbol;
  switch (rows.kind[row]) {
    case KIND.SECTION:
    case KIND.COMMON:
      return rows.object[row] === object;
    case KIND.ABSOLUTE:
      return rows.global[row] === -1;
    case KIND.SCRIPT:
      return false;
    default:
      return true;
  }
}

/** The relocation that names the function of an FDE. */
export function functionOf(
  relocations: readonly ElfRelocation[],
  fde: Fde,
): ElfRelocation | undefined {
  const [first, last] = fde.relocations;
  for (let i = first; i < last; i++)
    if (relocations[i]?.offset === fde.offset + RECORD_HEADER) return relocations[i];
  return undefined;
}

/**
 * True where ld keeps an FDE: its function is in this object and in the output
 * (bfd/elflink.c, bfd_elf_reloc_symbol_deleted_p).
 */
export function functionSurvives(
  program: Program,
  object: number,
  relocation: ElfRelocation | undefined,
  isLive: (object: number, section: number) => boolean,
): boolean {
  if (relocation === undefined || relocation.symbol === 0) return false;
  const { rows } = program;
  const row = (rows.base[object] ?? 0) + relocation.symbol;
  const symbol = program.objects[object]?.elf.symbols[relocation.symbol];
  switch (rows.kind[row]) {
    case KIND.SECTION:
      return rows.object[row] === object && isLive(object, rows.section[row] ?? 0);
    case KIND.COMMON:
      return rows.object[row] === object;
    case KIND.ABSOLUTE:
      return symbol?.binding === STB.LOCAL;
    case KIND.SCRIPT:
      return false;
    default:
      return true;
  }
}
