/**
 * The output `.eh_frame` and `.eh_frame_hdr` as ld 2.40 builds them (bfd/elf-eh-frame.c,
 * bfd/elflink.c bfd_elf_discard_info).
 *
 * The linker does not concatenate unwind sections: it drops the FDEs of functions that are not in
 * the output, keeps a CIE only where a kept FDE needs it and no equal one was kept before, trims
 * the padding of each record, aligns records anew, and pads each section but the last up to the
 * alignment of the output section inside its last record, for a gap of zeros would end the table.
 * All of that depends on what is in the output, not on addresses: so the plan knows every size,
 * and `build` fills in the bytes once addresses are known. A section that ld cannot parse is
 * copied as it is, and costs the header its binary search table.
 */
import { SpacerError } from '../errors.ts';
import { buildFrame, type FrameAddresses } from './eh-frame-build.ts';
import type { Cie, Fde, FrameRecord } from './eh-frame-parse.ts';
import { DW_EH_PE, pointerWidth } from './frame-reader.ts';
import {
  framesOf,
  functionOf,
  functionSurvives,
  relocationsOf,
  type FrameInput,
  type PlacedRecord,
  type PlannedInput,
} from './frames.ts';
import type { Program } from './types.ts';

export interface EhFramePlan {
  /** In the order given. */
  readonly inputs: readonly PlannedInput[];
  readonly totalSize: number;
  /** 0 where ld makes no header. */
  readonly headerSize: number;
  /** The FDEs of the search table; undefined without a table. */
  readonly tableEntries: number | undefined;
  /** Bytes of the frame that ld fills from memory that nobody wrote; `build` makes them zero. */
  readonly uncertain: readonly { offset: number; size: number }[];
  /**
   * The final bytes.
   * @throws SpacerError `link-eh-frame` where FDEs overlap or a table entry does not fit
   */
  build(addresses: FrameAddresses): { frame: Uint8Array; header: Uint8Array };
}

export interface EhFrameOptions {
  /** Alignment of the output section; that of the most aligned input without it. */
  alignment?: number;
  /** False without `--eh-frame-hdr`. */
  header?: boolean;
  /** True for a position-independent executable. */
  pic?: boolean;
}

/** ld makes a header only if some input is larger than this (_bfd_elf_eh_frame_present). */
const SMALLEST_RECORD = 8;
const HEADER_SIZE = 8;
const COUNT_SIZE = 4;
const ENTRY_SIZE = 8;

/**
 * Plans the output of unwind sections.
 * @param orderedInputs every input section of the output section, in its order, empty ones too
 * @param isLive false for sections that are not in the output
 */
export function planEhFrame(
  program: Program,
  orderedInputs: readonly FrameInput[],
  isLive: (object: number, section: number) => boolean,
  options: EhFrameOptions = {},
): EhFramePlan {
  const keeper = new Keeper(program, isLive, options.pic === true);
  const inputs = orderedInputs.map((input, index) =>
    planInput(keeper, input, index, index === orderedInputs.length - 1),
  );
  const alignments = orderedInputs.map((input) => alignmentOf(program, input));
  const alignment = options.alignment ?? Math.max(1, ...alignments);
  padInputs(inputs, alignment);
  const totalSize = placeInputs(inputs, alignments);
  const unparsed = inputs.some((input) => input.records === undefined && input.size > 0);
  const present = orderedInputs.some((input) => sizeOf(program, input) > SMALLEST_RECORD);
  const tableEntries = unparsed ? undefined : keeper.fdeCount;
  const table = tableEntries === undefined ? 0 : COUNT_SIZE + ENTRY_SIZE * tableEntries;
  const headerSize = options.header !== false && present ? HEADER_SIZE + table : 0;
  const uncertain = inputs.flatMap((input) => uncertainBytes(program, input));
  const plan = { inputs, totalSize, headerSize, tableEntries, uncertain };
  return {
    ...plan,
    build: (addresses) => buildFrame(program, plan, (cie) => keeper.placeOf(cie), addresses),
  };
}

function sizeOf(program: Program, input: FrameInput): number {
  return program.objects[input.object]?.elf.sections[input.section]?.size ?? 0;
}

function alignmentOf(program: Program, input: FrameInput): number {
  return program.objects[input.object]?.elf.sections[input.section]?.alignment ?? 1;
}

/** Decides which records stay, in the order in which ld asks. */
class Keeper {
  fdeCount = 0;
  private readonly merged = new Map<string, Cie>();
  private readonly kept = new Map<Cie, Cie>();
  private readonly places = new Map<Cie, PlacedRecord>();

  constructor(
    readonly program: Program,
    private readonly isLive: (object: number, section: number) => boolean,
    private readonly pic: boolean,
  ) {}

  /** True if the FDE stays; its CIE is then kept or merged. */
  keeps(input: FrameInput, fde: Fde): boolean {
    const relocations = relocationsOf(this.program, input.object, input.section);
    const target = functionOf(relocations, fde);
    if (fde.empty || !functionSurvives(this.program, input.object, target, this.isLive))
      return false;
    this.fdeCount++;
    this.keepCie(input, fde.cie);
    return true;
  }

