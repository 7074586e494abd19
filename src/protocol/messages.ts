/**
 * What the page map and the extension say to each other. Page data cross as one buffer; names and
 * ids come back, never paths.
 */
import * as v from 'valibot';
import { GRANULARITIES, LAYOUTS, type AlignOptions } from './options.ts';
import { buffer, method } from './rpc.ts';

const MAX_UNIKERNELS = 20_000;
const MOST_BLOCKS = 10_000;
const MOST_MEBIBYTES = 2 ** 20;
const MOST_INSTANCES = 1000;
const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096));
const names = v.pipe(v.array(name), v.maxLength(MAX_UNIKERNELS));
const text = v.pipe(v.string(), v.maxLength(65_536));
const address = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const threeWays = v.union([v.boolean(), v.literal('auto')]);
const nothing = v.null();
const blocks = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_BLOCKS));
const mebibytes = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_MEBIBYTES));
const instances = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_INSTANCES));

const alignOptions = v.strictObject({
  location: v.exactOptional(address),
  align: threeWays,
  group: threeWays,
  granularity: v.picklist(GRANULARITIES),
  layout: v.picklist(LAYOUTS),
  customLoader: v.boolean(),
  copyObjects: v.boolean(),
  relink: v.boolean(),
  relinkOnly: v.boolean(),
  useId: v.exactOptional(address),
  aslr: v.picklist([0, 1, 2]),
  aslrMap: v.boolean(),
  aslrSameMapping: v.boolean(),
  seed: v.exactOptional(name),
  aslrBlocks: v.exactOptional(v.union([v.picklist(['library', 'class']), blocks])),
  aslrWindow: v.exactOptional(mebibytes),
  instances: v.exactOptional(instances),
  domain: v.exactOptional(v.record(name, names)),
  effort: v.exactOptional(address),
  dryRun: v.boolean(),
}) satisfies v.GenericSchema<unknown, AlignOptions>;

export const planRequest = v.strictObject({ options: alignOptions, unikernels: names });
export type PlanRequest = v.InferOutput<typeof planRequest>;

const availability = v.union([
  v.strictObject({ available: v.literal(true) }),
  v.strictObject({ available: v.literal(false), reason: text }),
]);
export type Availability = v.InferOutput<typeof availability>;

const capabilities = v.strictObject({
  options: v.record(v.string(), availability),
  predict: availability,
  relink: availability,
  reveal: availability,
});

/** All that a page needs to show itself. */
const initialState = v.strictObject({
  title: text,
  request: planRequest,
  candidates: names,
  capabilities,
  pages: buffer,
  /** A prediction is worth asking for at once: nothing was aligned yet. */
  predictFirst: v.boolean(),
  /** What to search for at first. */
  query: v.exactOptional(text),
  /** The unikernel to move to at first. */
  focus: v.exactOptional(name),
});
export type InitialState = v.InferOutput<typeof initialState>;

const prediction = v.strictObject({ pages: buffer, refining: v.boolean() });
const progress = v.strictObject({
  text,
  done: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
});
export type Progress = v.InferOutput<typeof progress>;
const pages = v.strictObject({ pages: buffer });

/** Commands of the page that can be run; the others only change what the page shows. */
export const RUNNABLE = ['showLog', 'exportReport', 'manageTrust'] as const;

/** What the page asks of the extension. */
export const HOST_METHODS = {
  hello: method(v.strictObject({}), initialState, progress),
  predict: method(planRequest, prediction, prediction),
  relink: method(planRequest, pages, progress),
  reveal: method(v.strictObject({ unikernel: name }), nothing),
  run: method(v.strictObject({ command: v.picklist(RUNNABLE) }), nothing),
  /** Something went wrong in the page: the log is to say so. */
  failed: method(v.strictObject({ message: text }), nothing),
};

/** What each action of the page is called, so that commands can ask for it. */
export const PAGE_ACTIONS = [
  'zoomIn',
  'zoomOut',
  'fit',
  'find',
  'table',
  'relink',
  'showBefore',
  'showPredicted',
  'showAfter',
  'showSplit',
  'compare',
  'randomise',
] as const;
export type PageAction = (typeof PAGE_ACTIONS)[number];

/**
 * Why a page says hello again: its plan is kept where images changed, and gives way to what the
 * user chose elsewhere, in the settings or in the tree.
 */
export const CHANGES = ['images', 'options', 'unikernels'] as const;
export type Change = (typeof CHANGES)[number];

/** What the extension asks of the page. */
export const PAGE_METHODS = {
  /** Another page map, for example after a build. */
  pageMap: method(pages, nothing),
  /** What can take part or be done has changed: the page says hello again. */
  restart: method(v.strictObject({ changed: v.picklist(CHANGES) }), nothing),
  action: method(v.strictObject({ action: v.picklist(PAGE_ACTIONS) }), nothing),
  /** Shows the pages that a search finds: a library, a symbol or an address. */
  search: method(v.strictObject({ query: text }), nothing),
  /** Moves to the first page of a unikernel. */
  focus: method(v.strictObject({ unikernel: name }), nothing),
};
