/**
 * Which sections hold debugging information: ld tells them by name, not by a flag (bfd/elf.c,
 * _bfd_elf_make_section_from_shdr).
 */
import { SHF, type ElfSection } from './types.ts';

const DEBUG_PREFIXES = [
  '.debug',
  '.gnu.debuglto_.debug_',
  '.gnu.linkonce.wi.',
  '.zdebug',
  '.line',
  '.stab',
];

/** True for what ld treats as debugging information (SEC_DEBUGGING). */
export function isDebugging(section: Pick<ElfSection, 'flags' | 'name'>): boolean {
  if ((section.flags & SHF.ALLOC) !== 0 || !section.name.startsWith('.')) return false;
  for (const prefix of DEBUG_PREFIXES) if (section.name.startsWith(prefix)) return true;
  return section.name === '.gdb_index';
}
