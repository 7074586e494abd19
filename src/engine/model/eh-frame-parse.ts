/**
 * Reading `.eh_frame`: records that describe how to unwind the stack. A CIE holds what several
 * functions have in common, an FDE belongs to one function and names its CIE by distance. ld edits
 * the records, so it must understand all of them; what it refuses is refused here for the same
 * reasons (bfd/elf-eh-frame.c, _bfd_elf_parse_eh_frame), and then the section stays as it is.
 * Source of the format: Linux Standard Base 10.6 and DWARF 4, 6.4.
 */
import type { ElfRelocation } from '../elf/types.ts';
import { onlyPadding, type Instructions } from './cfa.ts';
import { DW_EH_PE, FrameReader, Unparsable, pointerWidth } from './frame-reader.ts';

export interface Cie {
  readonly kind: 'cie';
  readonly offset: number;
  /** Without trailing padding. */
  readonly size: number;
  /** Everything that two CIEs must share to be one, but for the personality routine. */
  readonly identity: string;
  /** Index of the relocation of the personality routine, -1 without one. */
  readonly personality: number;
  readonly augmentation: string;
  /** Where its pointer stands, from the start of the record. */
  readonly personalityOffset: number;
  readonly personalityEncoding: number;
  readonly fdeEncoding: number;
  readonly lsdaEncoding: number;
  /** DW_EH_PE_aligned needs the record itself aligned to 8. */
  readonly aligned8: boolean;
  /** False where ld would not compare it: the old "eh" kind, or more than 50 bytes of instructions. */
  readonly mergeable: boolean;
  /** Relocations `[first, last)` lie in it. */
  readonly relocations: readonly [number, number];
}

export interface Fde {
  readonly kind: 'fde';
  readonly offset: number;
  readonly size: number;
  readonly cie: Cie;
  /** Where the pointer to language-specific data stands, from the start of the record; 0 without. */
  readonly lsdaOffset: number;
  /** Where operands of DW_CFA_set_loc stand, if they are relative to their place. */
  readonly setLocs: readonly number[];
  /** A function of no bytes: ld drops the record. */
  readonly empty: boolean;
  readonly relocations: readonly [number, number];
}

export interface Terminator {
  readonly kind: 'end';
  readonly offset: number;
  readonly size: 4;
}

export type FrameRecord = Cie | Fde | Terminator;

/** elf-eh-frame.c, struct cie: ld keeps this much of augmentation and initial instructions. */
const MAX_AUGMENTATION = 20;
const MAX_MERGED_INSTRUCTIONS = 50;
/** Length and CIE id or pointer stand before everything else. */
export const RECORD_HEADER = 8;

/**
 * Parses one input section.
 * @param ownsFunction whether the symbol of a relocation may be the function of an FDE here: ld
 *   gives up where an FDE is about a function of another object
 * @returns undefined where ld would say that no .eh_frame_hdr table will be created
 */
export function parseEhFrame(
  data: Uint8Array,
  relocations: readonly ElfRelocation[],
  ownsFunction: (relocation: ElfRelocation) => boolean,
): FrameRecord[] | undefined {
  try {
    return readRecords(new FrameReader(data, relocations), ownsFunction);
  } catch (error) {
    if (error instanceof Unparsable) return undefined;
    throw error;
  }
}

function readRecords(
  reader: FrameReader,
  ownsFunction: (relocation: ElfRelocation) => boolean,
): FrameRecord[] {
  const records: FrameRecord[] = [];
  const cies = new Map<number, Cie>();
  while (reader.at < reader.data.length) {
    const offset = reader.at;
    const firstRelocation = reader.relocation;
    const length = reader.u32();
    if (length === 0) {
      records.push(readTerminator(reader, offset));
      break;
    }
    reader.require(length !== 0xffffffff && reader.at + length <= reader.data.length);
    const end = reader.at + length;
    const id = reader.u32(end);
    if (id === 0) {
      const cie = readCie(reader, offset, end, firstRelocation);
      cies.set(offset, cie);
      records.push(cie);
    } else {
      const cie = cies.get(offset + 4 - id);
      if (cie === undefined) throw new Unparsable();
      records.push(readFde(reader, offset, end, cie, firstRelocation, ownsFunction));
    }
  }
  return records;
}

