/** What the commands about the lock say to people. */
import { alignedStage, type PageComparison } from '../engine/lock/compare.ts';
import type { Drift, SlotChange } from '../engine/lock/drift.ts';
import type { LockCheck, LockResult, Relayout } from '../engine/lock-workspace.ts';
import type { PageMapDocument, Totals } from '../protocol/page-map.ts';

/** A reason for `spacer check` to fail. */
export type CheckProblem =
  | { code: 'drift'; name: string; changes: readonly SlotChange[] }
  | { code: 'not-locked'; name: string }
  | { code: 'failed'; name: string; message: string }
  | { code: 'shared-too-low'; percent: number; asked: number }
  | { code: 'distinct-too-high'; distinct: number; asked: number };

/** Changes named in one line; more are counted. */
const NAMED = 5;

export function describeProblem(problem: CheckProblem): string {
  switch (problem.code) {
    case 'drift':
      return `${problem.name} is not what the lock has: ${describeChanges(problem.changes)}.`;
    case 'not-locked':
      return `${problem.name} is not in the lock: spacer lock adds it.`;
    case 'failed':
      return `${problem.name} cannot be aligned by the lock: ${problem.message}`;
    case 'shared-too-low':
      return `${percent(problem.percent)} of the pages are shared, fewer than ${percent(problem.asked)}.`;
    case 'distinct-too-high':
      return `${problem.distinct} distinct pages, more than ${problem.asked}.`;
  }
}

function describeChanges(changes: readonly SlotChange[]): string {
  const words = { new: 'is new', gone: 'is gone', content: 'changed', moved: 'moved' } as const;
  const named = changes.slice(0, NAMED).map(({ key, change }) => `${key} ${words[change]}`);
  const rest = changes.length - named.length;
  if (changes.length === 0) return 'its tables or symbols changed';
  return `${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Shared pages among all that are not zero, in percent. */
export function sharedPercent({ shared, unique }: Totals): number {
  return shared + unique === 0 ? 100 : (100 * shared) / (shared + unique);
}

const percent = (value: number) => `${value.toFixed(1)}%`;

export function describeLock({ file, state, drift, slots, failures }: LockResult): string {
  const words = {
    created: `${file} is new: ${slots} slots.`,
    changed: `${file} is up to date now: ${slots} slots.`,
    same: `${file} is up to date: ${slots} slots.`,
  };
  const lines = drift.flatMap((one) => driftLine(one, state === 'created'));
  const failed = failures.map(({ name, message }) => `FAILED ${name}: ${message}`);
  return [...lines, ...failed, words[state]].join('\n');
}

function driftLine({ name, state, changes }: Drift, isFresh: boolean): string[] {
  if (state === 'changed') return [`${name}: ${describeChanges(changes)}`];
  if (state === 'absent') return [`${name}: not here, stays as it is`];
  return state === 'new' && !isFresh ? [`${name}: added`] : [];
}

export function describeCheck(
  { file, drift, document }: LockCheck,
  problems: readonly CheckProblem[],
): string {
  const count = (state: Drift['state']) => drift.filter((one) => one.state === state).length;
  const absent = count('absent');
  const lines = [
    `${file}: ${count('same')} as locked, ${count('changed')} changed, ${count('new')} not locked${absent > 0 ? `, ${absent} not here` : ''}.`,
    totalsLine(document),
    ...problems.map((problem) => `FAILED ${describeProblem(problem)}`),
  ];
  return lines.join('\n');
}

function totalsLine(document: PageMapDocument): string {
  const totals = document.totals[alignedStage(document)];
  if (totals === undefined) return 'No pages.';
  return `${totals.distinct} distinct pages of ${totals.total}; ${percent(sharedPercent(totals))} of those that are not zero are shared.`;
}

export function describeRelayout(result: Relayout): string {
  const { before, after, relink, keep, absent, file, written } = result;
  const old = before?.totals.predicted;
  const now = after.totals.predicted;
  const lines = [
    ...(old ? [`By the lock: ${old.distinct} distinct pages of ${old.total}.`] : []),
    ...(now ? [`Afresh:      ${now.distinct} distinct pages of ${now.total}.`] : []),
    `To relink: ${relink.length === 0 ? 'nothing' : relink.join(', ')}.`,
    ...(keep.length > 0 ? [`As they are: ${keep.join(', ')}.`] : []),
    ...(absent.length > 0 ? [`In the lock, but not here: ${absent.join(', ')}.`] : []),
    written ? `${file} holds the new layout.` : `${file} is left as it is; --write replaces it.`,
  ];
  return lines.join('\n');
}

/** The summary for a merge request, in Markdown. */
export function checkMarkdown(
  { drift, document }: LockCheck,
  problems: readonly CheckProblem[],
  comparison: PageComparison | undefined,
): string {
  const verdict =
    problems.length === 0
      ? 'The unikernels are as the lock has them.'
      : problems.map((problem) => `- ${cell(describeProblem(problem))}`).join('\n');
  const parts = [
    '## Spacer',
    verdict,
    totalsLine(document),
    ...(comparison ? [comparisonTables(comparison)] : []),
    driftTable(drift),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function comparisonTables({ totals, unikernels, libraries }: PageComparison): string {
  const distinct = (row: { before?: Totals; after?: Totals }) => [
    row.before?.distinct,
    row.after?.distinct,
  ];
  const rows = [
    ...unikernels.map((row) => [row.name, ...changeCells(row.before?.unique, row.after?.unique)]),
  ];
  const all = [DISTINCT, ...changeCells(...(distinct(totals) as [number?, number?]))];
  const first = table(['unique pages', 'base', 'now', 'change'], [...rows, all]);
  if (libraries.length === 0) return first;
  const second = table(
    ['distinct pages of a library', 'base', 'now', 'change'],
    libraries.map(({ name, before, after }) => [name, ...changeCells(before, after)]),
  );
  return `${first}\n\n${second}`;
}

const DISTINCT = '**distinct, whole set**';

function changeCells(before?: number, after?: number): string[] {
  if (before === undefined) return ['-', String(after ?? '-'), 'new'];
  if (after === undefined) return [String(before), '-', 'gone'];
  const change = after - before;
  return [String(before), String(after), change > 0 ? `+${change}` : String(change)];
}

function driftTable(drift: readonly Drift[]): string {
  const rows = drift
    .filter(({ state }) => state !== 'same')
    .map(({ name, state, changes }) => [
      name,
      { changed: describeChanges(changes), new: 'not in the lock', absent: 'not here', same: '' }[
        state
      ],
    ]);
  return rows.length === 0 ? '' : table(['unikernel', 'against the lock'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text) => (text === DISTINCT ? text : cell(text))).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * Names come from build trees and may hold what Markdown would take for its own: marks, links (also
 * bare ones, GFM 6.9) and, where such summaries are shown, mentions of people.
 */
const cell = (text: string) =>
  text
    .replace(/[\\|<>`*_[\]()!#&~]/g, '\\$&')
    .replace(/:(?=\/\/)/g, '&#58;')
    .replace(/www\./gi, 'www&#46;')
    .replace(/(?<!\w)@/g, '@\u200b')
    .replace(/\s+/g, ' ');
