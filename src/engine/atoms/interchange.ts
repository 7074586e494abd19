/**
 * One object of a library for several unikernels (`--copy_objs`), where that is provably the same
 * program in each of them.
 *
 * An object may take the place of another if it holds all of it unchanged (superset.ts) and if the
 * program cannot notice the rest (harmless.ts). What these rules allow is then proved on the whole
 * program (same-program.ts). Everything else stays as it is and is reported with what differs:
 * the original Spacer took the largest object, which made one application mount the wrong file system.
 */
import type { ObjectsReport, ObjectVariants, UnifiedObject } from '../../protocol/page-map.ts';
import { mapParallel } from '../link/parallel.ts';
import type { Tools } from '../link/run.ts';
import { readUnikernel, type LoadedUnikernel } from '../read-unikernel.ts';
import { withObjects } from '../workspace/substitute.ts';
import { describeDifferences } from './differences.ts';
import { Host } from './harmless.ts';
import { describeObject, equalObjects, type ObjectForm } from './object-form.ts';
import { programChange } from './same-program.ts';
import { extrasOf, type Extras } from './superset.ts';

export interface Unification extends ObjectsReport {
  readonly set: LoadedUnikernel[];
}

export interface UnifyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Unikernels that are read at once. */
  readonly jobs?: number | undefined;
  /** Tools that may run; absent: those of this machine. */
  readonly tools?: Tools | undefined;
}

/** Names of C++ functions alone can fill pages. */
const MAX_WORDS = 2000;

/** One library in one unikernel. */
interface Member {
  readonly unikernel: number;
  /** Index of the object in link order. */
  readonly object: number;
  readonly path: string;
}

/** Members that have the same object. */
interface ObjectClass {
  readonly form: ObjectForm;
  readonly members: Member[];
}

/** A class that gives its object to the members of another. */
interface Merge {
  readonly library: string;
  readonly from: ObjectClass;
  readonly to: ObjectClass;
  readonly extras: Extras;
}

interface Decision {
  readonly library: string;
  readonly classes: readonly ObjectClass[];
  readonly merges: readonly Merge[];
  /** Why a larger object was refused. */
  readonly objections: readonly string[];
}

/**
 * Replaces objects by larger ones of other unikernels where no program changes.
 * @throws SpacerError where an object cannot be read any more, or when cancelled
 */
export async function unifyObjects(
  set: readonly LoadedUnikernel[],
  options: UnifyOptions = {},
): Promise<Unification> {
  const hosts = set.map((loaded) => new Host(loaded));
  const decisions: Decision[] = [];
  for (const [library, members] of membersByLibrary(set)) {
    const classes = classesOf(set, members);
    if (classes.length > 1) decisions.push(decide(library, classes, hosts));
  }
  const merges = decisions.flatMap((decision) => decision.merges);
  const made = await mapParallel(
    set,
    (loaded, u) => replaceObjects(loaded, replacementsFor(merges, u), options),
    options,
  );
  return {
    set: made.map(({ loaded }) => loaded),
    unified: merges.flatMap((merge) => describeMerge(merge, made)),
    variants: decisions.flatMap((decision) => describeVariants(decision, made)),
  };
}

function membersByLibrary(set: readonly LoadedUnikernel[]): Map<string, Member[]> {
  const result = new Map<string, Member[]>();
  set.forEach(({ originals }, unikernel) => {
    for (const { library, index, path, archive } of originals) {
      if (archive) continue;
      const members = result.get(library) ?? [];
      members.push({ unikernel, object: index, path });
      result.set(library, members);
    }
  });
  return result;
}

/** Classes of equal objects, as the builds made them. */
function classesOf(set: readonly LoadedUnikernel[], members: readonly Member[]): ObjectClass[] {
  return group(
    members.map((member) => ({
      form: describeObject(set[member.unikernel]!.originals[member.object]!.elf),
      members: [member],
    })),
  );
}

function group(classes: readonly ObjectClass[]): ObjectClass[] {
  const result: ObjectClass[] = [];
  for (const one of classes) {
    const known = result.find(({ form }) => equalObjects(form, one.form));
    if (known) known.members.push(...one.members);
    else result.push({ ...one, members: [...one.members] });
  }
  return result;
}

