/** Options that exclude each other, whoever asks. */
import type { AlignOptions } from '../protocol/options.ts';
import { SpacerError } from './errors.ts';

/** @throws SpacerError `bad-options` */
export function checkOptions(options: AlignOptions): void {
  if (options.aslr !== 0 && options.relinkOnly)
    throw new SpacerError('bad-options', '--relink-only cannot be combined with --aslr.');
  if (options.aslr !== 0 && options.customLoader)
    throw new SpacerError('bad-options', '--custom_loader cannot be combined with --aslr.');
  if (options.domain !== undefined) checkDomains(options);
  if (options.relinkOnly && (options.dryRun || !options.relink))
    throw new SpacerError(
      'bad-options',
      '--relink-only cannot be combined with --dry-run or --rel false.',
    );
}

/** What gives all unikernels something in common, or does not plan. */
function checkDomains(options: AlignOptions): void {
  const others = [
    ['--aslr', options.aslr !== 0],
    ['--custom_loader', options.customLoader],
    ['--relink-only', options.relinkOnly],
  ] as const;
  for (const [name, isGiven] of others)
    if (isGiven) throw new SpacerError('bad-options', `${name} cannot be combined with --domain.`);
}
