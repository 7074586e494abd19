/**
 * The page map: the one document that the webview, `--json`, the HTML report and the tests read.
 *
 * A page is a 4 KiB-aligned page of guest memory touched by file-backed bytes of a PT_LOAD; bytes
 * of it that no segment backs are zero. Pages are compared by content over the whole set of
 * unikernels. All addresses and sizes are in bytes.
 */
export const PAGE_MAP_FORMAT = 'spacer-page-map';
export const PAGE_MAP_VERSION = 1;
export const PAGE_SIZE = 4096;

/** `total = zero + shared + unique`; `distinct` counts different contents among non-zero pages. */
export interface Totals {
  total: number;
  /** Pages whose bytes are all zero. */
  zero: number;
  /** Different contents among the non-zero pages. */
  distinct: number;
  /** Non-zero pages whose content occurs in two or more unikernels. */
  shared: number;
  /** All other non-zero pages. */
  unique: number;
}

/** The three states of a set that a page map can show. */
export type Stage = 'before' | 'predicted' | 'after';

export type PageKind = 'zero' | 'shared' | 'unique';

/** Names of the libraries that Spacer adds: stubs at common addresses, and tables, stubs and thunks. */
export const STUBS_LIBRARY = 'spacer-stubs';
export const TABLES_LIBRARY = 'spacer-aslr';

/** A run of bytes of one page that belongs to one owner. */
export interface PageOwner {
  /** Library (`libukboot`), application (`apphello`), or a name in brackets: `[fill]`, `[headers]`, `[linker]`, `[unknown]`. */
  library: string;
  /** Input section of the library's object, or the output section where none is known. */
  section: string;
  /** Bytes of this page that belong to the owner. */
  bytes: number;
  /** Names of the symbols that start in, or reach into, these bytes. At most 12. */
  symbols: string[];
}

export interface Page {
  /** Guest address of the first byte; a multiple of 4096. */
  address: number;
  kind: PageKind;
  /** Index into `contentClasses` of the stage; -1 for zero pages. */
  contentClass: number;
  writable: boolean;
  executable: boolean;
  owners: PageOwner[];
}

/** All pages that have one content. */
export interface ContentClass {
  /** Indices into `unikernels` of the unikernels that have such a page, ascending. */
  sharers: number[];
  /** How many pages of the set have this content. */
  pages: number;
}

export interface Segment {
  address: number;
  fileSize: number;
  memorySize: number;
  /** `r`, `w`, `x` or `-` at each place, as in `r-x`. */
  permissions: string;
}

/** The pages of one unikernel at one stage. */
export interface UnikernelPages {
  /** Path of the image measured; absent where the pages are predicted. */
  image?: string;
  totals: Totals;
  segments: Segment[];
  pages: Page[];
}

/** What was proven of an aligned image: it is the same program as the user's own. */
export interface Verification {
  counts: {
    /** Input sections, in either image, that are what their object's bytes become there. */
    atoms: number;
    /** Loaded bytes of the new image that are accounted for. */
    bytes: number;
    /** Relocated fields, in either image, that lead to the same symbol and addend. */
    references: number;
    /** Of these: through a stub, to a moved constant, to a merged string or into a split section. */
    followed: number;
    /** Unwind records of the same function and contents. */
    frames: number;
    /** Symbols that have the value of their place. */
    symbols: number;
    /** Tables whose entries stand in the same order. */
    tables: number;
    /** Program headers of the right place, size and permissions. */
    segments: number;
  };
  /** What could be neither proven nor refuted, in words; empty: all is proven. */
  unproven: string[];
  /** The bootable images that were compared. */
  images: Record<'before' | 'after', { path: string; sha256: string }>;
}

export interface UnikernelEntry {
  name: string;
  /** What was strange but kept nothing from being done, for people. */
  notes?: string[];
  before?: UnikernelPages;
  predicted?: UnikernelPages;
  after?: UnikernelPages;
  /** Given where the unikernel was linked again. */
  verification?: Verification;
}

/** A micro-library over the whole set. */
export interface LibraryEntry {
  name: string;
  /** Indices into `unikernels`. */
  unikernels: number[];
  /** In all unikernels of the set, in some, or in one only. */
  sharing: 'all' | 'some' | 'one';
  /** Different contents under this one name. */
  variants: number;
  /** Bytes of loaded sections, of the largest variant. */
  size: number;
}

