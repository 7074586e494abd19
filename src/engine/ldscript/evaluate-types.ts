/** What goes into the linker model and what comes out of it: plain values. */
import type { Script } from './types.ts';

/** One section of an object, as its section header has it. */
export interface InputSection {
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  /** SHF_* */
  readonly flags: number;
  readonly size: number;
  readonly alignment: number;
}

/** A symbol without a place that the linker allots one. */
export interface CommonSymbol {
  readonly name: string;
  readonly size: number;
  readonly alignment: number;
}

export interface InputObject {
  /** As the linker was given it; of an archive's member, the member's name alone. */
  readonly path: string;
  readonly archive?: string;
  /** In the order of the file. Symbol tables, string tables and relocations may be among them. */
  readonly sections: readonly InputSection[];
  readonly commons?: readonly CommonSymbol[];
}

/** Where an object defines a symbol: in a section or, without one, at a fixed value. */
export interface SymbolPlace {
  readonly section?: InputSection;
  readonly value: number;
}

export interface LinkOptions {
  /** -z max-page-size, 0x1000 in ld for x86_64. */
  readonly maxPageSize?: number;
  /** -z common-page-size, 0x1000. */
  readonly commonPageSize?: number;
  /** -z relro, on. Matters to scripts with DATA_SEGMENT_RELRO_END. */
  readonly relro?: boolean;
  /** -z separate-code, on. Matters where the script has no PHDRS. */
  readonly separateCode?: boolean;
  /** -N: text may be written and nothing is aligned to pages; -n: only the latter. */
  readonly magic?: 'omagic' | 'nmagic' | undefined;
  /** -pie, -static-pie: what ld adds itself differs a little. */
  readonly pie?: boolean;
  /** PF_* of the PT_GNU_STACK that ld makes where the script has no PHDRS, RW; 0 for none. */
  readonly stackFlags?: number;
  /** -Ttext-segment and the like, for SEGMENT_START. */
  readonly segmentStarts?: ReadonlyMap<string, number>;
  /** --entry; it wins over ENTRY. */
  readonly entry?: string;
}

export interface EvaluateInput {
  /** The script given with -T or -dT, or the linker's own. */
  readonly script: Script;
  /** Further scripts in the order of their -T; each stands before `script` and says INSERT. */
  readonly extras?: readonly Script[];
  /**
   * In the order of the link. What ld makes with contents (.eh_frame_hdr, .got, .dynamic, ...) is to be
   * put at the end of the sections of the object that ld's map names, which is mostly the first.
   */
  readonly objects: readonly InputObject[];
  /** False for what --gc-sections removes. All sections live where it is not given. */
  readonly live?: (section: InputSection, object: InputObject) => boolean;
  /** Sizes that are not those of the file: .eh_frame, merged strings. Undefined: as in the file. */
  readonly sizeOf?: (section: InputSection, object: InputObject) => number | undefined;
  /** Whether an object refers to the symbol (and whether one defines it): decides on PROVIDE. */
  readonly isReferenced?: (symbol: string) => boolean;
  readonly isDefined?: (symbol: string) => boolean;
  /** For scripts that use symbols of objects in expressions. */
  readonly placeOf?: (symbol: string) => SymbolPlace | undefined;
  readonly options?: LinkOptions;
}

/** What lies at one place of an output section. Contents follow each other without holes. */
export type Content =
  | {
      readonly kind: 'input';
      readonly object: InputObject;
      readonly section: InputSection;
      readonly address: number;
      readonly size: number;
    }
  | {
      readonly kind: 'data';
      readonly address: number;
      readonly size: number;
      /** Two's complement of `size` bytes. */
      readonly value: bigint;
    }
  | {
      readonly kind: 'gap';
      readonly address: number;
      readonly size: number;
      /** The pattern that is repeated; undefined for zeros, or NOPs in code. */
      readonly fill: Uint8Array | undefined;
    };

export interface EvaluatedSection {
  readonly name: string;
  readonly address: number;
  readonly loadAddress: number;
  readonly size: number;
  /** SHT_* */
  readonly type: number;
  /** SHF_* */
  readonly flags: number;
  readonly alignment: number;
  /** Names of the program headers it is in, for scripts with PHDRS. */
  readonly phdrs: readonly string[];
  readonly fill: Uint8Array | undefined;
  readonly contents: readonly Content[];
}

export interface EvaluatedSymbol {
  readonly value: number;
  /** The output section the symbol belongs to; absolute where there is none. */
  readonly section?: string;
}

export interface EvaluatedSegment {
  /** The name in PHDRS; empty for ld's own mapping. */
  readonly name: string;
  /** PT_* */
  readonly type: number;
  /** PF_* */
  readonly flags: number;
  readonly address: number;
  readonly loadAddress: number;
  /** In memory; the file and program headers included where the segment holds them. */
  readonly size: number;
  readonly headers: boolean;
  /** Indexes into `outputSections`. */
  readonly sections: readonly number[];
}

/** An input section that no pattern names, and where it went. */
export interface Orphan {
  readonly object: InputObject;
  readonly section: InputSection;
  readonly output: string;
}

export interface InputReference {
  readonly object: InputObject;
  readonly section: InputSection;
}

export interface Evaluation {
  /** In the order of the file; sections that ld drops because they are empty are not among them. */
  readonly outputSections: readonly EvaluatedSection[];
  readonly segments: readonly EvaluatedSegment[];
  /** Symbols that the scripts define, and the __start_/__stop_ symbols that objects refer to. */
  readonly symbols: ReadonlyMap<string, EvaluatedSymbol>;
  /** Where common symbols lie. */
  readonly commons: ReadonlyMap<string, number>;
  readonly orphans: readonly Orphan[];
  /** What /DISCARD/ took. */
  readonly discarded: readonly InputReference[];
  /** The entry symbol. */
  readonly entry: string | undefined;
  /** Messages of ASSERTs that do not hold: ld refuses the link. */
  readonly failedAsserts: readonly string[];
}
