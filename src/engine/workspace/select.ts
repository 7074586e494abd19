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
  const known = found.unikernels.map((candidate) => candidate.name).join(', ');
  throw new SpacerError(
    'unikernel-unknown',
    `There is no unikernel ${name}. Found: ${known || 'none'}.`,
  );
}

function reasons(found: Discovered): string {
  return found.unusable.map((item) => `\n  ${item.name}: ${item.path}: ${item.message}`).join('');
}
