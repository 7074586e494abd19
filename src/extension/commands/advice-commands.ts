/** What limits sharing, as a list, and what can be done from it. */
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { adviceText, valuesText } from '../advice-text.ts';
import type { AdviceNode } from '../advice-tree.ts';
import { reportTo, signalOf } from '../align.ts';
import { lineOfOption } from '../config-line.ts';
import { requireTrust } from '../trust.ts';
import type { UnikraftSet } from '../unikraft-set.ts';
import { pickSet } from './pick.ts';
import type { Commands, Services } from './services.ts';

export function adviceCommands(services: Services): Commands {
  return {
    explain: async (argument) => {
      requireTrust();
      const set = await pickSet(services.sets, argument);
      if (set) await explain(services, set);
    },
    'advice.openOption': async (argument) => {
      const node = adviceOf(services, argument);
      if (node) await openOption(node);
    },
    'advice.showInPageMap': (argument) => {
      const node = adviceOf(services, argument);
      if (!node || node.advice.code === 'function-sections') return;
      const panel = services.panels.show({ kind: 'set', set: node.set });
      panel.searchWhenReady(node.advice.library);
    },
    'advice.copy': async (argument) => {
      const node = adviceOf(services, argument);
      if (node) await vscode.env.clipboard.writeText(textOf(node));
    },
  };
}

/** A menu names its entry; a click or a key means the one that is selected. */
function adviceOf({ advice }: Services, argument: unknown): AdviceNode | undefined {
  return isAdvice(argument) ? argument : advice.selected;
}

const isAdvice = (value: unknown): value is AdviceNode =>
  typeof value === 'object' && value !== null && 'advice' in value;

const textOf = (node: AdviceNode): string =>
  node.kind === 'option'
    ? `${node.option.option} = ${valuesText(node.option)}`
    : adviceText(node.advice);

async function explain({ engine, advice, log }: Services, set: UnikraftSet): Promise<void> {
  const { options, jobs } = set.settings;
  const params = { ...set.place, request: { options, unikernels: set.chosen }, jobs };
  const explanation = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Explaining the sharing of {0}', set.folder.name),
      cancellable: true,
    },
    (progress, token) =>
      engine.call('explain', params, { signal: signalOf(token), onUpdate: reportTo(progress) }),
  );
  for (const one of explanation.advice) log.info(adviceText(one));
  for (const { name, message } of explanation.failures) log.error(`${name}: ${message}`);
  await advice.show({ set, explanation });
}

/** Opens a unikernel's configuration at an option; the user says whose where there are several. */
async function openOption(node: AdviceNode): Promise<void> {
  const option = optionOf(node);
  const places = option === undefined ? [] : placesOf(node);
  const placeHolder = vscode.l10n.t('Whose configuration?');
  const place =
    places.length > 1 ? await vscode.window.showQuickPick(places, { placeHolder }) : places[0];
  if (option === undefined || !place) return;
  const text = await readFile(place.file, 'utf8');
  const start = new vscode.Position(lineOfOption(text, option), 0);
  const selection = new vscode.Range(start, start);
  await vscode.window.showTextDocument(vscode.Uri.file(place.file), { selection });
}

function optionOf(node: AdviceNode): string | undefined {
  if (node.kind === 'option') return node.option.option;
  return node.advice.code === 'function-sections' ? node.advice.option : undefined;
}

/** Where the option can be set, by unikernel, with the value that it has. */
function placesOf(node: AdviceNode): { label: string; description: string; file: string }[] {
  const { advice, explanation } = node;
  const values = new Map(
    node.kind === 'option'
      ? node.advice.groups.flatMap((group, i) =>
          group.map((name) => [name, node.option.values[i] ?? 'n'] as const),
        )
      : [],
  );
  const names = advice.code === 'function-sections' ? advice.unikernels : advice.groups.flat();
  return names.flatMap((label) => {
    const file = explanation.configs[label];
    return file === undefined ? [] : [{ label, description: values.get(label) ?? 'n', file }];
  });
}
