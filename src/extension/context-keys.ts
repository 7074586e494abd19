/** Context keys that the welcome views and menus in package.json ask for. */
import * as vscode from 'vscode';
import type { Unusable } from '../protocol/page-map.ts';
import type { Sets } from './sets.ts';

const lacksTool = ({ reason }: Unusable) => reason === 'tool-missing';

export class ContextKeys implements vscode.Disposable {
  private readonly known = new Map<string, boolean>();
  private readonly listener: vscode.Disposable;

  constructor(private readonly sets: Sets) {
    this.listener = sets.onDidChange(() => this.update());
  }

  dispose(): void {
    this.listener.dispose();
  }

  private update(): void {
    const { folders } = this.sets;
    const found = folders.flatMap((set) => set.found ?? []);
    this.set('spacer.looked', this.sets.isLookedThrough);
    this.set(
      'spacer.hasUnikernels',
      found.some(({ unikernels }) => unikernels.length > 0),
    );
    this.set(
      'spacer.hasUnbuilt',
      found.some(({ unusable }) => unusable.length > 0),
    );
    this.set(
      'spacer.toolsMissing',
      found.some(
        ({ missingTools, unusable }) => missingTools.length > 0 || unusable.some(lacksTool),
      ),
    );
    this.set(
      'spacer.failed',
      folders.some(({ failure }) => failure !== undefined),
    );
    this.set(
      'spacer.aligned',
      folders.some(({ summary }) => summary?.totals.after !== undefined),
    );
    this.set(
      'spacer.locked',
      folders.some(({ found }) => found?.locked),
    );
    this.set(
      'spacer.busy',
      folders.some(({ busy }) => busy === 'aligning'),
    );
  }

  private set(key: string, value: boolean): void {
    if (this.known.get(key) === value) return;
    this.known.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }
}
