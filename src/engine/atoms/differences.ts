/** What differs between the objects of one library over a set, in words. */
import { equalAtoms, type AtomForm, type ObjectForm } from './object-form.ts';

/** Unikernels that have the same object. */
export interface VariantClass {
  readonly form: ObjectForm;
  readonly unikernels: readonly string[];
}

/** Names written out before the rest is only counted. */
const NAMED = 3;

/** Describes how the classes differ: `.text differs in 3 of 8; vfs exports 4 symbols more`. */
export function describeDifferences(classes: readonly VariantClass[]): string {
  const total = classes.reduce((sum, { unikernels }) => sum + unikernels.length, 0);
  const main = classes.reduce((a, b) => (isMain(b, a) ? b : a));
  const others = classes.filter((one) => one !== main);
  const names = others.map((one) => nameWords(one, main)).filter((words) => words.length > 0);
  const rest = names.length - NAMED;
  const parts = [
    ...sectionWords(classes, total),
    ...names.slice(0, NAMED).flat(),
    ...(rest > 0 ? [`symbols differ in ${rest} more variant${rest === 1 ? '' : 's'}`] : []),
  ];
  if (parts.length === 0) parts.push(restWords(classes));
  return parts.join('; ');
}

/** The most frequent object is what others are compared with; of two equally frequent, the smaller. */
function isMain(a: VariantClass, b: VariantClass): boolean {
  if (a.unikernels.length !== b.unikernels.length) return a.unikernels.length > b.unikernels.length;
  return a.form.exports.size < b.form.exports.size;
}

function sectionWords(classes: readonly VariantClass[], total: number): string[] {
  const keys = [...new Set(classes.flatMap(({ form }) => [...form.atoms.keys()]))];
  const differing = keys.flatMap((key) => {
    const count = total - majority(classes, key);
    return count > 0 ? [{ key, count }] : [];
  });
  differing.sort((a, b) => b.count - a.count);
  const words = differing
    .slice(0, NAMED)
    .map(({ key, count }) => `${key} differs in ${count} of ${total}`);
  const rest = differing.length - words.length;
  return rest > 0
    ? [...words, `${rest} more section${rest === 1 ? ' differs' : 's differ'}`]
    : words;
}

/** How many unikernels have the most frequent content of a section. */
function majority(classes: readonly VariantClass[], key: string): number {
  const contents: { atom: AtomForm | undefined; count: number }[] = [];
  for (const { form, unikernels } of classes) {
    const atom = form.atoms.get(key);
    const known = contents.find((c) =>
      c.atom && atom ? equalAtoms(c.atom, atom) : c.atom === atom,
    );
    if (known) known.count += unikernels.length;
    else contents.push({ atom, count: unikernels.length });
  }
  return Math.max(...contents.map(({ count }) => count));
}

function nameWords({ form, unikernels }: VariantClass, main: VariantClass): string[] {
  const who = listed(unikernels);
  const verb = (one: string) => (unikernels.length === 1 ? `${one}s` : one);
  return [
    ...countWords(`${who} ${verb('export')}`, form.exports, main.form.exports),
    ...countWords(`${who} ${verb('need')}`, form.needs, main.form.needs),
  ];
}

function countWords(
  subject: string,
  own: ReadonlyMap<string, string>,
  main: ReadonlyMap<string, string>,
): string[] {
  const more = [...own.keys()].filter((name) => !main.has(name)).length;
  const fewer = [...main.keys()].filter((name) => !own.has(name)).length;
  const symbols = (n: number) => `${n} symbol${n === 1 ? '' : 's'}`;
  if (more > 0 && fewer > 0) return [`${subject} ${symbols(more)} more and ${fewer} fewer`];
  if (more > 0) return [`${subject} ${symbols(more)} more`];
  return fewer > 0 ? [`${subject} ${symbols(fewer)} fewer`] : [];
}

/** Sections and names agree; what is left is told by kind. */
function restWords(classes: readonly VariantClass[]): string {
  const differs = (text: (form: ObjectForm) => string) =>
    new Set(classes.map(({ form }) => text(form))).size > 1;
  if (differs((form) => [...form.exports].sort().join()))
    return 'symbols differ in place, size or binding';
  if (differs((form) => form.frames.map(({ text }) => text).join()))
    return 'the unwind tables differ';
  if (differs((form) => [...form.atoms.keys()].join())) return 'sections stand in another order';
  return 'sections belong to groups, which a link may take from any object';
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ');
  const rest = names.length - NAMED;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
