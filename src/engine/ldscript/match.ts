/**
 * Which input sections an input description names, and in which order.
 *
 * Without sorts: by file, then by section in the file, whatever the order of the patterns. With
 * sorts, ld fills a binary tree: a section of a sorted pattern walks down from the root, to the left
 * where it compares less, else to the right; one of an unsorted pattern is appended at the rightmost
 * place so far. Mixed descriptions get an order from this that no comparison alone would give, so the
 * tree is built here, too.
 */
import type { CommonSection } from './commons.ts';
import type { EvaluateInput, InputObject, InputSection } from './evaluate-types.ts';
import { inputFlags, SEC } from './flags.ts';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { fileMatcher, hasWildcard, sectionMatcher } from './glob.ts';
import { linkerMade } from './linker-made.ts';
import type { Input } from './model.ts';
import type { InputDescription, SectionFlag, SectionSort } from './types.ts';
import { SHF, SHT } from '../elf/types.ts';

/** Sections that are part of the file format, not of the program. */
function isFormat({ name, type, flags }: InputSection): boolean {
  if (type === SHT.STRTAB) return name === '.strtab' || name === '.shstrtab';
  if (type === SHT.RELA || type === SHT.REL) return (flags & SHF.ALLOC) === 0;
  return [SHT.NULL, SHT.SYMTAB, SHT.GROUP, SHT.SYMTAB_SHNDX].some((format) => format === type);
}

interface Match {
  readonly input: Input;
  readonly sort: SectionSort;
}

/** All input sections of a link, to be asked for by description. */
export class InputIndex {
  readonly inputs: readonly Input[];
  private readonly byName = new Map<string, Input[]>();
  private work = 0;
  private readonly objectTests = new Map<string, ObjectTest>();
  private readonly byPattern = new Map<string, readonly Input[]>();

  constructor(
    { objects, live, sizeOf, options }: EvaluateInput,
    commons: ReadonlyMap<InputObject, CommonSection>,
  ) {
    const inputs: Input[] = [];
    const add = (
      object: InputObject,
      section: InputSection,
      parts: Pick<Input, 'flags' | 'size' | 'passing'>,
    ) => {
      const alignment = lowestBit(section.alignment);
      const order = inputs.length;
      inputs.push({ object, section, order, alignment, output: undefined, offset: 0, ...parts });
    };
    objects.forEach((object, index) => {
      const common = commons.get(object)?.section;
      for (const section of common ? [...object.sections, common] : object.sections) {
        if (isFormat(section)) continue;
        const dead = live !== undefined && !live(section, object);
        const flags = inputFlags(section) | (dead ? SEC.EXCLUDE : 0);
        add(object, section, {
          flags,
          size: sizeOf?.(section, object) ?? section.size,
          passing: false,
        });
      }
      if (index > 0) return;
      for (const { section, flags } of linkerMade(object, options?.pie ?? false)) {
        add(object, section, { flags, size: 0, passing: true });
      }
    });
    this.inputs = inputs;
    for (const input of inputs) {
      const same = this.byName.get(input.section.name);
      if (same === undefined) this.byName.set(input.section.name, [input]);
      else same.push(input);
    }
  }

  /** The sections that a description matches, in ld's order. One may come twice. */
  find(description: InputDescription): Input[] {
    const matches = this.matches(description);
    const { file, sections } = description;
    const byFile = file?.sort === 'name';
    const sorted = sections.some(({ sort }) => sort !== 'unsorted' && sort !== 'none');
    const ordered = byFile || sorted ? sortMatches(matches, byFile) : matches;
    const inputs = ordered.map(({ input }) => input);
    return description.flags.length === 0
      ? inputs
      : inputs.filter((input) => hasFlags(input.section.flags, description.flags));
  }

  /** Scripts name a file once for each of its sections. */
  private objectTest(pattern: string, exclude: readonly string[]): ObjectTest {
    const key = JSON.stringify([pattern, exclude]);
    const known = this.objectTests.get(key) ?? objectMatcher(pattern, exclude);
    this.objectTests.set(key, known);
    return known;
  }

