/** The flags of an alignment, who takes part, and Relink: shown where a host can act on them. */
import { GRANULARITIES, LAYOUTS, type AlignOptions } from '../../src/protocol/options.ts';
import { button, checkbox, dropdown, textField, type Choice } from '../controls.ts';
import { el, replaceChildren, setText } from '../dom.ts';
import { count, hex } from '../format.ts';
import type { Planner, PlannerStatus } from '../planner.ts';
import type { Store } from '../state.ts';
import { captioned, explain, flagBox, guarded, type BooleanOption } from './option-controls.ts';
import { randomisationControls } from './randomisation.ts';

const THREE_WAYS: readonly Choice[] = [
  { value: 'auto', text: 'auto' },
  { value: 'true', text: 'on' },
  { value: 'false', text: 'off' },
];

/** The names are those of the command line. */
const FLAGS: readonly { name: BooleanOption; text: string }[] = [
  { name: 'customLoader', text: 'custom_loader' },
  { name: 'copyObjects', text: 'copy_objs' },
];

export interface OptionsView {
  element: HTMLElement;
  show: (status: PlannerStatus) => void;
}

export function optionsView(planner: Planner, store: Store): OptionsView {
  const { predict, relink } = planner.host.capabilities;
  if (!predict.available && !relink.available) return reasonOnly(relink.reason);
  const status = statusView(planner, store);
  const controls = el(
    'div',
    { class: 'option-controls' },
    choice(planner, 'granularity', GRANULARITIES),
    choice(planner, 'layout', LAYOUTS),
    threeWays(planner, 'group'),
    threeWays(planner, 'align'),
    locationField(planner),
    effortChoice(planner),
    ...FLAGS.map((flag) => flagBox(planner, flag.name, flag.text)),
    randomisationControls(planner),
    unikernelPicker(planner),
  );
  const show = (state: PlannerStatus): void => {
    // What is being linked does not change under way.
    controls.inert = state.kind === 'relinking';
    status.show(state);
  };
  return {
    element: el(
      'section',
      { class: 'options', 'aria-label': 'Alignment' },
      controls,
      status.element,
      status.failure,
    ),
    show,
  };
}

/** Where nothing can be planned there is nothing to set, and one line says why. */
function reasonOnly(reason: string): OptionsView {
  return {
    element: el('section', { class: 'options reason', 'aria-label': 'Alignment' }, reason),
    show: () => undefined,
  };
}

function threeWays(planner: Planner, name: 'group' | 'align'): HTMLElement {
  const value = String(planner.request.options[name]);
  const control = dropdown(name, THREE_WAYS, value, (chosen) => {
    planner.setOptions({ [name]: chosen === 'auto' ? 'auto' : chosen === 'true' });
  });
  return captioned(name, guarded(control, planner, name));
}

function choice<N extends 'granularity' | 'layout'>(
  planner: Planner,
  name: N,
  values: readonly AlignOptions[N][],
): HTMLElement {
  const choices = values.map((value) => ({ value, text: value }));
  const control = dropdown(name, choices, planner.request.options[name], (chosen) => {
    const value = values.find((one) => one === chosen);
    if (value !== undefined) planner.setOptions({ [name]: value });
  });
  return captioned(name, guarded(control, planner, name));
}

/** Steps of the search; the first is what the engine takes by itself. */
const EFFORTS: readonly Choice[] = [
  { value: '', text: 'usual' },
  { value: '0', text: 'none' },
  { value: '20000', text: '20,000' },
  { value: '100000', text: '100,000' },
];

/** A number that is not offered, from the settings, is a choice as well. */
function effortChoice(planner: Planner): HTMLElement {
  const { effort } = planner.request.options;
  const value = effort === undefined ? '' : String(effort);
  const isOffered = EFFORTS.some((one) => one.value === value);
  const choices = isOffered ? EFFORTS : [...EFFORTS, { value, text: count(effort ?? 0) }];
  const control = dropdown('effort', choices, value, (chosen) => {
    planner.setOptions({ effort: chosen === '' ? undefined : Number(chosen) });
  });
  return captioned('effort', guarded(control, planner, 'effort'));
}

