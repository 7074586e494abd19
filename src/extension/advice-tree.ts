/** The list of what limits sharing: an entry for each piece of advice, its options below. */
import * as vscode from 'vscode';
import type { Advice, Explanation } from '../engine/advice/explain.ts';
import type { OptionValues } from '../engine/advice/options.ts';
import { adviceText, shortSaving, valuesText, type LibraryAdvice } from './advice-text.ts';
import { formatCount } from './format.ts';
import type { Sets } from './sets.ts';
import type { UnikraftSet } from './unikraft-set.ts';

export const ADVICE_VIEW = 'spacer.advice';

interface Explained {
  readonly set: UnikraftSet;
  readonly explanation: Explanation;
}

export type AdviceNode =
  | (Explained & { readonly kind: 'advice'; readonly advice: Advice })
  | (Explained & {
      readonly kind: 'option';
      readonly advice: LibraryAdvice;
      readonly option: OptionValues;
    });

export class AdviceTree implements vscode.TreeDataProvider<AdviceNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<AdviceNode>;
  private readonly listeners: vscode.Disposable[];
  private shown: Explained | undefined;

  constructor(sets: Sets) {
    this.view = vscode.window.createTreeView<AdviceNode>(ADVICE_VIEW, { treeDataProvider: this });
    const forget = (set: UnikraftSet) => {
      if (this.shown?.set === set) void this.show(undefined);
    };
    // Advice is about the builds that were read.
    this.listeners = [sets.onDidBuild(forget), sets.onDidRemove(forget)];
  }

  dispose(): void {
    this.view.dispose();
    for (const listener of this.listeners) listener.dispose();
  }

  /** What the user has clicked or gone to. */
  get selected(): AdviceNode | undefined {
    return this.view.selection[0];
  }

  /** Replaces what is listed, and shows the list where there is one. */
  async show(shown: Explained | undefined): Promise<void> {
    this.shown = shown;
    await vscode.commands.executeCommand('setContext', 'spacer.explained', shown !== undefined);
    this.view.description = shown?.set.folder.name ?? '';
    this.view.message = shown ? headOf(shown.explanation) : '';
    this.changed.fire(undefined);
    if (shown) await vscode.commands.executeCommand(`${ADVICE_VIEW}.focus`);
  }

  getChildren(node?: AdviceNode): AdviceNode[] {
    const { shown } = this;
    if (!shown) return [];
    if (!node)
      return shown.explanation.advice.map((advice) => ({ kind: 'advice', ...shown, advice }));
    const { advice } = node;
    if (node.kind === 'option' || advice.code !== 'variants') return [];
    return advice.options.map((option) => ({ kind: 'option', ...shown, advice, option }));
  }

  getTreeItem(node: AdviceNode): vscode.TreeItem {
    return node.kind === 'option' ? optionItem(node) : adviceItem(node);
  }
}

function headOf({ distinct, advice }: Explanation): string {
  return advice.length === 0
    ? vscode.l10n.t('Nothing that is known limits sharing here.')
    : vscode.l10n.t(
        'About {0} distinct pages as built. What limits sharing, by the pages that a remedy saves:',
        formatCount(distinct),
      );
}

function adviceItem(node: Extract<AdviceNode, { kind: 'advice' }>): vscode.TreeItem {
  const { advice } = node;
  const text = adviceText(advice);
  const hasOptions = advice.code === 'variants' && advice.options.length > 0;
  const { None, Collapsed } = vscode.TreeItemCollapsibleState;
  const isLibrary = advice.code !== 'function-sections';
  const item = new vscode.TreeItem(
    isLibrary ? advice.library : advice.option,
    hasOptions ? Collapsed : None,
  );
  item.description = isLibrary ? shortSaving(advice) : text;
  item.tooltip = text;
  item.accessibilityInformation = { label: text };
  item.contextValue = isLibrary ? 'spacer.advice.library' : 'spacer.advice.option';
  item.iconPath = new vscode.ThemeIcon(iconOf(advice));
  item.command = isLibrary
    ? commandOf('showInPageMap', vscode.l10n.t('Show in Page Map'))
    : commandOf('openOption', vscode.l10n.t('Open Option'));
  return item;
}

function optionItem(node: Extract<AdviceNode, { kind: 'option' }>): vscode.TreeItem {
  const { option } = node;
  const item = new vscode.TreeItem(option.option);
  item.description = valuesText(option);
  item.tooltip = `${option.option} = ${valuesText(option)}`;
  item.contextValue = 'spacer.advice.option';
  item.iconPath = new vscode.ThemeIcon('settings-gear');
  item.command = commandOf('openOption', vscode.l10n.t('Open Option'));
  return item;
}

/** Without arguments: those of an entry are gone while its list is being read anew. */
const commandOf = (name: string, title: string): vscode.Command => ({
  command: `${ADVICE_VIEW}.${name}`,
  title,
});

function iconOf(advice: Advice): string {
  if (advice.code === 'function-sections') return 'settings-gear';
  return advice.saves < 1 ? 'circle-outline' : 'lightbulb';
}