/** Zero words to the end of the section; ld takes them for one terminator and skips odd bytes. */
function readTerminator(reader: FrameReader, offset: number): Terminator {
  const { data } = reader;
  const words = data.subarray(offset, data.length - ((data.length - offset) % 4));
  reader.require(words.every((byte) => byte === 0));
  reader.at = data.length;
  reader.noRelocations();
  return { kind: 'end', offset, size: 4 };
}

interface CieHead {
  version: number;
  augmentation: string;
  numbers: string;
}

interface CieTail {
  augmentationSize: string;
  lsda: number;
  fde: number;
  personality: number;
  personalityRelocation: number;
  personalityOffset: number;
  aligned8: boolean;
}

function readCie(reader: FrameReader, offset: number, end: number, first: number): Cie {
  const head = readCieHead(reader, end);
  const tail = readCieTail(reader, offset, end, head);
  const instructions = reader.data.subarray(reader.at, end);
  reader.at = end;
  reader.noRelocations();
  const fdeEncoding = tail.fde === DW_EH_PE.OMIT ? DW_EH_PE.ABSPTR : tail.fde;
  const trimmed = understood(instructions, fdeEncoding);
  if (trimmed.setLocs.length > 0) throw new Unparsable();
  const size = end - offset - (instructions.length - trimmed.used);
  const code = instructions.subarray(0, trimmed.used);
  return {
    kind: 'cie',
    offset,
    size,
    identity: [
      size,
      head.version,
      head.augmentation,
      head.numbers,
      tail.augmentationSize,
      tail.personality,
      tail.lsda,
      fdeEncoding,
      code.join(),
    ].join('|'),
    augmentation: head.augmentation,
    personality: tail.personalityRelocation,
    personalityOffset: tail.personalityOffset,
    personalityEncoding: tail.personality,
    fdeEncoding,
    lsdaEncoding: tail.lsda,
    aligned8: tail.aligned8,
    mergeable: !head.augmentation.startsWith('eh') && code.length <= MAX_MERGED_INSTRUCTIONS,
    relocations: [first, reader.relocation],
  };
}

function understood(instructions: Uint8Array, encoding: number): Instructions {
  const result = onlyPadding(instructions, pointerWidth(encoding));
  if (result === undefined) throw new Unparsable();
  return result;
}

function readCieHead(reader: FrameReader, end: number): CieHead {
  const version = reader.u8(end);
  reader.require(version === 1 || version === 3 || version === 4);
  const augmentation = reader.string(MAX_AUGMENTATION);
  reader.noRelocations();
  if (reader.data[reader.at] === 0x65 && reader.data[reader.at + 1] === 0x68) {
    // GCC before 3.0: "eh", then a pointer. ld looks for the "eh" behind the augmentation string.
    reader.skip(8, end);
    reader.skipRelocations();
  }
  if (version === 4) reader.require(reader.u8(end) === 8 && reader.u8(end) === 0);
  const codeAlignment = reader.leb128(end);
  const dataAlignment = reader.sleb128(end);
  const column = version === 1 ? reader.u8(end).toString() : reader.leb128(end);
  reader.noRelocations();
  return { version, augmentation, numbers: `${codeAlignment} ${dataAlignment} ${column}` };
}

