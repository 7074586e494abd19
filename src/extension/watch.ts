/** Follows builds: the tree is live, and with `spacer.watch` a finished build is aligned anew. */
import * as vscode from 'vscode';
import type { Aligner } from './align.ts';
import { isCancelled } from './engine-client.ts';
import { messageOf, type Log } from './log.ts';
import type { Sets } from './sets.ts';
import type { UnikraftSet } from './unikraft-set.ts';

/** Names of Kraftfiles, images and link records: what a build or a new application changes. */
const PATTERN =
  '**/{Kraftfile,Kraftfile.yml,Kraftfile.yaml,kraft.yml,kraft.yaml,*.dbg,*.dbg.cmd,spacer.lock.json}';
/** A build touches many files; it is over when none has changed for this long. */
const QUIET = 1500;

export class BuildWatcher implements vscode.Disposable {
  private readonly disposables: vscode.Disposable[] = [];
  private readonly timers = new Map<UnikraftSet, NodeJS.Timeout>();
  /** Sets whose build finished while they were being aligned. */
  private readonly late = new Set<UnikraftSet>();

  constructor(
    private readonly sets: Sets,
    private readonly aligner: Aligner,
    private readonly log: Log,
  ) {
    const watcher = vscode.workspace.createFileSystemWatcher(PATTERN);
    const changed = (uri: vscode.Uri) => this.changed(uri);
    this.disposables.push(
      watcher,
      watcher.onDidCreate(changed),
      watcher.onDidChange(changed),
      watcher.onDidDelete(changed),
      sets.onDidBuild((set) => void this.realign(set)),
      aligner.onDidEnd((set) => {
        if (this.late.delete(set)) void this.realign(set);
      }),
    );
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const disposable of this.disposables) disposable.dispose();
  }

  private changed(uri: vscode.Uri): void {
    const set = this.sets.forUri(uri);
    // Before anyone looked at the set there is nothing to keep up to date.
    if (!set?.found || uri.fsPath.startsWith(`${set.output}/`)) return;
    clearTimeout(this.timers.get(set));
    this.timers.set(
      set,
      setTimeout(() => void this.sets.look(set), QUIET),
    );
  }

  /** Quietly: the old result stays until the new one is whole, and only the log hears of it. */
  private async realign(set: UnikraftSet): Promise<void> {
    const isWanted = set.settings.watch && vscode.workspace.isTrusted && set.chosen.length > 0;
    if (!isWanted) return;
    if (this.aligner.isRunning(set)) return void this.late.add(set);
    this.log.info(`A build in ${set.root} has finished; aligning anew.`);
    try {
      await this.aligner.run(set);
    } catch (error) {
      if (!isCancelled(error)) this.log.error(messageOf(error));
    }
  }
}
