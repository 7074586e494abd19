/** The layout as a file of the workspace: written, compared, made anew. */
import path from 'node:path';
import * as vscode from 'vscode';
import { reportTo, signalOf } from '../align.ts';
import type { CheckOutcome, LockRow, RelayoutOutcome } from '../engine/contract.ts';
import { formatCount } from '../format.ts';
import { requireTrust } from '../trust.ts';
import type { UnikraftSet } from '../unikraft-set.ts';
import { pickSet } from './pick.ts';
import type { Commands, Services } from './services.ts';

export function lockCommands(services: Services): Commands {
  const withSet =
    (run: (services: Services, set: UnikraftSet) => Promise<void>) =>
    async (argument: unknown): Promise<void> => {
      requireTrust();
      const set = await pickSet(services.sets, argument);
      if (set) await run(services, set);
    };
  return {
    lockLayout: withSet(lockLayout),
    checkLock: withSet(checkLock),
    relayout: withSet(relayout),
  };
}

/** Runs one of the engine's commands about the lock, with progress, on what is checked. */
function withProgress<T>(
  title: string,
  run: (report: ReturnType<typeof reportTo>, signal: AbortSignal) => Promise<T>,
): Thenable<T> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title, cancellable: true }, (progress, token) =>
    run(reportTo(progress), signalOf(token)),
  );
}

function paramsOf(set: UnikraftSet) {
  const { options, jobs } = set.settings;
  return { ...set.place, request: { options, unikernels: set.chosen }, jobs };
}

async function lockLayout(services: Services, set: UnikraftSet): Promise<void> {
  const { engine, log, sets } = services;
  const outcome = await withProgress(
    vscode.l10n.t('Locking {0}', set.folder.name),
    (onUpdate, signal) => engine.call('lock', paramsOf(set), { signal, onUpdate }),
  );
  note(services, outcome.rows, outcome.failures);
  await sets.look(set);
  const name = path.basename(outcome.file);
  const text = {
    created: vscode.l10n.t(
      '{0} holds the layout now: {1} slots. Commit it, and every alignment keeps these addresses.',
      name,
      formatCount(outcome.slots),
    ),
    changed: vscode.l10n.t('{0} is up to date now: {1}.', name, wordsOf(outcome.rows)),
    same: vscode.l10n.t('{0} is up to date.', name),
  }[outcome.state];
  log.info(text);
  const open = vscode.l10n.t('Open Lock');
  if ((await vscode.window.showInformationMessage(text, open)) === open)
    await vscode.window.showTextDocument(vscode.Uri.file(outcome.file));
}

async function checkLock(services: Services, set: UnikraftSet): Promise<void> {
  const outcome = await withProgress(
    vscode.l10n.t('Comparing {0} with its lock', set.folder.name),
    (onUpdate, signal) => services.engine.call('check', paramsOf(set), { signal, onUpdate }),
  );
  note(services, outcome.rows, outcome.failures);
  const isAsLocked = outcome.rows.every(({ state }) => state === 'same' || state === 'absent');
  const text = `${wordsOf(outcome.rows)}. ${pagesOf(outcome)}`;
  services.log.info(text);
  if (isAsLocked && outcome.failures.length === 0)
    return void (await vscode.window.showInformationMessage(
      vscode.l10n.t('As the lock has it: {0}', text),
    ));
  const update = vscode.l10n.t('Update Lock');
  const show = vscode.l10n.t('Show Log');
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t('Not as the lock has it: {0}', text),
    update,
    show,
  );
  if (choice === update) await lockLayout(services, set);
  if (choice === show) services.log.show();
}

function pagesOf({ totals }: CheckOutcome): string {
  if (!totals) return '';
  return vscode.l10n.t('By the lock: {0} distinct pages.', formatCount(totals.distinct));
}

/** Nothing is written before the user has seen what it costs. */
async function relayout(services: Services, set: UnikraftSet): Promise<void> {
  const { engine, sets, log } = services;
  const run = (write: boolean): Thenable<RelayoutOutcome> =>
    withProgress(vscode.l10n.t('Planning {0} afresh', set.folder.name), (onUpdate, signal) =>
      engine.call('relayout', { ...paramsOf(set), write }, { signal, onUpdate }),
    );
  const outcome = await run(false);
  const text = relayoutText(outcome);
  log.info(text);
  const replace = vscode.l10n.t('Replace Lock');
  const choice = await vscode.window.showInformationMessage(
    text,
    { modal: true, detail: detailOf(outcome) },
    replace,
  );
  if (choice !== replace) return;
  const { file } = await run(true);
  await sets.look(set);
  const align = vscode.l10n.t('Align Unikernels');
  const done = vscode.l10n.t('{0} holds the new layout.', path.basename(file));
  if ((await vscode.window.showInformationMessage(done, align)) === align)
    await vscode.commands.executeCommand('spacer.align', set.root);
}

function relayoutText({ before, after }: RelayoutOutcome): string {
  const fresh = formatCount(after?.distinct ?? 0);
  return before
    ? vscode.l10n.t(
        'By the lock: {0} distinct pages. By a fresh layout: {1}.',
        formatCount(before.distinct),
        fresh,
      )
    : vscode.l10n.t('By a fresh layout: {0} distinct pages.', fresh);
}

function detailOf({ relink, absent }: RelayoutOutcome): string {
  const lines = [
    relink.length === 0
      ? vscode.l10n.t('No image would change.')
      : vscode.l10n.t('Images that would change: {0}.', relink.join(', ')),
  ];
  if (absent.length > 0)
    lines.push(
      vscode.l10n.t(
        'In the lock, but not here, and left out of a new one: {0}.',
        absent.join(', '),
      ),
    );
  return lines.join('\n');
}

/** How many stand how to the lock, in words. */
function wordsOf(rows: readonly LockRow[]): string {
  const count = (wanted: LockRow['state']) => rows.filter(({ state }) => state === wanted).length;
  const parts: [number, string][] = [
    [count('same'), vscode.l10n.t('{0} as locked', formatCount(count('same')))],
    [count('changed'), vscode.l10n.t('{0} changed', formatCount(count('changed')))],
    [count('new'), vscode.l10n.t('{0} not in the lock', formatCount(count('new')))],
    [count('absent'), vscode.l10n.t('{0} not here', formatCount(count('absent')))],
  ];
  return parts.flatMap(([number, words]) => (number > 0 ? [words] : [])).join(', ');
}

function note(
  { log }: Services,
  rows: readonly LockRow[],
  failures: readonly { readonly name: string; readonly message: string }[],
): void {
  for (const { name, state } of rows) log.info(`${name}: ${state}`);
  for (const { name, message } of failures) log.error(`${name}: ${message}`);
}
