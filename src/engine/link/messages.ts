/** What linkers say when they fail, as errors that name a file and a line where the linker did. */
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import type { Place } from '../errors.ts';
import type { ToolFailure } from './run.ts';

const SHOWN_LINES = 5;
const LENGTH_LIMIT = 1500;

/** The failure of a link, with the linker's own words. */
export function linkFailure(failure: ToolFailure, unikernel: string): SpacerError {
  const lines = errorLines(failure.stderr || failure.stdout);
  const more = lines.length > SHOWN_LINES ? [`and ${lines.length - SHOWN_LINES} more`] : [];
  const shown = [...lines.slice(0, SHOWN_LINES).map(withoutTool), ...more].join('; ');
  const status = failure.exitCode === undefined ? 'a signal' : `status ${failure.exitCode}`;
  const words = shown === '' ? `the linker ended with ${status}` : shown;
  const text = `${unikernel} could not be linked: ${words.slice(0, LENGTH_LIMIT)}`;
  return new SpacerError('link-failed', text, placeOf(lines), { cause: failure });
}

/** Lines that say what is wrong: no warnings, and not the driver's echo of the linker's status. */
function errorLines(output: string): string[] {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^collect2: |linker command failed/.test(line));
  const errors = lines.filter((line) => !/\bwarning: |: note: /i.test(line) && !isContext(line));
  return errors.length > 0 ? errors : lines;
}

/** `file.o: in function 'f':` says where the next line belongs. */
function isContext(line: string): boolean {
  return /: in function [`'].*':$/i.test(line);
}

/** `/usr/bin/ld:script.lds:12: syntax error` begins with the tool, with or without a space. */
const TOOL = /^(?:\S*\/)?(?:[\w-]*-)?ld(?:\.\w+)?:\s*/;

function withoutTool(line: string): string {
  return line.replace(TOOL, '');
}

/** The first `FILE:LINE:` among the errors. */
function placeOf(lines: readonly string[]): Place {
  for (const line of lines) {
    const found = /^([^\s:()][^:()]*):(\d+)(?::|\s)/.exec(withoutTool(line));
    const [, file, number] = found ?? [];
    if (file !== undefined && path.isAbsolute(file)) return { file, line: Number(number) };
  }
  return {};
}
