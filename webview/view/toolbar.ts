/** What the map shows and how much of it: stages, search, zoom, map or table. */
import { button, segments, textField, type Segments } from '../controls.ts';
import { el, setText } from '../dom.ts';
import { count } from '../format.ts';
import type { StageModel } from '../model/stage.ts';
import { parseQuery } from '../model/search.ts';
import {
  availableStages,
  shownModels,
  type PageRef,
  type Selection,
  type Store,
  type ViewChoice,
  type ViewState,
} from '../state.ts';
import { STAGE_NAMES } from './headline.ts';

export interface ToolbarHooks {
  selection: (state: ViewState) => Selection;
  zoomBy: (factor: number) => void;
  fit: () => void;
  goTo: (ref: PageRef) => void;
}

export function toolbar(store: Store, hooks: ToolbarHooks): HTMLElement {
  const stages = stageChoice(store);
  const table = button('Show as table', {
    press: () => store.set({ table: !store.state.table, compare: false }),
  });
  const compare = button('Compare layouts', {
    title: 'Two layouts over each other: where equal pages lie',
    press: () => store.set({ compare: !store.state.compare, table: false }),
  });
  const zoom = el(
    'div',
    { class: 'zoom-buttons', role: 'group', 'aria-label': 'Zoom' },
    button('−', { label: 'Zoom out', press: () => hooks.zoomBy(1 / 1.8) }),
    button('+', { label: 'Zoom in', press: () => hooks.zoomBy(1.8) }),
    button('Fit', { label: 'Fit all pages', press: hooks.fit }),
  );
  store.subscribe((state) => {
    zoom.hidden = state.table || state.compare;
    setText(table, state.table ? 'Show as map' : 'Show as table');
    setText(compare, state.compare ? 'Show as map' : 'Compare layouts');
  });
  return el(
    'div',
    { class: 'toolbar', role: 'group', 'aria-label': 'View' },
    stages,
    searchBox(store, hooks),
    zoom,
    table,
    compare,
  );
}

/** Keeps its buttons, and with them the focus, as long as the choices stay the same. */
function stageChoice(store: Store): HTMLElement {
  const place = el('div', { class: 'stage-choice' });
  let shown = '';
  let control: Segments | undefined;
  const show = (state: ViewState): void => {
    const choices = choicesOf(state);
    const key = choices.map((choice) => choice.value).join(' ');
    if (key !== shown) {
      shown = key;
      control = segments('Stages shown', choices, state.view, (value) => {
        store.set({ view: value as ViewChoice });
      });
      place.replaceChildren(control.element);
      place.hidden = choices.length < 2;
    }
    control?.select(state.view);
  };
  show(store.state);
  store.subscribe(show);
  return place;
}

function choicesOf({ model, latest }: ViewState): { value: string; text: string }[] {
  const stages = availableStages(model);
  const choices: { value: string; text: string }[] = stages.map((stage) => ({
    value: stage,
    text: STAGE_NAMES[stage],
  }));
  if (model.stages.before && latest !== 'before') {
    choices.push({ value: 'split', text: 'Split' });
  }
  return choices;
}

/** Milliseconds without a key before a search runs. */
const SEARCH_DELAY = 120;

function searchBox(store: Store, hooks: ToolbarHooks): HTMLElement {
  const found = el('span', { class: 'found', role: 'status' });
  let timer = 0;
  const field = textField({
    label: 'Search by library, symbol, section or address',
    placeholder: 'Library, symbol, 0x address',
    class: 'search',
    input: (query) => {
      clearTimeout(timer);
      timer = window.setTimeout(() => store.set({ query }), SEARCH_DELAY);
    },
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && field.value !== '') {
      event.stopPropagation();
      field.value = '';
      store.set({ query: '' });
    }
    if (event.key !== 'Enter') return;
    clearTimeout(timer);
    store.set({ query: field.value });
    const hit = nextHit(store.state, hooks.selection(store.state), event.shiftKey ? -1 : 1);
    if (hit) hooks.goTo(hit);
  });
  // A search may come from elsewhere: a library of the tree, or what a reload brings back.
  store.subscribe((state, previous) => {
    if (state.query !== previous.query && field.value !== state.query) field.value = state.query;
    const same =
      state.query === previous.query &&
      state.filter === previous.filter &&
      state.model === previous.model &&
      state.view === previous.view;
    if (!same) setText(found, foundText(state, hooks.selection(state)));
  });
  return el('div', { class: 'search-box', role: 'search' }, field, found);
}

function foundText(state: ViewState, selection: Selection): string {
  if (parseQuery(state.query).kind === 'none' && state.filter.size === 0) return '';
  const kept = shownModels(state).map((stage) => selection.kept(stage));
  return kept.every((value) => value === 0) ? 'No page' : `${kept.map(count).join(' → ')} pages`;
}

/** The next page that the search finds, after the cursor, over all that is shown. */
function nextHit(state: ViewState, selection: Selection, by: 1 | -1): PageRef | undefined {
  const stages = shownModels(state);
  const current = stages.findIndex((stage) => stage.stage === state.cursor?.stage);
  for (let turn = 0; turn <= stages.length; turn += 1) {
    const index = (Math.max(0, current) + turn * by + stages.length * 2) % stages.length;
    const stage = stages[index];
    if (!stage) continue;
    const start = turn === 0 && current >= 0 ? (state.cursor?.page ?? -1) : undefined;
    const page = nextKept(stage, selection.mask(stage), start, by);
    if (page !== undefined) return { stage: stage.stage, page };
  }
  return undefined;
}

function nextKept(
  stage: StageModel,
  mask: Uint8Array | undefined,
  after: number | undefined,
  by: 1 | -1,
): number | undefined {
  if (!mask) return undefined;
  const first = after ?? (by > 0 ? -1 : stage.pages);
  for (let page = first + by; page >= 0 && page < stage.pages; page += by) {
    if (mask[page] === 0) return page;
  }
  return undefined;
}
