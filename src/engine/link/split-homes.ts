/** Whether the user's script places the sections of units where it placed the section they come from. */
import { gather } from '../atoms/gather.ts';
import type { ElfFile } from '../elf/types.ts';
import { outlineOf } from '../layout/outline.ts';
import type { InputObject } from '../model/types.ts';
import type { LoadedUnikernel } from '../loaded-unikernel.ts';
import { unitSection } from './unit-names.ts';

/** @returns name of a section that a script means by its name, so that it must keep it */
export function namedByScript(
  loaded: LoadedUnikernel,
  object: InputObject,
  split: ElfFile,
): string | undefined {
  const [was, is] = [placesOf(loaded, object, object.elf), placesOf(loaded, object, split)];
  const homes = new Map(object.elf.sections.map(({ name, index }) => [name, was.get(index)]));
  for (const { name, index } of split.sections) {
    const part = unitSection(name);
    if (part && homes.get(part.name) !== is.get(index)) return part.name;
  }
  return undefined;
}

/** By section: the output section, and whether it is taken at its head or kept. */
function placesOf(
  { scripts }: LoadedUnikernel,
  object: InputObject,
  elf: ElfFile,
): Map<number, string> {
  const { inputs } = gather(outlineOf(scripts), [{ ...object, index: 0, elf }], () => true);
  const result = new Map<number, string>();
  for (const [output, list] of inputs)
    for (const { section, head, keep } of list) result.set(section, `${output} ${head} ${keep}`);
  return result;
}
