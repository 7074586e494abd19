/**
 * Writing the planned unwind table. The bytes of each input are relocated where they stood, as ld
 * does it; then the kept records move to their places, and what is relative to its place is
 * corrected: lengths, distances to CIEs, pointers of the pcrel kind. While FDEs are written, their
 * functions' addresses are collected for the search table of `.eh_frame_hdr`.
 */
import { SpacerError } from '../errors.ts';
import { RECORD_HEADER, type Cie, type Fde } from './eh-frame-parse.ts';
import { DW_EH_PE, pointerWidth } from './frame-reader.ts';
import { relocationsOf, type PlacedRecord, type PlannedInput } from './frames.ts';
import { put } from './relocation-site.ts';
import { relocateSection, type Addresses } from './relocate.ts';
import type { Program } from './types.ts';

export interface FrameAddresses extends Addresses {
  /** Of the output section `.eh_frame`. */
  frameAddress: number;
  /** Of the output section `.eh_frame_hdr`. */
  headerAddress: number;
  /** Offsets of the inputs in the output section, where the script does not place them side by side. */
  offsets?: readonly number[];
}

interface Entry {
  location: number;
  range: number;
  fde: number;
}

interface Job {
  readonly program: Program;
  readonly inputs: readonly PlannedInput[];
  readonly placeOf: (cie: Cie) => PlacedRecord;
  readonly addresses: FrameAddresses;
  readonly offsets: readonly number[];
  readonly entries: Entry[];
}

interface Planned {
  inputs: readonly PlannedInput[];
  totalSize: number;
  headerSize: number;
  tableEntries: number | undefined;
}

/** The bytes of both sections. @throws SpacerError `link-eh-frame` */
export function buildFrame(
  program: Program,
  plan: Planned,
  placeOf: (cie: Cie) => PlacedRecord,
  addresses: FrameAddresses,
): { frame: Uint8Array; header: Uint8Array } {
  const { inputs } = plan;
  const offsets = addresses.offsets ?? inputs.map((input) => input.offset);
  const size = Math.max(
    0,
    ...inputs.map((input, i) => (input.size === 0 ? 0 : (offsets[i] ?? 0) + input.size)),
  );
  const job: Job = { program, inputs, placeOf, addresses, offsets, entries: [] };
  const frame = new Uint8Array(size);
  inputs.forEach((input, index) => {
    if (input.size > 0) frame.set(writeInput(job, input, index), offsets[index] ?? 0);
  });
  return { frame, header: buildHeader(job, plan) };
}

function writeInput(job: Job, input: PlannedInput, index: number): Uint8Array {
  const address = job.addresses.frameAddress + (job.offsets[index] ?? 0);
  const { object, section } = input;
  const parsed = input.records !== undefined;
  const old = relocateSection({
    ...job.addresses,
    program: job.program,
    object,
    section,
    sectionAddress: address,
    lenient: parsed,
  });
  if (input.records === undefined) return padUnparsed(job.program, input, old);
  const out = new Uint8Array(input.size);
  const view = new DataView(out.buffer);
  input.records.forEach((placed, i) => {
    const { record, offset } = placed;
    out.set(old.subarray(record.offset, record.offset + record.size), offset);
    if (record.kind === 'end') return;
    const next = input.records?.[i + 1]?.offset ?? input.size;
    view.setUint32(offset, next - offset - 4, true);
    if (record.kind === 'cie') movePersonality(view, record, offset);
    else writeFde(job, view, placed, record, address);
  });
  return out;
}

/** ld reads a padded section at its new size: the padding is what follows it in its file, or chance. */
function padUnparsed(program: Program, input: PlannedInput, bytes: Uint8Array): Uint8Array {
  if (input.size === bytes.length) return bytes;
  const data = program.objects[input.object]?.elf.sections[input.section]?.data;
  const out = new Uint8Array(input.size);
  out.set(bytes);
  if (relocationsOf(program, input.object, input.section).length > 0) return out;
  if (data) out.set(bytesBehind(data, input.size - bytes.length), bytes.length);
  return out;
}

/** What follows a view of a file, as far as it was read. */
function bytesBehind({ buffer, byteOffset, length }: Uint8Array, count: number): Uint8Array {
  const start = byteOffset + length;
  return new Uint8Array(buffer, start, Math.min(count, buffer.byteLength - start));
}

const isPcRelative = (encoding: number) =>
  encoding !== DW_EH_PE.OMIT && (encoding & DW_EH_PE.APPLICATION) === DW_EH_PE.PCREL;

