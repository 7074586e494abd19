/** The panel of the page that is pinned. */
import { button } from '../controls.ts';
import { el, replaceChildren, type Child } from '../dom.ts';
import { bytes, count, hex, plural } from '../format.ts';
import { pageInfo, type PageInfo } from '../model/page-info.ts';
import { equalPages, lowerBound, unikernelOf, type StageModel } from '../model/stage.ts';
import type { PageRef, Store } from '../state.ts';
import { provenance, STAGE_NAMES } from './headline.ts';
import { kindText } from './page-text.ts';
import { proofRows } from './proof.ts';

export interface DetailHooks {
  goTo: (ref: PageRef) => void;
  close: () => void;
  /** Shows the unikernel's image in the workspace, where a host can. */
  reveal: ((unikernel: string) => void) | undefined;
}

const MOST_SHARERS = 60;

export class Details {
  readonly element = el('aside', {
    class: 'details',
    'aria-label': 'Page',
    tabindex: -1,
    hidden: true,
  });

  constructor(
    readonly store: Store,
    readonly hooks: DetailHooks,
  ) {
    store.subscribe((state, previous) => {
      if (state.pinned !== previous.pinned || state.model !== previous.model) this.#show();
    });
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      hooks.close();
    });
  }

  focus(): void {
    this.element.focus();
  }

  #show(): void {
    const { model, pinned } = this.store.state;
    const stage = pinned && model.stages[pinned.stage];
    this.element.hidden = !stage;
    if (!stage) return;
    const info = pageInfo(model, stage, pinned.page);
    replaceChildren(
      this.element,
      this.#head(info),
      this.#facts(info, stage),
      this.#sharers(info, stage),
      this.#equals(stage, pinned.page, info),
      owners(info),
    );
  }

  #head(info: PageInfo): HTMLElement {
    return el(
      'div',
      { class: 'details-head' },
      el('h2', {}, hex(info.address)),
      button('×', {
        appearance: 'icon',
        label: 'Close the page’s detail',
        press: this.hooks.close,
      }),
    );
  }

  #facts(info: PageInfo, stage: StageModel): HTMLElement {
    const rows: [string, string][] = [
      ['Unikernel', info.unikernelName],
      ['Stage', `${STAGE_NAMES[stage.stage]} (${provenance(stage.stage)})`],
      ['Kind', kindText(info)],
      ['Access', accessText(info)],
      ['Equal pages', count(info.equals)],
      ...(info.indirection ? [HOLDS] : []),
      ...proofRows(this.store.state.model.map.head.unikernels[info.unikernel]?.verification),
    ];
    const { reveal } = this.hooks;
    return el(
      'div',
      {},
      el('dl', {}, ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])),
      reveal && button('Reveal image', { press: () => reveal(info.unikernelName) }),
    );
  }

  #sharers(info: PageInfo, stage: StageModel): HTMLElement | undefined {
    if (info.kind !== 'shared') return undefined;
    const { model } = this.store.state;
    const items = Array.from(info.sharers.subarray(0, MOST_SHARERS), (u) => {
      const name = model.map.head.unikernels[u]?.name ?? '';
      const link = el('button', { type: 'button', class: 'chip' }, name);
      if (u === info.unikernel) link.setAttribute('aria-current', 'true');
      link.addEventListener('click', () => this.#goToSharer(stage, info, u));
      return el('li', {}, link);
    });
    const more = info.sharers.length - items.length;
    const rest = more > 0 ? el('li', {}, `and ${plural(more, 'other')}`) : undefined;
    return section('Shared by', el('ul', { class: 'chips' }, ...items, rest));
  }

  #goToSharer(stage: StageModel, info: PageInfo, unikernel: number): void {
    const page = this.store.state.pinned?.page;
    if (page === undefined || info.contentClass < 0) return;
    const target = equalPages(stage, page).find((p) => unikernelOf(stage, p) === unikernel);
    if (target !== undefined) this.#pin({ stage: stage.stage, page: target });
  }

  #equals(stage: StageModel, page: number, info: PageInfo): HTMLElement | undefined {
    if (info.equals < 2) return undefined;
    const step = (by: 1 | -1): void => {
      const equals = equalPages(stage, page);
      const at = lowerBound(equals, page, 0, equals.length);
      const next = equals[(at + by + equals.length) % equals.length];
      if (next !== undefined) this.#pin({ stage: stage.stage, page: next });
    };
    return el(
      'div',
      { class: 'equal-steps' },
      button('Previous equal', { press: () => step(-1) }),
      button('Next equal', { press: () => step(1) }),
    );
  }

  #pin(ref: PageRef): void {
    this.store.set({ pinned: ref });
    this.hooks.goTo(ref);
    this.focus();
  }
}

const HOLDS: [string, string] = ['Holds', 'stubs or tables that Spacer added'];

function accessText(info: PageInfo): string {
  const words = ['read'];
  if (info.writable) words.push('write');
  if (info.permissions.endsWith('x')) words.push('execute');
  return `${info.permissions} (${words.join(', ')})`;
}

function owners(info: PageInfo): HTMLElement | undefined {
  if (info.owners.length === 0) return undefined;
  const rows = info.owners.map((owner) => {
    const symbols =
      owner.symbols.length > 0
        ? el('div', { class: 'symbols' }, owner.symbols.join('  '))
        : undefined;
    return el(
      'tr',
      {},
      el(
        'td',
        {},
        el('div', { class: 'owner' }, owner.library),
        el('div', { class: 'owner-section' }, owner.section),
        symbols,
      ),
      el('td', { class: 'number' }, bytes(owner.bytes)),
    );
  });
  return section(
    'Owners',
    el(
      'table',
      { class: 'owners' },
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          el('th', { scope: 'col' }, 'Library, section, symbols'),
          el('th', { scope: 'col', class: 'number' }, 'Size'),
        ),
      ),
      el('tbody', {}, ...rows),
    ),
  );
}

function section(title: string, ...children: Child[]): HTMLElement {
  return el('section', {}, el('h3', {}, title), ...children);
}
