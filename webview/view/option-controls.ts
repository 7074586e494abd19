/** A control of an option, with its name and, where it does not work, with the reason. */
import type { AlignOptions } from '../../src/protocol/options.ts';
import { checkbox } from '../controls.ts';
import { el } from '../dom.ts';
import type { Availability, OptionName } from '../host.ts';
import type { Planner } from '../planner.ts';

type Control = HTMLElement & { disabled: boolean };

/** Options that are on or off. */
export type BooleanOption = {
  [N in OptionName]: AlignOptions[N] extends boolean ? N : never;
}[OptionName];

/** Shows why a control does not work, instead of hiding it. */
export function guarded<T extends Control>(control: T, planner: Planner, name: OptionName): T {
  explain(control, planner.host.capabilities.options[name]);
  return control;
}

export function explain(control: Control, state: Availability | undefined): void {
  if (!state || state.available) return;
  control.disabled = true;
  control.title = state.reason;
  control.setAttribute('aria-description', state.reason);
}

/** Takes back what `explain` did. */
export function enable(control: Control): void {
  control.disabled = false;
  control.title = '';
  control.removeAttribute('aria-description');
}

export function flagBox(planner: Planner, name: BooleanOption, text: string) {
  const control = checkbox(text, planner.request.options[name], (checked) => {
    planner.setOptions({ [name]: checked });
  });
  return guarded(control, planner, name);
}

export function captioned(caption: string, control: HTMLElement): HTMLElement {
  return el(
    'span',
    { class: 'option' },
    el('span', { class: 'caption', 'aria-hidden': 'true' }, caption),
    control,
  );
}
