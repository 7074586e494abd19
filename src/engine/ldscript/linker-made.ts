/**
 * Sections that ld itself adds to the first object of every link for x86-64: tables for a GOT and for
 * indirect functions. Where the program needs none they are dropped again, but only after they have
 * been placed: patterns match them, and as orphans they settle where later orphans go.
 */
import type { InputObject, InputSection } from './evaluate-types.ts';
import { SEC } from './flags.ts';
import { SHF, SHT } from '../elf/types.ts';

export interface LinkerMade {
  readonly section: InputSection;
  /** SEC_*; the linker's own sections do not count as data. */
  readonly flags: number;
}

const LOADED = SEC.ALLOC | SEC.LOAD | SEC.CONTENTS;

function made(name: string, type: number, alignment: number, flags: number): LinkerMade {
  const section = { name, type, flags: SHF.ALLOC, size: 0, alignment };
  return { section, flags: LOADED | flags };
}

const TABLES: readonly LinkerMade[] = [
  made('.rela.got', SHT.RELA, 8, SEC.READONLY),
  made('.got', SHT.PROGBITS, 8, 0),
  made('.got.plt', SHT.NULL, 8, 0),
];
const STATIC: readonly LinkerMade[] = [
  made('.iplt', SHT.NULL, 1, SEC.CODE | SEC.READONLY),
  made('.rela.iplt', SHT.RELA, 8, SEC.READONLY),
  made('.igot.plt', SHT.NULL, 8, 0),
];
const RELOCATABLE: readonly LinkerMade[] = [made('.rela.ifunc', SHT.RELA, 8, SEC.READONLY)];

/** What ld adds to the first object, without what the object is said to have already. */
export function linkerMade({ sections }: InputObject, pie: boolean): LinkerMade[] {
  const given = new Set(
    sections.filter(({ flags }) => (flags & SHF.ALLOC) !== 0).map(({ name }) => name),
  );
  return [...TABLES, ...(pie ? RELOCATABLE : STATIC)].filter(
    ({ section }) => !given.has(section.name),
  );
}
