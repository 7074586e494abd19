/**
 * Finds which input sections each output section of an outline takes, in ld's order: statements in
 * the order of the script, the first match wins, and within a statement files in link order unless
 * it sorts (ld manual, "Input Section Basics" and "Input Section Wildcard Patterns").
 */
import type { InputDescription, SectionPattern } from '../ldscript/types.ts';
import type { OutlineSection } from '../layout/outline.ts';
import type { InputObject } from '../model/types.ts';
import { SHF, type ElfSection } from '../elf/types.ts';

export interface GatheredInput {
  readonly object: number;
  readonly section: number;
  /** Taken by a statement of the head, before the gathering ones. */
  readonly head: boolean;
  readonly keep: boolean;
}

export interface Gathered {
  /** By output section name, in order. */
  readonly inputs: ReadonlyMap<string, readonly GatheredInput[]>;
  /** Sections asked about that no statement takes. */
  readonly orphans: readonly GatheredInput[];
}

type IsCandidate = (object: number, section: number) => boolean;

/** Asks which loaded sections are taken. */
export const isLoaded = ({ flags }: ElfSection): boolean => (flags & SHF.ALLOC) !== 0;

/**
 * @param isCandidate false for sections that are discarded before the script is looked at
 * @param isAsked the sections asked about: loaded ones, or others
 */
export function gather(
  outline: readonly OutlineSection[],
  objects: readonly InputObject[],
  isCandidate: IsCandidate,
  isAsked: (section: ElfSection) => boolean = isLoaded,
): Gathered {
  const asked: Asked = new Map(
    objects.map((object) => [
      object,
      object.elf.sections.filter(
        (section) => isAsked(section) && isCandidate(object.index, section.index),
      ),
    ]),
  );
  const taken = objects.map((object) => new Uint8Array(object.elf.sections.length));
  const inputs = new Map<string, readonly GatheredInput[]>();
  for (const output of outline) {
    const list: GatheredInput[] = [];
    for (const statement of output.node.body) {
      if (statement.kind !== 'input') continue;
      const head = output.head.includes(statement);
      for (const { object, section } of matches(statement, asked)) {
        if (taken[object]![section] === 1) continue;
        taken[object]![section] = 1;
        list.push({ object, section, head, keep: statement.keep });
      }
    }
    inputs.set(output.name, list);
  }
  return { inputs, orphans: leftOver(asked, taken) };
}

type Asked = ReadonlyMap<InputObject, readonly ElfSection[]>;

function leftOver(asked: Asked, taken: readonly Uint8Array[]): GatheredInput[] {
  return [...asked].flatMap(([object, sections]) =>
    sections
      .filter((section) => taken[object.index]![section.index] === 0)
      .map((section) => ({
        object: object.index,
        section: section.index,
        head: false,
        keep: false,
      })),
  );
}

interface Match {
  readonly object: number;
  readonly section: number;
  readonly name: string;
  readonly alignment: number;
}

function matches(statement: InputDescription, asked: Asked): Match[] {
  const file = statement.file?.pattern ?? '*';
  const excluded = statement.file?.exclude ?? [];
  const files = [...asked].filter(
    ([object]) => fileMatches(file, object) && !excluded.some((p) => isExcluded(p, object)),
  );
  const patterns = statement.sections;
  if (patterns.every((pattern) => pattern.sort === 'unsorted'))
    return files.flatMap(([object, sections]) =>
      sections
        .filter((section) =>
          patterns.length === 0
            ? true
            : patterns.some((pattern) => patternMatches(pattern, section, object)),
        )
        .map((section) => matchOf(object, section)),
    );
  return patterns.flatMap((pattern) =>
    sortMatches(
      files.flatMap(([object, sections]) =>
        sections
          .filter((section) => patternMatches(pattern, section, object))
          .map((section) => matchOf(object, section)),
      ),
      pattern,
    ),
  );
}

const matchOf = (object: InputObject, section: ElfSection): Match => ({
  object: object.index,
  section: section.index,
  name: section.name,
  alignment: section.alignment,
});

function patternMatches(pattern: SectionPattern, section: ElfSection, object: InputObject) {
  if (!globMatches(pattern.pattern, section.name)) return false;
  return !pattern.exclude.some((p) => isExcluded(p, object));
}

function sortMatches(list: readonly Match[], pattern: SectionPattern): Match[] {
  const sorted = [...list];
  switch (pattern.sort) {
    case 'name':
      return sorted.sort(byName);
    case 'alignment':
      return sorted.sort(byAlignment);
    case 'name-alignment':
      return sorted.sort((a, b) => byName(a, b) || byAlignment(a, b));
    case 'alignment-name':
      return sorted.sort((a, b) => byAlignment(a, b) || byName(a, b));
    case 'init-priority':
      return sorted.sort((a, b) => priorityOf(a.name) - priorityOf(b.name) || byName(a, b));
    default:
      return sorted;
  }
}

const byName = (a: Match, b: Match) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const byAlignment = (a: Match, b: Match) => b.alignment - a.alignment;

/** `.init_array.N` runs by N; `.ctors.N` by 65535 - N (ld, ldlang.c, get_init_priority). */
function priorityOf(name: string): number {
  const digits = /\.(\d+)$/.exec(name)?.[1];
  if (digits === undefined) return 65536;
  return /^\.(ctors|dtors)\./.test(name) ? 65535 - Number(digits) : Number(digits);
}

/**
 * True where a file pattern names an object: `archive:member`, `archive:` for all members, `:file` for
 * what is in no archive. A member goes by its own name, and is named by wildcards only.
 */
export function fileMatches(
  pattern: string,
  { path, archive }: Pick<InputObject, 'path' | 'archive'>,
): boolean {
  const colon = pattern.indexOf(':');
  const name = archive?.member ?? path;
  if (colon < 0)
    return globMatches(pattern, name) && (archive === undefined || /[*?[]/.test(pattern));
  const file = pattern.slice(colon + 1);
  if (colon === 0 ? archive !== undefined : archive === undefined) return false;
  const inArchive = archive === undefined || globMatches(pattern.slice(0, colon), archive.path);
  return inArchive && (file === '' || globMatches(file, name));
}

/** EXCLUDE_FILE also takes the name of the archive alone. */
function isExcluded(pattern: string, object: InputObject): boolean {
  if (pattern.includes(':')) return fileMatches(pattern, object);
  const { path, archive } = object;
  return archive
    ? globMatches(pattern, archive.member) || globMatches(pattern, archive.path)
    : globMatches(pattern, path);
}

const expressions = new Map<string, RegExp>();

/** fnmatch(3) without flags, as ld uses it: `*` and `?` match slashes as well. */
export function globMatches(pattern: string, text: string): boolean {
  if (!/[*?[\\]/.test(pattern)) return pattern === text;
  let expression = expressions.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(`^${translate(pattern)}$`, 's');
    expressions.set(pattern, expression);
  }
  return expression.test(text);
}

function translate(pattern: string): string {
  return pattern.replace(/\[!?\]?[^\]]*\]|\\.|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1 && part.startsWith('['))
      return part.replace(/^\[!/, '[^').replace(/\\/g, '\\\\');
    return part.replace(/^\\/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
}
