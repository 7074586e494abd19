/** `spacer verify`: whether two images are the same program. */
import type { Command } from 'commander';
import { SpacerError } from '../engine/errors.ts';
import { verifyDelivered } from '../engine/verify/delivered.ts';
import { verifyPair, type PairProof } from '../engine/verify/pair.ts';
import { allowOption, toolsOf } from './options.ts';
import { EXIT, print } from './output.ts';

interface VerifyFlags {
  workspace?: string;
  output?: string;
  uks?: string[];
  allow?: string[];
  json?: boolean;
}

/** Adds the command. */
export function addVerifyCommand(
  program: Command,
  signal: AbortSignal,
  done: (status: number) => void,
): void {
  program
    .command('verify')
    .description('prove that two images are the same program, or that the last alignment’s are')
    .argument('[old]', 'the image as its build left it')
    .argument('[new]', 'the image to compare, with its .dbg beside it')
    .allowExcessArguments(false)
    .option('-w, --workspace <dir>', 'where the objects of the old image are')
    .option('-u, --uks <name...>', 'without images: only these unikernels')
    .option(
      '--output <dir>',
      'where an alignment left its outputs (default: .spacer in the workspace)',
    )
    .addOption(allowOption())
    .option('--json', 'print the result as JSON')
    .action(async (old: string | undefined, is: string | undefined, flags: VerifyFlags) => {
      const proofs = await prove(old, is, flags, signal);
      await print(flags.json ? `${JSON.stringify(documentOf(proofs))}\n` : wordsOf(proofs));
      done(statusOf(proofs));
    });
}

async function prove(
  old: string | undefined,
  is: string | undefined,
  { workspace, output, uks, ...flags }: VerifyFlags,
  signal: AbortSignal,
): Promise<PairProof[]> {
  const common = { output, signal, ...toolsOf(flags) };
  if (old !== undefined && is === undefined)
    throw new SpacerError('bad-options', 'Give two images, or none to prove what was delivered.');
  if (old === undefined || is === undefined)
    return verifyDelivered({ workspace: workspace ?? '.', unikernels: uks, ...common });
  if (uks) throw new SpacerError('bad-options', '--uks says nothing where images are given.');
  return [await verifyPair({ old, new: is, workspace, ...common })];
}

/** `different`: something is not the same; `unproven`: nothing is, but not all could be looked at. */
type Verdict = 'same' | 'different' | 'unproven';

function verdictOf({ differences, unproven }: PairProof): Verdict {
  if (differences.length > 0) return 'different';
  return unproven.length > 0 ? 'unproven' : 'same';
}

function statusOf(proofs: readonly PairProof[]): number {
  const verdicts = proofs.map(verdictOf);
  if (verdicts.includes('different')) return EXIT.failed;
  return verdicts.includes('unproven') ? EXIT.unproven : EXIT.done;
}

const documentOf = (proofs: readonly PairProof[]) => ({
  version: 1,
  proofs: proofs.map((proof) => ({ ...proof, verdict: verdictOf(proof) })),
});

function wordsOf(proofs: readonly PairProof[]): string {
  return `${proofs.flatMap(linesOf).join('\n')}\n`;
}

const HEADINGS: Record<Verdict, string> = {
  same: 'SAME PROGRAM',
  different: 'DIFFERENT',
  unproven: 'NOT PROVEN IN ALL',
};

function linesOf(proof: PairProof): string[] {
  const { name, counts, images, differences, unproven } = proof;
  const { atoms, references, followed, bytes, frames, symbols, tables } = counts;
  return [
    `${HEADINGS[verdictOf(proof)]} ${name}`,
    `  ${images.before.sha256}  ${images.before.path}`,
    `  ${images.after.sha256}  ${images.after.path}`,
    `  ${atoms} sections, ${references} references (${followed} followed), ${bytes} loaded bytes, ` +
      `${symbols} symbols, ${frames} unwind records, ${tables} tables agree.`,
    ...listed(
      'DIFFERENT',
      differences.map(({ text }) => text),
    ),
    ...listed('NOT PROVEN', unproven),
  ];
}

/** Lines of one kind that are printed; --json has all. */
const SHOWN = 20;

function listed(kind: string, texts: readonly string[]): string[] {
  const lines = texts.slice(0, SHOWN).map((text) => `  ${kind}: ${text}`);
  const rest = texts.length - SHOWN;
  return rest > 0 ? [...lines, `  ${kind}: and ${rest} more (--json lists them)`] : lines;
}
