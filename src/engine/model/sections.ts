/**
 * What ld sees in the section table of an object: which entries are sections at all, and which of
 * them it calls debugging sections (by name, not by a flag: bfd/elf.c, _bfd_elf_make_section_from_shdr).
 */
import { SHF, SHT, type ElfSection } from '../elf/types.ts';

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

const DEBUG_PREFIXES = [
  '.debug',
  '.gnu.debuglto_.debug_',
  '.gnu.linkonce.wi.',
  '.zdebug',
  '.line',
  '.stab',
];

/** True for what ld treats as debugging information (SEC_DEBUGGING). */
export function isDebugging(section: ElfSection): boolean {
  if ((section.flags & SHF.ALLOC) !== 0 || !section.name.startsWith('.')) return false;
  for (const prefix of DEBUG_PREFIXES) if (section.name.startsWith(prefix)) return true;
  return section.name === '.gdb_index';
}

const C_IDENTIFIER = /^[A-Za-z0-9_]+$/;

/** ld defines `__start_NAME` and `__stop_NAME` for sections of these names (ldlang.c, lang_init_start_stop). */
export function isStartStopName(name: string): boolean {
  return C_IDENTIFIER.test(name);
}
