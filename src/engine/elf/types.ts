/**
 * The ELF file as the engine sees it. Source of every rule: System V gABI chapters 4 and 5, and
 * the x86-64 psABI. Addresses, offsets and sizes are bytes; values above 2^53 are refused when read.
 */
import type { Contents } from './contents.ts';

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  /** SHF_* */
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  /** 1 where the file says 0. */
  readonly alignment: number;
  readonly entrySize: number;
  /**
   * Contents; empty for NOBITS, and for debugging information of a file that was read in parts.
   * A view of what was read: never write into it.
   */
  readonly data: Uint8Array;
}

export interface ElfSegment {
  /** PT_* */
  readonly type: number;
  /** PF_X 1, PF_W 2, PF_R 4 */
  readonly flags: number;
  readonly offset: number;
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly alignment: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STT_* */
  readonly type: number;
  /** STB_* */
  readonly binding: number;
  /** STV_* */
  readonly visibility: number;
  /** Section index with SHN_XINDEX resolved; SHN_UNDEF 0, SHN_ABS 0xfff1, SHN_COMMON 0xfff2. */
  readonly section: number;
}

export interface ElfRelocation {
  /** Offset into the section that is relocated. */
  readonly offset: number;
  /** R_X86_64_* */
  readonly type: number;
  /** Index into the symbol table. */
  readonly symbol: number;
  readonly addend: number;
}

export interface ElfFile {
  readonly path: string;
  readonly bits: 32 | 64;
  /** ET_* */
  readonly type: number;
  /** EM_* */
  readonly machine: number;
  readonly entry: number;
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  readonly symbols: readonly ElfSymbol[];
  /** Relocations by index of the section that they apply to, in file order. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
  /** The file; of one that was read in parts its beginning, up to the end of what is loaded. */
  readonly bytes: Uint8Array;
  /** All bytes of a file that was read in parts. */
  readonly contents?: Contents;
}

export const EM_386 = 3;
export const EM_X86_64 = 62;
export const ET_REL = 1;
export const SHT = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
  INIT_ARRAY: 14,
  FINI_ARRAY: 15,
  PREINIT_ARRAY: 16,
  GROUP: 17,
  SYMTAB_SHNDX: 18,
} as const;
export const SHF = {
  WRITE: 1,
  ALLOC: 2,
  EXECINSTR: 4,
  MERGE: 16,
  STRINGS: 32,
  INFO_LINK: 64,
  GROUP: 512,
  TLS: 1024,
  GNU_RETAIN: 0x200000,
} as const;
export const PT = { LOAD: 1, TLS: 7 } as const;
export const PF = { X: 1, W: 2, R: 4 } as const;
export const SHN = { UNDEF: 0, ABS: 0xfff1, COMMON: 0xfff2, XINDEX: 0xffff } as const;
export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;
export const STT = {
  NOTYPE: 0,
  OBJECT: 1,
  FUNC: 2,
  SECTION: 3,
  FILE: 4,
  COMMON: 5,
  TLS: 6,
} as const;
