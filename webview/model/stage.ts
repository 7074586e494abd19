import type { Stage } from '../../src/protocol/page-map.ts';
import { buildAxis, columnOf, type AddressAxis } from './address-axis.ts';
import {
  INDIRECTION,
  KIND_MASK,
  SHARED,
  STAGES,
  UNIQUE,
  WRITABLE,
  type PackedPageMap,
  type PackedStage,
} from '../../src/protocol/packed/columns.ts';

/** Categories of pages, in the order in which they stand in the legend and in a stack. */
export const CATEGORY = {
  zero: 0,
  unique: 1,
  /** Shared by few; the three that follow are shared by more and more. */
  some: 2,
  all: 6,
} as const;
export const SHARING_GRADES = 4;
export const CATEGORIES = 7;

export interface CategoryCounts {
  all: number;
  some: number;
  unique: number;
  zero: number;
  writable: number;
  /** Pages that hold stubs or tables that Spacer added. */
  indirection: number;
}

/** One stage, with what is derived from the document for drawing and for questions. */
export interface StageModel {
  readonly stage: Stage;
  readonly packed: PackedStage;
  readonly pages: number;
  /** Number of unikernels that have pages at this stage. */
  readonly present: number;
  /** Column of each page on the address axis. */
  readonly column: Uint32Array;
  readonly category: Uint8Array;
  readonly counts: CategoryCounts;
  /** Pages by content: those of class `c` are `equals[equalStart[c]]` and on; zero pages last. */
  readonly equalStart: Uint32Array;
  readonly equals: Uint32Array;
}

export interface PageMapModel {
  readonly map: PackedPageMap;
  readonly axis: AddressAxis;
  readonly stages: Partial<Record<Stage, StageModel>>;
  readonly unikernels: number;
}

export function buildModel(map: PackedPageMap): PageMapModel {
  const present = STAGES.flatMap((stage) => map.stages[stage] ?? []);
  const axis = buildAxis(present.map((packed) => packed.pageNumber));
  const stages: Partial<Record<Stage, StageModel>> = {};
  for (const stage of STAGES) {
    const packed = map.stages[stage];
    if (packed) stages[stage] = buildStage(stage, packed, axis);
  }
  return { map, axis, stages, unikernels: map.head.unikernels.length };
}

function buildStage(stage: Stage, packed: PackedStage, axis: AddressAxis): StageModel {
  const pages = packed.pageNumber.length;
  const present = countPresent(packed.rowStart);
  const category = categorise(packed, present);
  return {
    stage,
    packed,
    pages,
    present,
    column: columnsOf(packed, axis),
    category,
    counts: countCategories(category, packed.flags),
    ...groupEquals(packed),
  };
}

function countPresent(rowStart: Uint32Array): number {
  let present = 0;
  for (let u = 1; u < rowStart.length; u += 1) {
    if ((rowStart[u] ?? 0) > (rowStart[u - 1] ?? 0)) present += 1;
  }
  return present;
}

/** Neighbouring pages mostly follow each other, so the run is looked up only after a jump. */
function columnsOf(packed: PackedStage, axis: AddressAxis): Uint32Array {
  const { pageNumber } = packed;
  const columns = new Uint32Array(pageNumber.length);
  let previous = -2;
  let column = 0;
  for (let i = 0; i < pageNumber.length; i += 1) {
    const page = pageNumber[i] ?? 0;
    column = page === previous + 1 ? column + 1 : columnOf(axis, page);
    columns[i] = column;
    previous = page;
  }
  return columns;
}

/** Category of a shared page by its number of sharers, out of `present` unikernels. */
export function sharedCategory(sharers: number, present: number): number {
  if (sharers >= present) return CATEGORY.all;
  const place = present > 3 ? (sharers - 2) / (present - 2) : 0;
  return CATEGORY.some + Math.min(SHARING_GRADES - 1, Math.floor(place * SHARING_GRADES));
}

