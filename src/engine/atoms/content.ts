/**
 * What a slot contains, independent of where it and its targets stand: the bytes with every
 * relocated field masked to zero, and for each relocation its place, its type and its target as
 * (slot, offset) or as a name. Since every slot and every name has one address for the whole set,
 * equal contents become equal bytes in every image, and different ones differ.
 */
import { BLOCK_SIZE, scramble, type Blocks } from '../layout/digest.ts';
import { FIELD_BYTES, R } from '../model/relocation-types.ts';
import type { ElfRelocation } from '../elf/types.ts';
import { KIND, type Program } from '../model/types.ts';

/** An input section at its place inside a slot. */
export interface Part {
  readonly object: number;
  readonly section: number;
  /** Offset into the slot. */
  readonly offset: number;
  readonly size: number;
}

/** Where the sections and names of one unikernel stand in the layout. */
export interface Locator {
  /** Slot of a section by flat index (`program.sectionBase`); -1 where it has none. */
  readonly slotOf: Int32Array;
  /** Offset of the section into its slot. */
  readonly offsetOf: Float64Array;
  /** A number for a name whose value the script gives: equal numbers mean equal values. */
  readonly nameKey: (name: string) => number;
  /**
   * What a reference's bytes change by because its ends move apart: 0 where they do not, otherwise
   * a number that no other unikernel has. Sections are flat indexes, -1 for what is in none.
   */
  readonly drift?: (from: number, to: number, type: number) => number;
}

export interface SlotContent {
  /** Bytes with relocated fields masked. */
  readonly bytes: Uint8Array;
  /** Rows of five numbers: offset, type, kind of target, target, offset into the target. */
  readonly references: Float64Array;
}

/** Numbers of one reference. */
export const REFERENCE_COLUMNS = 5;
export const TO_SLOT = 0;
const TO_NAME = 1;
const TO_VALUE = 2;

/** Describes the contents of a slot in one unikernel. */
export function contentOf(
  program: Program,
  parts: readonly Part[],
  size: number,
  locator: Locator,
): SlotContent {
  const bytes = new Uint8Array(size);
  const rows: number[] = [];
  for (const part of parts) {
    const elf = program.objects[part.object]!.elf;
    bytes.set(elf.sections[part.section]!.data, part.offset);
    for (const relocation of elf.relocations.get(part.section) ?? []) {
      const offset = part.offset + relocation.offset;
      bytes.fill(0, offset, offset + (FIELD_BYTES[relocation.type] ?? 0));
      rows.push(offset, relocation.type);
      const from = program.sectionBase[part.object]! + part.section;
      addTarget(rows, program, part.object, relocation, locator, from);
    }
  }
  return { bytes, references: Float64Array.from(rows) };
}

function addTarget(
  rows: number[],
  program: Program,
  object: number,
  { symbol, addend: plain, type }: ElfRelocation,
  locator: Locator,
  from: number,
): void {
  const table = program.rows;
  const row = table.base[object]! + symbol;
  const to = table.kind[row] === KIND.SECTION ? flatTarget(program, row) : -1;
  const addend = plain + (locator.drift?.(from, to, type) ?? 0);
  switch (table.kind[row]) {
    case KIND.SECTION: {
      const offset = locator.offsetOf[to]! + table.value[row]! + addend;
      rows.push(TO_SLOT, locator.slotOf[to]!, offset);
      return;
    }
    case KIND.ABSOLUTE:
      rows.push(TO_VALUE, 0, table.value[row]! + addend);
      return;
    case KIND.UNDEFINED_WEAK:
      rows.push(TO_VALUE, 0, addend);
      return;
    default: {
      const global = program.globals[table.global[row]!];
      rows.push(TO_NAME, global ? locator.nameKey(global.name) : 0, addend);
    }
  }
}

/** References for bytes that a step after the link writes, other ones in every unikernel. */
export function writtenLater(bytes: number, unikernel: number): Float64Array {
  const width = FIELD_BYTES[R.ABS32]!;
  const rows: number[] = [];
  for (let offset = 0; offset + width <= bytes; offset += width)
    rows.push(offset, R.ABS32, TO_VALUE, 0, unikernel + 1);
  return Float64Array.from(rows);
}

const flatTarget = ({ rows, sectionBase }: Program, row: number) =>
  sectionBase[rows.object[row]!]! + rows.section[row]!;

/** True where two contents become equal bytes. */
export function equalContents(a: SlotContent, b: SlotContent): boolean {
  return Buffer.compare(a.bytes, b.bytes) === 0 && equalNumbers(a.references, b.references);
}

function equalNumbers(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/**
 * The content's blocks without what layouts may make equal: where two slots never meet in a unikernel,
 * references to one and to the other may be the same bytes. Absent where there are no such references.
 * @param isEverywhere true for slots that all unikernels have: they meet all others
 */
export function unplacedBlocksOf(
  content: SlotContent,
  isEverywhere: (slot: number) => boolean,
): Blocks | undefined {
  const references = Float64Array.from(content.references);
  let isSame = true;
  for (let r = 0; r < references.length; r += REFERENCE_COLUMNS) {
    const target = references[r + 3]!;
    if (references[r + 2] !== TO_SLOT || (target >= 0 && isEverywhere(target))) continue;
    references.fill(-1, r + 3, r + REFERENCE_COLUMNS);
    isSame = false;
  }
  return isSame ? undefined : blocksOf({ ...content, references });
}

/** Hashes a content block by block, for the layout search. */
export function blocksOf(content: SlotContent): Blocks {
  const count = Math.ceil(content.bytes.length / BLOCK_SIZE);
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  const { bytes, references } = content;
  for (let block = 0; block < count; block++) {
    const at = block * BLOCK_SIZE;
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24) | 0;
    if (word !== 0) mixInto(low, high, block, word);
  }
  for (let r = 0; r < references.length; r += REFERENCE_COLUMNS) {
    const offset = references[r]!;
    let key = 0x40000000 | (offset % BLOCK_SIZE);
    for (let c = 1; c < REFERENCE_COLUMNS; c++)
      key = scramble(key ^ hashNumber(references[r + c]!));
    const last = offset + (FIELD_BYTES[references[r + 1]!] ?? 1) - 1;
    for (let b = Math.floor(offset / BLOCK_SIZE); b * BLOCK_SIZE <= last && b < count; b++)
      mixInto(low, high, b, key);
  }
  return { low, high };
}

/** A sum of scrambled keys does not depend on their order, and a block of zeros stays 0. */
function mixInto(low: Int32Array, high: Int32Array, block: number, key: number): void {
  low[block] = (low[block]! + scramble(key)) | 0;
  high[block] = (high[block]! + scramble(key ^ 0x5bd1e995)) | 0;
}

const hashNumber = (value: number) =>
  scramble((value | 0) ^ Math.imul(Math.floor(value / 2 ** 32) | 0, 0x27d4eb2f));
