/**
 * References and symbols of an object as text that can be compared with that of another object.
 *
 * A reference to a symbol that the object itself defines for good (local, or global and not weak)
 * is written as the place of the definition, since that is where it will lead; all others by name.
 */
import { SHN, STB, type ElfFile, type ElfRelocation, type ElfSymbol } from '../elf/types.ts';
import { addsUp } from '../model/canonical.ts';
import { STT_GNU_IFUNC } from '../model/constants.ts';
import { FIELD_BYTES, R } from '../model/relocation-types.ts';

/** Where a section stands, in terms that two objects share. */
export type Placer = (section: number) => { readonly key: string; readonly offset: number };

/** Relocations of a section by offset; those of one place keep their order. */
export function relocationsOf(elf: ElfFile, section: number): readonly ElfRelocation[] {
  const list = elf.relocations.get(section) ?? [];
  const sorted = list.every((r, i) => i === 0 || list[i - 1]!.offset <= r.offset);
  return sorted ? list : [...list].sort((a, b) => a.offset - b.offset);
}

/** A copy of a section's bytes without the fields that relocations overwrite. */
export function maskedBytes(data: Uint8Array, relocations: readonly ElfRelocation[]): Uint8Array {
  if (relocations.length === 0 || data.length === 0) return data;
  const bytes = Uint8Array.from(data);
  for (const { offset, type } of relocations) {
    const size = FIELD_BYTES[type] ?? 0;
    if (size <= 8) bytes.fill(0, offset, offset + size);
  }
  return bytes;
}

/** What a relocation puts into its field. */
export function referenceText(elf: ElfFile, relocation: ElfRelocation, placer: Placer): string {
  const { type, addend } = relocation;
  const symbol = relocation.symbol === 0 ? undefined : elf.symbols[relocation.symbol];
  if (symbol === undefined) return `${type} 0+${addend}`;
  const asksSize = type === R.SIZE32 || type === R.SIZE64;
  const kind = symbol.type === STT_GNU_IFUNC ? ' ifunc' : asksSize ? ` size ${symbol.size}` : '';
  if (!leadsHome(symbol)) return `${type} ${targetName(symbol)}+${addend}${kind}`;
  const { key, offset } = placer(symbol.section);
  const value = offset + symbol.value;
  // A GOT entry or a size has an addend of its own: it does not move the place.
  const place = addsUp(type) ? `${value + addend}` : `${value},${addend}`;
  return `${type} @${key}+${place}${kind}`;
}

/** True where a symbol's own object decides what it refers to. */
function leadsHome(symbol: ElfSymbol): boolean {
  return isInSection(symbol) && symbol.binding !== STB.WEAK;
}

const isInSection = ({ section }: ElfSymbol) => section !== SHN.UNDEF && section < SHN.ABS;

function targetName(symbol: ElfSymbol): string {
  if (symbol.section === SHN.ABS && symbol.binding === STB.LOCAL) return `#${symbol.value}`;
  return symbol.name;
}

/** All that a link can notice of a symbol, but for its name. */
export function symbolText(symbol: ElfSymbol, placer: Placer): string {
  const { binding, type, visibility, size } = symbol;
  return `${binding} ${type} ${visibility} ${size} ${placeText(symbol, placer)}`;
}

function placeText(symbol: ElfSymbol, placer: Placer): string {
  if (symbol.section === SHN.UNDEF) return 'undefined';
  if (!isInSection(symbol)) return `${symbol.section}+${symbol.value}`;
  const { key, offset } = placer(symbol.section);
  return `@${key}+${offset + symbol.value}`;
}
