/** The tree: unikernels of each workspace, their libraries with how they are shared. */
import * as vscode from 'vscode';
import type { LibraryEntry, Unusable, Verification } from '../protocol/page-map.ts';
import type { FoundUnikernel, UnikernelSummary } from './engine/contract.ts';
import { formatBytes, formatCount } from './format.ts';
import type { Sets } from './sets.ts';
import type { UnikraftSet } from './unikraft-set.ts';

export const VIEW = 'spacer.unikernels';

export type Node =
  | { readonly kind: 'set'; readonly set: UnikraftSet }
  | { readonly kind: 'unikernel'; readonly set: UnikraftSet; readonly unikernel: FoundUnikernel }
  | {
      readonly kind: 'library';
      readonly set: UnikraftSet;
      readonly unikernel: FoundUnikernel;
      readonly library: LibraryEntry;
    }
  | { readonly kind: 'unusable'; readonly set: UnikraftSet; readonly unusable: Unusable }
  | { readonly kind: 'note'; readonly set: UnikraftSet; readonly text: string };

export class UnikernelTree implements vscode.TreeDataProvider<Node> {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private started = false;

  constructor(private readonly sets: Sets) {
    sets.onDidChange(() => this.changed.fire(undefined));
  }

  /** The view is looked at for the first time: only now is anything read. */
  private start(): Promise<void> {
    if (this.started) return Promise.resolve();
    this.started = true;
    return this.sets.refresh();
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!node) {
      await this.start();
      const sets = this.sets.all;
      if (sets.length > 1) return sets.map((set) => ({ kind: 'set', set }));
      return sets.flatMap(membersOf);
    }
    if (node.kind === 'set') return membersOf(node.set);
    return node.kind === 'unikernel' ? this.libraries(node) : [];
  }

  private async libraries(node: Extract<Node, { kind: 'unikernel' }>): Promise<Node[]> {
    const { set, unikernel } = node;
    await this.sets.read(set);
    const libraries = set.librariesOf(unikernel.name);
    if (libraries.length === 0) {
      const text =
        set.failureOf(unikernel.name)?.message ?? vscode.l10n.t('Its libraries could not be read.');
      return [{ kind: 'note', set, text }];
    }
    return [...libraries]
      .sort((a, b) => b.size - a.size)
      .map((library) => ({ kind: 'library', set, unikernel, library }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case 'set':
        return setItem(node.set);
      case 'unikernel':
        return unikernelItem(node.set, node.unikernel);
      case 'library':
        return libraryItem(node);
      case 'unusable':
        return unusableItem(node.unusable);
      case 'note':
        return new vscode.TreeItem(node.text);
    }
  }
}

/** What a welcome view explains better than a row. */
const EXPLAINED = new Set(['not-built', 'tool-missing']);

function membersOf(set: UnikraftSet): Node[] {
  const isEmpty = set.unikernels.length === 0;
  if (isEmpty && set.found?.unusable.every(({ reason }) => EXPLAINED.has(reason))) return [];
  const unikernels = set.unikernels.map((unikernel): Node => ({
    kind: 'unikernel',
    set,
    unikernel,
  }));
  const unusable = (set.found?.unusable ?? []).map((entry): Node => ({
    kind: 'unusable',
    set,
    unusable: entry,
  }));
  return [...unikernels, ...unusable];
}

