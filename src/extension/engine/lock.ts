/** The engine's commands about the lock, as the extension asks for them. */
import {
  checkWorkspace,
  lockWorkspace,
  relayoutWorkspace,
  type LockRequest,
} from '../../engine/lock-workspace.ts';
import type { Drift } from '../../engine/lock/drift.ts';
import type { Call, Params, Update } from '../../protocol/rpc.ts';
import type {
  CheckOutcome,
  ENGINE_METHODS,
  LockOutcome,
  LockRow,
  RelayoutOutcome,
} from './contract.ts';

type Methods = typeof ENGINE_METHODS;
type Planned = Params<Methods, 'lock'>;
type Progress = Call<Update<Methods, 'lock'>>;

export async function lock(params: Planned, call: Progress): Promise<LockOutcome> {
  const { file, state, slots, drift, failures } = await lockWorkspace(requestOf(params, call));
  return { file, state, slots, rows: rowsOf(drift), failures };
}

export async function check(params: Planned, call: Progress): Promise<CheckOutcome> {
  const { file, drift, document } = await checkWorkspace(requestOf(params, call));
  const { totals, failures } = document;
  return { file, rows: rowsOf(drift), totals: totals.predicted, failures };
}

/** A fresh layout that is to be written leaves out what is not here: the user was asked. */
export async function relayout(
  params: Planned & { write: boolean },
  call: Progress,
): Promise<RelayoutOutcome> {
  const { write } = params;
  const request = { ...requestOf(params, call), write, leaveOut: write };
  const { file, before, after, relink, absent, written } = await relayoutWorkspace(request);
  const [old, fresh] = [before?.totals.predicted, after.totals.predicted];
  return { file, before: old, after: fresh, relink, absent, written };
}

const rowsOf = (drift: readonly Drift[]): LockRow[] =>
  drift.map(({ name, state }) => ({ name, state }));

function requestOf(
  { workspace, tools, request, jobs }: Planned,
  { signal, update }: Progress,
): LockRequest {
  const { options, unikernels } = request;
  return {
    workspace,
    options,
    unikernels,
    signal,
    tools: tools ?? {},
    onProgress: ({ phase, unikernel, done }) =>
      update({ phase, done: Math.min(1, done), ...(unikernel !== undefined && { unikernel }) }),
    ...(jobs > 0 && { jobs }),
  };
}
