/**
 * What stands behind the page. In VS Code a host plans and relinks; a report that stands alone has
 * none, and then the page shows no controls for it. The page knows this interface only: messages
 * of the extension, or a fake in a test, implement it.
 */
import type { AlignOptions } from '../src/protocol/options.ts';

/** The options that the page offers. */
export type OptionName = Exclude<keyof AlignOptions, 'relink' | 'relinkOnly' | 'dryRun' | 'useId'>;

/** Whether a control works, or why it does not. */
export type Availability = { available: true } | { available: false; reason: string };

export interface HostCapabilities {
  /** Options that are not listed are available. */
  options: Partial<Record<OptionName, Availability>>;
  predict: Availability;
  relink: Availability;
  reveal: Availability;
}

export interface PlanRequest {
  options: AlignOptions;
  /** Names of the unikernels that take part. */
  unikernels: string[];
}

export interface HostProgress {
  /** What is being done, in words. */
  text: string;
  /** 0 to 1; absent where nobody knows. */
  done?: number;
}

/**
 * A prediction comes at once; a better one may follow while a search goes on. Its page map has the
 * stage `predicted`; it may keep the stage `after` of an older link for comparison.
 */
export interface Prediction {
  /** Packed columns. */
  pages: ArrayBuffer;
  refining: boolean;
}

export interface SavedView {
  view: string;
  filter: string[];
  query: string;
  instances: number;
  written: boolean;
  /** Zoom and place of the map. */
  zoom: { k: number; x: number; scroll: number };
  pinned: { stage: string; unikernel: string; address: number } | undefined;
}

export interface Host {
  readonly capabilities: HostCapabilities;
  /** What the plan was made with when the page opened. */
  readonly request: PlanRequest;
  /** Unikernels that could take part. */
  readonly candidates: readonly string[];
  /** Plans without linking; `refined` is called with each better prediction. */
  predict(
    request: PlanRequest,
    signal: AbortSignal,
    refined: (prediction: Prediction) => void,
  ): Promise<Prediction>;
  /** Makes the plan real; resolves to the measured page map. */
  relink(
    request: PlanRequest,
    signal: AbortSignal,
    progress: (progress: HostProgress) => void,
  ): Promise<ArrayBuffer>;
  /** Shows the image of a unikernel in the workspace. */
  reveal(unikernel: string): Promise<void>;
  /** Calls back when the host has another page map, for example after a build. */
  onPageMap(listener: (pages: ArrayBuffer) => void): void;
  load(): SavedView | undefined;
  save(view: SavedView): void;
}
