/** What a reload of the page brings back. */
import { PAGE_SIZE } from '../src/protocol/page-map.ts';
import type { SavedView } from './host.ts';
import { columnOf } from './model/address-axis.ts';
import { LEGEND_KINDS } from './model/filter.ts';
import { STAGES } from '../src/protocol/packed/columns.ts';
import { pageAt, unikernelOf, type PageMapModel } from './model/stage.ts';
import { availableStages, type PageRef, type ViewChoice, type ViewState } from './state.ts';

/** A page by name and address, which stay when the page map is made anew. */
export type NamedPage = NonNullable<SavedView['pinned']>;

export function namePage(model: PageMapModel, ref: PageRef | undefined): NamedPage | undefined {
  const stage = ref && model.stages[ref.stage];
  if (!stage) return undefined;
  const unikernel = model.map.head.unikernels[unikernelOf(stage, ref.page)]?.name ?? '';
  return {
    stage: ref.stage,
    unikernel,
    address: (stage.packed.pageNumber[ref.page] ?? 0) * PAGE_SIZE,
  };
}

export function findPage(model: PageMapModel, named: NamedPage | undefined): PageRef | undefined {
  const name = STAGES.find((stage) => stage === named?.stage);
  const stage = name && model.stages[name];
  if (!named || !stage) return undefined;
  const unikernel = model.map.head.unikernels.findIndex((one) => one.name === named.unikernel);
  if (unikernel < 0) return undefined;
  const number = named.address / PAGE_SIZE;
  const page = pageAt(stage, unikernel, columnOf(model.axis, number));
  if (page === undefined || stage.packed.pageNumber[page] !== number) return undefined;
  return { stage: stage.stage, page };
}

/** The same page in another page map. */
export function carryOver(
  from: PageMapModel,
  to: PageMapModel,
  ref: PageRef | undefined,
): PageRef | undefined {
  return findPage(to, namePage(from, ref));
}

export function saveView(state: ViewState, zoom: SavedView['zoom']): SavedView {
  return {
    view: state.view,
    filter: [...state.filter],
    query: state.query,
    instances: state.instances,
    written: state.written,
    zoom,
    pinned: namePage(state.model, state.pinned),
  };
}

export function restoreView(model: PageMapModel, saved: SavedView): Partial<ViewState> {
  const choices: ViewChoice[] = [...availableStages(model), 'split'];
  const view = choices.find((choice) => choice === saved.view);
  return {
    ...(view === undefined ? {} : { view }),
    filter: new Set(LEGEND_KINDS.filter((kind) => saved.filter.includes(kind))),
    query: saved.query,
    instances: saved.instances,
    written: saved.written,
    pinned: findPage(model, saved.pinned),
  };
}
