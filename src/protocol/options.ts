/**
 * The options of an alignment, as the command line, the settings and the page map offer them.
 * Names on the command line are those of the original Spacer.
 */
export interface AlignOptions {
  /** Libraries are placed from this address on; absent: the link's own base. */
  location?: number;
  /** Page-align each library's text. */
  align: boolean | 'auto';
  /** Common libraries stand together without padding between them. */
  group: boolean | 'auto';
  /** What one slot holds; `auto`: the finest that the build allows. */
  granularity: Granularity;
  /** A shorthand for `align` and `group`, which count where they are given; `auto`: the best of all. */
  layout: LayoutChoice;
  /** Common and subset libraries' read-only pages form one contiguous pool range. */
  customLoader: boolean;
  /** Use one object of a library in all unikernels where that is provably the same program. */
  copyObjects: boolean;
  /** Relink; off: only write the scripts. */
  relink: boolean;
  /** Relink with the scripts already written. */
  relinkOnly: boolean;
  /** Suffix of the unikernels' names, so that several builds of one program stand side by side. */
  useId?: number;
  aslr: 0 | 1 | 2;
  aslrMap: boolean;
  aslrSameMapping: boolean;
  /** What the random positions derive from; absent: a new one. */
  seed?: string;
  /**
   * What moves together: each library, the libraries that the same unikernels have, or a number of
   * blocks; absent: all code is one block.
   */
  aslrBlocks?: 'library' | 'class' | number;
  /** Room that the blocks move in, in MiB; absent: enough for 13 bits. */
  aslrWindow?: number;
  /** Images to make of each unikernel, each with a layout of its own; absent: 1. */
  instances?: number;
  /** Unikernels by trust domain: those of different domains get no page in common. */
  domain?: Record<string, string[]>;
  /** Steps that the search for a layout may take; absent: a few seconds' worth. */
  effort?: number;
  /** Plan and predict, write nothing, link nothing. */
  dryRun: boolean;
}

export const GRANULARITIES = ['auto', 'library', 'unit', 'function'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const LAYOUTS = ['auto', 'align', 'group'] as const;
export type LayoutChoice = (typeof LAYOUTS)[number];

export const DEFAULT_OPTIONS: AlignOptions = {
  align: 'auto',
  group: 'auto',
  granularity: 'auto',
  layout: 'auto',
  customLoader: false,
  copyObjects: false,
  relink: true,
  relinkOnly: false,
  aslr: 0,
  aslrMap: true,
  aslrSameMapping: false,
  dryRun: false,
};

/** `align` and `group` as `layout` has them where they are not given themselves. */
export function paddingOf({ align, group, layout }: AlignOptions): {
  align: boolean | 'auto';
  group: boolean | 'auto';
} {
  if (layout === 'auto') return { align, group };
  return {
    align: align === 'auto' ? layout === 'align' : align,
    group: group === 'auto' ? layout === 'group' : group,
  };
}

/** MiB that give a block of some MiB more than 2^13 places, and fit a guest of 64 MiB. */
const WINDOW = 40;

/** Bytes of guest memory that blocks move in. */
export const windowOf = ({ aslrWindow }: Pick<AlignOptions, 'aslrWindow'>): number =>
  (aslrWindow ?? WINDOW) * 2 ** 20;