  isKept(cie: Cie): boolean {
    return this.kept.get(cie) === cie;
  }

  place(record: PlacedRecord): void {
    if (record.record.kind === 'cie') this.places.set(record.record, record);
  }

  /** Where the CIE that serves in the place of this one stands. */
  placeOf(cie: Cie): PlacedRecord {
    const place = this.places.get(this.kept.get(cie) ?? cie);
    if (place === undefined) throw new SpacerError('link-eh-frame', 'a CIE was not placed');
    return place;
  }

  private keepCie(input: FrameInput, cie: Cie): void {
    if (this.kept.has(cie)) return;
    if (this.pic) refuseRewrite(this.program, input, cie);
    const key = this.keyOf(input, cie);
    const earlier = key === undefined ? undefined : this.merged.get(key);
    this.kept.set(cie, earlier ?? cie);
    if (key !== undefined && earlier === undefined) this.merged.set(key, cie);
  }

  /** What CIEs must share to be merged; undefined for one that ld never merges. */
  private keyOf(input: FrameInput, cie: Cie): string | undefined {
    if (!cie.mergeable) return undefined;
    if (cie.personality < 0) return cie.identity;
    const relocation = relocationsOf(this.program, input.object, input.section)[cie.personality];
    const { rows } = this.program;
    const row = (rows.base[input.object] ?? 0) + (relocation?.symbol ?? 0);
    const global = rows.global[row] ?? -1;
    if (global >= 0) return `${cie.identity}|global ${global}`;
    if ((rows.object[row] ?? -1) < 0) return undefined;
    return `${cie.identity}|local ${input.object} ${relocation?.symbol ?? 0}`;
  }
}

/** In position-independent output ld makes absolute pointers relative. Compilers never leave it any. */
function refuseRewrite(program: Program, input: FrameInput, cie: Cie): void {
  const encodings = [cie.fdeEncoding, cie.lsdaEncoding, cie.personalityEncoding];
  const rewritten = encodings.some(
    (e) => e !== DW_EH_PE.OMIT && (e & DW_EH_PE.APPLICATION) === DW_EH_PE.ABSPTR,
  );
  if (!rewritten) return;
  const object = program.objects[input.object];
  throw new SpacerError(
    'link-eh-frame',
    `${object?.library ?? ''}: .eh_frame has absolute pointers, which are not supported in position-independent images`,
    object ? { file: object.path } : {},
  );
}

function planInput(
  keeper: Keeper,
  input: FrameInput,
  index: number,
  isLast: boolean,
): PlannedInput {
  const size = sizeOf(keeper.program, input);
  const records = size === 0 ? [] : framesOf(keeper.program, input.object, input.section);
  if (records === undefined) return { ...input, records: undefined, size, offset: 0 };
  const keptFdes = new Set(records.filter((r) => r.kind === 'fde' && keeper.keeps(input, r)));
  const kept = records
    .filter(
      (r) =>
        keptFdes.has(r) || (r.kind === 'cie' && keeper.isKept(r)) || (r.kind === 'end' && isLast),
    )
    .map((record) => ({ record, input: index, offset: 0 }));
  const end = placeRecords(kept);
  kept.forEach((record) => keeper.place(record));
  return { ...input, records: kept, size: alignUp(end, 4), offset: 0 };
}

/** The padding of an unparsed section with relocations, whose bytes ld holds in a buffer of the old size. */
function uncertainBytes(program: Program, input: PlannedInput): { offset: number; size: number }[] {
  const old = sizeOf(program, input);
  const padded = input.records === undefined && input.size > old;
  if (!padded || relocationsOf(program, input.object, input.section).length === 0) return [];
  return [{ offset: input.offset + old, size: input.size - old }];
}

const alignUp = (value: number, alignment: number) => Math.ceil(value / alignment) * alignment;

function placeRecords(records: readonly PlacedRecord[]): number {
  let offset = 0;
  for (const placed of records) {
    offset = alignUp(offset, recordAlignment(placed.record));
    placed.offset = offset;
    offset += placed.record.size;
  }
  return offset;
}

/** FDEs are aligned to their pointers, so that those are aligned. */
function recordAlignment(record: FrameRecord): number {
  if (record.kind === 'cie') return record.aligned8 ? 8 : 4;
  return record.kind === 'fde' ? Math.max(4, pointerWidth(record.cie.fdeEncoding)) : 4;
}

/** All but the last input that holds more than a terminator are padded. */
function padInputs(inputs: readonly PlannedInput[], alignment: number): void {
  let last = inputs.length - 1;
  while (last >= 0 && (inputs[last]?.size ?? 0) <= 4) last--;
  for (const input of inputs.slice(0, Math.max(0, last)))
    input.size = alignUp(input.size, alignment);
}

function placeInputs(inputs: readonly PlannedInput[], alignments: readonly number[]): number {
  let end = 0;
  inputs.forEach((input, i) => {
    if (input.size === 0) return;
    input.offset = alignUp(end, alignments[i] ?? 1);
    end = input.offset + input.size;
  });
  return end;
}