/** From the largest object to the smallest, each class takes the first object that may replace its own. */
function decide(
  library: string,
  classes: readonly ObjectClass[],
  hosts: readonly Host[],
): Decision {
  const bySize = [...classes].sort((a, b) => weightOf(b.form) - weightOf(a.form));
  const kept: ObjectClass[] = [];
  const merges: Merge[] = [];
  const objections: string[] = [];
  for (const to of bySize) {
    const merge = firstMerge(library, kept, to, hosts, objections);
    if (merge === undefined) kept.push(to);
    else {
      merges.push(merge);
      for (const { unikernel } of to.members) hosts[unikernel]!.accept(merge.extras);
    }
  }
  return { library, classes, merges, objections };
}

/** A proper superset weighs more. */
function weightOf(form: ObjectForm): number {
  const sizes = [...form.atoms.values()].map(({ section }) => section.size + 1);
  return sizes.reduce((sum, size) => sum + size, form.exports.size + form.needs.size);
}

function firstMerge(
  library: string,
  kept: readonly ObjectClass[],
  to: ObjectClass,
  hosts: readonly Host[],
  objections: string[],
): Merge | undefined {
  for (const from of kept) {
    const extras = extrasOf(from.form, to.form);
    if (extras === undefined) continue;
    const objection = objectionOf(from, to, extras, hosts);
    if (objection === undefined) return { library, from, to, extras };
    objections.push(objection);
  }
  return undefined;
}

function objectionOf(
  from: ObjectClass,
  to: ObjectClass,
  extras: Extras,
  hosts: readonly Host[],
): string | undefined {
  for (const { unikernel, object } of to.members) {
    const host = hosts[unikernel]!;
    const reason = host.objection(object, from.form, extras);
    if (reason === undefined) continue;
    const giver = hosts[from.members[0]!.unikernel]!.loaded.unikernel.name;
    const taker = host.loaded.unikernel.name;
    return `the object of ${giver} holds that of ${taker}, but ${reason}`;
  }
  return undefined;
}

/** New paths of objects in one unikernel, by their own. */
function replacementsFor(merges: readonly Merge[], unikernel: number): Map<string, string> {
  return new Map(
    merges.flatMap(({ from, to }) =>
      to.members
        .filter((member) => member.unikernel === unikernel)
        .map((member): [string, string] => [member.path, from.members[0]!.path]),
    ),
  );
}

interface Made {
  readonly loaded: LoadedUnikernel;
  /** Why nothing was replaced after all. */
  readonly refusal?: string;
}

async function replaceObjects(
  loaded: LoadedUnikernel,
  replacements: ReadonlyMap<string, string>,
  { signal, tools }: UnifyOptions,
): Promise<Made> {
  if (replacements.size === 0) return { loaded };
  const other = await readUnikernel(withObjects(loaded.unikernel, replacements), { signal, tools });
  const change = programChange(loaded, other);
  return change === undefined ? { loaded: other } : { loaded, refusal: change };
}

const nameOf = (made: readonly Made[], { unikernel }: Member) =>
  made[unikernel]!.loaded.unikernel.name;

function describeMerge({ library, from, to }: Merge, made: readonly Made[]): UnifiedObject[] {
  const takers = to.members.filter(({ unikernel }) => made[unikernel]!.refusal === undefined);
  if (takers.length === 0) return [];
  const names = takers.map((member) => nameOf(made, member));
  return [{ library, from: nameOf(made, from.members[0]!), to: names }];
}

function describeVariants(decision: Decision, made: readonly Made[]): ObjectVariants[] {
  const groups = new Map<ObjectClass, Member[]>();
  const refusals: string[] = [];
  for (const one of decision.classes) {
    const taken = decision.merges.find(({ to }) => to === one)?.from;
    for (const member of one.members) {
      const refusal = taken && made[member.unikernel]!.refusal;
      if (refusal !== undefined)
        refusals.push(`a larger object would change ${nameOf(made, member)}: ${refusal}`);
      const target = taken && refusal === undefined ? taken : one;
      groups.set(target, [...(groups.get(target) ?? []), member]);
    }
  }
  if (groups.size === 1) return [];
  const classes = [...groups].map(([{ form }, members]) => ({
    form,
    unikernels: members.sort((a, b) => a.unikernel - b.unikernel).map((m) => nameOf(made, m)),
  }));
  const reasons = [...new Set([...decision.objections, ...refusals])].slice(0, 2);
  return [
    {
      library: decision.library,
      unikernels: classes.map(({ unikernels }) => unikernels),
      differs: [describeDifferences(classes), ...reasons].join('; ').slice(0, MAX_WORDS),
    },
  ];
}
