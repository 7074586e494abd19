/**
 * Recorded paths in a workspace that was moved or copied.
 *
 * Builds record absolute paths. Where a recorded file is now known (the link's own output), the
 * two paths are walked up side by side, and each pair of ancestors says where the recorded one may
 * stand today. Inside the part that is surely the same tree everything is mapped, whether it
 * exists or not: a missing object must be missed, not taken from the place of old. Beyond that (a
 * renamed folder, a core outside the opened folder) only what exists is mapped.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';

interface Pair {
  readonly from: string;
  readonly to: string;
  /** Surely the same tree. */
  readonly sure: boolean;
}

/** Maps one argument; it may hold paths behind options, `=`, `,` and `@`. */
export type MapArgument = (argument: string) => string;

/**
 * @param recorded absolute path of a file as the build recorded it
 * @param actual where that file is
 * @param root what the user opened; trees above it are not taken for the same without looking
 */
export function pathMapper(recorded: string, actual: string, root: string): MapArgument {
  if (path.normalize(recorded) === path.normalize(actual)) return (argument) => argument;
  const pairs = ancestorPairs(path.normalize(recorded), path.normalize(actual), root);
  return (argument) => mapEmbedded(argument, (file) => mapPath(file, pairs));
}

/** Build folder, application, `apps` and the workspace: where a core stands beside `apps`. */
const LEVELS = 4;

function ancestorPairs(recorded: string, actual: string, root: string): Pair[] {
  const pairs: Pair[] = [];
  let from = path.dirname(recorded);
  let to = path.dirname(actual);
  let same = true;
  for (;;) {
    const inside = isInside(to, root);
    if (!same && !inside && pairs.length >= LEVELS) break;
    if (from === path.dirname(from) || to === path.dirname(to)) break;
    pairs.push({ from, to, sure: pairs.length === 0 || (same && inside) });
    same &&= path.basename(from) === path.basename(to);
    from = path.dirname(from);
    to = path.dirname(to);
  }
  return pairs;
}

/** Tells whether `file` is `directory` or lies below it. Both absolute; nothing is resolved. */
export function isInside(file: string, directory: string): boolean {
  const relative = path.relative(directory, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function mapPath(file: string, pairs: readonly Pair[]): string {
  for (const { from, to, sure } of pairs) {
    if (!isInside(path.normalize(file), from)) continue;
    const candidate = path.join(to, path.relative(from, path.normalize(file)));
    if (sure || existsSync(candidate)) return candidate;
  }
  return file;
}

/** Where a path may begin in an argument: at its start, behind a short option, or a delimiter. */
const BEGINNING = /^(?:-[A-Za-z]+)?\/|(?<=[=,:@])\//g;

function mapEmbedded(argument: string, map: (file: string) => string): string {
  const ends = argument.startsWith('-Wl,') ? /[,]/ : /:(?=\/)/;
  let result = '';
  let done = 0;
  for (const match of argument.matchAll(BEGINNING)) {
    const start = match.index + match[0].length - 1;
    if (start < done) continue;
    const rest = argument.slice(start);
    const length = rest.search(ends);
    const end = length < 0 ? argument.length : start + length;
    result += argument.slice(done, start) + map(argument.slice(start, end));
    done = end;
  }
  return result + argument.slice(done);
}
