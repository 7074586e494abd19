/** The page map as a panel: one for each set, and one for each report that stands alone. */
import * as vscode from 'vscode';
import { progressText, type Aligner } from './align.ts';
import type { EngineClient } from './engine-client.ts';
import type { Prediction, View } from './engine/contract.ts';
import type { Log } from './log.ts';
import {
  HOST_METHODS,
  PAGE_METHODS,
  type RUNNABLE,
  type Availability,
  type Change,
  type InitialState,
  type PageAction,
} from '../protocol/messages.ts';
import { Peer, RemoteError, type Channel, type Handlers } from '../protocol/rpc.ts';
import { assetsOf, pageHtml } from './panel-html.ts';
import type { Sets } from './sets.ts';
import { readSettings } from './settings.ts';
import type { UnikraftSet } from './unikraft-set.ts';

export const PANEL = 'spacer.pageMap';

/** What a panel shows: a set, or a report file without one. */
export type Subject =
  | { readonly kind: 'set'; readonly set: UnikraftSet }
  | { readonly kind: 'report'; readonly file: string; readonly title: string };

export interface PanelServices {
  readonly engine: EngineClient;
  readonly sets: Sets;
  readonly aligner: Aligner;
  readonly log: Log;
}

/** What the page may run, by what it calls it. */
const COMMANDS: Readonly<Record<(typeof RUNNABLE)[number], string>> = {
  showLog: 'spacer.showLog',
  exportReport: 'spacer.exportReport',
  manageTrust: 'workbench.trust.manage',
};

const ANSWER_LIMIT = 10_000;

