/**
 * Resolution of global symbols, as ld does it (bfd/linker.c, the table `link_action`).
 *
 * Each global symbol of each object, in link order, meets what is known of its name so far: a
 * strong definition beats weak and common ones, a common beats a weak definition, the largest
 * common wins, the first weak definition stays, and two strong definitions are an error. Symbols
 * of discarded COMDAT sections count as references. The linker script comes last: what it assigns
 * overrides the objects, what it PROVIDEs fills a reference that nobody satisfied, and
 * `__start_NAME`/`__stop_NAME` are defined by the linker where a section NAME exists.
 */
import { SpacerError } from '../errors.ts';
import { SHN, STB, type ElfSymbol } from '../elf/types.ts';
import { isInputSection, isStartStopName } from './sections.ts';
import { KIND, type GlobalSymbol, type InputObject, type ProgramOptions } from './types.ts';

type IsDiscarded = (object: number, section: number) => boolean;

/**
 * Names that ld defines itself when they are referenced and nobody else defines them
 * (elf64-x86-64.c, elflink.c, ldelf.c). Their values are asked of `symbolValue`.
 */
const LINKER_DEFINED = ['_GLOBAL_OFFSET_TABLE_', '_TLS_MODULE_BASE_', '__ehdr_start'];
const OUTPUT_SECTION_FUNCTIONS = ['.startof.', '.sizeof.'];

/** Decides for every global name of the program. @throws SpacerError `link-multiple-definition` */
export function resolveGlobals(
  objects: readonly InputObject[],
  options: ProgramOptions,
  isDiscarded: IsDiscarded,
): Map<string, GlobalSymbol> {
  const globals = new Map<string, GlobalSymbol>();
  objects.forEach((object, index) => {
    for (const symbol of object.elf.symbols)
      if (symbol.binding !== STB.LOCAL) meet(globals, objects, index, symbol, isDiscarded);
  });
  const sectionNames = startStopSections(objects);
  for (const global of globals.values()) applyScript(global, options, sectionNames);
  return globals;
}

function meet(
  globals: Map<string, GlobalSymbol>,
  objects: readonly InputObject[],
  object: number,
  symbol: ElfSymbol,
  isDiscarded: IsDiscarded,
): void {
  const known = globals.get(symbol.name) ?? newGlobal(globals, symbol.name);
  if (symbol.section === SHN.UNDEF || isDiscarded(object, symbol.section))
    meetReference(known, symbol);
  else if (symbol.binding === STB.WEAK) meetWeak(known, object, symbol);
  else if (symbol.section === SHN.COMMON) meetCommon(known, object, symbol);
  else meetStrong(known, objects, object, symbol);
}

function newGlobal(globals: Map<string, GlobalSymbol>, name: string): GlobalSymbol {
  const global: GlobalSymbol = {
    name,
    index: -1,
    kind: KIND.UNDEFINED_WEAK,
    weak: false,
    object: -1,
    section: 0,
    value: 0,
    size: 0,
    alignment: 1,
    type: 0,
  };
  globals.set(name, global);
  return global;
}

/** One strong reference makes an undefined symbol strong for all. */
function meetReference(known: GlobalSymbol, symbol: ElfSymbol): void {
  if (known.kind === KIND.UNDEFINED_WEAK && symbol.binding !== STB.WEAK)
    known.kind = KIND.UNDEFINED;
}

const isUndefined = (global: GlobalSymbol) =>
  global.kind === KIND.UNDEFINED || global.kind === KIND.UNDEFINED_WEAK;

function meetWeak(known: GlobalSymbol, object: number, symbol: ElfSymbol): void {
  if (!isUndefined(known)) return;
  define(known, object, symbol);
  known.weak = true;
}

function meetCommon(known: GlobalSymbol, object: number, symbol: ElfSymbol): void {
  if (known.kind === KIND.COMMON) {
    known.alignment = Math.max(known.alignment, symbol.value);
    if (symbol.size <= known.size) return;
    known.size = symbol.size;
    // ld moves the storage to the larger symbol's object only through its COMMON section.
    known.object = object;
    return;
  }
  if (!isUndefined(known) && !known.weak) return;
  define(known, object, symbol);
  known.kind = KIND.COMMON;
  known.weak = false;
  known.value = 0;
  known.alignment = Math.max(1, symbol.value);
}

function meetStrong(
  known: GlobalSymbol,
  objects: readonly InputObject[],
  object: number,
  symbol: ElfSymbol,
): void {
  const defined = !isUndefined(known) && known.kind !== KIND.COMMON && !known.weak;
  if (defined && !sameAbsolute(known, symbol)) throw multipleDefinition(known, objects, object);
  define(known, object, symbol);
}

/** ld lets an absolute symbol be defined again with the same value. */
function sameAbsolute(known: GlobalSymbol, symbol: ElfSymbol): boolean {
  return known.kind === KIND.ABSOLUTE && symbol.section === SHN.ABS && known.value === symbol.value;
}

function multipleDefinition(
  known: GlobalSymbol,
  objects: readonly InputObject[],
  object: number,
): SpacerError {
  const [first, second] = [objects[known.object], objects[object]];
  return new SpacerError(
    'link-multiple-definition',
    `${known.name} is defined both in ${first?.library ?? ''} (${first?.path ?? ''}) and in ${second?.library ?? ''}`,
    second ? { file: second.path } : {},
  );
}

function define(known: GlobalSymbol, object: number, symbol: ElfSymbol): void {
  known.kind = symbol.section === SHN.ABS ? KIND.ABSOLUTE : KIND.SECTION;
  known.weak = false;
  known.object = object;
  known.section = symbol.section;
  known.value = symbol.value;
  known.size = symbol.size;
  known.type = symbol.type;
}

function startStopSections(objects: readonly InputObject[]): Set<string> {
  const names = new Set<string>();
  for (const object of objects)
    for (const section of object.elf.sections)
      if (isInputSection(section) && isStartStopName(section.name)) names.add(section.name);
  return names;
}

function applyScript(
  global: GlobalSymbol,
  options: ProgramOptions,
  sectionNames: ReadonlySet<string>,
): void {
  const undefinedSoFar = isUndefined(global);
  if (options.scriptSymbols.has(global.name)) return toScript(global);
  if (!undefinedSoFar) return;
  const bounds = /^__(?:start|stop)_(.+)$/.exec(global.name)?.[1];
  const isBound = bounds !== undefined && sectionNames.has(bounds);
  if (!isBound && !options.provided.has(global.name) && !isLinkerDefined(global.name, options))
    return;
  toScript(global);
  if (isBound) global.bounds = bounds;
}

function isLinkerDefined(name: string, { isDynamic = false }: ProgramOptions): boolean {
  return (
    (isDynamic && name === '_DYNAMIC') ||
    LINKER_DEFINED.includes(name) ||
    OUTPUT_SECTION_FUNCTIONS.some((prefix) => name.startsWith(prefix))
  );
}

function toScript(global: GlobalSymbol): void {
  global.kind = KIND.SCRIPT;
  global.weak = false;
  global.object = -1;
  global.section = 0;
  global.value = 0;
}
