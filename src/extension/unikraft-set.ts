/** One Unikraft workspace: the unikernels of one workspace folder, and what is known of them. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { LibraryEntry, Unusable } from '../protocol/page-map.ts';
import type { Found, FoundUnikernel, Place, Summary, UnikernelSummary } from './engine/contract.ts';
import { readSettings, type Settings } from './settings.ts';

export type Busy = 'discovering' | 'reading' | 'aligning';

export class UnikraftSet {
  found: Found | undefined;
  summary: Summary | undefined;
  busy: Busy | undefined;
  /** Why the last look for unikernels failed. */
  failure: string | undefined;
  /** Builds that are newer than the last alignment. */
  outdated = false;

  constructor(
    readonly folder: vscode.WorkspaceFolder,
    private readonly memento: vscode.Memento,
  ) {}

  get root(): string {
    return this.folder.uri.fsPath;
  }

  get settings(): Settings {
    return readSettings(this.folder.uri);
  }

  get output(): string {
    return path.resolve(this.root, this.settings.outputFolder);
  }

  get report(): string {
    return path.join(this.output, 'report.json');
  }

  /** What every request to the engine names. In untrusted workspaces no tool may run. */
  get place(): Place {
    const { toolPaths: paths, allowed: allow } = this.settings;
    const tools = vscode.workspace.isTrusted ? { paths, allow } : null;
    return { workspace: this.root, output: this.output, tools };
  }

  get unikernels(): readonly FoundUnikernel[] {
    return this.found?.unikernels ?? [];
  }

  unikernel(name: string): FoundUnikernel | undefined {
    return this.unikernels.find((unikernel) => unikernel.name === name);
  }

  summaryOf(name: string): UnikernelSummary | undefined {
    return this.summariesOf(name)[0];
  }

  /** One, or one for each instance where several images were made of it. */
  summariesOf(name: string): UnikernelSummary[] {
    const all = new Map(this.summary?.unikernels.map((one) => [one.name, one]));
    const own = all.get(name);
    if (own) return [own];
    const found: UnikernelSummary[] = [];
    for (let next = all.get(`${name}-1`); next; next = all.get(`${name}-${found.length + 1}`))
      found.push(next);
    return found;
  }

  /** Why a unikernel was not aligned the last time. */
  failureOf(name: string): Unusable | undefined {
    return this.summary?.failures.find((failure) => failure.name === name);
  }

  librariesOf(name: string): LibraryEntry[] {
    const { summary } = this;
    const own = this.summaryOf(name);
    const index = own ? (summary?.unikernels.indexOf(own) ?? -1) : -1;
    return summary?.libraries.filter(({ unikernels }) => unikernels.includes(index)) ?? [];
  }

  /** Names of those that take part in the alignment. */
  get chosen(): string[] {
    const excluded = this.excluded;
    return this.unikernels.map(({ name }) => name).filter((name) => !excluded.has(name));
  }

  takesPart(name: string): boolean {
    return !this.excluded.has(name);
  }

  /** New unikernels take part unless the user says otherwise, so those left out are remembered. */
  async choose(name: string, takesPart: boolean): Promise<void> {
    const excluded = this.excluded;
    if (takesPart) excluded.delete(name);
    else excluded.add(name);
    await this.memento.update(this.key, [...excluded]);
  }

  private get key(): string {
    return `excluded:${this.folder.uri.toString()}`;
  }

  private get excluded(): Set<string> {
    return new Set(this.memento.get<string[]>(this.key, []));
  }
}
