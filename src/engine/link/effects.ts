/** What the steps after the link do to the contents of an image. */
import path from 'node:path';
import type { ToolCommand } from '../workspace/types.ts';

export interface Effects {
  /** Sections that the bootable image no longer has; they may be patterns. */
  readonly removed: readonly string[];
  /** Unikraft's relocation table is written. */
  readonly writesRelocations: boolean;
}

/** Reads the effects off the recorded steps. */
export function effectsOf(steps: readonly ToolCommand[]): Effects {
  return {
    removed: steps.filter(isCopy).flatMap(({ args }) => removedBy(args)),
    writesRelocations: steps.some(({ tool }) => path.basename(tool) === 'mkukreloc.py'),
  };
}

const isCopy = ({ tool }: ToolCommand) => /^(.*-)?(strip|objcopy)$/.test(path.basename(tool));

/** `-R NAME`, `-RNAME`, `--remove-section NAME`, `--remove-section=NAME` (strip(1), objcopy(1)). */
function removedBy(args: readonly string[]): string[] {
  return args.flatMap((word, i) => {
    if (word === '-R' || word === '--remove-section') return args[i + 1] ?? [];
    return /^(?:-R|--remove-section=)(.+)$/.exec(word)?.[1] ?? [];
  });
}
