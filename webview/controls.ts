/**
 * The controls of the page, on @vscode/webview-ui-toolkit.
 *
 * The toolkit is archived upstream, so nothing else imports it: another toolkit, or native
 * elements, would replace this one module. It needs no unsafe style: its styles are adopted
 * style sheets, and its one part with a style attribute, the progress ring, is not used.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
  type Button,
  type Checkbox,
  type Dropdown,
  type TextField,
} from '@vscode/webview-ui-toolkit';
import { el, setAttributes, type Child } from './dom.ts';

export type { Button, Checkbox, Dropdown, TextField };

export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeTextField(),
  );
}

function control(
  tag: string,
  attributes: Record<string, string | boolean | undefined>,
  ...children: Child[]
): HTMLElement {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export interface ButtonOptions {
  appearance?: 'primary' | 'secondary' | 'icon';
  /** Spoken name, where the text is a sign only. */
  label?: string;
  title?: string;
  class?: string;
  press: () => void;
}

export function button(text: string, options: ButtonOptions): Button {
  const element = control(
    'vscode-button',
    {
      appearance: options.appearance ?? 'secondary',
      title: options.title ?? options.label,
      'aria-label': options.label,
      class: options.class,
    },
    text,
  );
  element.addEventListener('click', () => {
    if (!(element as Button).disabled) options.press();
  });
  return element as Button;
}

export function checkbox(
  text: string,
  checked: boolean,
  changed: (checked: boolean) => void,
): Checkbox {
  const element = control('vscode-checkbox', { checked }, text) as Checkbox;
  element.addEventListener('change', () => changed(element.checked));
  return element;
}

export interface Choice {
  value: string;
  text: string;
}

export function dropdown(
  label: string,
  choices: readonly Choice[],
  value: string,
  changed: (value: string) => void,
): Dropdown {
  const element = control(
    'vscode-dropdown',
    { 'aria-label': label, 'current-value': value },
    ...choices.map((choice) =>
      control(
        'vscode-option',
        { value: choice.value, selected: choice.value === value },
        choice.text,
      ),
    ),
  ) as Dropdown;
  element.addEventListener('change', () => changed(element.value));
  return element;
}

export interface FieldOptions {
  label: string;
  placeholder?: string;
  value?: string;
  class?: string;
  input: (value: string) => void;
}

export function textField(options: FieldOptions): TextField {
  const element = control('vscode-text-field', {
    placeholder: options.placeholder,
    value: options.value,
    class: options.class,
  }) as TextField;
  element.addEventListener('input', () => options.input(element.value));
  // Once connected, the toolkit writes a name of its own; this one is to win.
  new MutationObserver((_, observer) => {
    if (element.getAttribute('aria-label') === options.label) observer.disconnect();
    else element.setAttribute('aria-label', options.label);
  }).observe(element, { attributes: true, attributeFilter: ['aria-label'] });
  element.setAttribute('aria-label', options.label);
  return element;
}

/** A slider; the toolkit has none. */
export function slider(
  label: string,
  steps: number,
  value: number,
  changed: (value: number) => void,
): HTMLInputElement {
  const element = el('input', {
    type: 'range',
    min: 0,
    max: steps,
    step: 1,
    value,
    'aria-label': label,
  });
  element.addEventListener('input', () => changed(Number(element.value)));
  return element;
}

/** One of several, as a row of buttons that stay pressed. */
export interface Segments {
  element: HTMLElement;
  select: (value: string) => void;
}

export function segments(
  label: string,
  choices: readonly Choice[],
  value: string,
  changed: (value: string) => void,
): Segments {
  const buttons = choices.map((choice) => {
    const segment = el('button', { type: 'button', class: 'segment' }, choice.text);
    segment.addEventListener('click', () => changed(choice.value));
    return segment;
  });
  const select = (chosen: string): void => {
    buttons.forEach((segment, index) => {
      segment.setAttribute('aria-pressed', String(choices[index]?.value === chosen));
    });
  };
  select(value);
  return {
    element: el('div', { class: 'segments', role: 'group', 'aria-label': label }, ...buttons),
    select,
  };
}
