/** What the engine's commands about a whole set are asked with. */
import type { SetRequest } from '../../engine/read-set.ts';
import type { Call, Params, Update } from '../../protocol/rpc.ts';
import type { ENGINE_METHODS } from './contract.ts';

type Methods = typeof ENGINE_METHODS;
export type Planned = Params<Methods, 'lock'>;
export type Progress = Call<Update<Methods, 'lock'>>;

export function setRequestOf(
  { workspace, tools, request, jobs }: Planned,
  { signal, update }: Progress,
): SetRequest {
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
