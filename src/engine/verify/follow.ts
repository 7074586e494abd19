/**
 * Where a relocated field leads that does not hold the plain address of its symbol: to the same
 * through a stub's jump, to a constant that was moved, to a string that was merged, to the piece of a
 * section that was split, or through a slot of the global offset table.
 */
import { STT, type ElfRelocation, type ElfSection } from '../elf/types.ts';
import { symbolName } from '../model/program.ts';
import { PC_RELATIVE, R } from '../model/relocation-types.ts';
import { KIND } from '../model/types.ts';
import { targetOf } from '../pages/match.ts';
import { hex } from './types.ts';
import { isMergeable } from './inputs.ts';
import type { ImageView, Site, Span } from './view.ts';

/** What a field is to mean: a place in a section of the program. */
interface Meaning {
  readonly object: number;
  readonly section: ElfSection;
  /** Of the symbol. */
  readonly value: number;
  readonly addend: number;
  /** The symbol stands for its section: only value and addend together say what is meant. */
  readonly isSection: boolean;
  readonly name: string;
}

/** Why a field is not shown to mean what the object says. */
export interface Doubt {
  /** In words. */
  readonly why: string;
  /** It leads to something else; else it only cannot be followed. */
  readonly isWrong: boolean;
}

const wrong = (why: string): Doubt => ({ why, isWrong: true });
const open = (why: string): Doubt => ({ why, isWrong: false });

/** @returns undefined where the field means what the object says */
export function follow(
  view: ImageView,
  site: Site,
  relocation: ElfRelocation,
  field: Uint8Array,
): Doubt | undefined {
  const place = site.span.address + relocation.offset - site.span.offset;
  const meaning = meaningOf(view, site, relocation);
  const name = symbolName(view.program, site.object, relocation.symbol);
  if (THROUGH_SLOT.has(relocation.type)) {
    const expected = valuesOf(view, site, relocation, meaning);
    if (leadsThroughSlot(view, relocation, field, place, expected)) return undefined;
  }
  const found = targetOf(relocation, field, place);
  // A position-independent link may go through tables that the linker makes for itself.
  if (meaning === undefined || found === undefined) {
    const why = `does not lead to ${name}`;
    return view.pic ? open(why) : wrong(why);
  }
  const leads =
    isPlain(view, site, relocation, meaning, found) ||
    isMerged(view, meaning, found) ||
    isMoved(view, meaning, found) ||
    isStub(view, relocation, meaning, found);
  if (leads) return undefined;
  const isLost = view.isSearched && spansAt(view, meaning).length === 0;
  const text = `leads to ${hex(found)}, which is not `;
  return isLost && !isMergeable(view, meaning.object, meaning.section)
    ? open(`${text}known to be ${name}: its place was not found`)
    : wrong(`${text}${name}`);
}

/** What the slot of a symbol may hold. */
function valuesOf(
  { program, names, spansOf }: ImageView,
  { object }: Site,
  { symbol }: ElfRelocation,
  meaning: Meaning | undefined,
): number[] {
  if (meaning)
    return spansOf(meaning.object, meaning.section.index).map(
      (span) => span.address + meaning.value - span.offset,
    );
  const row = program.rows.base[object]! + symbol;
  if (program.rows.kind[row] === KIND.UNDEFINED_WEAK) return [0];
  if (program.rows.kind[row] === KIND.ABSOLUTE) return [program.rows.value[row]!];
  return [names.get(symbolName(program, object, symbol)) ?? []].flat();
}

/** What a field is to mean; undefined for what is in no section. */
export function meaningOf(
  { program }: ImageView,
  { object }: Site,
  relocation: ElfRelocation,
): Meaning | undefined {
  const { rows, objects } = program;
  const row = rows.base[object]! + relocation.symbol;
  if (rows.kind[row] !== KIND.SECTION) return undefined;
  const owner = rows.object[row]!;
  return {
    object: owner,
    section: objects[owner]!.elf.sections[rows.section[row]!]!,
    value: rows.value[row]!,
    addend: relocation.addend,
    isSection: rows.type[row] === STT.SECTION,
    name: symbolName(program, object, relocation.symbol),
  };
}

/** The spans of what is meant that hold it. */
function spansAt({ spansOf }: ImageView, { object, section, value, addend, isSection }: Meaning) {
  const at = isSection ? value + addend : value;
  return spansOf(object, section.index).filter(
    ({ offset, size }) => at + FIELD_TO_END >= offset && at <= offset + size,
  );
}

/** Spans of a split section: a unit's reference to its own section leads into the unit's own piece. */
function isPlain(
  view: ImageView,
  site: Site,
  relocation: ElfRelocation,
  meaning: Meaning,
  found: number,
): boolean {
  const spans = view.spansOf(meaning.object, meaning.section.index);
  return pieces(spans, site, relocation, meaning).some(
    (span) => found === span.address + meaning.value - span.offset,
  );
}

