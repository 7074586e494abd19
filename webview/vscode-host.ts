/** The host of a page that stands in VS Code: the extension, at the other end of the messages. */
import * as v from 'valibot';
import {
  HOST_METHODS,
  PAGE_METHODS,
  planRequest,
  type Change,
  type InitialState,
} from '../src/protocol/messages.ts';
import { Peer, type Channel, type Handlers } from '../src/protocol/rpc.ts';
import type {
  Host,
  HostCapabilities,
  HostProgress,
  PlanRequest,
  Prediction,
  SavedView,
} from './host.ts';

/** What VS Code gives to a page, once. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

export type Extension = Peer<typeof PAGE_METHODS, typeof HOST_METHODS>;

/** Only what comes from VS Code's own frame is listened to: no other window can speak to the page. */
export function connect(
  api: VsCodeApi,
  handlers: Handlers<typeof PAGE_METHODS>,
  problem: (text: string) => void,
): Extension {
  const channel: Channel = {
    post: (message) => api.postMessage(message),
    listen: (listener) =>
      window.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (event.origin === window.origin) listener(event.data);
      }),
  };
  return new Peer(channel, { serves: PAGE_METHODS, handlers, calls: HOST_METHODS, problem });
}

const savedView = v.object({
  view: v.string(),
  filter: v.array(v.string()),
  query: v.string(),
  instances: v.number(),
  written: v.boolean(),
  zoom: v.object({ k: v.number(), x: v.number(), scroll: v.number() }),
  pinned: v.optional(v.object({ stage: v.string(), unikernel: v.string(), address: v.number() })),
});

/** What VS Code keeps for a page while there is none: the view, and the flags as they stand. */
const { options, unikernels } = planRequest.entries;
const savedState = v.object({
  view: v.optional(savedView),
  options: v.optional(options),
  unikernels: v.optional(unikernels),
});
type SavedState = v.InferOutput<typeof savedState>;

function savedBy(api: VsCodeApi): SavedState {
  const parsed = v.safeParse(savedState, api.getState());
  return parsed.success ? parsed.output : {};
}

/** Drops what the user has chosen anew elsewhere. */
export function forget(api: VsCodeApi, changed: Change): void {
  if (changed === 'images') return;
  api.setState({ ...savedBy(api), [changed]: undefined });
}

export class VsCodeHost implements Host {
  readonly capabilities: HostCapabilities;
  readonly request: PlanRequest;
  readonly candidates: readonly string[];
  #listener: ((pages: ArrayBuffer) => void) | undefined;
  #left = false;
  #state: SavedState;
  /** Flags were toggled before the page was left, and nothing was linked with them. */
  readonly hasPlan: boolean;

  constructor(
    private readonly extension: Extension,
    private readonly api: VsCodeApi,
    state: InitialState,
  ) {
    this.capabilities = state.capabilities;
    this.candidates = state.candidates;
    this.#state = savedBy(api);
    const saved = this.#state;
    const known = saved.unikernels?.filter((name) => state.candidates.includes(name)) ?? [];
    this.hasPlan = saved.options !== undefined || known.length > 0;
    this.request = {
      options: saved.options ?? state.request.options,
      unikernels: known.length > 0 ? known : state.request.unikernels,
    };
  }

  /** Resolves to the first prediction; a better one comes through `refined`. */
  predict(
    request: PlanRequest,
    signal: AbortSignal,
    refined: (prediction: Prediction) => void,
  ): Promise<Prediction> {
    this.#keep(request);
    return new Promise((resolve, reject) => {
      let first: Prediction | undefined;
      const arrived = (prediction: Prediction): void => {
        if (first) refined(prediction);
        else resolve((first = prediction));
      };
      this.extension
        .call('predict', request, { signal, onUpdate: arrived })
        .then(arrived, (error: Error) => {
          // The first prediction stays; nothing better is to come.
          if (first && !signal.aborted) refined({ ...first, refining: false });
          reject(error);
        });
    });
  }

  async relink(
    request: PlanRequest,
    signal: AbortSignal,
    progress: (progress: HostProgress) => void,
  ): Promise<ArrayBuffer> {
    this.#keep(request);
    const { pages } = await this.extension.call('relink', request, { signal, onUpdate: progress });
    return pages;
  }

  async reveal(unikernel: string): Promise<void> {
    await this.extension.call('reveal', { unikernel });
  }

  onPageMap(listener: (pages: ArrayBuffer) => void): void {
    this.#listener = listener;
  }

  /** The extension has another page map. */
  arrived(pages: ArrayBuffer): void {
    this.#listener?.(pages);
  }

  load(): SavedView | undefined {
    const { view } = this.#state;
    return view && { ...view, pinned: view.pinned };
  }

  save(view: SavedView): void {
    this.#keep({ view });
  }

  #keep(change: SavedState): void {
    if (this.#left) return;
    this.#state = { ...this.#state, ...change };
    this.api.setState(this.#state);
  }

  /** Another page takes the place of this one: what is still under way here is not saved. */
  leave(): void {
    this.#left = true;
  }
}
