import type { AlignOptions } from '../protocol/options.ts';
import type { PageMapDocument } from '../protocol/page-map.ts';

export type Phase =
  | 'discover'
  | 'read'
  | 'identify'
  | 'plan'
  | 'prepare'
  | 'script'
  | 'link'
  | 'measure'
  | 'report';

/** What a host shows while an alignment runs. */
export interface ProgressEvent {
  phase: Phase;
  /** Set where the event is about one unikernel. */
  unikernel?: string;
  /** Share of the whole work done, 0 to 1. */
  done: number;
}

export interface AlignRequest {
  /** Root of the workspace. */
  workspace: string;
  /** Names of the unikernels to align; absent: all that are found. */
  unikernels?: readonly string[];
  options: AlignOptions;
  /** Where outputs go; absent: `.spacer` in the workspace. */
  output?: string;
  /** Links that run at once; absent: the number of cores. */
  jobs?: number;
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** Aligns a workspace and returns the page map of before, predicted and after. */
export type Align = (request: AlignRequest) => Promise<PageMapDocument>;
