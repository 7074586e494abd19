/** What a screen reader hears: a summary of what is shown, and the page under the cursor. */
import { el, setText } from '../dom.ts';
import { count, hex, plural } from '../format.ts';
import { pageInfo } from '../model/page-info.ts';
import { shownModels, shownStages, type Selection, type Store, type ViewState } from '../state.ts';
import { STAGE_NAMES, provenance, saving } from './headline.ts';
import { kindText, listed } from './page-text.ts';

export function liveSummary(store: Store, selection: (state: ViewState) => Selection): HTMLElement {
  const region = el('div', { class: 'visually-hidden', 'aria-live': 'polite', id: 'live' });
  setText(region, summary(store.state));
  store.subscribe((state, previous) => {
    if (state.cursor !== previous.cursor && state.cursor) setText(region, cursorText(state));
    else if (state.filter !== previous.filter || state.query !== previous.query) {
      setText(region, filterText(state, selection(state)));
    } else if (state.model !== previous.model || state.view !== previous.view) {
      setText(region, summary(state));
    }
  });
  return region;
}

export function summary(state: ViewState): string {
  const { head } = state.model.map;
  const { latest } = state;
  const before = head.totals.before?.distinct;
  const last = head.totals[latest]?.distinct ?? 0;
  const figures =
    before === undefined || latest === 'before'
      ? `${plural(last, 'distinct page')}`
      : `${count(before)} distinct pages before, ${count(last)} ${provenance(latest)}, ${saving(before, last)}`;
  const shown = shownStages(state).map((stage) => STAGE_NAMES[stage].toLowerCase());
  return `Page map of ${plural(head.unikernels.length, 'unikernel')}: ${figures}. Showing ${shown.join(' and ')}.`;
}

function cursorText(state: ViewState): string {
  const stage = state.cursor && state.model.stages[state.cursor.stage];
  if (!stage || !state.cursor) return '';
  const info = pageInfo(state.model, stage, state.cursor.page);
  const owners = info.owners.length > 0 ? `, ${listed(info, 'library', 3)}` : '';
  const access = `${info.writable ? ', writable' : ''}${info.indirection ? ', stubs or tables' : ''}`;
  return `${info.unikernelName}, ${STAGE_NAMES[stage.stage].toLowerCase()}, ${hex(info.address)}, ${kindText(info).toLowerCase()}${access}${owners}`;
}

function filterText(state: ViewState, selection: Selection): string {
  const stages = shownModels(state);
  if (state.filter.size === 0 && state.query.trim() === '') return 'All pages shown.';
  const parts = stages.map(
    (stage) =>
      `${plural(selection.kept(stage), 'page')} of ${count(stage.pages)} ${STAGE_NAMES[stage.stage].toLowerCase()}`,
  );
  return `${parts.join(', ')}.`;
}