/** A contiguous read-only range, the same in all images, that a loader can map from a pool. */
export interface PoolRange {
  start: number;
  end: number;
}

/** One object that serves several unikernels, because none of their programs changes by it. */
export interface UnifiedObject {
  library: string;
  /** The unikernel whose object it is. */
  from: string;
  /** Names of the unikernels that had another one. */
  to: string[];
}

/** A library whose objects differ and stay as they are. */
export interface ObjectVariants {
  library: string;
  /** Names of unikernels; each group has one object. */
  unikernels: string[][];
  /** In words: `.text differs in 3 of 8; vfs exports 4 symbols more`. */
  differs: string;
}

/** What `--copy_objs` did, and what it left alone. */
export interface ObjectsReport {
  unified: UnifiedObject[];
  variants: ObjectVariants[];
}

/** A part of all images that lies elsewhere in each. */
export interface AslrBlock {
  name: string;
  pages: number;
  /** Entropy of its position, in bits. */
  bits: number;
  /** Start address, by unikernel. */
  starts: Record<string, number>;
}

/** What address randomisation did. */
export interface AslrReport {
  /** What the positions derive from; absent where they are not random. */
  seed?: string;
  /** What the blocks lie in: address of its first page, and pages. */
  window: { start: number; pages: number };
  blocks: AslrBlock[];
  /** Entropy of the whole arrangement, in bits. */
  bits: number;
  /** Distinct pages more than the same layout without randomisation, as planned. */
  pagesSpent: number;
  /** Code that stays, and why, by slot. */
  kept: Record<string, string>;
  /** References over the set, by the way in which they were made independent of the positions. */
  references: {
    /** Go to a canonical stub: one jump more when they are called. */
    stubs: number;
    /** Calls and jumps that leave their block: one jump more. */
    farCalls: number;
    /** Encoded otherwise in place. */
    inPlace: number;
    /** Instructions carried out elsewhere in their block: two jumps more. */
    besideThunks: number;
    /** Instructions carried out in the fixed part: two jumps more, or three. */
    privateThunks: number;
    /** Pointers in data that differ in each unikernel. */
    left: number;
  };
}

/** Name of the domain of unikernels that no domain names. */
export const NO_DOMAIN = '[none]';

/** Unikernels that were laid out apart from all others. */
export interface DomainEntry {
  name: string;
  /** Indices into `unikernels`, ascending. */
  unikernels: number[];
}

export interface DomainsReport {
  domains: DomainEntry[];
  /** By stage: indices into `contentClasses` of contents that several domains have all the same. */
  common: Partial<Record<Stage, number[]>>;
}

export interface Unusable {
  name: string;
  path: string;
  /** A stable code such as `not-built`; the text says the same for people. */
  reason: string;
  message: string;
}

/** What no layout of the same atoms could go below. */
export interface Bound {
  /** Distinct non-zero pages. */
  pages: number;
  /** Distinct pages measured, or else predicted, for each of the bound. */
  ratio?: number;
  /** How it is computed, in a sentence. */
  how: string;
}

export interface PageMapDocument {
  format: typeof PAGE_MAP_FORMAT;
  version: typeof PAGE_MAP_VERSION;
  /** Version of Spacer that wrote the document. */
  spacer: string;
  /** Absolute path of the workspace, where there is one. */
  workspace?: string;
  pageSize: typeof PAGE_SIZE;
  /** Options that the alignment ran with, by their command-line names. */
  options?: Record<string, string | number | boolean>;
  /** The layout that was used, and why it was chosen. */
  layout?: { chosen: string; reason: string };
  /** Known where the set was planned as a whole. */
  bound?: Bound;
  unikernels: UnikernelEntry[];
  totals: Partial<Record<Stage, Totals>>;
  contentClasses: Partial<Record<Stage, ContentClass[]>>;
  libraries: LibraryEntry[];
  pool?: PoolRange;
  /** Given where addresses were randomised. */
  aslr?: AslrReport;
  /** Given where unikernels were to be kept apart. */
  domains?: DomainsReport;
  /** Given where objects were to be unified. */
  objects?: ObjectsReport;
  /** What cannot take part, each with its reason. */
  unusable: Unusable[];
  /** Unikernels that failed to align, each with its reason. */
  failures: Unusable[];
  /** Wall-clock milliseconds by pass. */
  timings?: Record<string, number>;
}
