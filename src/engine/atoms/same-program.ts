/**
 * Proof that a program with another object in it is still the same program: every section that
 * the link keeps is there with the same contents and leads to the same places, every name means
 * what it meant, every table and head holds the same in the same order, and what came in addition
 * stands among plain code and data only.
 */
import { describeSection, equalForms, type Places } from '../model/canonical.ts';
import { KIND, type GlobalSymbol, type Program } from '../model/types.ts';
import type { LoadedUnikernel } from '../read-unikernel.ts';
import type { GatheredInput } from './gather.ts';
import type { UnikernelInput } from './identify.ts';
import { inputOf } from './input.ts';
import { sectionKeys } from './object-form.ts';

/** @returns what would change, in words; undefined where nothing would */
export function programChange(before: LoadedUnikernel, after: LoadedUnikernel): string | undefined {
  const [old, new_] = [inputOf(before), inputOf(after)];
  const match = matchSections(old.program, new_.program);
  return (
    changedNames(old.program, new_.program, match) ??
    changedOutputs(old, new_, match) ??
    changedContents(old, new_, match)
  );
}

/** By flat index of the old program: flat index of the same section in the new one, or -1. */
function matchSections(old: Program, new_: Program): Int32Array {
  const match = new Int32Array(old.sectionBase.at(-1)!).fill(-1);
  old.objects.forEach(({ elf }, object) => {
    const theirs = new Map(
      sectionKeys(new_.objects[object]!.elf).map((key, section) => [key, section]),
    );
    sectionKeys(elf).forEach((key, section) => {
      const other = theirs.get(key);
      if (other !== undefined)
        match[old.sectionBase[object]! + section] = new_.sectionBase[object]! + other;
    });
  });
  return match;
}

const flatOf = (program: Program, object: number, section: number) =>
  program.sectionBase[object]! + section;

function changedNames(old: Program, new_: Program, match: Int32Array): string | undefined {
  for (const [name, was] of old.globalByName) {
    const is = new_.globalByName.get(name);
    if (is === undefined || !sameMeaning(old, was, new_, is, match)) return `${name} would change`;
  }
  return undefined;
}

function sameMeaning(
  old: Program,
  was: GlobalSymbol,
  new_: Program,
  is: GlobalSymbol,
  match: Int32Array,
): boolean {
  if (was.kind !== is.kind || was.size !== is.size || was.type !== is.type) return false;
  if (was.kind !== KIND.SECTION) return was.value === is.value && was.bounds === is.bounds;
  const place = match[flatOf(old, was.object, was.section)];
  return was.value === is.value && place === flatOf(new_, is.object, is.section);
}

function changedOutputs(
  old: UnikernelInput,
  new_: UnikernelInput,
  match: Int32Array,
): string | undefined {
  for (const { name, kind } of new_.outline) {
    const was = (old.inputs.get(name) ?? []).map((input) => keyOf(old.program, input, match));
    const inputs = new_.inputs.get(name) ?? [];
    const known = new Set(was);
    const is = inputs.map((input) => keyOf(new_.program, input));
    const isFree = (i: number) => kind === 'bulk' && !inputs[i]!.head && !inputs[i]!.keep;
    const kept = is.filter((key, i) => known.has(key) || !isFree(i) || name === '.eh_frame');
    if (kept.length !== was.length || kept.some((key, i) => key !== was[i]))
      return `${name} would hold other sections`;
  }
  return undefined;
}

/** A section with how it is placed, numbered as in the new program. */
function keyOf(program: Program, input: GatheredInput, match?: Int32Array): string {
  const flat = flatOf(program, input.object, input.section);
  return `${match ? match[flat] : flat} ${input.head} ${input.keep}`;
}

function changedContents(
  old: UnikernelInput,
  new_: UnikernelInput,
  match: Int32Array,
): string | undefined {
  const names = new Map<string, number>();
  const ofName = (name: string) => {
    if (!names.has(name))
      names.set(name, match.length + new_.program.discarded.length + names.size);
    return names.get(name)!;
  };
  const oldPlaces: Places = {
    ofSection: (object, section) => match[flatOf(old.program, object, section)]!,
    ofName,
  };
  const newPlaces: Places = {
    ofSection: (object, section) => flatOf(new_.program, object, section),
    ofName,
  };
  for (const [output, inputs] of old.inputs) {
    // Its records are compared one by one, and the linker edits them.
    if (output === '.eh_frame') continue;
    for (const { object, section } of inputs) {
      const other =
        match[flatOf(old.program, object, section)]! - new_.program.sectionBase[object]!;
      const was = describeSection(old.program, object, section, oldPlaces);
      const is = describeSection(new_.program, object, other, newPlaces);
      const name = old.program.objects[object]!.elf.sections[section]!.name;
      if (!equalForms(was, is))
        return `${name} of ${old.program.objects[object]!.library} would change`;
    }
  }
  return undefined;
}
