import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { align } from '../engine/align.ts';
import { analyzeImages, analyzeWorkspace } from '../engine/analyze.ts';
import { SpacerError } from '../engine/errors.ts';
import { csvParts } from '../engine/report/csv.ts';
import { VERSION } from '../engine/version.ts';
import { addExplainCommand } from './explain.ts';
import { addLockCommands } from './lock-commands.ts';
import {
  addAlignOptions,
  alignOptionsOf,
  allowOption,
  toolsOf,
  type AlignFlags,
} from './options.ts';
import {
  EXIT,
  isReaderGone,
  printDocument,
  printJson,
  writeHtml,
  type OutputFlags,
} from './output.ts';
import { progressDisplay } from './progress.ts';
import { addVerifyCommand } from './verify.ts';
import { readReport } from '../engine/report/read.ts';
import { printable } from '../engine/printable.ts';
import { writeWhole } from '../engine/whole-file.ts';

/** Errors that say the command was called wrongly. */
const USAGE_CODES = new Set([
  'bad-options',
  'not-yet',
  'unikernel-unknown',
  'unikernel-unusable',
  'location-too-low',
  'workspace-missing',
  'file-unreadable',
  'lock-missing',
  'report-missing',
]);
const NOTHING_CODES = new Set(['nothing-to-do']);

function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error)) throw error;
  });
}

async function main(argv: readonly string[]): Promise<number> {
  [process.stdout, process.stderr].forEach(endWithReader);
  const cancel = new AbortController();
  const stop = () => cancel.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  let status: number = EXIT.done;
  const program = createProgram(cancel.signal, (result) => (status = result));
  try {
    await program.parseAsync([...argv]);
    return status;
  } catch (error) {
    return report(error);
  }
}

function createProgram(signal: AbortSignal, done: (status: number) => void): Command {
  const program = new Command('spacer')
    .description('Align Unikraft unikernels so that equal code becomes equal memory pages.')
    .version(VERSION, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(spacer --help lists the options)');
  addAlignOptions(program.command('align', { isDefault: true }))
    .description('align the unikernels of a workspace (what spacer does when no command is given)')
    .allowExcessArguments(true)
    .action(async (flags: AlignFlags, align: Command) => {
      refuseOperands(align.args, program);
      done(await runAlign(flags, signal));
    });
  program
    .command('pages')
    .description('analyse images as they are, without relinking')
    .argument('[images...]', 'image files')
    .option('-w, --workspace <dir>', 'analyse all images of a workspace')
    .option('-u, --uks <name...>', 'only these unikernels of the workspace')
    .addOption(allowOption())
    .option('--json', 'print the page map document')
    .option('--html <file>', 'write the page map as one self-contained HTML file')
    .option('-v, --verbose', 'say more')
    .action(async (images: string[], flags: PagesFlags) =>
      done(await runPages(images, flags, signal)),
    );
  program
    .command('report')
    .description('export the result of the last alignment')
    .option('-w, --workspace <dir>', 'the Unikraft workspace', '.')
    .option('--from <file>', 'a report.json (default: the one in .spacer of the workspace)')
    .option('--html <file>', 'write one self-contained HTML file')
    .option('--csv <file>', 'write one row a page')
    .option('--json', 'print the page map document')
    .action(async (flags: ReportFlags) => done(await runReport(flags)));
  addLockCommands(program, signal, done);
  addExplainCommand(program, signal, done);
  addVerifyCommand(program, signal, done);
  return program;
}

/** `align` is the default, so commander hands it the name of a command that does not exist. */
function refuseOperands([operand]: readonly string[], program: Command): void {
  if (operand === undefined) return;
  const names = program.commands.map((command) => command.name()).join(', ');
  const text = `${operand} is no command and belongs to no option.`;
  throw new SpacerError('bad-options', `${text} Commands: ${names} (see spacer --help).`);
}

async function runAlign(flags: AlignFlags, signal: AbortSignal): Promise<number> {
  const display = progressDisplay(process.stderr, flags.verbose ?? false);
  try {
    const document = await align({
      workspace: flags.workspace,
      options: alignOptionsOf(flags),
      signal,
      onProgress: display.show,
      ...toolsOf(flags),
      ...(flags.uks && { unikernels: flags.uks }),
      ...(flags.output !== undefined && { output: flags.output }),
      ...(flags.jobs !== undefined && { jobs: flags.jobs }),
      ...(typeof flags.lock === 'string' && { lock: flags.lock }),
      ...(flags.lock === false && { lock: false }),
    });
    display.clear();
    return await printDocument(document, flags);
  } catch (error) {
    display.clear();
    throw error;
  }
}

interface PagesFlags extends OutputFlags {
  workspace?: string;
  allow?: string[];
  uks?: string[];
}

async function runPages(images: string[], flags: PagesFlags, signal: AbortSignal): Promise<number> {
  if (images.length > 0 && flags.workspace !== undefined)
    throw new SpacerError('bad-options', 'Give either image files or --workspace, not both.');
  if (images.length > 0) return printDocument(await analyzeImages(images), flags);
  const options = { signal, ...toolsOf(flags), ...(flags.uks && { unikernels: flags.uks }) };
  return printDocument(await analyzeWorkspace(flags.workspace ?? '.', options), flags);
}

interface ReportFlags {
  workspace: string;
  from?: string;
  html?: string;
  csv?: string;
  json?: boolean;
}

async function runReport(flags: ReportFlags): Promise<number> {
  const file = flags.from ?? path.join(flags.workspace, '.spacer', 'report.json');
  const document = await readReport(path.resolve(file));
  if (flags.html !== undefined) await writeHtml(document, flags.html);
  if (flags.csv !== undefined) await writeWhole(flags.csv, csvParts(document));
  if (flags.html === undefined && flags.csv === undefined)
    return printDocument(document, { ...(flags.json && { json: true }) });
  if (flags.json) await printJson(document);
  return EXIT.done;
}

/** Says what went wrong in one message, without a stack. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!(error instanceof SpacerError)) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`spacer: internal error: ${printable(text)}\n`);
    return EXIT.failed;
  }
  process.stderr.write(`spacer: ${error.message}\n`);
  if (NOTHING_CODES.has(error.code)) return EXIT.nothing;
  return USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.failed;
}

process.exitCode = await main(process.argv);
