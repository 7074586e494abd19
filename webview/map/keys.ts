/** The keyboard on the map: which page a key leads to. */
import type { Stage } from '../../src/protocol/page-map.ts';
import {
  equalPages,
  lowerBound,
  nearestPage,
  pageAt,
  rowOf,
  unikernelOf,
  type PageMapModel,
  type StageModel,
} from '../model/stage.ts';
import type { PageRef } from '../state.ts';

export interface KeyContext {
  model: PageMapModel;
  stages: readonly Stage[];
  cursor: PageRef | undefined;
  mask: (stage: StageModel) => Uint8Array | undefined;
}

type Step = (context: KeyContext, stage: StageModel, page: number) => PageRef | undefined;

const STEPS: Record<string, Step> = {
  ArrowRight: (context, stage, page) => beside(context, stage, page, 1),
  ArrowLeft: (context, stage, page) => beside(context, stage, page, -1),
  ArrowDown: (context, stage, page) => sameAddress(context, stage, page, 1),
  ArrowUp: (context, stage, page) => sameAddress(context, stage, page, -1),
  PageDown: (context, stage, page) => otherBand(context, stage, page, 1),
  PageUp: (context, stage, page) => otherBand(context, stage, page, -1),
  Home: (context, stage, page) => endOfBand(context, stage, page, 1),
  End: (context, stage, page) => endOfBand(context, stage, page, -1),
  e: (_, stage, page) => nextEqual(stage, page, 1),
  E: (_, stage, page) => nextEqual(stage, page, -1),
};

/** The page that a key moves to; nothing where the key moves nowhere. */
export function moveByKey(key: string, context: KeyContext): PageRef | undefined {
  const step = STEPS[key];
  if (!step) return undefined;
  const stage = context.cursor && context.model.stages[context.cursor.stage];
  if (!context.cursor || !stage) return firstPage(context);
  return step(context, stage, context.cursor.page);
}

export function isMoveKey(key: string): boolean {
  return key in STEPS;
}

/** The first page that is not left aside. */
export function firstPage(context: KeyContext): PageRef | undefined {
  for (const name of context.stages) {
    const stage = context.model.stages[name];
    if (!stage || stage.pages === 0) continue;
    const mask = context.mask(stage);
    const page = mask ? mask.indexOf(0) : 0;
    if (page >= 0) return { stage: name, page };
  }
  return undefined;
}

/** The next page of the band that is not left aside. */
function beside(context: KeyContext, stage: StageModel, page: number, by: 1 | -1) {
  const { from, to } = rowOf(stage, unikernelOf(stage, page));
  const mask = context.mask(stage);
  for (let at = page + by; at >= from && at < to; at += by) {
    if (!mask || mask[at] === 0) return { stage: stage.stage, page: at };
  }
  return undefined;
}

/** The next band, above or below, that has a page at this address; else just the next band. */
function sameAddress(context: KeyContext, stage: StageModel, page: number, by: 1 | -1) {
  const column = stage.column[page] ?? 0;
  let at: Band | undefined = { stage, unikernel: unikernelOf(stage, page) };
  for (at = nextBand(context, at, by); at; at = nextBand(context, at, by)) {
    const found = pageAt(at.stage, at.unikernel, column);
    if (found !== undefined) return { stage: at.stage.stage, page: found };
  }
  return otherBand(context, stage, page, by);
}

/** The nearest page of the next band that has pages. */
function otherBand(context: KeyContext, stage: StageModel, page: number, by: 1 | -1) {
  const column = stage.column[page] ?? 0;
  let at: Band | undefined = { stage, unikernel: unikernelOf(stage, page) };
  for (at = nextBand(context, at, by); at; at = nextBand(context, at, by)) {
    const found = nearestPage(at.stage, at.unikernel, column);
    if (found !== undefined) return { stage: at.stage.stage, page: found };
  }
  return undefined;
}

interface Band {
  stage: StageModel;
  unikernel: number;
}

/** Bands go on from one group to the next. */
function nextBand({ model, stages }: KeyContext, band: Band, by: 1 | -1): Band | undefined {
  const unikernel = band.unikernel + by;
  if (unikernel >= 0 && unikernel < model.unikernels) return { stage: band.stage, unikernel };
  const name = stages[stages.indexOf(band.stage.stage) + by];
  const stage = name && model.stages[name];
  return stage && { stage, unikernel: by > 0 ? 0 : model.unikernels - 1 };
}

function endOfBand(context: KeyContext, stage: StageModel, page: number, by: 1 | -1) {
  const { from, to } = rowOf(stage, unikernelOf(stage, page));
  const mask = context.mask(stage);
  for (let at = by > 0 ? from : to - 1; at >= from && at < to; at += by) {
    if (!mask || mask[at] === 0) return { stage: stage.stage, page: at };
  }
  return undefined;
}

function nextEqual(stage: StageModel, page: number, by: 1 | -1): PageRef | undefined {
  const equals = equalPages(stage, page);
  if (equals.length < 2) return undefined;
  const at = lowerBound(equals, page, 0, equals.length);
  const next = equals[(at + by + equals.length) % equals.length];
  return next === undefined ? undefined : { stage: stage.stage, page: next };
}
