import { SpacerError } from './errors.ts';

export type Phase =
  'discover' | 'read' | 'plan' | 'predict' | 'write' | 'link' | 'measure' | 'report';

/** What a host shows while an alignment runs. */
export interface ProgressEvent {
  readonly phase: Phase;
  /** Set where the event is about one unikernel. */
  readonly unikernel?: string;
  /** Share of the whole work done, 0 to 1. */
  readonly done: number;
}

/**
 * Share of the wall time that each phase takes on real builds, measured. They sum to 1 without
 * `predict`, which is a part of `link` unless nothing is linked.
 */
const WEIGHTS: Readonly<Record<Phase, number>> = {
  discover: 0.03,
  read: 0.2,
  plan: 0.15,
  predict: 0.1,
  write: 0.07,
  link: 0.45,
  measure: 0.08,
  report: 0.02,
};

/** Runs the passes of one alignment: measures them, reports them, and ends between them when asked. */
export class PassRunner {
  /** Wall-clock milliseconds by phase. */
  readonly timings: Record<string, number> = {};
  private before = 0;

  constructor(
    private readonly onProgress: ((event: ProgressEvent) => void) | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Runs one pass.
   * @throws SpacerError `cancelled`, and whatever the pass throws
   */
  async run<T>(phase: Phase, pass: (step: Step) => T | Promise<T>): Promise<T> {
    this.check();
    this.onProgress?.({ phase, done: this.before });
    const start = performance.now();
    let steps = 0;
    const result = await pass((unikernel, of) => {
      this.check();
      steps++;
      this.onProgress?.({ phase, unikernel, done: this.before + (WEIGHTS[phase] * steps) / of });
    });
    this.timings[phase] = Math.round(performance.now() - start);
    this.before += WEIGHTS[phase];
    return result;
  }

  private check(): void {
    if (this.signal?.aborted) throw new SpacerError('cancelled', 'Cancelled.');
  }
}

/** Says that a pass has done its part for one of `of` unikernels. */
export type Step = (unikernel: string, of: number) => void;
