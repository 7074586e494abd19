/** Aligning a set: who may, with what progress, and what is said at the end. */
import * as vscode from 'vscode';
import type { AlignOptions } from '../protocol/options.ts';
import type { Diagnostics } from './diagnostics.ts';
import { isCancelled, type EngineClient } from './engine-client.ts';
import type { EngineProgress, Summary, View } from './engine/contract.ts';
import { outcomeOf } from './format.ts';
import { messageOf, type Log } from './log.ts';
import type { Sets } from './sets.ts';
import { requireTrust } from './trust.ts';
import type { UnikraftSet } from './unikraft-set.ts';
import { VIEW } from './tree.ts';

export interface AlignRequest {
  /** Absent: those that are checked in the tree. */
  readonly unikernels?: readonly string[];
  /** On top of the settings. */
  readonly options?: Partial<AlignOptions>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: EngineProgress) => void;
}

/** The page maps of a set are other ones now. */
export interface Aligned {
  readonly set: UnikraftSet;
  readonly view: View;
}

export class Aligner implements vscode.Disposable {
  private readonly finished = new vscode.EventEmitter<Aligned>();
  private readonly running = new Map<UnikraftSet, AbortController>();
  readonly onDidAlign = this.finished.event;
  private readonly ended = new vscode.EventEmitter<UnikraftSet>();
  /** An alignment is over, whatever came of it. */
  readonly onDidEnd = this.ended.event;

  constructor(
    private readonly engine: EngineClient,
    private readonly sets: Sets,
    private readonly diagnostics: Diagnostics,
    private readonly log: Log,
  ) {}

  dispose(): void {
    this.cancelAll();
    this.finished.dispose();
    this.ended.dispose();
  }

  cancelAll(): void {
    for (const controller of this.running.values()) controller.abort();
  }

  isRunning(set: UnikraftSet): boolean {
    return this.running.has(set);
  }

  /**
   * Aligns, and says nothing to the user: callers do.
   * @throws RemoteError `cancelled`, `nothing-to-do`, ...
   */
  async run(set: UnikraftSet, request: AlignRequest = {}): Promise<View> {
    requireTrust();
    if (this.running.has(set))
      throw new Error(vscode.l10n.t('{0} is being aligned already.', set.folder.name));
    const controller = new AbortController();
    request.signal?.addEventListener('abort', () => controller.abort(), { once: true });
    this.running.set(set, controller);
    this.sets.setBusy(set, 'aligning');
    try {
      return await this.align(set, request, controller.signal);
    } finally {
      this.running.delete(set);
      this.sets.setBusy(set, undefined);
      this.ended.fire(set);
    }
  }

  private async align(set: UnikraftSet, request: AlignRequest, signal: AbortSignal): Promise<View> {
    const { settings } = set;
    // So that the watcher, which hears of a build late, finds nothing new after it was aligned.
    await this.sets.look(set);
    const options = { ...settings.options, ...request.options };
    const unikernels = [...(request.unikernels ?? set.chosen)];
    this.log.info(`Aligning ${unikernels.length} unikernels of ${set.root}`);
    const start = Date.now();
    const view = await this.engine.call(
      'align',
      { ...set.place, request: { options, unikernels }, jobs: settings.jobs },
      {
        signal,
        onUpdate: (progress) => {
          this.log.debug(`${progress.phase} ${progress.unikernel ?? ''}`);
          request.onProgress?.(progress);
        },
      },
    );
    this.note(set, view.summary, Date.now() - start);
    if (!options.dryRun) {
      this.sets.describe(set, view.summary);
      set.outdated = false;
      await vscode.commands.executeCommand('setContext', 'spacer.aligned', true);
      this.finished.fire({ set, view });
    }
    return view;
  }

  private note(set: UnikraftSet, { totals, failures }: Summary, time: number): void {
    const { before, after, predicted } = totals;
    const last = after ?? predicted;
    this.log.info(`Done in ${time} ms: ${before?.distinct} -> ${last?.distinct} distinct pages`);
    for (const { name, message } of failures) this.log.error(`${name}: ${message}`);
    this.diagnostics.show(set, failures);
  }

  /** Aligns as a command does: with progress, and one notification at the end. */
  async runWithProgress(set: UnikraftSet, request: AlignRequest = {}): Promise<void> {
    try {
      const view = await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: vscode.l10n.t('Aligning {0}', set.folder.name),
          cancellable: true,
        },
        (progress, token) =>
          vscode.window.withProgress({ location: { viewId: VIEW } }, () =>
            this.run(set, { ...request, signal: signalOf(token), onProgress: reportTo(progress) }),
          ),
      );
      await this.announce(view.summary);
    } catch (error) {
      await this.complain(error);
    }
  }

  /** One notification with the outcome. */
  private async announce({ totals, unikernels, failures }: Summary): Promise<void> {
    const open = vscode.l10n.t('Open Page Map');
    const { before, after } = totals;
    const failed = failures[0];
    if (failed) {
      const text = vscode.l10n.t(
        '{0} of {1} unikernels could not be aligned. {2}',
        failures.length,
        failures.length + unikernels.length,
        failed.message.split('\n')[0] ?? '',
      );
      const log = vscode.l10n.t('Show Log');
      const choice = await vscode.window.showErrorMessage(text, ...(after ? [open] : []), log);
      if (choice === log) this.log.show();
      if (choice === open) await vscode.commands.executeCommand('spacer.openPageMap');
      return;
    }
    if (!before || !after) return;
    const choice = await vscode.window.showInformationMessage(
      outcomeOf(before, after, unikernels.length),
      open,
    );
    if (choice === open) await vscode.commands.executeCommand('spacer.openPageMap');
  }

  /** What went wrong, where, and what to do; a cancellation needs no words. */
  async complain(error: unknown): Promise<void> {
    if (isCancelled(error)) return void this.log.info('Cancelled.');
    const text = messageOf(error);
    this.log.error(text);
    const log = vscode.l10n.t('Show Log');
    if ((await vscode.window.showErrorMessage(text, log)) === log) this.log.show();
  }
}

export function signalOf(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

/** Reports to a notification, whose bar takes increments. */
export function reportTo(progress: vscode.Progress<{ message?: string; increment?: number }>) {
  let before = 0;
  return ({ phase, unikernel, done }: EngineProgress): void => {
    const increment = Math.max(0, (done - before) * 100);
    before = Math.max(before, done);
    progress.report({ message: progressText(phase, unikernel), increment });
  };
}

export function progressText(phase: string, unikernel: string | undefined): string {
  const text = phaseText(phase);
  return unikernel === undefined ? text : `${text}: ${unikernel}`;
}

function phaseText(phase: string): string {
  switch (phase) {
    case 'discover':
      return vscode.l10n.t('Finding unikernels');
    case 'read':
      return vscode.l10n.t('Reading objects');
    case 'plan':
      return vscode.l10n.t('Planning the layout');
    case 'predict':
      return vscode.l10n.t('Predicting pages');
    case 'write':
      return vscode.l10n.t('Writing scripts');
    case 'link':
      return vscode.l10n.t('Linking');
    case 'measure':
      return vscode.l10n.t('Measuring pages');
    default:
      return vscode.l10n.t('Writing the report');
  }
}
