/** Memory of a host for N instances of each unikernel, as three bars. */
import { checkbox, slider } from '../controls.ts';
import { el, setText } from '../dom.ts';
import { bytes, count } from '../format.ts';
import { countAll, project } from '../model/projection.ts';
import { CATEGORY } from '../model/stage.ts';
import { readTheme, watchTheme } from '../paint/theme.ts';
import type { Store, ViewState } from '../state.ts';
import { provenance } from './headline.ts';

/** 1, 2, 5, 10, ... 10,000. */
export const INSTANCE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

interface Bar {
  element: HTMLElement;
  show: (name: string, value: number | undefined, most: number) => void;
  /** In the colours of the map. */
  paint: (color: string | undefined) => void;
}

export function projectionView(store: Store): HTMLElement {
  const output = el('output', { class: 'instances' });
  const range = slider(
    'Instances of each unikernel',
    INSTANCE_STEPS.length - 1,
    INSTANCE_STEPS.indexOf(store.state.instances),
    (step) => store.set({ instances: INSTANCE_STEPS[step] ?? 1 }),
  );
  const written = checkbox('Writable pages written', store.state.written, (value) =>
    store.set({ written: value }),
  );
  const note = el('p', { class: 'note' });
  const bars = { none: bar(), before: bar(), after: bar() };
  const paint = (): void => {
    const { fill } = readTheme(document.body);
    bars.none.paint(fill[CATEGORY.zero]);
    bars.before.paint(fill[CATEGORY.unique]);
    bars.after.paint(fill[CATEGORY.all]);
  };
  paint();
  watchTheme(paint);
  let counted = countAll(store.state.model);
  const show = (state: ViewState): void => {
    const { latest } = state;
    const projection = project(counted, latest, state.instances, state.written);
    const values = [projection.withoutSharing, projection.before, projection.after];
    const most = Math.max(1, ...values.map((value) => value ?? 0));
    bars.none.show('No sharing', projection.withoutSharing, most);
    bars.before.show('Sharing, before', projection.before, most);
    bars.after.show(
      `Sharing, ${provenance(latest) === 'predicted' ? 'predicted' : 'after'}`,
      projection.after,
      most,
    );
    setText(output, `${count(state.instances)} of each`);
    range.setAttribute('aria-valuetext', `${count(state.instances)} instances of each unikernel`);
    setText(note, assumption(state.written));
  };
  show(store.state);
  store.subscribe((state, previous) => {
    if (state.model !== previous.model) counted = countAll(state.model);
    if (
      state.model !== previous.model ||
      state.instances !== previous.instances ||
      state.written !== previous.written
    ) {
      show(state);
    }
  });
  return el(
    'section',
    { class: 'projection', 'aria-label': 'Projected host memory' },
    el(
      'div',
      { class: 'projection-input' },
      el('span', { class: 'caption' }, 'Host memory for'),
      range,
      output,
    ),
    el('div', { class: 'bars' }, bars.none.element, bars.before.element, bars.after.element),
    el('div', { class: 'assumptions' }, written, note),
  );
}

function assumption(written: boolean): string {
  return written
    ? 'Image pages only. Equal pages count once; each instance has its own copy of writable ones.'
    : 'Image pages only. Equal pages count once, writable ones too: nobody has written yet.';
}

function bar(): Bar {
  const name = el('span', { class: 'bar-name' });
  const fill = el('span', { class: 'bar-fill' });
  const value = el('span', { class: 'bar-value' });
  const element = el(
    'div',
    { class: 'bar' },
    name,
    el('span', { class: 'bar-track' }, fill),
    value,
  );
  return {
    element,
    paint: (color) => {
      fill.style.background = color ?? '';
    },
    show: (text, amount, most) => {
      element.hidden = amount === undefined;
      setText(name, text);
      setText(value, bytes(amount ?? 0));
      fill.style.width = `${Math.max(0.5, ((amount ?? 0) / most) * 100)}%`;
    },
  };
}
