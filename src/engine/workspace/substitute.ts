/** The same unikernel linked from other objects. */
import { changeInputs } from '../link/command.ts';
import type { Unikernel } from './types.ts';

/** @param objects new paths of objects by their recorded ones; those without an entry stay */
export function withObjects(unikernel: Unikernel, objects: ReadonlyMap<string, string>): Unikernel {
  const { link } = unikernel;
  const other = (file: string) => objects.get(file) ?? file;
  const command = changeInputs(link.command, other);
  return { ...unikernel, link: { ...link, command, inputs: link.inputs.map(other) } };
}
