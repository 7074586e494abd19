/** What the page shows, in one value; views subscribe to it and never talk to each other. */
import type { Stage } from '../src/protocol/page-map.ts';
import { countKept, dimMask, type KindFilter } from './model/filter.ts';
import { findPages, parseQuery } from './model/search.ts';
import type { PageMapModel, StageModel } from './model/stage.ts';

/** One page at one stage; `page` is an index into the stage's columns. */
export interface PageRef {
  stage: Stage;
  page: number;
}

export type ViewChoice = Stage | 'split';

export interface ViewState {
  model: PageMapModel;
  view: ViewChoice;
  filter: KindFilter;
  query: string;
  hover: PageRef | undefined;
  cursor: PageRef | undefined;
  pinned: PageRef | undefined;
  instances: number;
  /** Whether the projection assumes that instances write to their writable pages. */
  written: boolean;
  table: boolean;
  /** Two layouts are compared instead of the map. */
  compare: boolean;
  /** The stage that is newest: a prediction may be newer than what was measured. */
  latest: Stage;
  /** A better prediction is being searched for. */
  refining: boolean;
}

export type Listener = (state: ViewState, previous: ViewState) => void;

export class Store {
  #state: ViewState;
  readonly #listeners: Listener[] = [];

  constructor(state: ViewState) {
    this.#state = state;
  }

  get state(): ViewState {
    return this.#state;
  }

  set(patch: Partial<ViewState>): void {
    const previous = this.#state;
    this.#state = { ...previous, ...patch };
    for (const listener of this.#listeners) listener(this.#state, previous);
  }

  subscribe(listener: Listener): void {
    this.#listeners.push(listener);
  }
}

export function initialState(model: PageMapModel): ViewState {
  return {
    model,
    view: availableStages(model).length > 1 ? 'split' : arrivedStage(model),
    latest: arrivedStage(model),
    filter: new Set(),
    query: '',
    hover: undefined,
    cursor: undefined,
    pinned: undefined,
    instances: 100,
    written: true,
    table: false,
    compare: false,
    refining: false,
  };
}

export function availableStages(model: PageMapModel): Stage[] {
  return Object.values(model.stages).map((stage) => stage.stage);
}

/** The stage that the alignment arrives at: measured where there is one, else predicted. */
export function arrivedStage(model: PageMapModel): Stage {
  if (model.stages.after) return 'after';
  return model.stages.predicted ? 'predicted' : 'before';
}

export function shownStages(state: ViewState): Stage[] {
  if (state.view !== 'split') return [state.view];
  return state.latest === 'before' ? ['before'] : ['before', state.latest];
}

/** The stages that are shown, as models. */
export function shownModels(state: ViewState): StageModel[] {
  return shownStages(state).flatMap((stage) => state.model.stages[stage] ?? []);
}

export interface Selection {
  /** Pages left aside, by stage; nothing where all are bright. */
  mask: (stage: StageModel) => Uint8Array | undefined;
  kept: (stage: StageModel) => number;
}

/** Remembers the masks of the last filter and query, one a stage. */
export function selectionCache(): (state: ViewState) => Selection {
  let key: [PageMapModel, KindFilter, string] | undefined;
  let selection: Selection | undefined;
  return (state) => {
    const { model, filter, query } = state;
    const same = key && key[0] === model && key[1] === filter && key[2] === query;
    if (same && selection) return selection;
    key = [model, filter, query];
    selection = select(state);
    return selection;
  };
}

function select({ model, filter, query }: ViewState): Selection {
  const masks = new Map<StageModel, Uint8Array | undefined>();
  const mask = (stage: StageModel): Uint8Array | undefined => {
    if (!masks.has(stage)) {
      masks.set(stage, dimMask(stage, filter, findPages(model.map, stage, parseQuery(query))));
    }
    return masks.get(stage);
  };
  return { mask, kept: (stage) => countKept(stage, mask(stage)) };
}
