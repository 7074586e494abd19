/**
 * Gives orphan sections a statement of their own. ld places a section that no statement takes
 * behind the last output section of like flags, in an output section of its own name (ld manual,
 * "Orphan Sections"); with sections at fixed addresses that place would be in somebody's way.
 */
import { SHF, SHT, type ElfSection } from '../elf/types.ts';
import { parse } from './parse.ts';
import type { Script } from './types.ts';

/** @returns scripts that insert one output section for each name behind its like */
export function scriptsForOrphans(orphans: readonly ElfSection[]): Script[] {
  const homes = new Map<string, Set<string>>();
  for (const section of orphans) {
    const names = homes.get(likeOf(section)) ?? new Set();
    homes.set(likeOf(section), names.add(section.name));
  }
  return [...homes].map(([home, names]) => {
    const outputs = [...names].map(quoted).map((name) => ` ${name} : { *(${name}) }\n`);
    return parse(`SECTIONS\n{\n${outputs.join('')}}\nINSERT AFTER ${home};\n`, `<orphans${home}>`);
  });
}

const quoted = (name: string) => (/^[A-Za-z0-9_.]+$/.test(name) ? name : `"${name}"`);

function likeOf(section: ElfSection): string {
  if (section.flags & SHF.TLS) return section.type === SHT.NOBITS ? '.tbss' : '.tdata';
  if (section.flags & SHF.EXECINSTR) return '.text';
  if ((section.flags & SHF.WRITE) === 0) return '.rodata';
  return section.type === SHT.NOBITS ? '.bss' : '.data';
}
