/** The engine's commands about the lock, as the extension asks for them. */
import { checkWorkspace, lockWorkspace, relayoutWorkspace } from '../../engine/lock-workspace.ts';
import type { Drift } from '../../engine/lock/drift.ts';
import type { CheckOutcome, LockOutcome, LockRow, RelayoutOutcome } from './contract.ts';
import { setRequestOf, type Planned, type Progress } from './request.ts';

export async function lock(params: Planned, call: Progress): Promise<LockOutcome> {
  const { file, state, slots, drift, failures } = await lockWorkspace(setRequestOf(params, call));
  return { file, state, slots, rows: rowsOf(drift), failures };
}

export async function check(params: Planned, call: Progress): Promise<CheckOutcome> {
  const { file, drift, document } = await checkWorkspace(setRequestOf(params, call));
  const { totals, failures } = document;
  return { file, rows: rowsOf(drift), totals: totals.predicted, failures };
}

/** A fresh layout that is to be written leaves out what is not here: the user was asked. */
export async function relayout(
  params: Planned & { write: boolean },
  call: Progress,
): Promise<RelayoutOutcome> {
  const { write } = params;
  const request = { ...setRequestOf(params, call), write, leaveOut: write };
  const { file, before, after, relink, absent, written } = await relayoutWorkspace(request);
  const [old, fresh] = [before?.totals.predicted, after.totals.predicted];
  return { file, before: old, after: fresh, relink, absent, written };
}

const rowsOf = (drift: readonly Drift[]): LockRow[] =>
  drift.map(({ name, state }) => ({ name, state }));
