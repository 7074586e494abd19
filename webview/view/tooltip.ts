/** What a page is, beside the pointer or the cursor. */
import { el, replaceChildren } from '../dom.ts';
import { hex } from '../format.ts';
import { pageInfo, type PageInfo } from '../model/page-info.ts';
import type { PageRef, Store } from '../state.ts';
import { STAGE_NAMES } from './headline.ts';
import { kindText, listed, sharerNames, symbolNames } from './page-text.ts';

const AWAY = 14;

export class Tooltip {
  readonly element = el('div', { class: 'tooltip', role: 'tooltip', hidden: true });
  #shown = '';

  constructor(readonly store: Store) {}

  show(ref: PageRef | undefined, x: number, y: number): void {
    const { model } = this.store.state;
    const stage = ref && model.stages[ref.stage];
    this.element.hidden = !stage;
    if (!stage) return;
    const key = `${ref.stage} ${ref.page}`;
    if (key !== this.#shown) {
      this.#shown = key;
      const names = (u: number): string => model.map.head.unikernels[u]?.name ?? '';
      const info = pageInfo(model, stage, ref.page);
      replaceChildren(this.element, ...content(info, STAGE_NAMES[ref.stage], names));
    }
    this.#place(x, y);
  }

  /** Forgets what was shown, after the page map changed. */
  reset(): void {
    this.#shown = '';
    this.element.hidden = true;
  }

  #place(x: number, y: number): void {
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const { innerWidth, innerHeight } = window;
    const left = x + AWAY + width > innerWidth ? x - AWAY - width : x + AWAY;
    const top = y + AWAY + height > innerHeight ? y - AWAY - height : y + AWAY;
    this.element.style.left = `${Math.max(4, Math.min(left, innerWidth - width - 4))}px`;
    this.element.style.top = `${Math.max(4, top)}px`;
  }
}

function content(info: PageInfo, stage: string, names: (u: number) => string): HTMLElement[] {
  const lines: HTMLElement[] = [
    el(
      'div',
      { class: 'tip-head' },
      el('strong', {}, hex(info.address)),
      el('span', {}, `${info.unikernelName} · ${stage.toLowerCase()} · ${info.permissions}`),
    ),
    el('div', { class: 'tip-kind' }, kindText(info)),
  ];
  if (info.kind === 'shared' && info.sharers.length < info.present) {
    lines.push(line('with', sharerNames(info, names, 6)));
  }
  if (info.owners.length > 0) {
    lines.push(line('section', listed(info, 'section', 3)));
    lines.push(line('library', listed(info, 'library', 3)));
  }
  const symbols = symbolNames(info, 6);
  if (symbols !== '') lines.push(line('symbols', symbols));
  return lines;
}

function line(name: string, text: string): HTMLElement {
  return el(
    'div',
    { class: 'tip-line' },
    el('span', { class: 'tip-name' }, name),
    el('span', {}, text),
  );
}
