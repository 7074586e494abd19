/** Two unikernels' layouts over each other, with ribbons between equal pages, and as a table. */
import { PAGE_SIZE } from '../../src/protocol/page-map.ts';
import { dropdown } from '../controls.ts';
import { el, replaceChildren, setText } from '../dom.ts';
import { count, hex, plural } from '../format.ts';
import { compareLayouts, type Comparison, type EqualRun } from '../model/compare.ts';
import { distinctNames, pageInfo } from '../model/page-info.ts';
import type { StageModel } from '../model/stage.ts';
import { paintComparison } from '../paint/comparison.ts';
import { readTheme, watchTheme } from '../paint/theme.ts';
import { shownModels, type PageRef, type Store, type ViewState } from '../state.ts';
import { STAGE_NAMES } from './headline.ts';

/** Rows of the table, the longest runs first. */
const MOST_RUNS = 200;

export class CompareView {
  readonly element: HTMLElement;
  readonly #canvas = el('canvas', { class: 'comparison', role: 'img' });
  readonly #chosen = el('div', { class: 'compare-choice' });
  readonly #facts = el('p', { class: 'compare-facts', role: 'status' });
  readonly #table = el('div', { class: 'compare-table' });
  #pair: [number, number] = [0, 1];
  #shown: { stage: StageModel; comparison: Comparison } | undefined;

  constructor(
    readonly store: Store,
    readonly open: (ref: PageRef) => void,
  ) {
    this.element = el(
      'section',
      { class: 'compare', 'aria-label': 'Two layouts', hidden: true },
      this.#chosen,
      this.#facts,
      this.#canvas,
      this.#table,
    );
    new ResizeObserver(() => this.#paint()).observe(this.element);
    watchTheme(() => this.#paint());
    store.subscribe((state, previous) => this.#changed(state, previous));
  }

  #changed(state: ViewState, previous: ViewState): void {
    this.element.hidden = !state.compare;
    if (!state.compare) return;
    const same = state.model === previous.model && state.view === previous.view && previous.compare;
    if (same) return;
    const names = state.model.map.head.unikernels.map(({ name }) => name);
    if (names.length < 2) return this.#showNothing();
    if (this.#pair.some((unikernel) => unikernel >= names.length)) this.#pair = [0, 1];
    const choice = (side: 0 | 1, label: string) =>
      dropdown(
        label,
        names.map((name, index) => ({ value: String(index), text: name })),
        String(this.#pair[side]),
        (value) => {
          this.#pair[side] = Number(value);
          this.#compare();
        },
      );
    this.#chosen.replaceChildren(
      'Layout of ',
      choice(0, 'Upper layout'),
      ' over that of ',
      choice(1, 'Lower layout'),
    );
    this.#compare();
  }

  #showNothing(): void {
    this.#shown = undefined;
    this.#chosen.replaceChildren();
    this.#canvas.hidden = true;
    this.#table.replaceChildren();
    setText(this.#facts, 'Two unikernels, or two instances of one, are needed to compare layouts.');
  }

  #compare(): void {
    const stage = shownModels(this.store.state).at(-1);
    if (!stage) return this.#showNothing();
    const comparison = compareLayouts(stage, ...this.#pair);
    this.#shown = { stage, comparison };
    this.#canvas.hidden = false;
    const text = factsOf(comparison, STAGE_NAMES[stage.stage]);
    setText(this.#facts, text);
    this.#canvas.setAttribute('aria-label', text);
    replaceChildren(this.#table, this.#tableOf(stage, comparison));
    this.#paint();
  }

  #paint(): void {
    if (!this.#shown || this.element.hidden) return;
    const { stage, comparison } = this.#shown;
    const names = this.#pair.map((u) => this.store.state.model.map.head.unikernels[u]?.name ?? '');
    const theme = readTheme(document.body);
    const width = Math.max(200, Math.floor(this.element.clientWidth) - 40);
    paintComparison(this.#canvas, { stage, comparison, pair: this.#pair, names, theme, width });
  }

  #tableOf(stage: StageModel, { runs }: Comparison): HTMLElement | undefined {
    if (runs.length === 0) return undefined;
    const longest = [...runs].sort((a, b) => b.length - a.length).slice(0, MOST_RUNS);
    const heads = ['Pages', 'Upper address', 'Lower address', 'Distance', 'Libraries'];
    return el(
      'table',
      { class: 'pages' },
      el('caption', { class: 'visually-hidden' }, 'Equal pages, the longest runs first'),
      el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
      el('tbody', {}, ...longest.map((run) => this.#row(stage, run))),
    );
  }

  #row(stage: StageModel, run: EqualRun): HTMLElement {
    const { pageNumber } = stage.packed;
    const address = (page: number): HTMLElement => {
      const link = el(
        'button',
        { type: 'button', class: 'link' },
        hex((pageNumber[page] ?? 0) * PAGE_SIZE),
      );
      link.addEventListener('click', () => this.open({ stage: stage.stage, page }));
      return link;
    };
    const libraries = distinctNames(pageInfo(this.store.state.model, stage, run.upper), 'library');
    return el(
      'tr',
      {},
      el('td', { class: 'number' }, count(run.length)),
      el('td', {}, address(run.upper)),
      el('td', {}, address(run.lower)),
      el('td', { class: 'number' }, distanceOf(run)),
      el('td', {}, libraries.filter((name) => !name.startsWith('[')).join(', ')),
    );
  }
}

const distanceOf = ({ shift }: EqualRun): string =>
  shift === 0 ? 'none' : `${shift > 0 ? '+' : '−'}${plural(Math.abs(shift), 'page')}`;

function factsOf({ pages, equal, moved }: Comparison, stage: string): string {
  const where =
    moved === 0 ? 'all at the same address' : `${count(moved)} of them at another address`;
  return `${stage}: ${count(equal)} of ${plural(pages, 'non-zero page')} of the upper layout are in the lower one, ${where}.`;
}
