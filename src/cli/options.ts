import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  DEFAULT_OPTIONS,
  GRANULARITIES,
  LAYOUTS,
  type AlignOptions,
  type Granularity,
  type LayoutChoice,
} from '../protocol/options.ts';

/** Options of `spacer align` as commander delivers them, by long name. */
export interface AlignFlags {
  workspace: string;
  uks?: string[];
  loc?: number;
  align?: boolean;
  group?: boolean;
  custom_loader?: boolean;
  copy_objs?: boolean;
  rel?: boolean;
  relinkOnly?: boolean;
  useId?: number;
  aslr: 0 | 1 | 2;
  aslr_map?: boolean;
  aslr_same_mapping?: boolean;
  seed?: string;
  aslrBlocks?: 'library' | 'class' | number;
  aslrWindow?: number;
  instances?: number;
  verbose?: boolean;
  allow?: string[];
  output?: string;
  jobs?: number;
  json?: boolean;
  dryRun?: boolean;
  granularity?: Granularity;
  layout?: LayoutChoice;
  domain?: Record<string, string[]>;
  effort?: number;
  html?: string;
  /** True where neither --lock nor --no-lock is given. */
  lock: string | boolean;
}

const TRUE = ['yes', 'true', 't', 'y', '1'];
const FALSE = ['no', 'false', 'f', 'n', '0'];

/** yes/no, true/false, t/f, y/n, 1/0, as the original Spacer takes them. */
export function parseBool(text: string): boolean {
  const lower = text.toLowerCase();
  if (TRUE.includes(lower)) return true;
  if (FALSE.includes(lower)) return false;
  throw new InvalidArgumentError('Expected yes/no, true/false, t/f, y/n or 1/0.');
}

/** A decimal or 0x-hexadecimal address. */
export function parseAddress(text: string): number {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text))
    throw new InvalidArgumentError('Expected a decimal or 0x-hexadecimal address.');
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('The address is 2^53 or more.');
}

