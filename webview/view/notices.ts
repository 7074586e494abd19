/** Unikernels that are not in the picture, each with its reason. */
import type { Unusable } from '../../src/protocol/page-map.ts';
import { el, replaceChildren } from '../dom.ts';
import { plural } from '../format.ts';
import type { Store, ViewState } from '../state.ts';

export function notices(store: Store): HTMLElement {
  const place = el('div', { class: 'notices' });
  const show = (state: ViewState): void => {
    const { failures, unusable } = state.model.map.head;
    replaceChildren(
      place,
      notice(failures, 'failed to align', 'error'),
      notice(unusable, 'cannot take part', 'hint'),
    );
  };
  show(store.state);
  store.subscribe((state, previous) => {
    if (state.model !== previous.model) show(state);
  });
  return place;
}

function notice(list: readonly Unusable[], what: string, kind: string): HTMLElement | undefined {
  if (list.length === 0) return undefined;
  const items = list.map((one) => el('li', {}, el('strong', {}, one.name), ` ${one.message}`));
  return el(
    'details',
    { class: `notice ${kind}` },
    el('summary', {}, `${plural(list.length, 'unikernel')} ${what}`),
    el('ul', {}, ...items),
  );
}