  private matches({ file, sections }: InputDescription): Match[] {
    const inFile = this.objectTest(file?.pattern ?? '*', file?.exclude ?? []);
    if (sections.length === 0) {
      this.spend(this.inputs.length);
      return this.inputs
        .filter(({ object }) => inFile(object))
        .map((input) => ({ input, sort: 'unsorted' }));
    }
    const found = sections.flatMap(({ pattern, sort, exclude }) => {
      this.spend(this.named(pattern).length);
      const excluded = excludeMatcher(exclude);
      return this.named(pattern)
        .filter(({ object }) => inFile(object) && !excluded(object))
        .map((input): Match => ({ input, sort }));
    });
    // Stable: of two patterns that match one section, the first stays first.
    return sections.length === 1 ? found : found.sort((a, b) => a.input.order - b.input.order);
  }

  private spend(steps: number): void {
    this.work += steps;
    if (this.work > LIMITS.patternWork) throw tooComplex('its patterns take too long to match');
  }

  private named(pattern: string): readonly Input[] {
    if (!hasWildcard(pattern)) return this.byName.get(pattern) ?? [];
    const known = this.byPattern.get(pattern);
    if (known !== undefined) return known;
    if (pattern.length > LIMITS.pattern) throw tooComplex('a pattern of it is too long');
    this.spend(this.byName.size * pattern.length);
    const matches = sectionMatcher(pattern);
    const found = [...this.byName.entries()]
      .filter(([name]) => matches(name))
      .flatMap(([, inputs]) => inputs)
      .sort((a, b) => a.order - b.order);
    this.byPattern.set(pattern, found);
    return found;
  }
}

function tooComplex(why: string): SpacerError {
  return new SpacerError('script-too-complex', `The linker script is too complex: ${why}.`);
}

/** An alignment that is no power of two counts as its lowest bit. */
function lowestBit(alignment: number): number {
  let bit = 1;
  while (alignment > 1 && alignment % (bit * 2) === 0) bit *= 2;
  return bit;
}

// --- files --------------------------------------------------------------------------------------

type ObjectTest = (object: InputObject) => boolean;

function objectMatcher(pattern: string, exclude: readonly string[]): ObjectTest {
  const excluded = excludeMatcher(exclude);
  const named = patternMatcher(pattern);
  const known = new Map<InputObject, boolean>();
  return (object) => {
    let result = known.get(object);
    if (result === undefined) {
      result = named(object) && !excluded(object);
      known.set(object, result);
    }
    return result;
  };
}

function patternMatcher(pattern: string): ObjectTest {
  if (pattern === '*') return () => true;
  const archived = archiveMatcher(pattern);
  if (archived !== undefined) return archived;
  const matches = fileMatcher(pattern);
  if (hasWildcard(pattern)) return ({ path }) => matches(path);
  return ({ path, archive }) => archive === undefined && matches(path);
}

/** `archive:file`, `archive:` (all of it), `:file` (of no archive). */
function archiveMatcher(pattern: string): ObjectTest | undefined {
  const colon = pattern.indexOf(':');
  if (colon < 0) return undefined;
  const inArchive = fileMatcher(pattern.slice(0, colon));
  const file = pattern.slice(colon + 1);
  const isFile = file === '' ? () => true : fileMatcher(file);
  return ({ path, archive }) => {
    if (!isFile(path)) return false;
    return colon === 0 ? archive === undefined : archive !== undefined && inArchive(archive);
  };
}

/** EXCLUDE_FILE: a pattern without a colon also matches the archive that a member is of. */
function excludeMatcher(patterns: readonly string[]): ObjectTest {
  const tests = patterns.map((pattern): ObjectTest => {
    const matches = fileMatcher(pattern);
    return (
      archiveMatcher(pattern) ??
      (({ path, archive }) => matches(path) || (archive !== undefined && matches(archive)))
    );
  });
  return (object) => tests.some((test) => test(object));
}

// --- INPUT_SECTION_FLAGS ------------------------------------------------------------------------