export class PageMapPanel {
  private readonly peer: Peer<typeof HOST_METHODS, typeof PAGE_METHODS>;
  private readonly disposables: vscode.Disposable[] = [];
  private gone = false;
  /** The page has its data. */
  private ready = false;
  /** What to show as soon as the page has its data. */
  private wanted: { readonly query?: string; readonly focus?: string } = {};

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly subject: Subject,
    extension: vscode.Uri,
    private readonly services: PanelServices,
  ) {
    const { webview } = panel;
    const assets = assetsOf(extension);
    webview.options = { enableScripts: true, localResourceRoots: [assets] };
    panel.iconPath = iconOf(extension);
    this.peer = new Peer(channelOf(webview, this.disposables), {
      serves: HOST_METHODS,
      handlers: this.handlers(),
      calls: PAGE_METHODS,
      problem: (text) => services.log.warn(`Page map: ${text}`),
    });
    panel.onDidDispose(() => this.dispose(), undefined, this.disposables);
    // A page that is hidden is gone, and asks for its data anew when it is shown.
    panel.onDidChangeViewState(() => (this.ready &&= panel.visible), undefined, this.disposables);
    webview.html = pageHtml(webview, assets);
  }

  private dispose(): void {
    this.gone = true;
    this.peer.close();
    for (const disposable of this.disposables) disposable.dispose();
  }

  show(view: View): void {
    // Buffers are handed over when they are posted; this panel is not the only one that shows it.
    this.send(this.peer.call('pageMap', { pages: view.pages.slice(0) }, { timeout: ANSWER_LIMIT }));
  }

  restart(changed: Change): void {
    this.send(this.peer.call('restart', { changed }, { timeout: ANSWER_LIMIT }));
  }

  act(action: PageAction): void {
    this.send(this.peer.call('action', { action }, { timeout: ANSWER_LIMIT }));
  }

  /** Searches at once where the page is there, else as soon as it has its data. */
  searchWhenReady(query: string): void {
    if (this.ready) this.send(this.peer.call('search', { query }, { timeout: ANSWER_LIMIT }));
    else this.wanted = { query };
  }

  /** Moves to a unikernel, at once or as soon as the page has its data. */
  focusWhenReady(unikernel: string): void {
    if (this.ready) this.send(this.peer.call('focus', { unikernel }, { timeout: ANSWER_LIMIT }));
    else this.wanted = { focus: unikernel };
  }

  private answered(state: InitialState): InitialState {
    this.ready = true;
    const { wanted } = this;
    this.wanted = {};
    return { ...state, ...wanted };
  }

  /** A hidden page has no one to answer; it asks anew when it is shown. */
  private send(call: Promise<unknown>): void {
    call.catch((error: unknown) => {
      if (!this.gone && this.panel.visible) this.services.log.debug(`Page map: ${String(error)}`);
    });
  }

  private handlers(): Handlers<typeof HOST_METHODS> {
    const { engine, aligner, log } = this.services;
    return {
      hello: async (_, { update }) =>
        this.answered(await this.initialState((text, done) => update({ text, done }))),
      predict: async (request, { signal, update }) => {
        const onUpdate = (first: Prediction) => update(shownOf(first));
        return shownOf(
          await engine.call('predict', { ...this.set.place, request }, { signal, onUpdate }),
        );
      },
      relink: async (request, { signal, update }) => {
        const view = await aligner.run(this.set, {
          ...request,
          signal,
          onProgress: ({ phase, unikernel, done }) =>
            update({ text: progressText(phase, unikernel), done: Math.min(1, done) }),
        });
        if (!view.summary.totals.after) throw new RemoteError('failed', failureOf(view));
        return { pages: view.pages.slice(0) };
      },
      reveal: async ({ unikernel }) => {
        await vscode.commands.executeCommand('spacer.revealImage', this.set.root, unikernel);
        return null;
      },
      run: async ({ command }) => {
        await vscode.commands.executeCommand(COMMANDS[command]);
        return null;
      },
      failed: ({ message }) => {
        log.error(`Page map: ${message}`);
        return null;
      },
    };
  }

  private get set(): UnikraftSet {
    if (this.subject.kind === 'set') return this.subject.set;
    throw new RemoteError(
      'no-workspace',
      vscode.l10n.t('A report that stands alone has no workspace to act on.'),
    );
  }

  private initialState(progress: (text: string, done: number) => void): Promise<InitialState> {
    const { subject } = this;
    return subject.kind === 'set'
      ? this.stateOfSet(subject.set, progress)
      : this.stateOfReport(subject);
  }

  private async stateOfSet(
    set: UnikraftSet,
    progress: (text: string, done: number) => void,
  ): Promise<InitialState> {
    const { engine, sets } = this.services;
    if (!set.found) await sets.look(set);
    if (set.failure !== undefined) throw new RemoteError('discovery', set.failure);
    const { pages, summary } = await engine.call('open', set.place, {
      onUpdate: ({ phase, unikernel, done }) => progress(progressText(phase, unikernel), done),
    });
    sets.describe(set, summary);
    const candidates = set.unikernels.map(({ name }) => name);
    if (candidates.length === 0)
      throw new RemoteError(
        'nothing-built',
        vscode.l10n.t(
          'There is no built unikernel in {0}. Build one, and it appears here.',
          set.folder.name,
        ),
      );
    return {
      title: set.folder.name,
      request: { options: set.settings.options, unikernels: set.chosen },
      candidates,
      capabilities: { options: {}, predict: yes, relink: relinkState(), reveal: yes },
      pages,
      predictFirst: summary.totals.after === undefined,
    };
  }

  private async stateOfReport({
    file,
    title,
  }: Extract<Subject, { kind: 'report' }>): Promise<InitialState> {
    const { pages, summary } = await this.services.engine.call('load', { file });
    const unikernels = summary.unikernels.map(({ name }) => name);
    const no: Availability = {
      available: false,
      reason: vscode.l10n.t('This is a saved report: there is nothing to link.'),
    };
    return {
      title,
      request: { options: readSettings(undefined).options, unikernels },
      candidates: unikernels,
      capabilities: { options: all(OPTION_NAMES, no), predict: no, relink: no, reveal: no },
      pages,
      predictFirst: false,
    };
  }
}

/** What the page needs of a prediction. */
const shownOf = ({ pages, refining }: Prediction) => ({ pages, refining });

const yes: Availability = { available: true };

const OPTION_NAMES = [
  'granularity',
  'layout',
  'effort',
  'group',
  'align',
  'aslr',
  'aslrMap',
  'aslrSameMapping',
  'aslrBlocks',
  'seed',
  'instances',
  'customLoader',
  'copyObjects',
  'location',
] as const;

const all = (names: readonly string[], state: Availability): Record<string, Availability> =>
  Object.fromEntries(names.map((name) => [name, state]));

function relinkState(): Availability {
  if (vscode.workspace.isTrusted) return yes;
  const reason = vscode.l10n.t('The workspace is not trusted: Spacer runs no tool in it.');
  return { available: false, reason };
}

function failureOf({ summary }: View): string {
  return summary.failures[0]?.message ?? vscode.l10n.t('No unikernel was linked.');
}

function iconOf(extension: vscode.Uri): { light: vscode.Uri; dark: vscode.Uri } {
  const icon = (kind: string) => vscode.Uri.joinPath(extension, 'media', `page-map-${kind}.svg`);
  return { light: icon('light'), dark: icon('dark') };
}

function channelOf(webview: vscode.Webview, disposables: vscode.Disposable[]): Channel {
  return {
    post: (message) => void webview.postMessage(message),
    listen: (listener) => void webview.onDidReceiveMessage(listener, undefined, disposables),
  };
}
