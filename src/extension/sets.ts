/** All Unikraft workspaces of the window: one for each workspace folder that holds unikernels. */
import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { isCancelled, type EngineClient } from './engine-client.ts';
import type { Summary } from './engine/contract.ts';
import { messageOf, type Log } from './log.ts';
import { OPTION_KEYS, PLACE_KEYS } from './settings.ts';
import { UnikraftSet } from './unikraft-set.ts';

export class Sets implements vscode.Disposable {
  private readonly byFolder = new Map<string, UnikraftSet>();
  private readonly changed = new vscode.EventEmitter<UnikraftSet | undefined>();
  private readonly built = new vscode.EventEmitter<UnikraftSet>();
  private readonly looking = new Map<UnikraftSet, Promise<void>>();
  private readonly reading = new Map<UnikraftSet, Promise<void>>();
  /** Something of a set, or the list of sets, is not what it was. */
  readonly onDidChange = this.changed.event;
  /** The images of a set are other ones than before. */
  readonly onDidBuild = this.built.event;
  private readonly choice = new vscode.EventEmitter<UnikraftSet>();
  /** Other unikernels of a set take part. */
  readonly onDidChoose = this.choice.event;
  private readonly configuration = new vscode.EventEmitter<UnikraftSet>();
  /** Options of a set are other ones in the settings. */
  readonly onDidConfigure = this.configuration.event;
  private readonly removed = new vscode.EventEmitter<UnikraftSet>();
  /** A set's folder has left the window. */
  readonly onDidRemove = this.removed.event;

  constructor(
    private readonly memento: vscode.Memento,
    private readonly engine: EngineClient,
    private readonly log: Log,
  ) {
    this.followFolders();
  }

  dispose(): void {
    const { changed, built, choice, configuration, removed } = this;
    for (const emitter of [changed, built, choice, configuration, removed]) emitter.dispose();
  }

  /** Sets that hold something; a folder without any application is none. */
  get all(): UnikraftSet[] {
    return this.folders.filter(
      ({ found }) => found && found.unikernels.length + found.unusable.length > 0,
    );
  }

  /** One for each folder on disk, whatever is in it. */
  get folders(): UnikraftSet[] {
    return [...this.byFolder.values()];
  }

  get isLookedThrough(): boolean {
    return this.folders.every(({ found, failure }) => found ?? failure);
  }

  forUri(uri: vscode.Uri): UnikraftSet | undefined {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return folder && this.byFolder.get(folder.uri.toString());
  }

  forRoot(root: string): UnikraftSet | undefined {
    return this.folders.find((set) => set.root === root);
  }

  /** Follows workspace folders that are added and removed. */
  followFolders(): void {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(
      ({ uri }) => uri.scheme === 'file',
    );
    const kept = new Set(folders.map(({ uri }) => uri.toString()));
    for (const [key, set] of this.byFolder) {
      if (kept.has(key)) continue;
      this.byFolder.delete(key);
      this.removed.fire(set);
      void this.engine.call('forget', { workspace: set.root }).catch(() => undefined);
    }
    for (const folder of folders) {
      const key = folder.uri.toString();
      if (!this.byFolder.has(key)) this.byFolder.set(key, new UnikraftSet(folder, this.memento));
    }
    this.changed.fire(undefined);
  }

  /** Looks through all folders anew. */
  async refresh(): Promise<void> {
    await Promise.all(this.folders.map((set) => this.look(set)));
  }

  /** Looks for the unikernels of a set; several that ask at once get one answer. */
  look(set: UnikraftSet): Promise<void> {
    const running = this.looking.get(set);
    if (running) return running;
    const look = this.discover(set).finally(() => this.looking.delete(set));
    this.looking.set(set, look);
    return look;
  }

  private async discover(set: UnikraftSet): Promise<void> {
    set.busy ??= 'discovering';
    this.changed.fire(set);
    try {
      const { workspace, tools } = set.place;
      const before = fingerprint(set);
      set.found = await this.engine.call('discover', { workspace, tools });
      set.failure = undefined;
      set.outdated = await isOutdated(set);
      if (before !== undefined && before !== fingerprint(set)) await this.rebuilt(set);
    } catch (error) {
      if (isCancelled(error)) return;
      set.failure = messageOf(error);
      this.log.error(`${set.root}: ${set.failure}`);
      if (set.found) await this.lost(set);
    } finally {
      if (set.busy === 'discovering') set.busy = undefined;
      this.changed.fire(set);
    }
  }

  /** What was known is of no use: the folder is gone, or cannot be read any more. */
  private async lost(set: UnikraftSet): Promise<void> {
    set.found = undefined;
    await this.rebuilt(set);
  }

  private async rebuilt(set: UnikraftSet): Promise<void> {
    await this.engine.call('forget', { workspace: set.root });
    set.summary = undefined;
    this.built.fire(set);
  }

  /** Reads what a set's libraries are, unless that is known. */
  read(set: UnikraftSet): Promise<void> {
    if (set.summary || set.unikernels.length === 0) return Promise.resolve();
    const running = this.reading.get(set);
    if (running) return running;
    const read = this.open(set).finally(() => this.reading.delete(set));
    this.reading.set(set, read);
    return read;
  }

  private async open(set: UnikraftSet): Promise<void> {
    try {
      const { summary } = await this.engine.call('open', set.place);
      this.describe(set, summary);
    } catch (error) {
      if (!isCancelled(error)) this.log.error(`${set.root}: ${messageOf(error)}`);
    }
  }

  /** Takes over the outcome of an analysis or an alignment. */
  describe(set: UnikraftSet, summary: Summary): void {
    set.summary = summary;
    this.changed.fire(set);
  }

  setBusy(set: UnikraftSet, busy: UnikraftSet['busy']): void {
    set.busy = busy;
    this.changed.fire(set);
  }

  touch(set?: UnikraftSet): void {
    this.changed.fire(set);
  }

  chosen(set: UnikraftSet): void {
    this.changed.fire(set);
    this.choice.fire(set);
  }

  /** Takes over changed settings; other tools or another output folder mean to look anew. */
  configured(event: vscode.ConfigurationChangeEvent): void {
    const concerns = (set: UnikraftSet, key: string) =>
      event.affectsConfiguration(`spacer.${key}`, set.folder.uri);
    for (const set of this.folders) {
      if (PLACE_KEYS.some((key) => concerns(set, key))) void this.relocated(set);
      else if (OPTION_KEYS.some((key) => concerns(set, key))) this.configuration.fire(set);
    }
  }

  private async relocated(set: UnikraftSet): Promise<void> {
    if (!set.found) return;
    await this.look(set);
    await this.rebuilt(set);
    this.changed.fire(set);
  }
}

/** What changes when a build or a lock appears, disappears or is made anew. */
function fingerprint({ found }: UnikraftSet): string | undefined {
  return (
    found &&
    JSON.stringify([
      found.locked,
      found.unikernels.map(({ name, image, built }) => [name, image, built]),
    ])
  );
}

async function isOutdated(set: UnikraftSet): Promise<boolean> {
  const report = await stat(set.report).catch(() => undefined);
  return report !== undefined && set.unikernels.some(({ built }) => built > report.mtimeMs);
}
