/** The options of address randomisation; those that mean nothing without it say so. */
import type { AlignOptions } from '../../src/protocol/options.ts';
import { button, dropdown, type Choice } from '../controls.ts';
import { el } from '../dom.ts';
import { count } from '../format.ts';
import type { OptionName } from '../host.ts';
import type { Planner } from '../planner.ts';
import { captioned, enable, explain, flagBox, guarded } from './option-controls.ts';

const KINDS: readonly Choice[] = [
  { value: '0', text: 'off' },
  { value: '1', text: 'table' },
  { value: '2', text: 'randomised' },
];

const BLOCKS: readonly Choice[] = [
  { value: '', text: 'one' },
  { value: '2', text: '2' },
  { value: '4', text: '4' },
  { value: 'class', text: 'class' },
  { value: 'library', text: 'library' },
];

const INSTANCES: readonly Choice[] = [1, 2, 3, 4].map((n) => ({
  value: n === 1 ? '' : String(n),
  text: String(n),
}));

export function randomisationControls(planner: Planner): HTMLElement {
  const { options } = planner.request;
  const map = flagBox(planner, 'aslrMap', 'aslr_map');
  const order = flagBox(planner, 'aslrSameMapping', 'aslr_same_mapping');
  const blocks = guarded(
    dropdown(
      'aslr-blocks',
      offered(BLOCKS, options.aslrBlocks),
      textOf(options.aslrBlocks),
      (text) => planner.setOptions({ aslrBlocks: blocksOf(text) }),
    ),
    planner,
    'aslrBlocks',
  );
  const again = button('Re-randomise', {
    title: 'Other random positions: other addresses, the same contents',
    class: 'randomise',
    press: () => planner.randomise(),
  });
  const dependants: [OptionName, typeof map | typeof blocks | typeof again, 1 | 2][] = [
    ['aslrMap', map, 1],
    ['aslrBlocks', blocks, 1],
    ['aslrSameMapping', order, 2],
    ['seed', again, 2],
  ];
  const depend = (aslr: AlignOptions['aslr']): void => {
    for (const [name, control, least] of dependants) {
      const state = planner.host.capabilities.options[name];
      if (state && !state.available) explain(control, state);
      else if (aslr >= least) enable(control);
      else explain(control, { available: false, reason: NEEDS[least] });
    }
  };
  const kind = dropdown('aslr', KINDS, String(options.aslr), (chosen) => {
    const aslr = chosen === '2' ? 2 : chosen === '1' ? 1 : 0;
    depend(aslr);
    planner.setOptions({ aslr });
  });
  depend(options.aslr);
  return el(
    'span',
    { class: 'option-group', role: 'group', 'aria-label': 'Address randomisation' },
    captioned('aslr', guarded(kind, planner, 'aslr')),
    captioned('aslr-blocks', blocks),
    map,
    order,
    instancesChoice(planner),
    again,
  );
}

const NEEDS = {
  1: 'It means something where aslr is table or randomised.',
  2: 'It means something where aslr is randomised.',
} as const;

function instancesChoice(planner: Planner): HTMLElement {
  const { instances } = planner.request.options;
  const choices = offered(INSTANCES, instances);
  const control = dropdown('instances', choices, textOf(instances), (text) =>
    planner.setOptions({ instances: text === '' ? undefined : Number(text) }),
  );
  return captioned('instances', guarded(control, planner, 'instances'));
}

const textOf = (value: number | string | undefined): string =>
  value === undefined || value === 1 ? '' : String(value);

/** A number that is not offered, from the settings, is a choice as well. */
function offered(choices: readonly Choice[], value: number | string | undefined): Choice[] {
  const text = textOf(value);
  if (choices.some((choice) => choice.value === text)) return [...choices];
  return [...choices, { value: text, text: count(Number(text)) }];
}

function blocksOf(text: string): AlignOptions['aslrBlocks'] | undefined {
  if (text === '') return undefined;
  return text === 'library' || text === 'class' ? text : Number(text);
}
