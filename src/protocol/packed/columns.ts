/**
 * The page map as columns.
 *
 * A document of a million pages is some hundred megabytes of JSON and more of objects. Packed, it
 * is a few typed arrays: a page is a row of each, runs of a variable length (owners, symbols,
 * sharers) are slices between two neighbouring starts. Pages of many unikernels have the same
 * owners, so lists of owners are kept once and pages point at them.
 */
import type {
  AslrReport,
  Bound,
  LibraryEntry,
  ObjectsReport,
  PageMapDocument,
  PoolRange,
  Stage,
  Totals,
  Unusable,
  Verification,
} from '../page-map.ts';

export const STAGES = ['before', 'predicted', 'after'] as const satisfies readonly Stage[];

export const ZERO = 0;
export const UNIQUE = 1;
export const SHARED = 2;
/** Bits 0 and 1 of a page's flags are its kind. */
export const KIND_MASK = 3;
export const WRITABLE = 4;
export const EXECUTABLE = 8;
/** Holds stubs or tables that Spacer added. */
export const INDIRECTION = 16;

/** Lists of owners; list `i` holds the owners `start[i]` to `start[i + 1]`. */
export interface OwnerLists {
  start: Uint32Array;
  /** Indices into the strings. */
  library: Uint32Array;
  section: Uint32Array;
  bytes: Uint16Array;
  /** Symbols of owner `o`: `symbols[symbolStart[o]]` to `symbols[symbolStart[o + 1]]`. */
  symbolStart: Uint32Array;
  symbols: Uint32Array;
}

/** The pages of all unikernels at one stage, ordered by unikernel, then by address. */
export interface PackedStage {
  /** Pages of unikernel `u`: `rowStart[u]` to `rowStart[u + 1]`. */
  rowStart: Uint32Array;
  /** Address divided by the page size. */
  pageNumber: Float64Array;
  flags: Uint8Array;
  /** -1 for zero pages. */
  contentClass: Int32Array;
  ownerList: Uint32Array;
  classPages: Uint32Array;
  sharerStart: Uint32Array;
  sharers: Uint32Array;
}

export interface UnikernelHead {
  name: string;
  totals: Partial<Record<Stage, Totals>>;
  verification: Verification | undefined;
}

/** Everything of the document that does not grow with the number of pages. */
export interface PageMapHead {
  spacer: string;
  workspace: string | undefined;
  options: PageMapDocument['options'];
  layout: PageMapDocument['layout'];
  bound: Bound | undefined;
  unikernels: UnikernelHead[];
  totals: Partial<Record<Stage, Totals>>;
  libraries: LibraryEntry[];
  pool: PoolRange | undefined;
  aslr: AslrReport | undefined;
  objects: ObjectsReport | undefined;
  unusable: Unusable[];
  failures: Unusable[];
}

export interface PackedPageMap {
  head: PageMapHead;
  strings: string[];
  owners: OwnerLists;
  stages: Partial<Record<Stage, PackedStage>>;
}

/** What arrived is not a page map; `message` says where it goes wrong. */
export class BadPageMap extends Error {
  override readonly name = 'BadPageMap';
}