/** A whole number from `least` on. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= 100_000_000) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} on.`);
  };
}

/** `NAME=UK,UK`, added to the domains before it. */
export function parseDomain(
  text: string,
  known: Record<string, string[]> = {},
): Record<string, string[]> {
  const [, name = '', list = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const members = list.split(',').filter((one) => one !== '');
  if (name === '' || members.length === 0)
    throw new InvalidArgumentError('Expected NAME=UNIKERNEL,UNIKERNEL.');
  return { ...known, [name]: [...(known[name] ?? []), ...members] };
}

const bool = (flags: string, description: string) =>
  new Option(`${flags} [bool]`, description).preset('true').argParser(parseBool);

/** Adds the options of an alignment; names and spellings are the original Spacer's. */
export function addAlignOptions(command: Command): Command {
  return command
    .option('-w, --workspace <dir>', 'the Unikraft workspace', '.')
    .option('-u, --uks <name...>', 'the unikernels to align (default: all that are found)')
    .option('-l, --loc <address>', 'place libraries from this address on', parseAddress)
    .addOption(bool('-a, --align', "page-align each library's text (default: auto)"))
    .addOption(bool('-g, --group', 'common libraries together, without padding (default: auto)'))
    .addOption(
      bool(
        '-c, --custom_loader',
        'one contiguous read-only range, the same in all images, for a loader',
      ),
    )
    .addOption(bool('-o, --copy_objs', 'one object of a library for all, where provably the same'))
    .addOption(bool('-r, --rel', 'relink; off: only write the scripts (default: true)'))
    .addOption(bool('--relink-only', 'relink with the scripts already written'))
    .option('--use-id <n>', "add a number to the unikernels' names", parseCount(0))
    .addOption(
      new Option('--aslr <mode>', 'address randomisation: 0 off, 1 fixed blocks, 2 random ones')
        .choices(['0', '1', '2'])
        .default('0')
        .argParser((text) => parseAslr(text)),
    )
    .addOption(
      bool('--aslr_map', 'keep read-only data at common addresses under ASLR (default: true)'),
    )
    .addOption(bool('--aslr_same_mapping', 'blocks keep the order of the libraries'))
    .option('--seed <text>', 'what the random positions derive from (default: a new one)')
    .option(
      '--aslr-blocks <blocks>',
      'what moves together: library, class or a number of blocks (default: 1)',
      parseBlocks,
    )
    .option('--aslr-window <mib>', 'room that the blocks move in (default: 40)', parseCount(1))
    .option('--instances <n>', 'images to make of each unikernel (default: 1)', parseCount(1))
    .addOption(bool('-v, --verbose', 'say more'))
    .addOption(allowOption())
    .option('--output <dir>', 'where outputs go (default: .spacer in the workspace)')
    .option('--jobs <n>', 'links at once (default: one a core)', parseCount(1))
    .option('--json', 'print the page map document')
    .option('--html <file>', 'write the page map as one self-contained HTML file')
    .addOption(
      new Option('--granularity <what>', 'what is placed as one (default: auto)').choices(
        GRANULARITIES,
      ),
    )
    .addOption(
      new Option(
        '--layout <how>',
        'align: -a without -g; group: -g without -a (default: auto)',
      ).choices(LAYOUTS),
    )
    .option(
      '--domain <name=uks...>',
      'unikernels that share with each other only: NAME=UK,UK (repeatable)',
      parseDomain,
    )
    .option('--effort <n>', 'steps that the search may take (default: 20000)', parseCount(0))
    .option('--lock <file>', 'the lock that holds the layout (default: spacer.lock.json, if any)')
    .option('--no-lock', 'a layout of its own, whatever is locked')
    .option('--dry-run', 'plan and predict; write nothing, link nothing');
}

/** The option of every command that reads how a build was linked. */
export const allowOption = () =>
  new Option(
    '--allow <what...>',
    'tools and folders (absolute paths) and options that recorded commands may use beyond the known',
  );

/** What `--allow` lets recorded commands do. */
export const toolsOf = ({ allow }: { allow?: string[] }) => (allow ? { tools: { allow } } : {});

function parseAslr(text: string): 0 | 1 | 2 {
  if (text === '0') return 0;
  if (text === '1') return 1;
  if (text === '2') return 2;
  throw new InvalidArgumentError('Expected 0, 1 or 2.');
}

function parseBlocks(text: string): 'library' | 'class' | number {
  if (text === 'library' || text === 'class') return text;
  return parseCount(1)(text);
}

function separationOf({ seed, aslrBlocks, aslrWindow, instances, domain }: AlignFlags) {
  return {
    ...(domain && { domain }),
    ...(seed !== undefined && { seed }),
    ...(aslrBlocks !== undefined && { aslrBlocks }),
    ...(aslrWindow !== undefined && { aslrWindow }),
    ...(instances !== undefined && { instances }),
  };
}

/** The engine's options for the flags given; what is not given has its default. */
export function alignOptionsOf(flags: AlignFlags): AlignOptions {
  return {
    ...DEFAULT_OPTIONS,
    ...(flags.loc !== undefined && { location: flags.loc }),
    ...(flags.useId !== undefined && { useId: flags.useId }),
    ...separationOf(flags),
    ...(flags.effort !== undefined && { effort: flags.effort }),
    granularity: flags.granularity ?? DEFAULT_OPTIONS.granularity,
    layout: flags.layout ?? DEFAULT_OPTIONS.layout,
    align: flags.align ?? DEFAULT_OPTIONS.align,
    group: flags.group ?? DEFAULT_OPTIONS.group,
    customLoader: flags.custom_loader ?? DEFAULT_OPTIONS.customLoader,
    copyObjects: flags.copy_objs ?? DEFAULT_OPTIONS.copyObjects,
    relink: flags.rel ?? DEFAULT_OPTIONS.relink,
    relinkOnly: flags.relinkOnly ?? DEFAULT_OPTIONS.relinkOnly,
    aslr: Number(flags.aslr) as 0 | 1 | 2,
    aslrMap: flags.aslr_map ?? DEFAULT_OPTIONS.aslrMap,
    aslrSameMapping: flags.aslr_same_mapping ?? DEFAULT_OPTIONS.aslrSameMapping,
    dryRun: flags.dryRun ?? DEFAULT_OPTIONS.dryRun,
  };
}
