/** Puts the page together: the store, its views, and the host where there is one. */
import { el } from './dom.ts';
import type { Host } from './host.ts';
import { MapView } from './map/map-view.ts';
import type { PackedPageMap } from '../src/protocol/packed/columns.ts';
import { buildModel } from './model/stage.ts';
import { PAGE_SIZE, type Stage } from '../src/protocol/page-map.ts';
import { count, mebibytes, percent } from './format.ts';
import { Planner, type Arrival } from './planner.ts';
import { carryOver, restoreView, saveView } from './saved-view.ts';
import {
  arrivedStage,
  availableStages,
  initialState,
  selectionCache,
  Store,
  type PageRef,
  type ViewState,
} from './state.ts';
import { CompareView } from './view/compare.ts';
import { Details } from './view/details.ts';
import { optionsView } from './view/options.ts';
import { headline, provenance, STAGE_NAMES } from './view/headline.ts';
import { legend } from './view/legend.ts';
import { liveSummary } from './view/live.ts';
import { notices } from './view/notices.ts';
import { projectionView } from './view/projection.ts';
import { PageTable } from './view/table.ts';
import { toolbar } from './view/toolbar.ts';
import { Tooltip } from './view/tooltip.ts';

const KEYS =
  'Arrow keys move between pages, up and down at the same address. Home and End go to the ends of a band, ' +
  'Page Up and Page Down to the next unikernel. E goes to the next equal page. Enter opens the detail, Escape returns. ' +
  'Plus, minus and 0 zoom.';

export interface App {
  store: Store;
  map: MapView;
  /** Where a host stands behind the page. */
  planner: Planner | undefined;
}

export function startApp(root: HTMLElement, packed: PackedPageMap, host?: Host): App {
  const store = new Store(initialState(buildModel(packed)));
  const selection = selectionCache();
  const tooltip = new Tooltip(store);
  let byKeyboard = false;
  const open = (ref: PageRef, keyboard: boolean): void => {
    byKeyboard = keyboard;
    store.set({ pinned: ref });
    if (keyboard) details.focus();
  };
  const close = (): void => {
    const hadDetail = store.state.pinned !== undefined;
    const inside = details.element.contains(document.activeElement);
    store.set({ pinned: undefined });
    tooltip.show(undefined, 0, 0);
    if (hadDetail && (byKeyboard || inside)) map.canvas.focus();
  };
  const map = new MapView(store, {
    selection,
    title: (stage) => titleOf(store, stage),
    point: (ref, x, y) => tooltip.show(ref, x, y),
    open,
    close,
    moved: () => saver?.(),
  });
  const details = new Details(store, {
    goTo: (ref) => map.goTo(ref),
    close,
    reveal: host?.capabilities.reveal.available
      ? (unikernel) => void host.reveal(unikernel)
      : undefined,
  });
  const table = new PageTable(store, {
    selection,
    open: (ref) => {
      open(ref, true);
      map.goTo(ref);
    },
  });
  const compare = new CompareView(store, (ref) => {
    open(ref, true);
  });
  store.subscribe((state, previous) => {
    if (state.model !== previous.model) tooltip.reset();
    map.element.hidden = state.table || state.compare;
  });
  const saver = host && keepSaved(store, map, host);
  const plan = host && planPanel(store, host);
  root.replaceChildren(
    el('header', { class: 'top' }, headline(store), projectionView(store)),
    plan?.element ?? '',
    notices(store),
    el(
      'main',
      { class: 'main' },
      toolbar(store, {
        selection,
        zoomBy: (factor) => map.zoom.by(factor),
        fit: () => map.zoom.fit(),
        goTo: (ref) => map.goTo(ref),
      }),
      legend(store),
      el('div', { class: 'work' }, map.element, table.element, compare.element, details.element),
      el('p', { class: 'visually-hidden', id: 'map-help' }, KEYS),
    ),
    liveSummary(store, selection),
    tooltip.element,
  );
  restore(store, map, host);
  return { store, map, planner: plan?.planner };
}

function titleOf(store: Store, stage: Stage): { name: string; facts: string } {
  const totals = store.state.model.map.head.totals[stage];
  const mark =
    stage === 'predicted' && store.state.refining ? 'predicted, refining…' : provenance(stage);
  const facts = totals
    ? `${count(totals.distinct)} distinct of ${count(totals.total)} pages · ${mebibytes(totals.distinct * PAGE_SIZE)} · ${percent(totals.shared, totals.total - totals.zero)} shared · ${mark}`
    : '';
  return { name: STAGE_NAMES[stage], facts };
}

/** The options and Relink, whose outcome becomes the page map. */
function planPanel(store: Store, host: Host): { element: HTMLElement; planner: Planner } {
  const planner = new Planner(host, {
    arrived: (arrival) => store.set(arrivedState(store.state, arrival)),
    status: (status) => view.show(status),
  });
  const view = optionsView(planner, store);
  return { element: view.element, planner };
}

/** The new page map, with what was selected where it still exists. */
function arrivedState(
  state: ViewState,
  { model, predicted, refining }: Arrival,
): Partial<ViewState> {
  const latest = predicted && model.stages.predicted ? 'predicted' : arrivedStage(model);
  const stages = availableStages(model);
  const same = state.view === 'split' || stages.includes(state.view);
  // Where there was one stage, there was no choice: what arrives is shown beside it.
  const isFirst = availableStages(state.model).length === 1 && stages.length > 1;
  return {
    model,
    latest,
    refining,
    view: isFirst ? 'split' : same ? state.view : latest,
    hover: undefined,
    cursor: carryOver(state.model, model, state.cursor),
    pinned: carryOver(state.model, model, state.pinned),
  };
}

const SAVE_DELAY = 250;

/** Saves the view once it has been still for a moment. */
function keepSaved(store: Store, map: MapView, host: Host): () => void {
  let timer = 0;
  const save = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => host.save(saveView(store.state, map.place)), SAVE_DELAY);
  };
  store.subscribe(save);
  return save;
}

function restore(store: Store, map: MapView, host: Host | undefined): void {
  const saved = host?.load();
  if (!saved) return;
  store.set(restoreView(store.state.model, saved));
  requestAnimationFrame(() => map.restore(saved.zoom));
}