function setItem(set: UnikraftSet): vscode.TreeItem {
  const item = new vscode.TreeItem(set.folder.name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = set.folder.uri.toString();
  item.contextValue = 'spacer.set';
  item.iconPath = new vscode.ThemeIcon('folder-library');
  item.description = savingOf(set);
  return item;
}

/** Distinct pages before and after, as far as they are known. */
export function savingOf(set: UnikraftSet): string {
  const { before, after } = set.summary?.totals ?? {};
  if (!before || !after) return '';
  return vscode.l10n.t(
    '{0} → {1} distinct pages',
    formatCount(before.distinct),
    formatCount(after.distinct),
  );
}

function unikernelItem(set: UnikraftSet, unikernel: FoundUnikernel): vscode.TreeItem {
  const { name, directory, notes } = unikernel;
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
  const summary = set.summaryOf(name);
  const isAligned = summary?.alignedImage !== undefined;
  item.id = `${set.root}\0${name}`;
  item.contextValue = isAligned ? 'spacer.unikernel.aligned' : 'spacer.unikernel';
  const failure = set.failureOf(name);
  item.iconPath = failure
    ? new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
    : new vscode.ThemeIcon(isAligned ? 'layers-active' : 'layers');
  const parts = [sharedOf(set, name), instancesOf(set, name), summary?.domain?.name ?? ''];
  const known = parts.filter((text) => text !== '');
  item.description = failure ? firstLine(failure.message) : known.join(' · ');
  item.checkboxState = set.takesPart(name)
    ? {
        state: vscode.TreeItemCheckboxState.Checked,
        tooltip: vscode.l10n.t('{0} takes part in the alignment', name),
        accessibilityInformation: { label: vscode.l10n.t('{0} takes part in the alignment', name) },
      }
    : {
        state: vscode.TreeItemCheckboxState.Unchecked,
        tooltip: vscode.l10n.t('{0} is left out of the alignment', name),
        accessibilityInformation: {
          label: vscode.l10n.t('{0} is left out of the alignment', name),
        },
      };
  const proof = summary?.verification ? proofText(summary.verification) : [];
  const domain = summary?.domain ? [domainText(summary.domain)] : [];
  const why = failure ? [failure.message] : [];
  item.tooltip = [name, directory, ...proof, ...domain, ...notes, ...why].join('\n');
  return item;
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** What was proven of the aligned image, and what was not. */
function proofText({ counts, unproven }: Verification): string[] {
  if (unproven.length > 0)
    return [
      vscode.l10n.t('Proven the same program only in part: {0}', firstLine(unproven.join('; '))),
    ];
  return [
    vscode.l10n.t(
      'Proven the same program: {0} sections, {1} references, {2}',
      formatCount(counts.atoms),
      formatCount(counts.references),
      formatBytes(counts.bytes),
    ),
  ];
}

/** What it is kept apart from, and how well that went. */
function domainText({ name, inSeveral }: NonNullable<UnikernelSummary['domain']>): string {
  return inSeveral === 0
    ? vscode.l10n.t('Domain {0}: no page in common with another', name)
    : vscode.l10n.t('Domain {0}: {1} pages are the same in another', name, formatCount(inSeveral));
}

function instancesOf(set: UnikraftSet, name: string): string {
  const { length } = set.summariesOf(name);
  return length > 1 ? vscode.l10n.t('{0} instances', formatCount(length)) : '';
}

function sharedOf(set: UnikraftSet, name: string): string {
  const totals = set.summaryOf(name)?.totals;
  const best = totals?.after ?? totals?.before;
  if (!best) return '';
  const nonZero = best.total - best.zero;
  const percent = new Intl.NumberFormat(vscode.env.language, { style: 'percent' }).format(
    nonZero === 0 ? 0 : best.shared / nonZero,
  );
  if (totals?.after && set.outdated) return vscode.l10n.t('{0} shared, built since', percent);
  const pages = formatCount(nonZero);
  const isProven = set.summaryOf(name)?.verification?.unproven.length === 0;
  return isProven
    ? vscode.l10n.t('{0} shared · {1} pages · proven', percent, pages)
    : vscode.l10n.t('{0} shared · {1} pages', percent, pages);
}

const SHARING_ICONS = { all: 'pass-filled', some: 'circle-filled', one: 'circle-outline' } as const;

function libraryItem({
  set,
  unikernel,
  library,
}: Extract<Node, { kind: 'library' }>): vscode.TreeItem {
  const { name, sharing, unikernels, variants, size } = library;
  const item = new vscode.TreeItem(name);
  const where = {
    all: vscode.l10n.t('in all'),
    some: vscode.l10n.t('in {0}', formatCount(unikernels.length)),
    one: vscode.l10n.t('only here'),
  }[sharing];
  const parts = [where, formatBytes(size)];
  if (variants > 1) parts.push(vscode.l10n.t('{0} variants', formatCount(variants)));
  const isAddressed = set.summaryOf(unikernel.name)?.addresses[name] !== undefined;
  item.id = `${set.root}\0${unikernel.name}\0${name}`;
  item.contextValue = isAddressed ? 'spacer.library.placed' : 'spacer.library';
  item.description = parts.join(' · ');
  item.iconPath = new vscode.ThemeIcon(SHARING_ICONS[sharing], colorOf(sharing));
  item.tooltip = `${name}\n${parts.join('\n')}`;
  item.accessibilityInformation = { label: `${name}, ${parts.join(', ')}` };
  // Without arguments: those of a row are gone while the tree is being read anew.
  item.command = { command: 'spacer.showInPageMap', title: vscode.l10n.t('Show in Page Map') };
  return item;
}

/** The colours of the page map; icon and text say it too. */
function colorOf(sharing: LibraryEntry['sharing']): vscode.ThemeColor | undefined {
  if (sharing === 'one') return undefined;
  return new vscode.ThemeColor(sharing === 'all' ? 'charts.green' : 'charts.blue');
}

function unusableItem({ name, path, message }: Unusable): vscode.TreeItem {
  const item = new vscode.TreeItem(name);
  item.contextValue = 'spacer.unusable';
  item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  item.description = message;
  item.tooltip = `${path}\n${message}`;
  item.accessibilityInformation = {
    label: vscode.l10n.t('{0} cannot be used: {1}', name, message),
  };
  return item;
}
