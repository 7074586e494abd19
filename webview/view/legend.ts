/** The legend: a swatch and a count each, and a press shows only pages of that kind. */
import { el, setText } from '../dom.ts';
import { count } from '../format.ts';
import { LEGEND_KINDS, type LegendKind } from '../model/filter.ts';
import { INDIRECTION, WRITABLE } from '../../src/protocol/packed/columns.ts';
import { CATEGORY } from '../model/stage.ts';
import { makeHatch, paintCell } from '../paint/cells.ts';
import { readTheme, watchTheme, type MapTheme } from '../paint/theme.ts';
import { shownModels, type Store, type ViewState } from '../state.ts';

const NAMES: Record<LegendKind, string> = {
  all: 'Shared by all',
  some: 'By some',
  unique: 'Unique',
  zero: 'Zero',
  writable: 'Writable',
  indirection: 'Stubs and tables',
};

const HINTS: Record<LegendKind, string> = {
  all: 'Pages whose content every unikernel has',
  some: 'Pages whose content two or more unikernels have; the fewer lines, the more of them',
  unique: 'Pages whose content one unikernel has',
  zero: 'Pages of zeros only',
  writable: 'Pages that a unikernel may write to; each of them is of one of the other kinds too',
  indirection:
    'Pages with stubs or tables that Spacer added; each of them is of one of the other kinds too',
};

export function legend(store: Store): HTMLElement {
  const entries = LEGEND_KINDS.map((kind) => entry(store, kind));
  const paint = (): void => {
    const theme = readTheme(document.body);
    for (const { swatch, kind } of entries) drawSwatch(swatch, kind, theme);
  };
  const show = (state: ViewState): void => {
    for (const { kind, button, number } of entries) {
      button.setAttribute('aria-pressed', String(state.filter.has(kind)));
      setText(number, countsOf(state, kind));
      // Most layouts need none of them.
      if (kind === 'indirection') button.hidden = hasNone(state, kind);
    }
  };
  paint();
  watchTheme(paint);
  show(store.state);
  store.subscribe(show);
  return el(
    'div',
    { class: 'legend', role: 'group', 'aria-label': 'Show only' },
    ...entries.map(({ button }) => button),
  );
}

const hasNone = (state: ViewState, kind: LegendKind): boolean =>
  !state.filter.has(kind) && shownModels(state).every((stage) => stage.counts[kind] === 0);

interface Entry {
  kind: LegendKind;
  button: HTMLButtonElement;
  swatch: HTMLCanvasElement;
  number: HTMLElement;
}

function entry(store: Store, kind: LegendKind): Entry {
  const swatch = el('canvas', { class: 'swatch', 'aria-hidden': 'true' });
  const number = el('span', { class: 'count' });
  const button = el(
    'button',
    { type: 'button', class: 'legend-entry', title: HINTS[kind], 'aria-pressed': 'false' },
    swatch,
    el('span', {}, NAMES[kind]),
    number,
  );
  button.addEventListener('click', () => {
    const filter = new Set(store.state.filter);
    if (!filter.delete(kind)) filter.add(kind);
    store.set({ filter });
  });
  return { kind, button, swatch, number };
}

function countsOf(state: ViewState, kind: LegendKind): string {
  return shownModels(state)
    .map((stage) => count(stage.counts[kind]))
    .join(' → ');
}

const SWATCH_LOOKS: Record<LegendKind, { category: number; flags: number }[]> = {
  all: [{ category: CATEGORY.all, flags: 0 }],
  some: [
    { category: CATEGORY.some, flags: 0 },
    { category: CATEGORY.some + 2, flags: 0 },
    { category: CATEGORY.all - 1, flags: 0 },
  ],
  unique: [{ category: CATEGORY.unique, flags: 0 }],
  zero: [{ category: CATEGORY.zero, flags: 0 }],
  writable: [{ category: CATEGORY.all, flags: WRITABLE }],
  indirection: [{ category: CATEGORY.all, flags: INDIRECTION }],
};

const CELL = 14;

function drawSwatch(canvas: HTMLCanvasElement, kind: LegendKind, theme: MapTheme): void {
  const ratio = window.devicePixelRatio || 1;
  const looks = SWATCH_LOOKS[kind];
  const width = CELL * looks.length + 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(CELL * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${CELL}px`;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  looks.forEach(({ category, flags }, index) => {
    paintCell(
      {
        context,
        theme,
        hatch: makeHatch(theme, ratio),
        x: (column) => column * CELL,
        cellWidth: CELL,
        cellHeight: CELL,
        firstColumn: 0,
        lastColumn: looks.length,
      },
      category,
      flags,
      index,
    );
  });
}
