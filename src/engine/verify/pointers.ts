/** Fields that hold the address of code, as seen in one image. */
import { SHF, type ElfRelocation } from '../elf/types.ts';
import { FIELD_BYTES, PC_RELATIVE, R } from '../model/relocation-types.ts';
import { targetOf } from '../pages/match.ts';
import type { Effect } from './code.ts';
import { follow, meaningOf, THROUGH_SLOT } from './follow.ts';
import type { Fields } from './rewritten.ts';
import type { ImageView, Site } from './view.ts';

const ABSOLUTE: ReadonlySet<number> = new Set([R.ABS64, R.ABS32, R.ABS32S]);
const LEA = 0x8d;
/** Opcode, ModRM and a prefix before a field. */
const BEFORE = 3;

/**
 * What a field says is the address of code; undefined for other fields, and for those of an
 * instruction that is not as it was (it is compared as a whole).
 * @param expected the bytes of the site with the relocations applied
 */
export function pointerOf(
  view: ImageView,
  site: Site,
  relocation: ElfRelocation,
  expected: Uint8Array,
  found: Uint8Array,
): { readonly code: number; readonly address: number } | undefined {
  const { section, span } = site;
  const { type, offset, addend } = relocation;
  const isInstruction = (section.flags & SHF.EXECINSTR) !== 0;
  const isLea = isInstruction && type === R.PC32 && section.data[offset - 2] === LEA;
  if (!ABSOLUTE.has(type) && !isLea) return undefined;
  const from = offset - span.offset;
  const end = from + FIELD_BYTES[type]!;
  const start = Math.max(0, from - BEFORE);
  const isSame = Buffer.compare(expected.subarray(start, end), found.subarray(start, end)) === 0;
  if (isInstruction && !isSame) return undefined;
  const code = codeMeant(view, site, relocation, isLea ? FIELD_BYTES[type]! : 0);
  if (code === undefined) return undefined;
  if (isInstruction) return { code, address: code };
  const target = targetOf(relocation, found.subarray(from, end), span.address + from);
  return target === undefined ? undefined : { code, address: target + addend };
}

/**
 * The address of code that a field is to be.
 * @param behind bytes from the field to the end of an instruction that it is relative to
 */
function codeMeant(
  view: ImageView,
  site: Site,
  relocation: ElfRelocation,
  behind: number,
): number | undefined {
  const meaning = meaningOf(view, site, relocation);
  if (meaning === undefined || !(meaning.section.flags & SHF.EXECINSTR)) return undefined;
  const place = meaning.value + relocation.addend + behind;
  const home = view
    .spansOf(meaning.object, meaning.section.index)
    .find((s) => place >= s.offset && place < s.offset + s.size);
  return home && home.address + place - home.offset;
}

/** What the fields of an old instruction are to mean in an image. */
export function fieldsOf(
  view: ImageView,
  site: Site,
  { start, size }: Effect,
  relocations: readonly ElfRelocation[],
): Fields {
  const shift = site.span.address - site.span.offset;
  const at = (offset: number): ElfRelocation | undefined => {
    const found = relocations.find((one) => one.offset + shift === start + offset);
    return found && { ...found, type: THROUGH_SLOT.has(found.type) ? R.PC32 : found.type };
  };
  return {
    // Read as the field of the old instruction would have to say it.
    accepts: (offset, value) => {
      const relocation = at(offset);
      if (relocation === undefined) return false;
      const bytes = Buffer.alloc(8);
      const raw = PC_RELATIVE[relocation.type] === 1 ? value - BigInt(start + size) : value;
      bytes.writeBigUInt64LE(BigInt.asUintN(64, raw));
      const field = bytes.subarray(0, FIELD_BYTES[relocation.type]);
      return follow(view, site, relocation, field) === undefined;
    },
    codeAt: (offset) => {
      const relocation = at(offset);
      if (relocation === undefined) return undefined;
      const isRelative = PC_RELATIVE[relocation.type] === 1;
      return codeMeant(view, site, relocation, isRelative ? size - offset : 0);
    },
  };
}
