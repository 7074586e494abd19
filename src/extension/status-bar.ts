/** The one status-bar item: the saving. A click opens the page map. */
import * as vscode from 'vscode';
import { formatPages } from './format.ts';
import type { Sets } from './sets.ts';
import { readSettings } from './settings.ts';

export class SavingItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    'spacer.saving',
    vscode.StatusBarAlignment.Left,
    -10,
  );
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly sets: Sets) {
    this.item.name = vscode.l10n.t('Spacer: Memory Saved');
    this.item.command = 'spacer.openPageMap';
    this.disposables = [
      this.item,
      sets.onDidChange(() => this.update()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('spacer')) this.update();
      }),
    ];
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  private update(): void {
    const totals = this.sets.all.flatMap(({ summary }) => summary?.totals ?? []);
    const saved = totals.reduce(
      (sum, { before, after }) => sum + (before && after ? before.distinct - after.distinct : 0),
      0,
    );
    if (saved <= 0 || !readSettings(undefined).statusBar) return this.item.hide();
    const text = vscode.l10n.t('{0} saved', formatPages(saved));
    this.item.text = `$(layers) ${text}`;
    this.item.tooltip = vscode.l10n.t(
      'Memory that the alignment saves for one instance of each unikernel. Click for the page map.',
    );
    this.item.accessibilityInformation = { label: `Spacer: ${text}` };
    this.item.show();
  }
}
