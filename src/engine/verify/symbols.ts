/**
 * The symbols of the aligned image: each has the value that its object's section and the scripts
 * give it, and the user's image and the aligned one have the same names, each with the same type
 * and size.
 */
import { isDebugging } from '../elf/debugging.ts';
import { SHN, STB, STT, type ElfFile, type ElfSymbol } from '../elf/types.ts';
import { FRAME_HEADER } from '../ldscript/adopt.ts';
import type { Evaluation } from '../ldscript/evaluate-types.ts';
import type { Addresses } from '../model/relocate.ts';
import { KIND, type Program } from '../model/types.ts';
import { hex, type Difference, type Finding } from './types.ts';

/** Symbols that stand for a place in the program: no sections, no files, no references. */
const isNamed = ({ name, type, section }: ElfSymbol) =>
  name !== '' && section !== SHN.UNDEF && type !== STT.SECTION && type !== STT.FILE;

/** Link-time optimisation names places of debugging information, which no image loads. */
function isOfDebugging({ sections }: ElfFile, { type, section }: ElfSymbol): boolean {
  const own = sections[section];
  return own !== undefined && type !== STT.SECTION && isDebugging(own);
}

/** Names that alignments add to copies of objects. */
const OURS = '__spacer_';

/** Assemblers' own labels: ld keeps or drops them as sections are merged or not. */
const isLabel = (name: string) => name.startsWith('.L');

/**
 * Checks the value of every symbol.
 * @param program of the objects that were linked
 */
export function checkValues(
  program: Program,
  addresses: Addresses,
  { symbols: assigned }: Evaluation,
  debug: ElfFile,
): Finding {
  const expected = expectedValues(program, addresses);
  addAssigned(expected, program, addresses, assigned);
  for (const [name, own] of LINKER_MADE) {
    const section = debug.sections.find((one) => one.name === own);
    if (section) expected.set(name, [section.address]);
  }
  const actual = new Map<string, number[]>();
  const differences: Difference[] = [];
  for (const symbol of debug.symbols) {
    const { value } = symbol;
    const plain = plainValue(debug, symbol);
    if (isOfDebugging(debug, symbol)) continue;
    if (isNamed(symbol)) add(actual, symbol.name, value);
    else if (value !== plain) differences.push(different(nameOf(debug, symbol), [value], [plain]));
  }
  for (const [name, values] of actual) {
    const own = expected.get(name) ?? [];
    if (!sameValues(values, own, isLabel(name))) differences.push(different(name, values, own));
  }
  for (const [name, values] of expected)
    if (!isLabel(name) && !actual.has(name) && !assigned.has(name) && isRequired(program, name))
      differences.push(different(name, [], values));
  return { counts: { symbols: debug.symbols.length }, differences };
}

/** Names that ld gives to its own sections. */
const LINKER_MADE = [
  ['__GNU_EH_FRAME_HDR', FRAME_HEADER.name],
  ['_DYNAMIC', '.dynamic'],
] as const;

/** Nothing refers to them by name: which of them there are is ld's choice. */
const MADE_NAMES = new Set<string>(LINKER_MADE.map(([name]) => name));

function add(values: Map<string, number[]>, name: string, value: number): void {
  const known = values.get(name);
  if (known) known.push(value);
  else values.set(name, [value]);
}

/** What scripts and the linker give values to. */
function addAssigned(
  expected: Map<string, number[]>,
  program: Program,
  { symbolValue }: Addresses,
  assigned: Evaluation['symbols'],
): void {
  for (const [name, { value }] of assigned) add(expected, name, value);
  for (const { name, kind } of program.globals) {
    const value = kind === KIND.COMMON || kind === KIND.SCRIPT ? symbolValue(name) : undefined;
    if (value !== undefined && !assigned.has(name)) expected.set(name, [value]);
  }
}

const isRequired = (program: Program, name: string) =>
  program.globalByName.get(name)?.kind === KIND.SECTION;

const nameOf = (debug: ElfFile, { name, section }: ElfSymbol) =>
  name === '' ? (debug.sections[section]?.name ?? '') : name;

function different(name: string, is: readonly number[], was: readonly number[]): Difference {
  const show = (values: readonly number[]) => values.map(hex).join(', ') || 'missing';
  return { kind: 'symbol', text: `the symbol ${name} is ${show(is)} instead of ${show(was)}` };
}

/** A section's symbol is its address; files and references have none. */
function plainValue(debug: ElfFile, { type, section }: ElfSymbol): number {
  return type === STT.SECTION ? (debug.sections[section]?.address ?? 0) : 0;
}

function sameValues(is: readonly number[], was: readonly number[], someOf: boolean): boolean {
  if (someOf) return is.every((value) => was.includes(value));
  const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b).join();
  return sorted(is) === sorted(was);
}

/** Of the objects' symbols. Thread-local ones count from the start of the template. */
function expectedValues(program: Program, { addressOf, tls }: Addresses): Map<string, number[]> {
  const result = new Map<string, number[]>();
  const put = (name: string, object: number, section: number, value: number, type: number) => {
    const base = addressOf(object, section);
    const start = type === STT.TLS ? (tls?.start ?? 0) : 0;
    if (section === SHN.ABS) add(result, name, value);
    else if (base !== undefined) add(result, name, base + value - start);
  };
  program.objects.forEach(({ elf }, object) => {
    for (const symbol of elf.symbols)
      if (isNamed(symbol) && symbol.binding === STB.LOCAL)
        put(symbol.name, object, symbol.section, symbol.value, symbol.type);
  });
  for (const { name, kind, object, section, value, type } of program.globals) {
    if (kind === KIND.ABSOLUTE) add(result, name, value);
    if (kind === KIND.SECTION) put(name, object, section, value, type);
  }
  return result;
}

/**
 * Checks that both images know the same names, with the same types and sizes.
 * @param aligned what was linked, where that is known
 * @param allowsMore objects were exchanged for larger ones, which define more
 */
export function checkNames(
  old: ElfFile,
  aligned: Program | undefined,
  debug: ElfFile,
  allowsMore: boolean,
): Finding {
  const [was, is] = [namesOf(old), namesOf(debug)];
  const differences: Difference[] = [];
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    const [before = 0, after = 0] = [was.get(key), is.get(key)];
    const [name = '', type, size] = key.split('\0');
    if (MADE_NAMES.has(name)) continue;
    if (before === after || (allowsMore && before < after)) continue;
    if (after === 0 && aligned && isUnusedCommon(aligned, name)) continue;
    const text = `the symbol ${name} (type ${type}, size ${size}) stands ${after} times instead of ${before}`;
    differences.push({ kind: 'symbol', text });
  }
  return { differences };
}

/**
 * ld keeps all common symbols of an object if it needs one of them; each by itself, those that
 * nothing refers to are left out. (What refers to one that is missing is a difference of its own.)
 */
function isUnusedCommon({ globalByName, objects }: Program, name: string): boolean {
  const { object = -1, section = -1 } = globalByName.get(name) ?? {};
  return objects[object]?.elf.sections[section]?.name === `.bss.${name}`;
}

function namesOf({ symbols }: ElfFile): Map<string, number> {
  const result = new Map<string, number>();
  for (const symbol of symbols) {
    const { name } = symbol;
    if (!isNamed(symbol) || isLabel(name) || name.startsWith(OURS)) continue;
    const key = `${symbol.name}\0${symbol.type}\0${symbol.size}`;
    result.set(key, (result.get(key) ?? 0) + 1);
  }
  return result;
}
