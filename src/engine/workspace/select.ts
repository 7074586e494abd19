import { SpacerError } from '../errors.ts';
import type { Discovered } from './discover.ts';
import type { Unikernel } from './types.ts';

/**
 * Keeps the unikernels asked for, under the names that their outputs will have.
 * @param names absent: all
 * @param useId a number that is added to each name, so that several builds of one program stand
 *   side by side
 * @throws SpacerError `unikernel-unknown`, `unikernel-unusable`, `nothing-to-do`
 */
export function selectUnikernels(
  found: Discovered,
  names: readonly string[] | undefined,
  useId: number | undefined,
): Unikernel[] {
  const chosen =
    names === undefined ? found.unikernels : [...new Set(names)].map((name) => pick(found, name));
  if (chosen.length === 0)
    throw new SpacerError(
      'nothing-to-do',
      `There is no built unikernel in the workspace.${reasons(found)}`,
    );
  if (useId === undefined) return [...chosen];
  return chosen.map((unikernel) => ({ ...unikernel, name: `${unikernel.name}${useId}` }));
}

function pick(found: Discovered, name: string): Unikernel {
  const unikernel = found.unikernels.find((candidate) => candidate.name === name);
  if (unikernel) return unikernel;
  const unusable = found.unusable.find((candidate) => candidate.name === name);
  if (unusable)
    throw new SpacerError(
      'unikernel-unusable',
      `${name} cannot be used: ${unusable.path}: ${unusable.message}`,
    );
  const known = found.unikernels.map((candidate) => candidate.name);
  const near = nearest(name, known);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  throw new SpacerError(
    'unikernel-unknown',
    `There is no unikernel ${name}.${hint} Found: ${known.join(', ') || 'none'}.`,
  );
}

function reasons(found: Discovered): string {
  return found.unusable.map((item) => `\n  ${item.name}: ${item.path}: ${item.message}`).join('');
}

/** The name that a mistyped one was meant to be: a third of its letters may be wrong. */
function nearest(wanted: string, names: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(wanted.length / 3));
  const rated = names.map((name) => ({ name, edits: editsBetween(wanted, name) }));
  const [best] = rated.filter(({ edits }) => edits <= most).sort((a, b) => a.edits - b.edits);
  return best?.name;
}

/** Letters to insert, delete or replace (Levenshtein), whatever their case. */
function editsBetween(a: string, b: string): number {
  const [from, to] = [[...a.toLowerCase()], [...b.toLowerCase()]];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  from.forEach((letter, i) => {
    const next = [i + 1];
    to.forEach((other, j) => {
      const replaced = row[j]! + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    });
    row = next;
  });
  return row[to.length]!;
}
