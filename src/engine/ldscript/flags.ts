/**
 * Section flags as the linker thinks of them. ELF says what a section is (`SHT_NOBITS`, `SHF_WRITE`);
 * the linker asks whether it takes memory, is loaded, has contents, may be written. The placement of
 * orphans and the segments follow from these.
 */
import { SHF, SHT } from '../elf/types.ts';
import type { InputSection } from './evaluate-types.ts';

export const SEC = {
  ALLOC: 1,
  LOAD: 2,
  CONTENTS: 4,
  READONLY: 8,
  CODE: 16,
  TLS: 32,
  MERGE: 64,
  STRINGS: 128,
  DEBUGGING: 256,
  EXCLUDE: 512,
  NEVER_LOAD: 1024,
  /** Stays although it is empty. */
  KEEP: 2048,
  DATA: 4096,
} as const;

const SHF_EXCLUDE = 0x80000000;
const DEBUG_NAME =
  /^\.(debug|gnu\.debuglto_\.debug_|gnu\.linkonce\.wi\.|zdebug|line|stab)|^\.gdb_index$/;

/** The linker's flags of an input section. */
export function inputFlags({ name, type, flags }: InputSection): number {
  const loaded = type !== SHT.NOBITS;
  let result = loaded ? SEC.CONTENTS : 0;
  if (flags & SHF.ALLOC) result |= SEC.ALLOC | (loaded ? SEC.LOAD : 0);
  if (!(flags & SHF.WRITE)) result |= SEC.READONLY;
  if (flags & SHF.EXECINSTR) result |= SEC.CODE;
  else if (result & SEC.LOAD) result |= SEC.DATA;
  if (flags & SHF.MERGE) result |= SEC.MERGE;
  if (flags & SHF.STRINGS) result |= SEC.STRINGS;
  if (flags & SHF.TLS) result |= SEC.TLS;
  if (flags & SHF_EXCLUDE) result |= SEC.EXCLUDE;
  if (!(flags & SHF.ALLOC) && DEBUG_NAME.test(name)) result |= SEC.DEBUGGING;
  return result;
}

/** `.tbss`: it has a size, but takes no room in the address space. */
export function isTbss(flags: number): boolean {
  return (flags & (SEC.LOAD | SEC.TLS)) === SEC.TLS;
}

/** Sections of these names have type and flags by the ABI, whatever goes into them. */
interface Known {
  readonly type: number;
  readonly flags: number;
}
const DATA = SHF.ALLOC | SHF.WRITE;
const CODE = SHF.ALLOC | SHF.EXECINSTR;
const STEMS: readonly (readonly [string, Known])[] = [
  ['.bss', { type: SHT.NOBITS, flags: DATA }],
  ['.data', { type: SHT.PROGBITS, flags: DATA }],
  ['.fini_array', { type: SHT.FINI_ARRAY, flags: DATA }],
  ['.gnu.linkonce.b', { type: SHT.NOBITS, flags: DATA }],
  ['.init_array', { type: SHT.INIT_ARRAY, flags: DATA }],
  ['.noinit', { type: SHT.NOBITS, flags: DATA }],
  ['.persistent', { type: SHT.PROGBITS, flags: DATA }],
  ['.preinit_array', { type: SHT.PREINIT_ARRAY, flags: DATA }],
  ['.rodata', { type: SHT.PROGBITS, flags: SHF.ALLOC }],
  ['.tbss', { type: SHT.NOBITS, flags: DATA | SHF.TLS }],
  ['.tdata', { type: SHT.PROGBITS, flags: DATA | SHF.TLS }],
  ['.text', { type: SHT.PROGBITS, flags: CODE }],
];
const EXACT: ReadonlyMap<string, Known> = new Map([
  ['.data1', { type: SHT.PROGBITS, flags: DATA }],
  ['.dynamic', { type: 6, flags: SHF.ALLOC }],
  ['.dynstr', { type: SHT.STRTAB, flags: SHF.ALLOC }],
  ['.dynsym', { type: 11, flags: SHF.ALLOC }],
  ['.fini', { type: SHT.PROGBITS, flags: CODE }],
  ['.gnu.hash', { type: 0x6ffffff6, flags: SHF.ALLOC }],
  ['.got', { type: SHT.PROGBITS, flags: DATA }],
  ['.hash', { type: 5, flags: SHF.ALLOC }],
  ['.init', { type: SHT.PROGBITS, flags: CODE }],
  ['.note.GNU-stack', { type: SHT.PROGBITS, flags: 0 }],
  ['.plt', { type: SHT.PROGBITS, flags: CODE }],
  ['.rodata1', { type: SHT.PROGBITS, flags: SHF.ALLOC }],
]);

/** What the ABI says of an output section of this name. */
export function knownSection(name: string): Known | undefined {
  const exact = EXACT.get(name);
  if (exact !== undefined) return exact;
  const stem = STEMS.find(([prefix]) => name === prefix || name.startsWith(`${prefix}.`));
  if (stem !== undefined) return stem[1];
  if (name.startsWith('.note')) return { type: SHT.NOTE, flags: 0 };
  if (name.startsWith('.rela')) return { type: SHT.RELA, flags: 0 };
  if (name.startsWith('.rel')) return { type: SHT.REL, flags: 0 };
  return undefined;
}

/** ELF flags of an output section. */
export function elfFlags(flags: number, known: number): number {
  let result = known;
  if (flags & SEC.ALLOC) result |= SHF.ALLOC;
  if (!(flags & SEC.READONLY)) result |= SHF.WRITE;
  if (flags & SEC.CODE) result |= SHF.EXECINSTR;
  if (flags & SEC.MERGE) result |= SHF.MERGE;
  if (flags & SEC.STRINGS) result |= SHF.STRINGS;
  if (flags & SEC.TLS) result |= SHF.TLS;
  return result;
}
