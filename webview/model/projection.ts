/**
 * What a host would need for N instances of each unikernel.
 *
 * Instances of one image start with equal pages, so a content that N instances of S unikernels
 * have takes one page where pages are shared, and N times its occurrences where they are not. Zero
 * pages are one content. A writable page stops being equal once an instance writes to it: where
 * that is assumed, each instance keeps its own copy of every writable page.
 */
import { PAGE_SIZE, type Stage } from '../../src/protocol/page-map.ts';
import { KIND_MASK, WRITABLE, ZERO } from '../../src/protocol/packed/columns.ts';
import type { PageMapModel, StageModel } from './stage.ts';

export interface StagePages {
  /** All pages of the set, zero pages included. */
  total: number;
  /** Different contents among all pages, zero being one. */
  contents: number;
  /** Different contents among the read-only pages, zero being one. */
  readOnlyContents: number;
  writable: number;
}

export interface Projection {
  /** Bytes on the host. */
  withoutSharing: number | undefined;
  before: number | undefined;
  after: number | undefined;
}

export function countPages(model: StageModel): StagePages {
  const { flags, contentClass, classPages } = model.packed;
  const seen = new Uint8Array(classPages.length + 1);
  let writable = 0;
  for (let i = 0; i < flags.length; i += 1) {
    const flag = flags[i] ?? 0;
    const slot = (flag & KIND_MASK) === ZERO ? classPages.length : (contentClass[i] ?? 0);
    const isWritable = (flag & WRITABLE) !== 0;
    if (isWritable) writable += 1;
    seen[slot] = (seen[slot] ?? 0) | (isWritable ? 1 : 2);
  }
  let contents = 0;
  let readOnlyContents = 0;
  for (const mark of seen) {
    if (mark !== 0) contents += 1;
    if (mark & 2) readOnlyContents += 1;
  }
  return { total: model.pages, contents, readOnlyContents, writable };
}

/** Bytes for `instances` of each unikernel on a host that keeps equal pages once. */
export function sharedBytes(pages: StagePages, instances: number, written: boolean): number {
  if (!written) return pages.contents * PAGE_SIZE;
  return (pages.readOnlyContents + pages.writable * instances) * PAGE_SIZE;
}

/** Bytes on a host where each instance has all its pages for itself. */
export function privateBytes(pages: StagePages, instances: number): number {
  return pages.total * instances * PAGE_SIZE;
}

export function project(
  stages: Partial<Record<Stage, StagePages>>,
  latest: Stage,
  instances: number,
  written: boolean,
): Projection {
  const first = stages.before ?? stages[latest];
  const last = latest === 'before' ? undefined : stages[latest];
  return {
    withoutSharing: first && privateBytes(first, instances),
    before: stages.before && sharedBytes(stages.before, instances, written),
    after: last && sharedBytes(last, instances, written),
  };
}

export function countAll(model: PageMapModel): Partial<Record<Stage, StagePages>> {
  const counted: Partial<Record<Stage, StagePages>> = {};
  for (const stage of Object.values(model.stages)) counted[stage.stage] = countPages(stage);
  return counted;
}
