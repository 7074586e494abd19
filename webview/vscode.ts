/** Entry of the page in VS Code: says hello, shows what comes, and does what commands ask for. */
import { startApp, type App } from './app.ts';
import { button, registerControls } from './controls.ts';
import { el, setText } from './dom.ts';
import { fromBuffer } from '../src/protocol/packed/buffer.ts';
import { rowOf } from './model/stage.ts';
import { availableStages, shownModels } from './state.ts';
import type { InitialState, PageAction, PlanRequest, Progress } from '../src/protocol/messages.ts';
import { RemoteError, type Handlers } from '../src/protocol/rpc.ts';
import type { PAGE_METHODS } from '../src/protocol/messages.ts';
import { connect, forget, VsCodeHost, type VsCodeApi } from './vscode-host.ts';

declare function acquireVsCodeApi(): VsCodeApi;

registerControls();
const api = acquireVsCodeApi();
const root = document.getElementById('spacer') ?? document.body;
let shown: { app: App; host: VsCodeHost } | undefined;

const handlers: Handlers<typeof PAGE_METHODS> = {
  pageMap: ({ pages }) => {
    shown?.host.arrived(pages);
    return null;
  },
  restart: ({ changed }) => {
    shown?.host.leave();
    forget(api, changed);
    void start(changed !== 'images');
    return null;
  },
  action: ({ action }) => {
    if (shown) act(shown.app, action);
    return null;
  },
  search: ({ query }) => {
    shown?.app.store.set({ query });
    return null;
  },
  focus: ({ unikernel }) => {
    if (shown) focusOn(shown.app, unikernel);
    return null;
  },
};
const extension = connect(api, handlers, (message) => tell(message));

/** Into the log of the extension: the console of a page is nobody's. */
function tell(message: string): void {
  extension.call('failed', { message: message.slice(0, 60_000) }).catch(() => undefined);
}

window.addEventListener('error', ({ message }) => tell(message));
window.addEventListener('unhandledrejection', ({ reason }) => {
  if (reason instanceof RemoteError && reason.code === 'cancelled') return;
  tell(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
});

/** Counts starts, so that the answer to an older hello is dropped. */
let starts = 0;

/** @param replan whether the plan is another one now, whatever was measured */
async function start(replan = false): Promise<void> {
  const number = ++starts;
  const loading = shown ? undefined : showLoading();
  try {
    const state = await extension.call(
      'hello',
      {},
      { onUpdate: (progress) => loading?.(progress) },
    );
    if (number === starts) show(state, replan);
  } catch (error) {
    if (number === starts) showFailure(error);
  }
}

function show(state: InitialState, replan: boolean): void {
  const packed = fromBuffer(state.pages);
  shown?.host.leave();
  const host = new VsCodeHost(extension, api, state);
  const app = startApp(root, packed, host);
  shown = { app, host };
  if (state.query !== undefined) app.store.set({ query: state.query });
  if (state.focus !== undefined) focusOn(app, state.focus);
  const differs = host.hasPlan && !sameOptions(host.request, state.request);
  if (state.predictFirst || differs || replan) app.planner?.setOptions({});
}

/** The first page of a unikernel, at the newest stage that is shown. */
function focusOn({ store, map }: App, unikernel: string): void {
  const { model } = store.state;
  const index = model.map.head.unikernels.findIndex(({ name }) => name === unikernel);
  const stage = shownModels(store.state).at(-1);
  if (index < 0 || !stage) return;
  const { from, to } = rowOf(stage, index);
  if (from === to) return;
  store.set({ table: false, compare: false });
  map.goTo({ stage: stage.stage, page: from });
  map.canvas.focus();
}

const sameOptions = (a: PlanRequest, b: PlanRequest): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

function showLoading(): (progress: Progress) => void {
  const text = el('p', { class: 'loading', role: 'status' }, 'Reading the workspace…');
  const meter = el('progress', { max: 1, 'aria-label': 'Reading the workspace' });
  root.replaceChildren(el('div', { class: 'starting' }, text, meter));
  return (progress) => {
    setText(text, `${progress.text}…`);
    if (progress.done !== undefined) meter.value = progress.done;
  };
}

function showFailure(error: unknown): void {
  shown?.host.leave();
  shown = undefined;
  const message = error instanceof Error ? error.message : String(error);
  const again = button('Try again', { appearance: 'primary', press: () => void start(false) });
  const log = button('Show log', {
    press: () => void extension.call('run', { command: 'showLog' }),
  });
  root.replaceChildren(
    el(
      'div',
      { class: 'failure', role: 'alert' },
      el('h1', {}, 'This page map cannot be shown'),
      el('p', {}, message),
      el('div', { class: 'failure-actions' }, again, log),
    ),
  );
}

const ZOOM_STEP = 1.8;
const VIEWS = {
  showBefore: 'before',
  showPredicted: 'predicted',
  showAfter: 'after',
  showSplit: 'split',
} as const;

function act({ store, map, planner }: App, action: PageAction): void {
  switch (action) {
    case 'zoomIn':
      return map.zoom.by(ZOOM_STEP);
    case 'zoomOut':
      return map.zoom.by(1 / ZOOM_STEP);
    case 'fit':
      return map.zoom.fit();
    case 'find':
      return root.querySelector<HTMLElement>('vscode-text-field.search')?.focus();
    case 'table':
      return store.set({ table: !store.state.table, compare: false });
    case 'compare':
      return store.set({ table: false, compare: !store.state.compare });
    case 'randomise':
      return planner?.randomise();
    case 'relink':
      return void planner?.relink();
    default: {
      const view = VIEWS[action];
      const { model } = store.state;
      if (view === 'split' || availableStages(model).includes(view)) store.set({ view });
    }
  }
}

void start();
