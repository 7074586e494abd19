/** Names of what the randomised layout adds to the objects. */
import { TABLES_LIBRARY } from '../../protocol/page-map.ts';
import type { Program } from '../model/types.ts';
import { STB } from '../elf/types.ts';
import { symbolsOf } from './references.ts';

/** Library name of the object that holds stubs, table and thunks. */
export const COMMON = TABLES_LIBRARY;
/** Its section that has one address in all unikernels. */
export const FIXED_SECTION = '.text.spacer.fixed';
/** Its section of jumps out of a block. */
export const farSection = (block: number): string => `.text.spacer.far.${block}`;

/** Section of read-only data that stands among code. */
export const constantSection = (name: string): string => `.text.spacer.constants${name}`;

export const stubName = (key: string): string => `__spacer_stub.${key}`;
export const slotName = (key: string): string => `__spacer_slot.${key}`;
export const thunkName = (key: string): string => `__spacer_thunk.${key}`;
export const farName = (block: number, key: string): string => `__spacer_far.${block}.${key}`;

/** Start of a section, as a global symbol. */
export function sectionAlias(program: Program, object: number, section: number): string {
  const { library, elf } = program.objects[object]!;
  const { name } = elf.sections[section]!;
  const twins = elf.sections.filter((other) => other.name === name);
  const n = twins.findIndex((other) => other.index === section);
  return `__spacer_at.${library}.${name}${n > 0 ? `.${n}` : ''}`;
}

/**
 * A name for a place in code that is the same in every unikernel that has it: its own name for a
 * global symbol, library and name for a local one. A label without a name goes by its number among
 * those of its section whose address is taken, any other place by its offset.
 */
export function placeKey(
  program: Program,
  object: number,
  section: number,
  offset: number,
  labels: readonly number[],
): string {
  const { library, elf } = program.objects[object]!;
  const { name } = elf.sections[section]!;
  const symbols = symbolsOf(program, object, section);
  const own = symbols.filter((symbol) => symbol.value === offset && !isOurs(symbol.name));
  const global = own.find(({ binding }) => binding !== STB.LOCAL);
  if (global) return `global.${global.name}`;
  const [local] = own;
  if (local) {
    const twins = symbols.filter((symbol) => symbol.name === local.name);
    return `local.${library}.${name}.${local.name}.${twins.indexOf(local)}`;
  }
  const number = labels.indexOf(offset);
  return number < 0 ? `at.${library}.${name}.${offset}` : `label.${library}.${name}.${number}`;
}

const isOurs = (name: string) => name.startsWith('__spacer_');
