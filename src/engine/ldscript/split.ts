/**
 * Scripts with several INSERT commands as one script for each. ld inserts, for each command, what
 * stands between it and the one before (ld manual, "Miscellaneous Commands").
 */
import { parse } from './parse.ts';
import type { Script } from './types.ts';

/** @returns scripts with at most one INSERT each, in order; texts keep their offsets and lines */
export function splitInserts(script: Script): Script[] {
  const { statements } = script;
  const ends = statements.flatMap(({ kind }, i) => (kind === 'insert' ? [i] : []));
  if (ends.length < 2) return [script];
  return ends.map((end, n) => {
    const first = n === 0 ? 0 : ends[n - 1]! + 1;
    const last = n === ends.length - 1 ? statements.length - 1 : end;
    const foreign = statements.filter((_, i) => i < first || i > last);
    return parse(blank(script.text, foreign), script.file);
  });
}

function blank(text: string, spans: readonly { start: number; end: number }[]): string {
  let result = text;
  for (const { start, end } of spans)
    result =
      result.slice(0, start) + result.slice(start, end).replace(/\S/g, ' ') + result.slice(end);
  return result;
}
