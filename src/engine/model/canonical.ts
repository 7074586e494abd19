/**
 * The content of a section without addresses: two sections of equal form become equal bytes
 * wherever "one address for every name" holds.
 *
 * The fields that relocations will overwrite are zeroed, and each relocation says instead what
 * will stand there: its type, a number for the place it refers to, and the distance from there.
 * Symbol offset and addend are added up where only their sum reaches the bytes, so that `f + 8`
 * and `g` are the same reference when g lies 8 behind f. Relocations are kept as columns of typed
 * arrays: they are compared and hashed as bytes.
 */
import { createHash, hash } from 'node:crypto';
import { SpacerError } from '../errors.ts';
import type { ElfRelocation } from '../elf/types.ts';
import { symbolName } from './program.ts';
import { FIELD_BYTES, R } from './relocation-types.ts';
import { KIND, type Program } from './types.ts';

/** The address-independent form of a section. */
export interface SectionForm {
  readonly size: number;
  /** With relocated fields zeroed; empty for a section without bytes. */
  readonly bytes: Uint8Array;
  /** A relocation is one row of these columns. */
  readonly offsets: Uint32Array;
  readonly types: Uint8Array;
  /** What it refers to: a number of the caller, or one of PLACE. */
  readonly places: Int32Array;
  /** Distance from the place: symbol offset, with the addend where only the sum counts. */
  readonly values: Float64Array;
  /** The addend where it does not simply add up (GOT entries, thread-local accesses, sizes); else 0. */
  readonly addends: Float64Array;
}

/** Places that have no number of the caller. */
export const PLACE = { ABSOLUTE: -1, WEAK: -2, UNDEFINED: -3, SIZE: -4 } as const;

/** Numbers, not negative, for what can be referred to; equal numbers mean equal addresses. */
export interface Places {
  ofSection: (object: number, section: number) => number;
  /** For symbols of the script and the linker, and commons. */
  ofName: (name: string) => number;
}

/**
 * The form of a section.
 * @param places numbers for sections and names; the form compares only with forms of the same numbering
 */
export function describeSection(
  program: Program,
  object: number,
  section: number,
  places: Places,
): SectionForm {
  const elf = program.objects[object]?.elf;
  const source = elf?.sections[section];
  if (elf === undefined || source === undefined)
    throw new SpacerError('link-no-section', `there is no section ${section} in object ${object}`);
  const relocations = source.data.length === 0 ? [] : (elf.relocations.get(section) ?? []);
  const count = relocations.length;
  const form: SectionForm = {
    size: source.size,
    bytes: new Uint8Array(source.data),
    offsets: new Uint32Array(count),
    types: new Uint8Array(count),
    places: new Int32Array(count),
    values: new Float64Array(count),
    addends: new Float64Array(count),
  };
  const base = program.rows.base[object] ?? 0;
  for (let i = 0; i < count; i++) {
    const relocation = relocations[i] as ElfRelocation;
    mask(form.bytes, relocation);
    form.offsets[i] = relocation.offset;
    form.types[i] = relocation.type;
    describeTarget(program, object, base + relocation.symbol, relocation, places, form, i);
  }
  return form;
}

function mask(bytes: Uint8Array, relocation: ElfRelocation): void {
  const size = FIELD_BYTES[relocation.type] ?? 0;
  if (size <= 8) bytes.fill(0, relocation.offset, relocation.offset + size);
}

function describeTarget(
  program: Program,
  object: number,
  row: number,
  relocation: ElfRelocation,
  places: Places,
  form: SectionForm,
  i: number,
): void {
  const { rows } = program;
  const adds = ADDS_UP[relocation.type] === 1;
  form.places[i] = placeOf(program, object, row, relocation, places);
  form.values[i] = valueOf(program, row, relocation) + (adds ? relocation.addend : 0);
  form.addends[i] = adds ? 0 : relocation.addend;
  if (SIZES.has(relocation.type)) {
    form.places[i] = PLACE.SIZE;
    form.values[i] = rows.size[row] ?? 0;
  }
}

const SIZES: ReadonlySet<number> = new Set([R.SIZE32, R.SIZE64]);

const ADDS_UP = new Uint8Array(256);
for (const type of [
  R.ABS64,
  R.PC32,
  R.PLT32,
  R.ABS32,
  R.ABS32S,
  R.ABS16,
  R.PC16,
  R.ABS8,
  R.PC8,
  R.PC64,
  R.DTPOFF32,
  R.DTPOFF64,
  R.TPOFF32,
  R.TPOFF64,
  R.GOTOFF64,
  R.PC32_BND,
  R.PLT32_BND,
])
  ADDS_UP[type] = 1;

/** True for types whose field depends on symbol value and addend through their sum only. */
export const addsUp = (type: number): boolean => ADDS_UP[type] === 1;

function placeOf(
  program: Program,
  object: number,
  row: number,
  relocation: ElfRelocation,
  places: Places,
): number {
  const { rows } = program;
  switch (rows.kind[row]) {
    case KIND.SECTION:
      return places.ofSection(rows.object[row] ?? 0, rows.section[row] ?? 0);
    case KIND.SCRIPT:
    case KIND.COMMON:
      return places.ofName(symbolName(program, object, relocation.symbol));
    case KIND.ABSOLUTE:
      return PLACE.ABSOLUTE;
    case KIND.UNDEFINED_WEAK:
      return PLACE.WEAK;
    default:
      return PLACE.UNDEFINED;
  }
}

function valueOf(program: Program, row: number, relocation: ElfRelocation): number {
  const kind = program.rows.kind[row];
  if (relocation.symbol === 0) return 0;
  return kind === KIND.SECTION || kind === KIND.ABSOLUTE ? (program.rows.value[row] ?? 0) : 0;
}

/** Whether two sections, described with the same places, become the same bytes. */
export function equalForms(a: SectionForm, b: SectionForm): boolean {
  if (a.size !== b.size || a.offsets.length !== b.offsets.length) return false;
  return columns(a).every((column, i) => Buffer.compare(column, columns(b)[i] as Uint8Array) === 0);
}

/** A key for maps: equal forms have equal keys. Compare with `equalForms` before it is believed. */
export function hashForm(form: SectionForm): string {
  const parts = columns(form);
  const total = parts.reduce((sum, part) => sum + part.length, 16);
  const all = new Uint8Array(total);
  const head = new DataView(all.buffer);
  head.setFloat64(0, form.size, true);
  head.setUint32(8, form.offsets.length, true);
  let at = 16;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return hashBytes(all);
}

function columns(form: SectionForm): Uint8Array[] {
  const bytesOf = (array: Uint32Array | Int32Array | Float64Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return [
    form.bytes,
    bytesOf(form.offsets),
    form.types,
    bytesOf(form.places),
    bytesOf(form.values),
    bytesOf(form.addends),
  ];
}

/**
 * SHA-1, for lookups and never for trust. Measured in Node 20 on 4 KiB with SHA-NI: sha1 2.7 us,
 * sha256 4.7, md5 7.8, blake2b 7.6; through createHash sha1 takes 4.7.
 */
const ALGORITHM = 'sha1';

/** Hash of bytes as hexadecimal digits. */
export function hashBytes(bytes: Uint8Array): string {
  // crypto.hash came with Node 20.12.
  if (typeof hash === 'function') return hash(ALGORITHM, bytes, 'hex');
  return createHash(ALGORITHM).update(bytes).digest('hex');
}