function movePersonality(view: DataView, cie: Cie, offset: number): void {
  if (!isPcRelative(cie.personalityEncoding)) return;
  const at = offset + cie.personalityOffset;
  const value = readPointer(view, at, cie.personalityEncoding);
  put(view, at, pointerWidth(cie.personalityEncoding), value + cie.offset - offset);
}

function writeFde(job: Job, view: DataView, placed: PlacedRecord, fde: Fde, address: number): void {
  const { offset } = placed;
  const cie = job.placeOf(fde.cie);
  const base = job.offsets[placed.input] ?? 0;
  const cieAt = (job.offsets[cie.input] ?? 0) + cie.offset;
  view.setUint32(offset + 4, base + offset + 4 - cieAt, true);
  const encoding = fde.cie.fdeEncoding;
  const width = pointerWidth(encoding);
  const start = offset + RECORD_HEADER;
  const shift = fde.offset - offset;
  const value = readPointer(view, start, encoding);
  const place = address + fde.offset + RECORD_HEADER;
  const location = isPcRelative(encoding) && value !== 0 ? value + place : value;
  const range = readPointer(view, start + width, encoding & ~DW_EH_PE.SIGNED);
  job.entries.push({ location, range, fde: address + offset });
  moveRelative(view, start, encoding, shift);
  if (fde.lsdaOffset !== 0)
    moveRelative(view, offset + fde.lsdaOffset, fde.cie.lsdaEncoding, shift);
  for (const at of fde.setLocs) moveRelative(view, offset + at, encoding, shift);
}

/** Zero means "none" in every encoding and stays. */
function moveRelative(view: DataView, at: number, encoding: number, shift: number): void {
  if (!isPcRelative(encoding)) return;
  const value = readPointer(view, at, encoding);
  if (value !== 0) put(view, at, pointerWidth(encoding), value + shift);
}

function readPointer(view: DataView, at: number, encoding: number): number {
  const signed = (encoding & DW_EH_PE.SIGNED) !== 0;
  switch (pointerWidth(encoding)) {
    case 2:
      return signed ? view.getInt16(at, true) : view.getUint16(at, true);
    case 4:
      return signed ? view.getInt32(at, true) : view.getUint32(at, true);
    default:
      return view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  }
}

const VERSION = 1;
const PCREL_SDATA4 = DW_EH_PE.PCREL | DW_EH_PE.SIGNED | DW_EH_PE.UDATA4;
const DATAREL_SDATA4 = DW_EH_PE.DATAREL | DW_EH_PE.SIGNED | DW_EH_PE.UDATA4;

/**
 * LSB 10.6.2: version, three encodings, the table's address, then the sorted search table.
 * Where no unwind section is left at all, ld has reserved the count of the table, but says that
 * there is none and leaves what its memory held in those four bytes; here they are zero.
 */
function buildHeader(job: Job, plan: Planned): Uint8Array {
  const header = new Uint8Array(plan.headerSize);
  if (plan.headerSize === 0) return header;
  const { frameAddress, headerAddress } = job.addresses;
  const view = new DataView(header.buffer);
  const table = plan.tableEntries !== undefined && plan.inputs.some((input) => input.size > 0);
  header.set([
    VERSION,
    PCREL_SDATA4,
    table ? DW_EH_PE.UDATA4 : DW_EH_PE.OMIT,
    table ? DATAREL_SDATA4 : DW_EH_PE.OMIT,
  ]);
  view.setInt32(4, frameAddress - headerAddress - 4, true);
  if (!table) return header;
  const entries = job.entries.sort((a, b) => a.location - b.location || a.range - b.range);
  view.setUint32(8, entries.length, true);
  entries.forEach((entry, i) => {
    checkEntry(entry, entries[i - 1], headerAddress);
    view.setInt32(12 + i * 8, entry.location - headerAddress, true);
    view.setInt32(16 + i * 8, entry.fde - headerAddress, true);
  });
  return header;
}

function checkEntry(entry: Entry, before: Entry | undefined, header: number): void {
  const near = (address: number) => Math.abs(address - header) < 2 ** 31;
  const shown = `0x${entry.location.toString(16)}`;
  if (!near(entry.location) || !near(entry.fde))
    throw new SpacerError(
      'link-eh-frame',
      `the unwind entry of ${shown} is too far from .eh_frame_hdr`,
    );
  if (before !== undefined && entry.location < before.location + before.range)
    throw new SpacerError('link-eh-frame', `two unwind entries cover ${shown}`);
}
