/** Which set or unikernel a command is about: from what it was called with, else the user is asked. */
import * as vscode from 'vscode';
import type { FoundUnikernel } from '../engine/contract.ts';
import type { Sets } from '../sets.ts';
import type { Node } from '../tree.ts';
import type { UnikraftSet } from '../unikraft-set.ts';

export interface Target {
  readonly set: UnikraftSet;
  readonly unikernel: FoundUnikernel;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && 'set' in value;
}

/** A command of the tree is given a node, one of the Explorer a folder, one of the palette nothing. */
export async function pickSet(sets: Sets, argument: unknown): Promise<UnikraftSet | undefined> {
  if (isNode(argument)) return argument.set;
  if (argument instanceof vscode.Uri && argument.scheme === 'file')
    return setOfFolder(sets, argument);
  if (typeof argument === 'string') return sets.forRoot(argument);
  if (!sets.isLookedThrough) await sets.refresh();
  const all = sets.all.filter(({ unikernels }) => unikernels.length > 0);
  if (all.length === 1) return all[0];
  if (all.length === 0) {
    await sayNothingBuilt(sets);
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    all.map((set) => ({ label: set.folder.name, description: set.root, set })),
    { placeHolder: vscode.l10n.t('Unikraft workspace') },
  );
  return picked?.set;
}

/** The set that a folder of the Explorer is in, once it is known that it holds a unikernel. */
async function setOfFolder(sets: Sets, uri: vscode.Uri): Promise<UnikraftSet | undefined> {
  const set = sets.forUri(uri);
  if (set && !set.found) await sets.look(set);
  if (set && set.unikernels.length > 0) return set;
  await sayNothingBuilt(sets);
  return undefined;
}

async function sayNothingBuilt(sets: Sets): Promise<void> {
  const failure = sets.folders.find((set) => set.failure !== undefined)?.failure;
  const [unusable] = sets.all.flatMap(({ found }) => found?.unusable ?? []);
  const create = vscode.l10n.t('Create Sample Workspace');
  const text =
    failure ??
    (unusable
      ? vscode.l10n.t('No unikernel can be aligned: {0}: {1}', unusable.name, unusable.message)
      : vscode.l10n.t('There is no Unikraft unikernel in this workspace.'));
  if ((await vscode.window.showInformationMessage(text, create)) === create)
    await vscode.commands.executeCommand('spacer.createSample');
}

export async function pickUnikernel(
  sets: Sets,
  argument: unknown,
  name?: unknown,
  wanted: (target: Target) => boolean = () => true,
): Promise<Target | undefined> {
  if (isNode(argument) && 'unikernel' in argument) return argument;
  const set = await pickSet(sets, argument);
  if (!set) return undefined;
  if (typeof name === 'string') {
    const unikernel = set.unikernel(name);
    return unikernel && { set, unikernel };
  }
  const targets = set.unikernels.map((unikernel) => ({ set, unikernel })).filter(wanted);
  const picked = await vscode.window.showQuickPick(
    targets.map((target) => ({
      label: target.unikernel.name,
      description: target.unikernel.directory,
      target,
    })),
    { placeHolder: vscode.l10n.t('Unikernel') },
  );
  return picked?.target;
}
