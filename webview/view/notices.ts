/** Unikernels that are not in the picture, each with its reason. */
import type { ObjectsReport } from '../../src/protocol/page-map.ts';
import { el, replaceChildren } from '../dom.ts';
import { plural } from '../format.ts';
import type { UnikernelHead } from '../../src/protocol/packed/columns.ts';
import type { Store, ViewState } from '../state.ts';

interface Remark {
  readonly name: string;
  readonly message: string;
}

export function notices(store: Store): HTMLElement {
  const place = el('div', { class: 'notices' });
  const show = (state: ViewState): void => {
    const { failures, unusable, unikernels, objects } = state.model.map.head;
    replaceChildren(
      place,
      notice(failures, 'failed to align', 'error'),
      notice(unikernels.flatMap(partlyProven), 'proven only in part', 'hint'),
      notice(unusable, 'cannot take part', 'hint'),
      objects && objectsNotice(objects),
    );
  };
  show(store.state);
  store.subscribe((state, previous) => {
    if (state.model !== previous.model) show(state);
  });
  return place;
}

/** What could be neither proven nor refuted of a unikernel, as far as people read. */
function partlyProven({ name, verification }: UnikernelHead): Remark[] {
  const unproven = verification?.unproven ?? [];
  const rest = unproven.length - MOST_UNPROVEN;
  const more = rest > 0 ? `; and ${plural(rest, 'other')}` : '';
  const message = `${unproven.slice(0, MOST_UNPROVEN).join('; ')}${more}`;
  return unproven.length === 0 ? [] : [{ name, message }];
}

const MOST_UNPROVEN = 10;

function notice(list: readonly Remark[], what: string, kind: string): HTMLElement | undefined {
  if (list.length === 0) return undefined;
  const items = list.map((one) => el('li', {}, el('strong', {}, one.name), ` ${one.message}`));
  return folded(kind, `${plural(list.length, 'unikernel')} ${what}`, items);
}

/** What one object for several unikernels came to, and why some libraries keep theirs. */
function objectsNotice({ unified, variants }: ObjectsReport): HTMLElement {
  const done = unified.map(({ library, from, to }) => ({
    name: library,
    message: `of ${from} serves ${to.join(', ')} too`,
  }));
  const kept = variants.map(({ library, differs }) => ({
    name: library,
    message: `stays as it is: ${differs}`,
  }));
  const items = [...done, ...kept].map((one) =>
    el('li', {}, el('strong', {}, one.name), ` ${one.message}`),
  );
  const text = `copy_objs: ${plural(unified.length, 'object')} unified, ${plural(variants.length, 'library', 'libraries')} with variants left`;
  return folded('hint', text, items);
}

function folded(kind: string, summary: string, items: readonly HTMLElement[]): HTMLElement {
  return el(
    'details',
    { class: `notice ${kind}` },
    el('summary', {}, summary),
    el('ul', {}, ...items),
  );
}
