/** What the extension asks of its engine, which runs in threads of its own. */
import * as v from 'valibot';
import type { Explanation } from '../../engine/advice/explain.ts';
import type {
  LibraryEntry,
  Stage,
  Totals,
  Unusable,
  Verification,
} from '../../protocol/page-map.ts';
import { planRequest } from '../../protocol/messages.ts';
import { buffer, method } from '../../protocol/rpc.ts';

/** Both ends are of one build: what crosses is typed, and only its form is checked. */
const shape = <T>() => v.custom<T>((value) => typeof value === 'object', 'an object is expected');
const text = v.string();
const nothing = v.null();

/** A unikernel that was found, as the tree shows it. */
export interface FoundUnikernel {
  readonly name: string;
  readonly kind: 'classic' | 'kraft';
  readonly directory: string;
  readonly image: string;
  /** The linker script of the image. */
  readonly script: string;
  readonly notes: readonly string[];
  /** Milliseconds since 1970 at which the image was made. */
  readonly built: number;
}

export interface Found {
  readonly unikernels: readonly FoundUnikernel[];
  readonly unusable: readonly Unusable[];
  /** Tools that a relink needs and that are not installed. */
  readonly missingTools: readonly string[];
  /** There is a lock in the workspace, and alignments follow it. */
  readonly locked: boolean;
}

export interface UnikernelSummary {
  readonly name: string;
  readonly totals: Partial<Record<Stage, Totals>>;
  /** The aligned image, where there is one. */
  readonly alignedImage?: string;
  /** Address of the first byte of each library, after the alignment or else before. */
  readonly addresses: Readonly<Record<string, number>>;
  /** What was proven of the aligned image. */
  readonly verification?: Verification;
  /** Given where it was kept apart from others: how many of its pages other domains have too. */
  readonly domain?: { readonly name: string; readonly inSeveral: number };
}

/** Everything of a page map but its pages. */
export interface Summary {
  readonly unikernels: readonly UnikernelSummary[];
  readonly totals: Partial<Record<Stage, Totals>>;
  readonly libraries: readonly LibraryEntry[];
  readonly unusable: readonly Unusable[];
  readonly failures: readonly Unusable[];
}

export interface Tools {
  readonly allow?: readonly string[];
  readonly paths?: Readonly<Record<string, string>>;
}

export const EXPORT_FORMS = ['html', 'json', 'csv', 'svg'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

const progress = v.object({
  phase: v.string(),
  unikernel: v.optional(v.string()),
  done: v.number(),
});
export type EngineProgress = v.InferOutput<typeof progress>;

const place = { workspace: text, output: text, tools: v.nullable(shape<Tools>()) };
export type Place = { workspace: string; output: string; tools: Tools | null };
const view = v.object({ pages: buffer, summary: shape<Summary>() });
export type View = v.InferOutput<typeof view>;
const prediction = v.object({
  pages: buffer,
  totals: shape<Partial<Record<Stage, Totals>>>(),
  refining: v.boolean(),
});
export type Prediction = v.InferOutput<typeof prediction>;

/** How a unikernel stands to the lock. */
export interface LockRow {
  readonly name: string;
  readonly state: 'same' | 'changed' | 'new' | 'absent';
}

export interface LockOutcome {
  readonly file: string;
  readonly state: 'created' | 'changed' | 'same';
  readonly slots: number;
  readonly rows: readonly LockRow[];
  readonly failures: readonly Unusable[];
}

export interface CheckOutcome {
  readonly file: string;
  readonly rows: readonly LockRow[];
  /** Of the pages that an alignment by the lock would give. */
  readonly totals: Totals | undefined;
  readonly failures: readonly Unusable[];
}

export interface RelayoutOutcome {
  readonly file: string;
  /** By the lock as it is, and by a fresh layout. */
  readonly before: Totals | undefined;
  readonly after: Totals | undefined;
  /** Names of the unikernels whose images a fresh layout changes. */
  readonly relink: readonly string[];
  /** Names of those that the lock has and the workspace has not. */
  readonly absent: readonly string[];
  readonly written: boolean;
}

const planned = { ...place, request: planRequest, jobs: v.number() };

export const ENGINE_METHODS = {
  /** Looks for unikernels; reads no object. */
  discover: method(v.object({ workspace: text, tools: place.tools }), shape<Found>()),
  /** Reads the workspace and the result of its last alignment. */
  open: method(v.object(place), view, progress),
  /** Forgets what was read, because a build changed it. */
  forget: method(v.object({ workspace: text }), nothing),
  /** The first prediction comes as an update where it can come at once. */
  predict: method(v.object({ ...place, request: planRequest }), prediction, prediction),
  align: method(v.object(planned), view, progress),
  lock: method(v.object(planned), shape<LockOutcome>(), progress),
  check: method(v.object(planned), shape<CheckOutcome>(), progress),
  relayout: method(
    v.object({ ...planned, write: v.boolean() }),
    shape<RelayoutOutcome>(),
    progress,
  ),
  /** What keeps the unikernels from sharing more. */
  explain: method(v.object(planned), shape<Explanation>(), progress),
  /** Reads a report that stands alone. */
  load: method(v.object({ file: text }), view),
  export: method(v.object({ from: text, form: v.picklist(EXPORT_FORMS), to: text }), nothing),
};
