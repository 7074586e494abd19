/**
 * Gives the sections that the linker makes for itself a place among those of the objects: ld adds
 * them to the first object, so the program's first object gets them too, with their sizes. From
 * then on they are gathered, placed and predicted like any other section.
 */
import { globMatches } from './atoms/gather.ts';
import { inputOf } from './atoms/input.ts';
import type { ElfFile, ElfSection } from './elf/types.ts';
import { SHF } from './elf/types.ts';
import { SpacerError } from './errors.ts';
import { outlineOf } from './layout/outline.ts';
import { insertsNothing, withHeaderAddress, without, withSize } from './ldscript/adjust.ts';
import type { BodyStatement, Script } from './ldscript/types.ts';
import { effectsOf } from './link/effects.ts';
import type { LoadedUnikernel, Made } from './loaded-unikernel.ts';
import { planMade, RELOCATIONS, type MadePlan, type MadeSection } from './model/dynamic.ts';
import { planGot } from './model/got.ts';
import { planUkReloc, UK_RELOC, type UkRelocPlan } from './model/uk-reloc.ts';
import type { InputObject, Program } from './model/types.ts';
import type { ToolCommand } from './workspace/types.ts';

/** True for a section that the linker makes. */
export const isMade = (made: Made | undefined, object: number, section: number): boolean =>
  made !== undefined && object === 0 && section >= made.first;

/**
 * Plans the linker's own sections of a program that has none yet.
 * @returns undefined where it needs none
 */
export function planMadeSections(
  loaded: LoadedUnikernel,
  scriptSymbols: ReadonlySet<string>,
): Made | undefined {
  const pic = loaded.command.pie;
  const { program, debug } = loaded;
  if (!pic && !mayNeedTable(program)) return undefined;
  const { live, inputs } = inputOf(loaded);
  const dropped = new Set((inputs.get('/DISCARD/') ?? []).map((i) => `${i.object} ${i.section}`));
  const isLinked = (object: number, section: number) =>
    live.has(object, section) && !dropped.has(`${object} ${section}`);
  const first = program.objects[0]!.elf.sections.length;
  const { plan, isAdmitted } = planOrAdmit(
    program,
    { pic, isLinked, scriptSymbols, roots: loaded.roots },
    debug,
  );
  if (plan.sections.length === 0) return undefined;
  const { writesRelocations } = effectsOf(loaded.unikernel.link.postLink);
  if (!writesRelocations) return { plan, isAdmitted, first };
  return { plan, isAdmitted, first, ukReloc: ukRelocOf(program, plan, isLinked, debug) };
}

/** Few programs that stay where they are have any such relocation. */
function mayNeedTable(program: Program): boolean {
  const isLinked = () => true;
  const { entries, referenced } = planGot(program, {
    pic: false,
    isLinked,
    scriptSymbols: new Set(),
    roots: [],
  });
  return entries.length > 0 || referenced;
}

/** Where the model does not know what ld makes, sizes are those of the default link. */
function planOrAdmit(
  program: Program,
  options: Parameters<typeof planMade>[1],
  reference: ElfFile,
): Pick<Made, 'plan' | 'isAdmitted'> {
  try {
    return { plan: planMade(program, options, reference), isAdmitted: false };
  } catch (error) {
    if (!(error instanceof SpacerError)) throw error;
    return { plan: admit(reference, error), isAdmitted: true };
  }
}

const LINKERS_OWN =
  /^\.(interp|dynsym|dynstr|dynamic|hash|gnu\.hash|gnu\.version(_[dr])?|rela\.(dyn|plt)|plt(\.got|\.sec)?|got(\.plt)?|relr\.dyn)$/;

function admit(reference: ElfFile, error: SpacerError): MadePlan {
  const refuse = (): never => {
    throw error;
  };
  const own = reference.sections.filter(
    ({ name, flags, size }) => flags & SHF.ALLOC && size > 0 && LINKERS_OWN.test(name),
  );
  const sections = own.map(({ name, type, flags, alignment, size }): MadeSection => {
    const input = name === '.rela.dyn' ? RELOCATIONS : name;
    return { name: input, type, flags, alignment, size };
  });
  const got = { entries: [], slotOf: refuse, referenced: true, moving: [], relocations: 0 };
  return { got, sections, relatives: refuse, bytes: refuse };
}

function ukRelocOf(
  program: Program,
  plan: MadePlan,
  isLinked: (object: number, section: number) => boolean,
  debug: ElfFile,
): UkRelocPlan {
  const planned = planUkReloc(program, plan, isLinked);
  const size = debug.sections.find(({ name }) => name === UK_RELOC)?.size ?? 0;
  return { ...planned, size: Math.max(planned.size, size) };
}

/** The objects with the linker's own sections in the first of them. */
export function withMadeSections(objects: readonly InputObject[], { plan }: Made): InputObject[] {
  const [first, ...rest] = objects;
  if (first === undefined) return [];
  const { sections } = first.elf;
  const added = plan.sections.map((section, i): ElfSection => ({
    ...section,
    index: sections.length + i,
    address: 0,
    offset: 0,
    link: 0,
    info: 0,
    entrySize: 0,
    data: new Uint8Array(section.size),
  }));
  return [{ ...first, elf: { ...first.elf, sections: [...sections, ...added] } }, ...rest];
}

/**
 * The scripts as the linker's own sections need them, before these get their places:
 *
 * - none of them stands behind `.bss`, or all of `.bss` would be in the file;
 * - Unikraft's relocation table has its final size from the start, and a PT_DYNAMIC of which a later
 *   step removes the contents has an address: otherwise that step would divide the segments anew,
 *   which it does at every page border that lies between two sections.
 */
export function scriptsForMade(
  scripts: readonly Script[],
  { plan, ukReloc }: Made,
  postLink: readonly ToolCommand[],
): Script[] {
  const { removed } = effectsOf(postLink);
  const losesDynamic = removed.some((pattern) => globMatches(pattern, '.dynamic'));
  return withoutLateSections(scripts, plan).map((script) => {
    const sized = ukReloc ? withSize(script, UK_RELOC, ukReloc.size) : script;
    return losesDynamic ? withHeaderAddress(sized, 'PT_DYNAMIC') : sized;
  });
}

function withoutLateSections(scripts: readonly Script[], plan: MadePlan): Script[] {
  const outline = outlineOf(scripts);
  const bss = outline.findIndex(({ name }) => name === '.bss');
  const names = plan.sections.map(({ name }) => name);
  const late = outline
    .slice(bss + 1)
    .filter(({ name, node }) => bss >= 0 && name !== '/DISCARD/' && takesOne(node.body, names));
  const namesIn = (i: number) => late.filter(({ script }) => script === i).map(({ name }) => name);
  return scripts
    .map((script, i) => without(script, new Set(namesIn(i))))
    .filter((script) => !insertsNothing(script));
}

function takesOne(body: readonly BodyStatement[], names: readonly string[]): boolean {
  return body.some(
    (statement) =>
      statement.kind === 'input' &&
      statement.sections.some(({ pattern }) => names.some((name) => globMatches(pattern, name))),
  );
}
