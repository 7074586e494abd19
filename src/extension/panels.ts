/** All open page maps: opened by the user only, and brought back when the window is reloaded. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { Change, PageAction } from '../protocol/messages.ts';
import { PageMapPanel, PANEL, type PanelServices, type Subject } from './panel.ts';
import type { UnikraftSet } from './unikraft-set.ts';

export class Panels implements vscode.WebviewPanelSerializer<unknown>, vscode.Disposable {
  private readonly open = new Map<string, PageMapPanel>();
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly services: PanelServices,
    /** Remembers what each panel shows; the page itself never learns a path. */
    private readonly memento: vscode.Memento,
  ) {
    const { aligner, sets } = services;
    this.disposables.push(
      aligner.onDidAlign(({ set, view }) => this.forSet(set)?.show(view)),
      sets.onDidBuild((set) => this.forSet(set)?.restart('images')),
      sets.onDidChoose((set) => this.forSet(set)?.restart('unikernels')),
      sets.onDidConfigure((set) => this.forSet(set)?.restart('options')),
      sets.onDidRemove((set) => void this.forSet(set)?.panel.dispose()),
    );
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  forSet(set: UnikraftSet): PageMapPanel | undefined {
    return this.open.get(keyOf({ kind: 'set', set }));
  }

  /** The panel that the user looks at. */
  get active(): PageMapPanel | undefined {
    return [...this.open.values()].find(({ panel }) => panel.active);
  }

  restartAll(changed: Change): void {
    for (const panel of this.open.values()) panel.restart(changed);
  }

  /** Opens the page map of a subject, or shows the one that is open. */
  show(subject: Subject): PageMapPanel {
    const known = this.open.get(keyOf(subject));
    if (known) {
      known.panel.reveal();
      return known;
    }
    const panel = vscode.window.createWebviewPanel(
      PANEL,
      titleOf(subject),
      vscode.ViewColumn.Active,
      {
        enableScripts: true,
        enableFindWidget: false,
      },
    );
    return this.adopt(panel, subject);
  }

  private adopt(panel: vscode.WebviewPanel, subject: Subject): PageMapPanel {
    const key = keyOf(subject);
    const created = new PageMapPanel(panel, subject, this.extension, this.services);
    panel.title = titleOf(subject);
    this.open.set(key, created);
    panel.onDidDispose(() => {
      if (this.open.get(key) === created) this.open.delete(key);
      void this.remember();
    });
    void this.remember();
    return created;
  }

  act(action: PageAction): void {
    this.active?.act(action);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    const subject = this.remembered(panel.title);
    if (subject) this.adopt(panel, subject);
    else panel.dispose();
    return Promise.resolve();
  }

  private remember(): Thenable<void> {
    const reports = [...this.open.values()].flatMap(({ subject }) =>
      subject.kind === 'report' ? [[titleOf(subject), subject.file]] : [],
    );
    return this.memento.update(REPORTS, Object.fromEntries(reports));
  }

  private remembered(title: string): Subject | undefined {
    const sets = this.services.sets.folders;
    const set = sets.find((candidate) => titleOf({ kind: 'set', set: candidate }) === title);
    if (set) return { kind: 'set', set };
    const file = this.memento.get<Record<string, string>>(REPORTS, {})[title];
    return file === undefined ? undefined : { kind: 'report', file, title: path.basename(file) };
  }
}

const REPORTS = 'reports';

function keyOf(subject: Subject): string {
  return subject.kind === 'set' ? `set:${subject.set.root}` : `report:${subject.file}`;
}

function titleOf(subject: Subject): string {
  const name = subject.kind === 'set' ? subject.set.folder.name : subject.title;
  return vscode.l10n.t('Page Map: {0}', name);
}
