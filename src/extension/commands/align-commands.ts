import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { reportTo, signalOf } from '../align.ts';
import { formatCount, formatUnikernels } from '../format.ts';
import { requireTrust } from '../trust.ts';
import type { UnikraftSet } from '../unikraft-set.ts';
import { pickSet } from './pick.ts';
import type { Commands, Services } from './services.ts';

export function alignCommands(services: Services): Commands {
  const { sets, aligner, panels, log } = services;
  const withSet =
    (run: (set: UnikraftSet) => unknown) =>
    async (argument: unknown): Promise<void> => {
      const set = await pickSet(sets, argument);
      if (set) await run(set);
    };
  return {
    align: async (argument) => {
      requireTrust();
      const set = await pickSet(sets, argument);
      if (set && (await hasTools(set))) await aligner.runWithProgress(set);
    },
    relinkOnly: async (argument) => {
      requireTrust();
      const set = await pickSet(sets, argument);
      if (set) await aligner.runWithProgress(set, { options: { relinkOnly: true } });
    },
    analyze: withSet((set) => analyze(services, set)),
    preview: withSet((set) => previewLayout(services, set)),
    clean: withSet((set) => clean(services, set)),
    cancel: () => aligner.cancelAll(),
    refresh: () => sets.refresh(),
    showLog: () => log.show(),
    openPageMap: withSet((set) => void panels.show({ kind: 'set', set })),
  };
}

async function hasTools({ found }: UnikraftSet): Promise<boolean> {
  const missing = found?.missingTools ?? [];
  if (missing.length === 0) return true;
  const help = vscode.l10n.t('Show Settings');
  const text = vscode.l10n.t(
    'These tools are needed and not installed: {0}. Install them, or name them in the settings.',
    missing.join(', '),
  );
  if ((await vscode.window.showErrorMessage(text, help)) === help)
    await vscode.commands.executeCommand('workbench.action.openSettings', 'spacer path');
  return false;
}

/** Reads the images as they are: no link, and no tool runs. */
async function analyze({ engine, sets, panels }: Services, set: UnikraftSet): Promise<void> {
  const { summary } = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Analysing {0}', set.folder.name),
      cancellable: true,
    },
    async (progress, token) => {
      await sets.look(set);
      await engine.call('forget', { workspace: set.root });
      const signal = signalOf(token);
      return engine.call('open', set.place, { signal, onUpdate: reportTo(progress) });
    },
  );
  sets.describe(set, summary);
  const { before } = summary.totals;
  if (!before) return;
  const open = vscode.l10n.t('Open Page Map');
  const text = vscode.l10n.t(
    '{0} as built: {1} distinct of {2} pages.',
    formatUnikernels(summary.unikernels.length),
    formatCount(before.distinct),
    formatCount(before.total),
  );
  if ((await vscode.window.showInformationMessage(text, open)) === open)
    panels.show({ kind: 'set', set });
}

async function previewLayout({ engine, panels }: Services, set: UnikraftSet): Promise<void> {
  const request = { options: set.settings.options, unikernels: set.chosen };
  const prediction = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Predicting {0}', set.folder.name),
      cancellable: true,
    },
    (_, token) => engine.call('predict', { ...set.place, request }, { signal: signalOf(token) }),
  );
  const { before, predicted } = prediction.totals;
  if (!before || !predicted) return;
  const open = vscode.l10n.t('Open Page Map');
  const text = vscode.l10n.t(
    'Predicted: {0} → {1} distinct pages. Nothing was linked.',
    formatCount(before.distinct),
    formatCount(predicted.distinct),
  );
  if ((await vscode.window.showInformationMessage(text, open)) === open)
    panels.show({ kind: 'set', set });
}

/** Removes what Spacer wrote, and only where it is sure that Spacer did. */
async function clean({ engine, sets, panels }: Services, set: UnikraftSet): Promise<void> {
  const { output } = set;
  const remove = vscode.l10n.t('Remove');
  const inside = path.relative(set.root, output);
  if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside))
    throw new Error(vscode.l10n.t('{0} is not inside the workspace; remove it by hand.', output));
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t('Remove {0} with the aligned images and the report?', inside),
    { modal: true, detail: vscode.l10n.t('Your builds are not touched.') },
    remove,
  );
  if (choice !== remove) return;
  await rm(output, { recursive: true, force: true });
  await engine.call('forget', { workspace: set.root });
  set.summary = undefined;
  sets.touch(set);
  panels.forSet(set)?.restart('images');
}
