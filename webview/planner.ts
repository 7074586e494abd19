/**
 * Turns changes of the options into predictions, and a plan into a relink. One request runs at a
 * time: a newer one cancels the older, and what comes too late is dropped.
 */
import type { AlignOptions } from '../src/protocol/options.ts';
import type { Host, HostProgress, PlanRequest } from './host.ts';
import { fromBuffer } from '../src/protocol/packed/buffer.ts';
import { buildModel, type PageMapModel } from './model/stage.ts';

export type PlannerStatus =
  | { kind: 'idle' }
  | { kind: 'predicting' }
  | { kind: 'relinking'; progress: HostProgress }
  | { kind: 'failed'; message: string };

/** A page map that arrived: a prediction, which may get better, or what was measured. */
export interface Arrival {
  model: PageMapModel;
  predicted: boolean;
  refining: boolean;
}

type WithGaps<T> = { [K in keyof T]: T[K] | undefined };
export type OptionChange = Partial<WithGaps<AlignOptions>>;

export interface PlannerHooks {
  arrived: (arrival: Arrival) => void;
  status: (status: PlannerStatus) => void;
}

export class Planner {
  #request: PlanRequest;
  #running: AbortController | undefined;
  #relinking = false;

  constructor(
    readonly host: Host,
    readonly hooks: PlannerHooks,
  ) {
    this.#request = withSeed(host.request);
    host.onPageMap((pages) => this.#accept(pages, false, false));
  }

  get request(): PlanRequest {
    return this.#request;
  }

  /** What is undefined is left to the engine. */
  setOptions(change: OptionChange): void {
    const options = { ...this.#request.options, ...change };
    if (options.aslr === 0) options.seed = undefined;
    // A seed of its own makes what is linked the same as what is shown.
    else options.seed ??= crypto.randomUUID();
    this.#request = { ...this.#request, options: defined(options) };
    void this.#predict();
  }

  /** Other positions, where those are random. */
  randomise(): void {
    if (this.#request.options.aslr === 2) this.setOptions({ seed: crypto.randomUUID() });
  }

  setUnikernels(unikernels: string[]): void {
    this.#request = { ...this.#request, unikernels };
    void this.#predict();
  }

  cancel(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#relinking = false;
    this.hooks.status({ kind: 'idle' });
  }

  async relink(): Promise<void> {
    const running = this.#start();
    this.#relinking = true;
    this.hooks.status({ kind: 'relinking', progress: { text: 'Starting' } });
    await this.#finish(running, async () => {
      const pages = await this.host.relink(this.#request, running.signal, (progress) => {
        if (this.#running === running) this.hooks.status({ kind: 'relinking', progress });
      });
      return () => this.#accept(pages, false, false);
    });
  }

  async #predict(): Promise<void> {
    if (!this.host.capabilities.predict.available || this.#relinking) return;
    const running = this.#start();
    this.hooks.status({ kind: 'predicting' });
    await this.#finish(running, async () => {
      const first = await this.host.predict(this.#request, running.signal, (better) => {
        if (!running.signal.aborted) this.#accept(better.pages, true, better.refining);
      });
      return () => this.#accept(first.pages, true, first.refining);
    });
  }

  #start(): AbortController {
    this.#running?.abort();
    this.#running = new AbortController();
    return this.#running;
  }

  /** Every request ends in a result, a message, or silence where a newer one took its place. */
  async #finish(running: AbortController, work: () => Promise<() => void>): Promise<void> {
    try {
      const accept = await work();
      if (this.#running !== running) return;
      this.#relinking = false;
      this.hooks.status({ kind: 'idle' });
      accept();
    } catch (error) {
      if (this.#running !== running) return;
      this.#relinking = false;
      this.hooks.status({ kind: 'failed', message: messageOf(error) });
    }
  }

  #accept(pages: ArrayBuffer, predicted: boolean, refining: boolean): void {
    try {
      this.hooks.arrived({ model: buildModel(fromBuffer(pages)), predicted, refining });
    } catch (error) {
      this.hooks.status({ kind: 'failed', message: messageOf(error) });
    }
  }
}

/** Without what is undefined: an option that is not there is the engine's to choose. */
function defined(options: WithGaps<AlignOptions>): AlignOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as AlignOptions;
}

/** Randomisation may be on in the settings already. */
function withSeed(request: PlanRequest): PlanRequest {
  const { options } = request;
  if (options.aslr === 0 || options.seed !== undefined) return request;
  return { ...request, options: { ...options, seed: crypto.randomUUID() } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
