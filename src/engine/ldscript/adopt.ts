/**
 * Gives orphan sections a statement of their own. ld places a section that no statement takes
 * behind the last output section of like flags, in an output section of its own name (ld manual,
 * "Orphan Sections"); with sections at fixed addresses that place would be in somebody's way.
 */
import { SHF, SHT, type ElfSection } from '../elf/types.ts';
import { parse } from './parse.ts';
import type { OutputSection, Script } from './types.ts';

type Orphan = Pick<ElfSection, 'name' | 'type' | 'flags'>;

/** The linker adds this section to the first object. */
export const FRAME_HEADER: Orphan = { name: '.eh_frame_hdr', type: SHT.PROGBITS, flags: SHF.ALLOC };

/**
 * @param scripts the scripts that took none of the orphans
 * @returns scripts that insert one output section for each name behind its like
 */
export function scriptsForOrphans(
  orphans: readonly Orphan[],
  scripts: readonly Script[] = [],
): Script[] {
  const homes = new Map<string, Set<string>>();
  for (const section of orphans) {
    const texts = homes.get(likeOf(section)) ?? new Set();
    homes.set(likeOf(section), texts.add(statementFor(section, scripts)));
  }
  return [...homes].map(([home, texts]) =>
    parse(`SECTIONS\n{\n${[...texts].join('')}}\nINSERT AFTER ${home};\n`, `<orphans${home}>`),
  );
}

/** ld puts all loaded relocations into one section, and `.dynamic` into its program header. */
function statementFor({ name, type }: Orphan, scripts: readonly Script[]): string {
  if (type === SHT.RELA) return ' .rela.dyn : { *(.rela.*) }\n';
  const header = name === '.dynamic' ? dynamicHeaders(scripts) : '';
  return ` ${quoted(name)} : { *(${quoted(name)}) }${header}\n`;
}

/** The program header of type PT_DYNAMIC, with those of `.data`, where there is one. */
function dynamicHeaders(scripts: readonly Script[]): string {
  const headers = scripts.flatMap(({ statements }) =>
    statements.flatMap((statement) => (statement.kind === 'phdrs' ? statement.headers : [])),
  );
  const own = headers.find(({ type }) => type.kind === 'symbol' && type.name === 'PT_DYNAMIC');
  const data = outputSections(scripts).find(({ name }) => name === '.data');
  if (!own || !data) return '';
  return [own.name, ...data.phdrs].map((header) => ` :${header}`).join('');
}

function outputSections(scripts: readonly Script[]): OutputSection[] {
  return scripts.flatMap(({ statements }) =>
    statements.flatMap((statement) =>
      statement.kind === 'sections'
        ? statement.statements.filter((inner) => inner.kind === 'output-section')
        : [],
    ),
  );
}

const quoted = (name: string) => (/^[A-Za-z0-9_.]+$/.test(name) ? name : `"${name}"`);

function likeOf(section: Orphan): string {
  if (section.flags & SHF.TLS) return section.type === SHT.NOBITS ? '.tbss' : '.tdata';
  if (section.flags & SHF.EXECINSTR) return '.text';
  if ((section.flags & SHF.WRITE) === 0) return '.rodata';
  return section.type === SHT.NOBITS ? '.bss' : '.data';
}