function readCieTail(reader: FrameReader, offset: number, end: number, head: CieHead): CieTail {
  const tail: CieTail = {
    augmentationSize: '',
    lsda: DW_EH_PE.OMIT,
    fde: DW_EH_PE.OMIT,
    personality: DW_EH_PE.OMIT,
    personalityRelocation: -1,
    personalityOffset: 0,
    aligned8: false,
  };
  if (head.augmentation.startsWith('eh')) return tail;
  for (const [i, letter] of [...head.augmentation].entries()) {
    if (letter === 'z' && i === 0) tail.augmentationSize = reader.leb128(end);
    else readAugmentation(reader, offset, end, letter, tail);
    reader.noRelocations();
  }
  return tail;
}

function readAugmentation(
  reader: FrameReader,
  offset: number,
  end: number,
  letter: string,
  tail: CieTail,
): void {
  switch (letter) {
    case 'B':
    case 'S':
      return;
    case 'L':
      tail.lsda = readEncoding(reader, end);
      return;
    case 'R':
      tail.fde = readEncoding(reader, end);
      return;
    case 'P':
      return readPersonality(reader, offset, end, tail);
    default:
      throw new Unparsable();
  }
}

function readEncoding(reader: FrameReader, end: number): number {
  const encoding = reader.u8(end);
  reader.noRelocations();
  reader.require(pointerWidth(encoding) !== 0);
  return encoding;
}

function readPersonality(reader: FrameReader, offset: number, end: number, tail: CieTail): void {
  tail.personality = reader.u8(end);
  const width = pointerWidth(tail.personality);
  reader.require(width !== 0);
  if ((tail.personality & DW_EH_PE.APPLICATION) === DW_EH_PE.ALIGNED) {
    reader.skip(-reader.at & (width - 1), end);
    tail.aligned8 = width === 8;
  }
  tail.personalityOffset = reader.at - offset;
  reader.noRelocations();
  reader.require(reader.hasRelocation(reader.at));
  tail.personalityRelocation = reader.relocation;
  while (reader.hasRelocation(reader.at)) reader.relocation++;
  reader.skip(width, end);
}

function readFde(
  reader: FrameReader,
  offset: number,
  end: number,
  cie: Cie,
  first: number,
  ownsFunction: (relocation: ElfRelocation) => boolean,
): Fde {
  reader.noRelocations();
  reader.require(reader.hasRelocation(reader.at));
  const relocation = reader.current();
  reader.require(relocation !== undefined && ownsFunction(relocation));
  const width = pointerWidth(cie.fdeEncoding);
  reader.skip(2 * width, end);
  reader.skipRelocations(reader.at - width);
  const range = reader.at - width;
  const empty = !reader.hasRelocation(range) && isZero(reader.data, range, width);
  const start = skipFdeAugmentation(reader, offset, end, cie);
  const instructions = reader.data.subarray(reader.at, end);
  const codeAt = reader.at - offset;
  reader.at = end;
  reader.skipRelocations();
  const { used, setLocs } = understood(instructions, cie.fdeEncoding);
  const relative = (cie.fdeEncoding & DW_EH_PE.APPLICATION) === DW_EH_PE.PCREL;
  return {
    kind: 'fde',
    offset,
    size: end - offset - (instructions.length - used),
    cie,
    lsdaOffset: start,
    setLocs: relative ? setLocs.map((at) => at + codeAt) : [],
    empty,
    relocations: [first, reader.relocation],
  };
}

/** Moves behind the augmentation data; returns where the LSDA pointer stands, 0 without one. */
function skipFdeAugmentation(reader: FrameReader, offset: number, end: number, cie: Cie): number {
  const sized = cie.augmentation.startsWith('z');
  let length = sized ? Number(reader.leb128(end)) : 0;
  let lsda = 0;
  if (cie.lsdaEncoding !== DW_EH_PE.OMIT) {
    reader.skipRelocations();
    lsda = reader.at - offset;
    if (!sized) length = end - reader.at;
  }
  reader.skip(length, end);
  return lsda;
}

function isZero(data: Uint8Array, at: number, width: number): boolean {
  for (let i = 0; i < width; i++) if (data[at + i] !== 0) return false;
  return true;
}
