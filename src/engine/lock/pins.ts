/**
 * Constants that a lock pins. A set pins those that shift between its unikernels; a lock does not know
 * which will shift for those to come, so it pins all that could: small read-only constants that stand among
 * others in their section and that another section refers to. What is pinned in a unikernel depends on
 * its own build alone.
 */
import { isPinnable } from '../atoms/indirection.ts';
import { SHF } from '../elf/types.ts';
import { KIND, type InputObject, type Program } from '../model/types.ts';

/** Names of the constants of one unikernel that could shift for those that refer to them. */
export function pinsOf(program: Program): Set<string> {
  const verdicts = new Map<string, boolean>();
  for (const object of program.objects) addReferenced(verdicts, program, object);
  return new Set([...verdicts].flatMap(([name, isPinned]) => (isPinned ? [name] : [])));
}

function addReferenced(
  verdicts: Map<string, boolean>,
  program: Program,
  { index, elf }: InputObject,
): void {
  for (const [section, relocations] of elf.relocations) {
    if (!((elf.sections[section]?.flags ?? 0) & SHF.ALLOC)) continue;
    for (const { symbol } of relocations) {
      const global = program.globals[program.rows.global[program.rows.base[index]! + symbol]!];
      if (global?.kind !== KIND.SECTION || verdicts.has(global.name)) continue;
      if (global.object === index && global.section === section) continue;
      const home = program.objects[global.object]!.elf.sections[global.section]!;
      verdicts.set(global.name, home.size > global.size && isPinnable(program, global.name));
    }
  }
}
