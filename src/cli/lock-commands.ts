/** `spacer lock`, `spacer check` and `spacer relayout`. */
import { InvalidArgumentError, type Command } from 'commander';
import { comparePages } from '../engine/lock/compare.ts';
import {
  checkWorkspace,
  lockWorkspace,
  relayoutWorkspace,
  type LockCheck,
} from '../engine/lock-workspace.ts';
import type { PageMapDocument } from '../protocol/page-map.ts';
import { DEFAULT_OPTIONS } from '../protocol/options.ts';
import {
  checkMarkdown,
  describeCheck,
  describeLock,
  describeRelayout,
  sharedPercent,
  type CheckProblem,
} from './lock-words.ts';
import { allowOption, parseCount, toolsOf } from './options.ts';
import { EXIT, print } from './output.ts';
import { readReport } from '../engine/report/read.ts';
import { writeWhole } from '../engine/whole-file.ts';

interface SetFlags {
  workspace: string;
  uks?: string[];
  allow?: string[];
  lock?: string;
  jobs?: number;
  effort?: number;
  json?: boolean;
}

type Done = (status: number) => void;

/** Adds the commands about the lock. */
export function addLockCommands(program: Command, signal: AbortSignal, done: Done): void {
  withSet(program.command('lock'))
    .description('write spacer.lock.json: the layout, so that others align by it')
    .option('--room <percent>', 'room for growth, of what is usual (default: 100)', parseCount(0))
    .option('--remove <name...>', 'take unikernels out of the lock')
    .action(async (flags: SetFlags & { room?: number; remove?: string[] }) => {
      const { room, remove } = flags;
      const result = await lockWorkspace({
        ...requestOf(flags, signal),
        ...(room !== undefined && { growth: room / 100 }),
        ...(remove && { remove }),
      });
      await say(flags, result, describeLock(result));
      done(result.failures.length > 0 ? EXIT.failed : EXIT.done);
    });
  withSet(program.command('check'))
    .description('compare the workspace with its lock; status 1 where it is not as asked')
    .option('--min-shared <percent>', 'fail below this share of shared pages', parsePercent)
    .option('--max-distinct <pages>', 'fail above this number of distinct pages', parseCount(0))
    .option('--base <report>', 'a report.json to compare with')
    .option('--markdown <file>', 'write a summary in Markdown')
    .action(async (flags: CheckFlags) => done(await runCheck(flags, signal)));
  withSet(program.command('relayout'))
    .description('what a fresh layout would bring, and what must be relinked for it')
    .option('--room <percent>', 'room for growth, of what is usual (default: 100)', parseCount(0))
    .option('--write', 'replace the lock by the fresh layout')
    .option('--leave-out', 'with --write: also where the lock has unikernels that are not here')
    .action(async (flags: SetFlags & { room?: number; write?: boolean; leaveOut?: boolean }) => {
      const { room, write = false, leaveOut = false } = flags;
      const result = await relayoutWorkspace({
        ...requestOf(flags, signal),
        ...(room !== undefined && { growth: room / 100 }),
        write,
        leaveOut,
      });
      await say(flags, result, describeRelayout(result));
      done(result.after.failures.length > 0 ? EXIT.failed : EXIT.done);
    });
}

function withSet(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .option('-w, --workspace <dir>', 'the Unikraft workspace', '.')
    .option('-u, --uks <name...>', 'only these unikernels')
    .addOption(allowOption())
    .option('--lock <file>', 'the lock file (default: spacer.lock.json in the workspace)')
    .option('--jobs <n>', 'unikernels read at once (default: one a core)', parseCount(1))
    .option('--effort <n>', 'placements that the search may try (default: 20000)', parseCount(0))
    .option('--json', 'print the result as JSON');
}

function requestOf(flags: SetFlags, signal: AbortSignal) {
  const { workspace, uks, lock, jobs, effort } = flags;
  return {
    workspace,
    signal,
    ...toolsOf(flags),
    options: { ...DEFAULT_OPTIONS, ...(effort !== undefined && { effort }) },
    ...(uks && { unikernels: uks }),
    ...(lock !== undefined && { lock }),
    ...(jobs !== undefined && { jobs }),
  };
}

const say = (flags: SetFlags, result: unknown, words: string) =>
  print(flags.json ? `${JSON.stringify(result)}\n` : `${words}\n`);

interface CheckFlags extends SetFlags {
  minShared?: number;
  maxDistinct?: number;
  base?: string;
  markdown?: string;
}

async function runCheck(flags: CheckFlags, signal: AbortSignal): Promise<number> {
  const base = flags.base === undefined ? undefined : await readReport(flags.base);
  const check = await checkWorkspace(requestOf(flags, signal));
  const problems = problemsOf(check, flags);
  const comparison = base && comparePages(base, check.document);
  if (flags.markdown !== undefined)
    await writeWhole(flags.markdown, checkMarkdown(check, problems, comparison));
  const result = { ...check, problems, ...(comparison && { comparison }) };
  await say(flags, result, describeCheck(check, problems));
  return problems.length > 0 ? EXIT.failed : EXIT.done;
}

function problemsOf({ drift, document }: LockCheck, flags: CheckFlags): CheckProblem[] {
  return [
    ...drift.flatMap(({ name, state, changes }): CheckProblem[] => {
      if (state === 'changed') return [{ code: 'drift', name, changes }];
      return state === 'new' ? [{ code: 'not-locked', name }] : [];
    }),
    ...document.failures.map(({ name, message }): CheckProblem => ({
      code: 'failed',
      name,
      message,
    })),
    ...figureProblems(document, flags),
  ];
}

function figureProblems(
  { totals }: PageMapDocument,
  { minShared, maxDistinct }: CheckFlags,
): CheckProblem[] {
  const problems: CheckProblem[] = [];
  const pages = totals.predicted ?? { shared: 0, unique: 0, distinct: 0, total: 0, zero: 0 };
  const percent = sharedPercent(pages);
  if (minShared !== undefined && percent < minShared)
    problems.push({ code: 'shared-too-low', percent, asked: minShared });
  if (maxDistinct !== undefined && pages.distinct > maxDistinct)
    problems.push({ code: 'distinct-too-high', distinct: pages.distinct, asked: maxDistinct });
  return problems;
}

function parsePercent(text: string): number {
  const value = /^\d+(\.\d+)?%?$/.test(text) ? parseFloat(text) : NaN;
  if (value <= 100) return value;
  throw new InvalidArgumentError('Expected a percentage from 0 to 100.');
}