function categorise(packed: PackedStage, present: number): Uint8Array {
  const { flags, contentClass, sharerStart } = packed;
  const ofClass = new Uint8Array(packed.classPages.length);
  for (let c = 0; c < ofClass.length; c += 1) {
    ofClass[c] = sharedCategory((sharerStart[c + 1] ?? 0) - (sharerStart[c] ?? 0), present);
  }
  const category = new Uint8Array(flags.length);
  for (let i = 0; i < flags.length; i += 1) {
    const kind = (flags[i] ?? 0) & KIND_MASK;
    if (kind === UNIQUE) category[i] = CATEGORY.unique;
    else if (kind === SHARED) category[i] = ofClass[contentClass[i] ?? 0] ?? CATEGORY.some;
  }
  return category;
}

function countCategories(category: Uint8Array, flags: Uint8Array): CategoryCounts {
  const each = new Uint32Array(CATEGORIES);
  let writable = 0;
  let indirection = 0;
  for (let i = 0; i < category.length; i += 1) {
    const c = category[i] ?? 0;
    each[c] = (each[c] ?? 0) + 1;
    if ((flags[i] ?? 0) & WRITABLE) writable += 1;
    if ((flags[i] ?? 0) & INDIRECTION) indirection += 1;
  }
  const some = each.subarray(CATEGORY.some, CATEGORY.all).reduce((a, b) => a + b, 0);
  return {
    all: each[CATEGORY.all] ?? 0,
    some,
    unique: each[CATEGORY.unique] ?? 0,
    zero: each[CATEGORY.zero] ?? 0,
    writable,
    indirection,
  };
}

/** A counting sort of the pages by content class; zero pages form one more class at the end. */
function groupEquals(packed: PackedStage): Pick<StageModel, 'equalStart' | 'equals'> {
  const { contentClass } = packed;
  const classes = packed.classPages.length;
  const equalStart = new Uint32Array(classes + 2);
  const slot = (page: number): number => {
    const c = contentClass[page] ?? -1;
    return c < 0 ? classes : c;
  };
  for (let i = 0; i < contentClass.length; i += 1) {
    const s = slot(i) + 1;
    equalStart[s] = (equalStart[s] ?? 0) + 1;
  }
  for (let s = 1; s < equalStart.length; s += 1) {
    equalStart[s] = (equalStart[s] ?? 0) + (equalStart[s - 1] ?? 0);
  }
  const next = equalStart.slice();
  const equals = new Uint32Array(contentClass.length);
  for (let i = 0; i < contentClass.length; i += 1) {
    const s = slot(i);
    const at = next[s] ?? 0;
    equals[at] = i;
    next[s] = at + 1;
  }
  return { equalStart, equals };
}

/** All pages of the stage with the content of this one, itself included, ascending. */
export function equalPages(model: StageModel, page: number): Uint32Array {
  const c = model.packed.contentClass[page] ?? -1;
  const slot = c < 0 ? model.packed.classPages.length : c;
  return model.equals.subarray(model.equalStart[slot], model.equalStart[slot + 1]);
}

/** The unikernel that a page belongs to. */
export function unikernelOf(model: StageModel, page: number): number {
  const { rowStart } = model.packed;
  return lowerBound(rowStart, page + 1, 0, rowStart.length) - 1;
}

/** First index in `[from, to)` whose value is not below `value`. */
export function lowerBound(values: Uint32Array, value: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The page of a unikernel at a column, or the next within `reach` columns to its right. */
export function pageAt(
  model: StageModel,
  unikernel: number,
  column: number,
  reach = 0,
): number | undefined {
  const { from, to } = rowOf(model, unikernel);
  const first = Math.floor(column);
  const at = lowerBound(model.column, first, from, to);
  const end = Math.max(first + 1, column + reach);
  return at < to && (model.column[at] ?? 0) < end ? at : undefined;
}

/** The page of a unikernel whose column is nearest. */
export function nearestPage(
  model: StageModel,
  unikernel: number,
  column: number,
): number | undefined {
  const { from, to } = rowOf(model, unikernel);
  if (from === to) return undefined;
  const at = lowerBound(model.column, column, from, to);
  if (at === to) return to - 1;
  if (at === from) return from;
  const right = (model.column[at] ?? 0) - column;
  const left = column - (model.column[at - 1] ?? 0);
  return left < right ? at - 1 : at;
}

export function rowOf(model: StageModel, unikernel: number): { from: number; to: number } {
  const { rowStart } = model.packed;
  return { from: rowStart[unikernel] ?? 0, to: rowStart[unikernel + 1] ?? 0 };
}
