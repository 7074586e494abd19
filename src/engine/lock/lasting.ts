/**
 * What a lock sends through stubs and what it pins. A set redirects what shifts between its unikernels; a
 * lock does not know which of it will shift for those to come, so it redirects all that could: functions
 * and small read-only constants that stand among others in their section and that another one refers to.
 * Stubs are chosen once, when the lock is made, since a call goes the same way in every unikernel; what is
 * pinned in a unikernel depends on its own build alone.
 */
import { isCall, isPinnable, type Indirection } from '../atoms/indirection.ts';
import { SHF } from '../elf/types.ts';
import { KIND, type GlobalSymbol, type InputObject, type Program } from '../model/types.ts';

type Verdict = keyof Indirection | undefined;

/** Stubs and pins of one unikernel. */
export function lastingIndirection(program: Program): Indirection {
  const verdicts = new Map<string, Verdict>();
  for (const object of program.objects) addReferenced(verdicts, program, object);
  const named = (wanted: Verdict) =>
    new Set([...verdicts].flatMap(([name, verdict]) => (verdict === wanted ? [name] : [])));
  return { stubs: named('stubs'), pins: named('pins') };
}

/** What at least half of the sets have. A stub that few use brings little and makes one class more. */
export function inMost(sets: readonly ReadonlySet<string>[]): string[] {
  const counts = new Map<string, number>();
  for (const set of sets) for (const name of set) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].flatMap(([name, count]) => (2 * count >= sets.length ? [name] : []));
}

function addReferenced(
  verdicts: Map<string, Verdict>,
  program: Program,
  { index, elf }: InputObject,
): void {
  for (const [section, relocations] of elf.relocations) {
    if (!((elf.sections[section]?.flags ?? 0) & SHF.ALLOC)) continue;
    for (const relocation of relocations) {
      const row = program.rows.base[index]! + relocation.symbol;
      const global = program.globals[program.rows.global[row]!];
      if (global?.kind !== KIND.SECTION || verdicts.has(global.name)) continue;
      if (global.object === index && global.section === section) continue;
      if (!standsAmongOthers(program, global)) verdicts.set(global.name, undefined);
      else if (isPinnable(program, global.name)) verdicts.set(global.name, 'pins');
      else if (global.object !== index && isCall({ program, object: index, section, relocation }))
        verdicts.set(global.name, 'stubs');
    }
  }
}

const standsAmongOthers = ({ objects }: Program, { object, section, size }: GlobalSymbol) =>
  objects[object]!.elf.sections[section]!.size > size;
