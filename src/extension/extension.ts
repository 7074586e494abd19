/** What VS Code calls. Activation starts nothing: no process, no thread, no file is read. */
import * as vscode from 'vscode';
import { AdviceTree } from './advice-tree.ts';
import { Aligner } from './align.ts';
import { registerCommands } from './commands/index.ts';
import { ContextKeys } from './context-keys.ts';
import { Diagnostics } from './diagnostics.ts';
import { EngineClient } from './engine-client.ts';
import { createLog } from './log.ts';
import { PANEL } from './panel.ts';
import { Panels } from './panels.ts';
import { Sets } from './sets.ts';
import { SavingItem } from './status-bar.ts';
import { SpacerTasks, TASK_TYPE } from './tasks.ts';
import { offerCommandLine } from './terminal.ts';
import { UnikernelTree, VIEW, type Node } from './tree.ts';
import type { UnikraftSet } from './unikraft-set.ts';
import { BuildWatcher } from './watch.ts';

export function activate(context: vscode.ExtensionContext): void {
  const start = performance.now();
  const log = createLog();
  const engine = new EngineClient(log);
  const sets = new Sets(context.workspaceState, engine, log);
  const diagnostics = new Diagnostics();
  const aligner = new Aligner(engine, sets, diagnostics, log);
  const panels = new Panels(
    context.extensionUri,
    { engine, sets, aligner, log },
    context.workspaceState,
  );
  const advice = new AdviceTree(sets);
  const tree = vscode.window.createTreeView<Node>(VIEW, {
    treeDataProvider: new UnikernelTree(sets),
    showCollapseAll: true,
    manageCheckboxStateManually: true,
  });
  context.subscriptions.push(
    log,
    engine,
    sets,
    diagnostics,
    aligner,
    panels,
    tree,
    advice,
    sets.onDidChange(() => (tree.message = messageOf(sets) ?? '')),
    tree.onDidChangeCheckboxState(({ items }) => choose(sets, items)),
    vscode.window.registerWebviewPanelSerializer(PANEL, panels),
    vscode.tasks.registerTaskProvider(TASK_TYPE, new SpacerTasks(sets, aligner)),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      sets.followFolders();
      void sets.refresh();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => sets.configured(event)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      void sets.refresh();
      panels.restartAll('images');
    }),
    new BuildWatcher(sets, aligner, log),
    new ContextKeys(sets),
    new SavingItem(sets),
    ...registerCommands({ context, engine, sets, aligner, panels, tree, advice, log }),
  );
  offerCommandLine(context);
  log.info(`Activated in ${(performance.now() - start).toFixed(1)} ms`);
}

/** What stands above the tree: why something does not work. */
function messageOf(sets: Sets): string | undefined {
  const missing = new Set(sets.all.flatMap(({ found }) => found?.missingTools ?? []));
  if (!vscode.workspace.isTrusted)
    return vscode.l10n.t(
      'The workspace is not trusted: its images are analysed, and nothing is linked.',
    );
  if (missing.size === 0) return undefined;
  return vscode.l10n.t('Not installed, and needed to align: {0}', [...missing].join(', '));
}

async function choose(
  sets: Sets,
  items: readonly [Node, vscode.TreeItemCheckboxState][],
): Promise<void> {
  const changed = new Set<UnikraftSet>();
  for (const [node, state] of items) {
    if (node.kind !== 'unikernel') continue;
    await node.set.choose(node.unikernel.name, state === vscode.TreeItemCheckboxState.Checked);
    changed.add(node.set);
  }
  for (const set of changed) sets.chosen(set);
}
