import { readdir } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { requireTrust } from '../trust.ts';
import type { UnikraftSet } from '../unikraft-set.ts';
import { isNode, pickUnikernel, type Target } from './pick.ts';
import type { Commands, Services } from './services.ts';

export function treeCommands({ sets }: Services): Commands {
  return {
    revealImage: async (argument, name) => {
      const target = await pickUnikernel(sets, argument, name);
      if (target) await reveal(target);
    },
    openScript: async (argument) => {
      const target = await pickUnikernel(sets, argument);
      if (target) await openScript(target);
    },
    copyAddress: async (node) => {
      if (!isNode(node) || node.kind !== 'library') return;
      const address = node.set.summaryOf(node.unikernel.name)?.addresses[node.library.name];
      if (address === undefined) return;
      await vscode.env.clipboard.writeText(`0x${address.toString(16)}`);
    },
    rebuild: () => rebuild(),
  };
}

/** The aligned image where there is one, in the Explorer. */
async function reveal({ set, unikernel }: Target): Promise<void> {
  const image = set.summaryOf(unikernel.name)?.alignedImage ?? unikernel.image;
  await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(image));
}

/** What the link was given, before and after; only the former where nothing was aligned. */
async function openScript({ set, unikernel }: Target): Promise<void> {
  const before = vscode.Uri.file(unikernel.script);
  const written = await writtenScript(set, unikernel.name);
  if (written === undefined) {
    await vscode.window.showTextDocument(before);
    return;
  }
  const title = vscode.l10n.t('{0}: linker script, before ↔ after', unikernel.name);
  await vscode.commands.executeCommand('vscode.diff', before, vscode.Uri.file(written), title);
}

async function writtenScript(set: UnikraftSet, name: string): Promise<string | undefined> {
  const folder = path.join(set.output, name, 'scripts');
  const files = await readdir(folder).catch((): string[] => []);
  const first = files.find((file) => file.startsWith('0-'));
  return first && path.join(folder, first);
}

/** Through Unikraft's own extension; it returns before the build ends, and the watcher sees the rest. */
async function rebuild(): Promise<void> {
  requireTrust();
  const commands = await vscode.commands.getCommands(true);
  if (commands.includes('unikraft.build')) {
    await vscode.commands.executeCommand('unikraft.build');
    return;
  }
  await vscode.window.showInformationMessage(
    vscode.l10n.t(
      'Rebuilding from here needs the Unikraft extension. A build in a terminal is seen as well.',
    ),
  );
}
