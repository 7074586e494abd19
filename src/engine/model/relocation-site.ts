/** The place that one relocation changes, and the writing of its field with ld's checks. */
import { SpacerError } from '../errors.ts';
import type { ElfRelocation } from '../elf/types.ts';
import { CHECK, FIELD_BYTES, FIELD_CHECK, relocationName } from './relocation-types.ts';
import type { Program } from './types.ts';

/**
 * A section that is being relocated and the relocation under way. Type, offset and addend start as
 * the object has them; relaxations change them, as ld does. One site serves a whole section, so
 * that relocations cost no allocation.
 */
export interface Site {
  readonly program: Program;
  readonly object: number;
  readonly section: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the section lies. */
  readonly address: number;
  type: number;
  offset: number;
  addend: number;
}

/** The relocated bytes start as a copy of the section's. */
export function openSite(
  program: Program,
  object: number,
  section: number,
  address: number,
  bytes: Uint8Array,
): Site {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { program, object, section, bytes, view, address, type: 0, offset: 0, addend: 0 };
}

/** Points the site at a relocation. */
export function enter(site: Site, relocation: ElfRelocation): void {
  site.type = relocation.type;
  site.offset = relocation.offset;
  site.addend = relocation.addend;
}

/**
 * Writes `value` into the field of the current relocation.
 * @throws SpacerError `link-relocation-overflow`, `link-relocation-range`, `link-relocation-type`
 */
export function store(site: Site, value: number): void {
  const bytes = fieldBytes(site);
  if (!fits(FIELD_CHECK[site.type] ?? 0, bytes, value)) throw overflow(site, value);
  put(site.view, site.offset, bytes, value);
}

/** The size of the field, which lies inside the section. */
export function fieldBytes(site: Site): number {
  const bytes = FIELD_BYTES[site.type] ?? FIELD_BYTES[255] ?? 0;
  if (bytes > 8)
    throw siteError(
      site,
      'link-relocation-type',
      `has ${relocationName(site.type)}, which is not supported`,
    );
  if (site.offset < 0 || site.offset + bytes > site.bytes.length)
    throw siteError(site, 'link-relocation-range', 'is relocated outside its bytes');
  return bytes;
}

/** 2 to the power of the bits of a field, by its bytes. */
const LIMITS = [1, 2 ** 8, 2 ** 16, 0, 2 ** 32, 0, 0, 0, 2 ** 64];

function fits(check: number, bytes: number, value: number): boolean {
  const limit = LIMITS[bytes] ?? 0;
  switch (check) {
    case CHECK.SIGNED:
      return value >= -limit / 2 && value < limit / 2;
    case CHECK.UNSIGNED:
      return value >= 0 && value < limit;
    case CHECK.BITFIELD:
      return value >= -limit && value < limit;
    default:
      return true;
  }
}

/** Writes a little-endian two's complement number. */
export function put(view: DataView, offset: number, bytes: number, value: number): void {
  switch (bytes) {
    case 8: {
      const high = Math.floor(value / 2 ** 32);
      view.setUint32(offset, value - high * 2 ** 32, true);
      view.setInt32(offset + 4, high, true);
      return;
    }
    case 4:
      return view.setInt32(offset, value, true);
    case 2:
      return view.setInt16(offset, value, true);
    case 1:
      return view.setInt8(offset, value);
    default:
      return;
  }
}

function overflow(site: Site, value: number): SpacerError {
  const shown = `${value < 0 ? '-' : ''}0x${Math.abs(value).toString(16)}`;
  return siteError(
    site,
    'link-relocation-overflow',
    `needs ${shown} in ${relocationName(site.type)}, which is out of its range`,
  );
}

/** An error about the current relocation: names library, section and offset. */
export function siteError(site: Site, code: string, text: string): SpacerError {
  const input = site.program.objects[site.object];
  const section = input?.elf.sections[site.section];
  return new SpacerError(
    code,
    `${input?.library ?? ''}: ${section?.name ?? ''}+0x${site.offset.toString(16)} ${text}`,
    { ...(input && { file: input.path }), offset: (section?.offset ?? 0) + site.offset },
  );
}
