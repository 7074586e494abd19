/** The map as a table: the same pages, with the same filter and search, in portions. */
import { button } from '../controls.ts';
import { el, replaceChildren, setText } from '../dom.ts';
import { count, hex } from '../format.ts';
import { pageInfo, type PageInfo } from '../model/page-info.ts';
import { shownModels, type PageRef, type Selection, type Store, type ViewState } from '../state.ts';
import { STAGE_NAMES } from './headline.ts';
import { kindText, listed, symbolNames } from './page-text.ts';

const PORTION = 200;
const COLUMNS = [
  'Address',
  'Unikernel',
  'Stage',
  'Sharing',
  'Access',
  'Section',
  'Library',
  'Symbols',
];

export interface TableHooks {
  selection: (state: ViewState) => Selection;
  open: (ref: PageRef) => void;
}

export class PageTable {
  readonly element = el('div', { class: 'table-view', hidden: true });
  readonly #body = el('tbody');
  readonly #where = el('span', { class: 'where', role: 'status' });
  readonly #previous = button('Previous', { press: () => this.#turn(-1) });
  readonly #next = button('Next', { press: () => this.#turn(1) });
  #first = 0;

  constructor(
    readonly store: Store,
    readonly hooks: TableHooks,
  ) {
    const head = COLUMNS.map((name) => el('th', { scope: 'col' }, name));
    this.element.append(
      el('div', { class: 'table-bar' }, this.#previous, this.#next, this.#where),
      el(
        'div',
        { class: 'table-scroller', tabindex: 0, role: 'region', 'aria-label': 'Pages' },
        el('table', { class: 'pages' }, el('thead', {}, el('tr', {}, ...head)), this.#body),
      ),
    );
    store.subscribe((state, previous) => {
      const moved =
        state.filter !== previous.filter ||
        state.query !== previous.query ||
        state.view !== previous.view ||
        state.model !== previous.model;
      if (moved) this.#first = 0;
      if (moved || state.table !== previous.table) this.#show(state);
    });
  }

  #turn(by: 1 | -1): void {
    this.#first = Math.max(0, this.#first + by * PORTION);
    this.#show(this.store.state);
  }

  #show(state: ViewState): void {
    this.element.hidden = !state.table;
    if (!state.table) return;
    const selection = this.hooks.selection(state);
    const total = shownModels(state).reduce((sum, stage) => sum + selection.kept(stage), 0);
    const refs = portion(state, selection, this.#first, PORTION);
    replaceChildren(this.#body, ...refs.map((ref) => this.#row(state, ref)));
    this.#previous.disabled = this.#first === 0;
    this.#next.disabled = this.#first + PORTION >= total;
    const last = this.#first + refs.length;
    setText(
      this.#where,
      total === 0
        ? 'No page'
        : `Pages ${count(this.#first + 1)} to ${count(last)} of ${count(total)}`,
    );
  }

  #row(state: ViewState, ref: PageRef): HTMLElement | undefined {
    const stage = state.model.stages[ref.stage];
    if (!stage) return undefined;
    const info = pageInfo(state.model, stage, ref.page);
    const link = el('button', { type: 'button', class: 'link' }, hex(info.address));
    link.addEventListener('click', () => this.hooks.open(ref));
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, link),
      ...cells(info, STAGE_NAMES[ref.stage]).map((text) => el('td', {}, text)),
    );
  }
}

function cells(info: PageInfo, stage: string): string[] {
  return [
    info.unikernelName,
    stage,
    kindText(info),
    info.permissions,
    listed(info, 'section', 3),
    listed(info, 'library', 3),
    symbolNames(info, 4),
  ];
}

/** Some of the pages that are not left aside, in order of stage, unikernel and address. */
function portion(state: ViewState, selection: Selection, first: number, most: number): PageRef[] {
  const refs: PageRef[] = [];
  let skip = first;
  for (const stage of shownModels(state)) {
    const mask = selection.mask(stage);
    if (!mask) {
      const from = Math.min(skip, stage.pages);
      skip -= from;
      for (let page = from; page < stage.pages && refs.length < most; page += 1) {
        refs.push({ stage: stage.stage, page });
      }
      continue;
    }
    for (let page = 0; page < stage.pages && refs.length < most; page += 1) {
      if (mask[page] !== 0) continue;
      if (skip > 0) skip -= 1;
      else refs.push({ stage: stage.stage, page });
    }
  }
  return refs;
}