const FLAG_NAMES: ReadonlyMap<string, number> = new Map([
  ['SHF_WRITE', SHF.WRITE],
  ['SHF_ALLOC', SHF.ALLOC],
  ['SHF_EXECINSTR', SHF.EXECINSTR],
  ['SHF_MERGE', SHF.MERGE],
  ['SHF_STRINGS', SHF.STRINGS],
  ['SHF_INFO_LINK', SHF.INFO_LINK],
  ['SHF_LINK_ORDER', 128],
  ['SHF_OS_NONCONFORMING', 256],
  ['SHF_GROUP', SHF.GROUP],
  ['SHF_TLS', SHF.TLS],
]);

function hasFlags(flags: number, wanted: readonly SectionFlag[]): boolean {
  return wanted.every(({ name, negated }) => {
    const bit = FLAG_NAMES.get(name) ?? 0;
    return negated ? (flags & bit) === 0 : (flags & bit) === bit;
  });
}

// --- sorts --------------------------------------------------------------------------------------

interface TreeNode {
  readonly match: Match;
  left: TreeNode | undefined;
  right: TreeNode | undefined;
}

function sortMatches(matches: readonly Match[], byFile: boolean): Match[] {
  let root: TreeNode | undefined;
  // The rightmost place of the tree: below this node, to its right.
  let last: TreeNode | undefined;
  for (const match of matches) {
    const node: TreeNode = { match, left: undefined, right: undefined };
    const sorted = byFile || (match.sort !== 'unsorted' && match.sort !== 'none');
    if (root === undefined) {
      root = node;
      last = node;
    } else if (!sorted && last !== undefined) {
      last.right = node;
      last = node;
    } else if (descend(root, node, byFile) === last && last?.right === node) {
      last = node;
    }
  }
  return inOrder(root);
}

/** Hangs a node into the tree and returns its parent. */
function descend(root: TreeNode, node: TreeNode, byFile: boolean): TreeNode {
  for (let parent = root; ;) {
    const side = compare(node.match, parent.match.input, byFile) < 0 ? 'left' : 'right';
    const next = parent[side];
    if (next === undefined) {
      parent[side] = node;
      return parent;
    }
    parent = next;
  }
}

function inOrder(root: TreeNode | undefined): Match[] {
  const result: Match[] = [];
  const path: TreeNode[] = [];
  for (let node = root; node !== undefined || path.length > 0;) {
    while (node !== undefined) {
      path.push(node);
      node = node.left;
    }
    const top = path.pop();
    if (top === undefined) break;
    result.push(top.match);
    node = top.right;
  }
  return result;
}

function compare({ input, sort }: Match, other: Input, byFile: boolean): number {
  if (byFile) {
    const order = compareFiles(input.object, other.object);
    if (order !== 0) return order;
  }
  const byName = text(input.section.name, other.section.name);
  const byAlignment = other.alignment - input.alignment;
  switch (sort) {
    case 'name':
      return byName;
    case 'alignment':
      return byAlignment;
    case 'name-alignment':
      return byName || byAlignment;
    case 'alignment-name':
      return byAlignment || byName;
    case 'init-priority':
      return comparePriorities(input.section.name, other.section.name) || byName;
    default:
      return 0;
  }
}

function compareFiles(a: InputObject, b: InputObject): number {
  return text(a.archive ?? a.path, b.archive ?? b.path) || text(a.path, b.path);
}

function text(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** By the number at the end; `.ctors.N` counts from 65535 down. 0 where one has no number. */
function comparePriorities(a: string, b: string): number {
  const first = initPriority(a);
  const second = initPriority(b);
  return first === undefined || second === undefined ? 0 : first - second;
}

function initPriority(name: string): number | undefined {
  const [, stem, digits] = /^(.*)\.([0-9]+)$/s.exec(name) ?? [];
  if (digits === undefined) return undefined;
  const number = Number(digits);
  const priority = stem === '.ctors' || stem === '.dtors' ? 65535 - number : number;
  return priority >= 0 && priority <= 0x7fffffff ? priority : undefined;
}
