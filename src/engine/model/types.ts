/** The shapes of the link model. Objects, sections and symbols are named by their indexes. */
import type { ElfFile } from '../elf/types.ts';

export interface InputObject {
  /** Its place in the link order. */
  readonly index: number;
  readonly path: string;
  readonly library: string;
  /** The archive that it is a member of; `name` is that of the archive's copy. */
  readonly archive?: { readonly path: string; readonly name: string; readonly member: string };
  readonly elf: ElfFile;
}

export interface ProgramOptions {
  /** Names that the linker script assigns. They override objects. */
  readonly scriptSymbols: ReadonlySet<string>;
  /** Names that the linker script PROVIDEs: defined if referenced and not defined by an object. */
  readonly provided: ReadonlySet<string>;
  /** The link makes dynamic sections: ld defines `_DYNAMIC` with them (elflink.c), else never. */
  readonly isDynamic?: boolean;
}

/** What a symbol refers to. Objects and sections are indexes. */
export type Target =
  | { kind: 'section'; object: number; section: number; offset: number }
  | { kind: 'absolute'; value: number }
  | { kind: 'script'; name: string }
  | { kind: 'common'; name: string }
  | { kind: 'undefined-weak'; name: string };

/** Values of `SymbolRows.kind`. */
export const KIND = {
  UNDEFINED: 0,
  SECTION: 1,
  ABSOLUTE: 2,
  SCRIPT: 3,
  COMMON: 4,
  UNDEFINED_WEAK: 5,
} as const;

/** One row for each symbol of each object: symbol `s` of object `o` has row `base[o] + s`. */
export interface SymbolRows {
  readonly base: Int32Array;
  readonly kind: Uint8Array;
  /** Of the definition, for SECTION; of the object that owns the storage, for COMMON; else -1. */
  readonly object: Int32Array;
  readonly section: Int32Array;
  /** Offset into the section, or the value of an absolute symbol. */
  readonly value: Float64Array;
  readonly size: Float64Array;
  /** STT_* of the definition. */
  readonly type: Uint8Array;
  /** Index into `Program.globals`, -1 for local symbols. */
  readonly global: Int32Array;
}

export interface Program {
  readonly objects: readonly InputObject[];
  readonly rows: SymbolRows;
  readonly globals: readonly GlobalSymbol[];
  readonly globalByName: ReadonlyMap<string, GlobalSymbol>;
  /** Section `s` of object `o` has the flat index `sectionBase[o] + s`; the last entry is their number. */
  readonly sectionBase: Int32Array;
  /** By flat index: 1 where another object's COMDAT group won, or where SHF_EXCLUDE stands. */
  readonly discarded: Uint8Array;
  /** By flat index of a discarded section: flat index of the group section or section that won, or -1. */
  readonly keptBy: Int32Array;
}

export interface GlobalSymbol {
  readonly name: string;
  /** Its place in `Program.globals`. */
  index: number;
  /** KIND.* */
  kind: number;
  /** True for a weak definition. */
  weak: boolean;
  /** The object of the definition, or of the largest common; -1 where there is none. */
  object: number;
  section: number;
  /** Offset into the section or absolute value; of an unused common 0. */
  value: number;
  size: number;
  /** Of a common. */
  alignment: number;
  /** STT_* */
  type: number;
  /**
   * Of `__start_NAME` and `__stop_NAME`: NAME. If there is an output section NAME with input
   * sections of this name, its bounds are the value, even if the script PROVIDEs another.
   */
  bounds?: string;
}
