/** Which input sections a proof looks at, and how. */
import { SHF, type ElfSection } from '../elf/types.ts';
import { FILLED } from './boot-regions.ts';
import type { ImageView } from './view.ts';

/** ld makes one note of the properties of all objects (ld manual, `-z` options; bfd/elf-properties.c). */
export const PROPERTIES = '.note.gnu.property';

/** Sections that the linker takes apart are looked at elsewhere: unwind tables record by record. */
export function isAtom({ flags, size, name }: ElfSection): boolean {
  return (flags & SHF.ALLOC) !== 0 && size > 0 && name !== '.eh_frame' && name !== PROPERTIES;
}

/** Whether the linker merges this section with others; ld merges none that has relocations. */
export function isMergeable({ program }: ImageView, object: number, section: ElfSection): boolean {
  const { relocations } = program.objects[object]!.elf;
  return (section.flags & SHF.MERGE) !== 0 && (relocations.get(section.index) ?? []).length === 0;
}

/** A step after the link fills it in, in one of the two images or in both (`boot.ts` looks at it). */
export const isFilled = ({ name, data }: ElfSection): boolean =>
  FILLED.has(name) && data.every((byte) => byte === 0);

const WRITE_OR_CODE = SHF.WRITE | SHF.EXECINSTR;

/** Whether a section of constants stands in a common table instead: each name of it, with its bytes. */
export function isPinned(view: ImageView, object: number, section: ElfSection): boolean {
  const { elf } = view.program.objects[object]!;
  if (section.flags & WRITE_OR_CODE || elf.relocations.has(section.index)) return false;
  const own = elf.symbols.filter((s) => s.section === section.index && s.size > 0);
  const isMoved = own.every(({ name, value, size }) => {
    const address = view.names.get(name);
    const bytes = address === undefined ? undefined : view.memory.read(address, size);
    return bytes && Buffer.compare(bytes, section.data.subarray(value, value + size)) === 0;
  });
  return isMoved && own.reduce((rest, { size }) => rest - size, section.size) === 0;
}
