import type { ProgressEvent } from '../engine/align.ts';

const NAMES: Readonly<Record<ProgressEvent['phase'], string>> = {
  discover: 'Finding unikernels',
  read: 'Reading objects',
  plan: 'Planning the layout',
  predict: 'Predicting pages',
  write: 'Writing scripts',
  link: 'Linking',
  measure: 'Measuring pages',
  report: 'Writing the report',
};

export interface ProgressDisplay {
  readonly show: (event: ProgressEvent) => void;
  readonly clear: () => void;
}

/** One line that changes on a terminal; a line a phase elsewhere, where asked for. */
export function progressDisplay(stream: NodeJS.WriteStream, verbose: boolean): ProgressDisplay {
  if (!stream.isTTY) return plainDisplay(stream, verbose);
  return {
    show: ({ phase, unikernel, done }) => {
      const percent = `${Math.round(done * 100)}%`.padStart(4);
      stream.write(`\r\x1b[2K${percent} ${NAMES[phase]}${unikernel ? `: ${unikernel}` : ''}`);
    },
    clear: () => void stream.write('\r\x1b[2K'),
  };
}

function plainDisplay(stream: NodeJS.WriteStream, verbose: boolean): ProgressDisplay {
  const show = ({ phase, unikernel }: ProgressEvent) => {
    if (verbose && unikernel === undefined) stream.write(`${NAMES[phase]}\n`);
  };
  return { show, clear: () => undefined };
}
