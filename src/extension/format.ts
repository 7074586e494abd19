/** Figures as people read them, in the language of the editor. */
import * as vscode from 'vscode';
import { PAGE_SIZE, type Totals } from '../protocol/page-map.ts';

export const formatCount = (value: number): string =>
  new Intl.NumberFormat(vscode.env.language).format(value);

export function formatBytes(value: number): string {
  const [scaled, unit] =
    value < 1024
      ? [value, 'B']
      : value < 2 ** 20
        ? [value / 1024, 'KiB']
        : [value / 2 ** 20, 'MiB'];
  const digits = unit === 'B' ? 0 : unit === 'KiB' ? 1 : 2;
  return `${new Intl.NumberFormat(vscode.env.language, { maximumFractionDigits: digits }).format(scaled)} ${unit}`;
}

/** Memory that distinct pages take, in MiB. */
export const formatPages = (pages: number): string => formatBytes(pages * PAGE_SIZE);

export const formatUnikernels = (count: number): string =>
  count === 1 ? vscode.l10n.t('1 unikernel') : vscode.l10n.t('{0} unikernels', formatCount(count));

/** The outcome of an alignment in one sentence. */
export function outcomeOf(before: Totals, after: Totals, unikernels: number): string {
  const counts = [formatCount(before.distinct), formatCount(after.distinct)] as const;
  if (after.distinct >= before.distinct)
    return vscode.l10n.t(
      '{0} aligned: {1} → {2} distinct pages; this set has nothing more to share.',
      formatUnikernels(unikernels),
      ...counts,
    );
  return vscode.l10n.t(
    '{0} aligned: {1} → {2} distinct pages, {3} less memory for the set.',
    formatUnikernels(unikernels),
    ...counts,
    formatPages(before.distinct - after.distinct),
  );
}
