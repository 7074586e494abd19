/** What ld sees in the section table of an object: which entries are sections at all. */
import { SHT, type ElfSection } from '../elf/types.ts';

/** True where ld makes an input section of it; tables of symbols, strings and relocations are not. */
export function isInputSection(section: ElfSection): boolean {
  switch (section.type) {
    case SHT.NULL:
    case SHT.SYMTAB:
    case SHT.STRTAB:
    case SHT.RELA:
    case SHT.REL:
    case SHT.SYMTAB_SHNDX:
      return false;
    default:
      return true;
  }
}

const C_IDENTIFIER = /^[A-Za-z0-9_]+$/;

/** ld defines `__start_NAME` and `__stop_NAME` for sections of these names (ldlang.c, lang_init_start_stop). */
export function isStartStopName(name: string): boolean {
  return C_IDENTIFIER.test(name);
}
