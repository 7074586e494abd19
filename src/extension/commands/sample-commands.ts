import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { readSettings } from '../settings.ts';
import { runInTerminal } from '../run-terminal.ts';
import { requireTrust } from '../trust.ts';
import type { Commands, Services } from './services.ts';

export function sampleCommands({ context }: Services): Commands {
  return {
    createSample: (argument) => createSample(context, argument),
    openWalkthrough: () =>
      vscode.commands.executeCommand(
        'workbench.action.openWalkthrough',
        `${context.extension.id}#spacer.start`,
        false,
      ),
  };
}

/** Builds the sample's unikernels into an empty folder, and opens it. */
async function createSample(context: vscode.ExtensionContext, argument: unknown): Promise<void> {
  requireTrust();
  const folder = argument instanceof vscode.Uri ? argument : await askForFolder();
  if (!folder) return;
  const entries = await readdir(folder.fsPath).catch((): string[] => []);
  if (entries.length > 0)
    throw new Error(
      vscode.l10n.t('{0} is not empty. Choose an empty folder for the sample.', folder.fsPath),
    );
  const make = readSettings(undefined).toolPaths['make'] ?? 'make';
  const sample = context.asAbsolutePath(path.join('media', 'sample'));
  const status = await runInTerminal({
    title: vscode.l10n.t('Sample Workspace'),
    file: make,
    args: ['-C', sample, `BUILD=${folder.fsPath}`],
    cwd: folder.fsPath,
  });
  if (status !== 0)
    throw new Error(
      vscode.l10n.t(
        'The sample could not be built; the terminal says why. It needs gcc, binutils, make and python3.',
      ),
    );
  const open = vscode.l10n.t('Open');
  const text = vscode.l10n.t('The sample workspace is built.');
  if ((await vscode.window.showInformationMessage(text, open)) === open)
    await vscode.commands.executeCommand('vscode.openFolder', folder);
}

async function askForFolder(): Promise<vscode.Uri | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      openLabel: vscode.l10n.t('Create Sample Here'),
      title: vscode.l10n.t('An empty folder for the sample workspace'),
    })) ?? [];
  return folder;
}
