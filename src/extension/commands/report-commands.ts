import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { EXPORT_FORMS, type ExportForm } from '../engine/contract.ts';
import { isNode, pickSet } from './pick.ts';
import type { Commands, Services } from './services.ts';

const DESCRIPTIONS: Readonly<Record<ExportForm, () => string>> = {
  html: () => vscode.l10n.t('The page map as one self-contained file'),
  json: () => vscode.l10n.t('The page-map document'),
  csv: () => vscode.l10n.t('One row a page, for spreadsheets'),
  svg: () => vscode.l10n.t('A picture'),
};

export function reportCommands(services: Services): Commands {
  return {
    exportReport: (argument) => exportReport(services, argument),
    openReport: (argument) => openReport(services, argument),
    openSampleReport: () => {
      const file = services.context.asAbsolutePath(path.join('media', 'sample-report.json'));
      services.panels.show({ kind: 'report', file, title: vscode.l10n.t('Sample') });
    },
  };
}

/** A report on disk, and where its export is suggested to go. */
interface Source {
  readonly file: string;
  readonly folder: vscode.Uri;
  readonly name: string;
}

async function exportReport(services: Services, argument: unknown): Promise<void> {
  const source = await sourceOf(services, argument);
  if (!source) return;
  const form = await vscode.window.showQuickPick(
    EXPORT_FORMS.map((name) => ({
      label: name.toUpperCase(),
      description: DESCRIPTIONS[name](),
      name,
    })),
    { placeHolder: vscode.l10n.t('Form of the report') },
  );
  if (!form) return;
  const suggested = vscode.Uri.joinPath(source.folder, `${source.name}-page-map.${form.name}`);
  const target = await vscode.window.showSaveDialog({
    defaultUri: suggested,
    filters: { [form.label]: [form.name] },
  });
  if (!target) return;
  await services.engine.call('export', { from: source.file, form: form.name, to: target.fsPath });
  const open = vscode.l10n.t('Open');
  const text = vscode.l10n.t('{0} was written.', path.basename(target.fsPath));
  if ((await vscode.window.showInformationMessage(text, open)) !== open) return;
  if (form.name === 'html') await vscode.env.openExternal(target);
  else await vscode.commands.executeCommand('vscode.open', target);
}

/** The page map that the user looks at, else the set that is meant. */
async function sourceOf(services: Services, argument: unknown): Promise<Source | undefined> {
  const shown = isNode(argument) ? undefined : services.panels.active?.subject;
  if (shown?.kind === 'report') {
    const home = vscode.Uri.file(os.homedir());
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? home;
    return { file: shown.file, folder, name: path.parse(shown.file).name };
  }
  const set = shown ? shown.set : await pickSet(services.sets, argument);
  if (!set) return undefined;
  if (await stat(set.report).catch(() => undefined))
    return { file: set.report, folder: set.folder.uri, name: set.folder.name };
  const align = vscode.l10n.t('Align Unikernels');
  const text = vscode.l10n.t('There is no result to export yet.');
  if ((await vscode.window.showInformationMessage(text, align)) === align)
    await vscode.commands.executeCommand('spacer.align', set.root);
  return undefined;
}

/** A report that someone sent, without its workspace. */
async function openReport(services: Services, argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : await askForReport();
  if (!uri) return;
  services.panels.show({ kind: 'report', file: uri.fsPath, title: path.basename(uri.fsPath) });
}

async function askForReport(): Promise<vscode.Uri | undefined> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      filters: { [vscode.l10n.t('Spacer report')]: ['json'] },
      canSelectMany: false,
    })) ?? [];
  return uri;
}
