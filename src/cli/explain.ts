/** `spacer explain`: the engine's advice in words. */
import type { Command } from 'commander';
import { explainWorkspace, type Advice, type Explanation } from '../engine/advice/explain.ts';
import type { Noise } from '../engine/advice/noise.ts';
import type { OptionValues } from '../engine/advice/options.ts';
import { DEFAULT_OPTIONS } from '../protocol/options.ts';
import { allowOption, toolsOf } from './options.ts';
import { EXIT, print } from './output.ts';

interface ExplainFlags {
  workspace: string;
  uks?: string[];
  allow?: string[];
  json?: boolean;
}

/** Adds the command. */
export function addExplainCommand(
  program: Command,
  signal: AbortSignal,
  done: (status: number) => void,
): void {
  program
    .command('explain')
    .description('what limits sharing in a workspace, ordered by pages')
    .allowExcessArguments(false)
    .option('-w, --workspace <dir>', 'the Unikraft workspace', '.')
    .option('-u, --uks <name...>', 'only these unikernels')
    .addOption(allowOption())
    .option('--json', 'print the result as JSON')
    .action(async ({ workspace, uks, json, allow }: ExplainFlags) => {
      const tools = toolsOf(allow ? { allow } : {});
      const request = { workspace, signal, options: DEFAULT_OPTIONS, ...tools };
      const result = await explainWorkspace({ ...request, ...(uks && { unikernels: uks }) });
      await print(json ? `${JSON.stringify(result)}\n` : `${describeExplanation(result)}\n`);
      done(result.failures.length > 0 ? EXIT.failed : EXIT.done);
    });
}

/** Options and unikernels named in one line; more are counted. */
const NAMED = 4;

export function describeExplanation({
  unikernels,
  distinct,
  advice,
  failures,
}: Explanation): string {
  const pays = advice.filter((one) => one.code === 'function-sections' || one.saves >= 1);
  const rest = advice.filter((one) => !pays.includes(one));
  const lines = [
    `${unikernels.length} unikernels, about ${distinct} distinct pages.`,
    ...pays.map((one) => `- ${describeAdvice(one)}`),
    ...(rest.length > 0 ? ['What would not pay by itself:'] : []),
    ...rest.map((one) => `- ${describeAdvice(one)}`),
    ...failures.map(({ name, message }) => `FAILED ${name}: ${message}`),
  ];
  return lines.join('\n');
}

function describeAdvice(advice: Advice): string {
  switch (advice.code) {
    case 'function-sections':
      return `${list(advice.unikernels)} keep whole libraries: ${advice.option} would keep what each uses, function by function${advice.mixed ? ', as the others of this set do' : ''}.`;
    case 'noise':
      return `${advice.library} differs in ${inAll(advice)}: ${NOISE[advice.noise]} ${saving(advice.saves)}`;
    case 'variants':
      return `${advice.library} has ${advice.groups.length} variants (${advice.groups.map(list).join(' | ')})${because(advice.options)}. ${saving(advice.saves)}`;
  }
}

const NOISE: Readonly<Record<Noise, string>> = {
  'application-name': "it records the application's name.",
  'absolute-path': 'it records where it was built (-ffile-prefix-map leaves that out).',
  'build-date': 'it records when it was built (__DATE__; SOURCE_DATE_EPOCH fixes that).',
};

function inAll({ groups }: { groups: readonly (readonly string[])[] }): string {
  const count = groups.flat().length;
  return groups.length === count ? `all ${count}` : `${groups.length} ways`;
}

function saving(pages: number): string {
  if (pages < 1) return 'One variant would save no page.';
  return `One variant would save about ${pages} page${pages === 1 ? '' : 's'}.`;
}

function because(options: readonly OptionValues[]): string {
  if (options.length === 0) return ', which no option explains';
  const named = options.slice(0, NAMED).map(({ option, values }) => {
    const shown = values.map((value) => value ?? 'n').join(' | ');
    return `${option} = ${shown}`;
  });
  const rest = options.length - named.length;
  return `: ${named.join(', ')}${rest > 0 ? ` and ${rest} more options` : ''}`;
}

function list(names: readonly string[]): string {
  const rest = names.length - NAMED;
  const named = names.slice(0, NAMED).join(', ');
  return rest > 0 ? `${named} and ${rest} more` : named;
}