function locationField(planner: Planner): HTMLElement {
  const { location } = planner.request.options;
  const control = textField({
    label: 'Location counter',
    placeholder: 'as linked',
    class: 'location',
    ...(location === undefined ? {} : { value: hex(location) }),
    input: () => control.classList.remove('invalid'),
  });
  control.addEventListener('change', () => {
    const parsed = parseLocation(control.value);
    control.classList.toggle('invalid', parsed === 'invalid');
    control.title = parsed === 'invalid' ? 'An address such as 0x130000 is expected' : '';
    if (parsed !== 'invalid') planner.setOptions({ location: parsed });
  });
  return captioned('location', guarded(control, planner, 'location'));
}

/** An address, nothing for an empty field, or what cannot be read. */
export function parseLocation(text: string): number | undefined | 'invalid' {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (!/^(0x[0-9a-f]{1,13}|[0-9]{1,15})$/i.test(trimmed)) return 'invalid';
  const value = Number(trimmed);
  return Number.isSafeInteger(value) ? value : 'invalid';
}

function unikernelPicker(planner: Planner): HTMLElement {
  const { candidates } = planner.host;
  const chosen = new Set(planner.request.unikernels);
  const summary = el('summary');
  const label = (): void => {
    setText(summary, `Unikernels (${count(chosen.size)} of ${count(candidates.length)})`);
  };
  const apply = (): void => {
    label();
    planner.setUnikernels(candidates.filter((name) => chosen.has(name)));
  };
  const boxes = candidates.map((name) =>
    checkbox(name, chosen.has(name), (checked) => {
      if (checked) chosen.add(name);
      else chosen.delete(name);
      apply();
    }),
  );
  label();
  const all = button('All', {
    press: () => {
      for (const name of candidates) chosen.add(name);
      for (const box of boxes) box.checked = true;
      apply();
    },
  });
  const picker = el(
    'details',
    { class: 'picker' },
    summary,
    el(
      'div',
      { class: 'picker-list', role: 'group', 'aria-label': 'Unikernels that take part' },
      all,
      ...boxes,
    ),
  );
  picker.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !picker.open) return;
    event.stopPropagation();
    picker.open = false;
    summary.focus();
  });
  return picker;
}

function statusView(planner: Planner, store: Store): OptionsView & { failure: HTMLElement } {
  const relink = button('', {
    appearance: 'primary',
    title: 'Link the images at the planned addresses',
    press: () => void planner.relink(),
  });
  explain(relink, planner.host.capabilities.relink);
  const nameIt = (): void =>
    setText(relink, store.state.model.stages.after ? 'Relink' : 'Align unikernels');
  nameIt();
  store.subscribe((state, previous) => {
    if (state.model !== previous.model) nameIt();
  });
  const cancel = button('Cancel', { press: () => planner.cancel() });
  const text = el('span', { class: 'progress-text', role: 'status' });
  const meter = el('progress', { max: 1, 'aria-label': 'Relinking' });
  const failure = el('p', { class: 'plan-failure', role: 'alert' });
  const element = el('div', { class: 'plan-status' }, meter, text, relink, cancel);
  const show = (status: PlannerStatus): void => {
    const linking = status.kind === 'relinking';
    relink.hidden = linking;
    cancel.hidden = !linking;
    meter.hidden = !linking;
    setText(text, statusText(status));
    replaceChildren(failure, status.kind === 'failed' ? status.message : undefined);
    if (linking && status.progress.done !== undefined) meter.value = status.progress.done;
    else meter.removeAttribute('value');
  };
  show({ kind: 'idle' });
  return { element, failure, show };
}

function statusText(status: PlannerStatus): string {
  if (status.kind === 'predicting') return 'Predicting…';
  return status.kind === 'relinking' ? `${status.progress.text}…` : '';
}
