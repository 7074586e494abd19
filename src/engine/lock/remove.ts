import { SpacerError } from '../errors.ts';
import { Ledger } from './ledger.ts';
import type { Lock } from './model.ts';

/**
 * The lock without some unikernels. What only they had is free for what comes next.
 * @throws SpacerError `unikernel-unknown`
 */
export function withoutUnikernels(lock: Lock, names: readonly string[]): Lock {
  const known = new Set(lock.unikernels.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new SpacerError('unikernel-unknown', `The lock has no unikernel ${unknown}.`);
  const ledger = new Ledger(lock);
  for (const name of names) ledger.release(name);
  ledger.settle();
  return ledger.toLock();
}