/** From a field to the end of its instruction: itself, and an immediate operand behind it. */
const FIELD_TO_END = 8;

function pieces(
  spans: readonly Span[],
  site: Site,
  relocation: ElfRelocation,
  meaning: Meaning,
): readonly Span[] {
  const own = spans.filter(
    ({ unit }) => meaning.isSection && unit !== '' && unit === site.span.unit,
  );
  if (own.length > 0) return own;
  const at = meaning.isSection ? meaning.value + meaning.addend : meaning.value;
  const slack = meaning.isSection && PC_RELATIVE[relocation.type] === 1 ? FIELD_TO_END : 0;
  return spans.filter(({ offset, size }) => at + slack >= offset && at <= offset + size);
}

/** A merged string or constant is known by its contents. */
function isMerged(view: ImageView, meaning: Meaning, found: number): boolean {
  const { section, value, addend, isSection } = meaning;
  const isOfMerge = (section.flags & 0x10) !== 0;
  if (!isOfMerge || view.spansOf(meaning.object, section.index).length > 0) return false;
  const at = isSection ? value + addend : value;
  const entry = entryAt(section, at);
  if (entry === undefined) return false;
  const bytes = view.memory.read(isSection ? found + addend : found, entry.length);
  return bytes !== undefined && Buffer.compare(bytes, entry) === 0;
}

const STRINGS = 0x20;

/** From an offset to the end of the string (its zero included) or constant that it is in. */
function entryAt({ data, flags, entrySize }: ElfSection, at: number): Uint8Array | undefined {
  const size = Math.max(1, entrySize);
  if (at < 0 || at >= data.length) return undefined;
  if (!(flags & STRINGS)) return data.subarray(at, at - (at % size) + size);
  for (let end = at - (at % size); end + size <= data.length; end += size)
    if (data.subarray(end, end + size).every((byte) => byte === 0))
      return data.subarray(at, end + size);
  return data.subarray(at);
}

const WRITE_OR_CODE = 5;

/** A named constant that was moved: the image's own name says where, and its bytes are the same. */
function isMoved(view: ImageView, meaning: Meaning, found: number): boolean {
  const { section, value, isSection, name, object } = meaning;
  const { elf } = view.program.objects[object]!;
  if (isSection || section.flags & WRITE_OR_CODE || view.names.get(name) !== found) return false;
  const symbol = elf.symbols.find((s) => s.name === name && s.section === section.index);
  if (symbol === undefined || symbol.size === 0) return false;
  const bytes = view.memory.read(found, symbol.size);
  const own = section.data.subarray(value, value + symbol.size);
  return bytes !== undefined && Buffer.compare(bytes, own) === 0;
}

const JUMP = 0xe9;
const JUMP_SIZE = 5;

/** A call or jump that goes through another jump ends where the object says. */
function isStub(
  view: ImageView,
  relocation: ElfRelocation,
  meaning: Meaning,
  found: number,
): boolean {
  if (PC_RELATIVE[relocation.type] !== 1 || relocation.addend !== -4) return false;
  const stub = view.memory.read(found, JUMP_SIZE);
  if (stub?.[0] !== JUMP) return false;
  const view32 = new DataView(stub.buffer, stub.byteOffset, stub.byteLength);
  const end = found + JUMP_SIZE + view32.getInt32(1, true);
  return view
    .spansOf(meaning.object, meaning.section.index)
    .some((s) => inside(s, meaning.value) && end === s.address + meaning.value - s.offset);
}

const inside = ({ offset, size }: Span, at: number) => at >= offset && at < offset + size;

const SLOT = 8;
/** Types of fields that lead to a slot. */
export const THROUGH_SLOT: ReadonlySet<number> = new Set([
  R.GOTPCREL,
  R.GOTPCRELX,
  R.REX_GOTPCRELX,
]);

/** A load from the global offset table: the slot holds the address that is meant. */
function leadsThroughSlot(
  view: ImageView,
  relocation: ElfRelocation,
  field: Uint8Array,
  place: number,
  expected: readonly number[],
): boolean {
  if (field.length < 4) return false;
  const distance = new DataView(field.buffer, field.byteOffset, field.byteLength).getInt32(0, true);
  const slot = view.memory.read(place + distance - relocation.addend, SLOT);
  if (slot === undefined) return false;
  const value = new DataView(slot.buffer, slot.byteOffset, SLOT).getBigUint64(0, true);
  return expected.some((address) => BigInt.asUintN(64, BigInt(address)) === value);
}
