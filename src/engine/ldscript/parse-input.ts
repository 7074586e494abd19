/** Descriptions of input sections: patterns of files and of sections, with their sort orders. */
import type { Cursor } from './cursor.ts';
import type {
  AttributeStatement,
  FilePattern,
  FileSort,
  InputDescription,
  NodeRange,
  SectionFlag,
  SectionPattern,
  SectionSort,
} from './types.ts';

const SORTS: ReadonlyMap<string, SectionSort> = new Map<string, SectionSort>([
  ['SORT', 'name'],
  ['SORT_BY_NAME', 'name'],
  ['SORT_BY_ALIGNMENT', 'alignment'],
  ['SORT_BY_INIT_PRIORITY', 'init-priority'],
  ['SORT_NONE', 'none'],
]);

/**
 * One input description, or what `otherwise` makes of the name that stands first (an assignment
 * begins with a name, too).
 */
export function parseInput<T>(
  cursor: Cursor,
  otherwise: (name: string) => T | undefined,
): InputDescription | AttributeStatement | T {
  const first = cursor.mark();
  if (cursor.accept('wild', 'KEEP')) {
    cursor.expect('wild', '(', 'after KEEP');
    const kept = parseDescription<never>(cursor, () => undefined);
    cursor.expect('wild', ')', 'at the end of KEEP');
    return asInput(cursor, first, kept, true);
  }
  const parsed = parseDescription(cursor, otherwise);
  return asInput(cursor, first, parsed, false);
}

type Parts = Pick<InputDescription, 'flags' | 'file' | 'sections'>;
type Parsed<T> =
  { kind: 'parts'; parts: Parts } | { kind: 'constructors' } | { kind: 'other'; node: T };

function asInput<T>(
  cursor: Cursor,
  first: number,
  parsed: Parsed<T>,
  keep: boolean,
): InputDescription | AttributeStatement | T {
  if (parsed.kind === 'other') return parsed.node;
  const range = cursor.range(first);
  if (parsed.kind === 'constructors') {
    return { kind: 'attribute', keyword: 'CONSTRUCTORS', sorted: true, ...range };
  }
  return { kind: 'input', keep, ...parsed.parts, ...range };
}

function parseDescription<T>(
  cursor: Cursor,
  otherwise: (name: string) => T | undefined,
): Parsed<T> {
  const flags = parseFlags(cursor);
  if (cursor.accept('wild', '[')) {
    const sections = parseSections(cursor, ']');
    return { kind: 'parts', parts: { flags, file: undefined, sections } };
  }
  const sort = atKeyword(cursor, SORTS) ? fileSort(cursor) : undefined;
  if (sort !== undefined && cursor.accept('wild', 'CONSTRUCTORS')) {
    cursor.expect('wild', ')', 'after CONSTRUCTORS');
    return { kind: 'constructors' };
  }
  const first = cursor.mark() - (sort === undefined ? 0 : 2);
  const { pattern, exclude } = parsePattern(cursor, 'a pattern of files, a symbol or a command');
  if (sort !== undefined) cursor.expect('wild', ')', 'at the end of a sort');
  else if (flags.length === 0 && exclude.length === 0) {
    const node = otherwise(pattern);
    if (node !== undefined) return { kind: 'other', node };
  }
  const file: FilePattern = { pattern, sort: sort ?? 'unsorted', exclude, ...cursor.range(first) };
  if (!cursor.accept('wild', '(')) return { kind: 'parts', parts: { flags, file, sections: [] } };
  const sections = parseSections(cursor, ')');
  return { kind: 'parts', parts: { flags, file, sections } };
}

function atKeyword(cursor: Cursor, words: ReadonlyMap<string, unknown>): boolean {
  const token = cursor.peek('wild');
  return token.kind === 'name' && words.has(token.text);
}

/** Takes `SORT_BY_NAME (` or `SORT_NONE (` before a pattern of files. */
function fileSort(cursor: Cursor): FileSort {
  const sort = SORTS.get(cursor.peek('wild').text);
  if (sort !== 'name' && sort !== 'none') {
    throw cursor.expected('SORT_BY_NAME or SORT_NONE before a pattern of files', 'wild');
  }
  const { text } = cursor.take('wild');
  cursor.expect('wild', '(', `after ${text}`);
  return sort;
}

/** `INPUT_SECTION_FLAGS (A & !B)` */
function parseFlags(cursor: Cursor): SectionFlag[] {
  const flags: SectionFlag[] = [];
  if (!cursor.accept('wild', 'INPUT_SECTION_FLAGS')) return flags;
  cursor.expect('wild', '(', 'after INPUT_SECTION_FLAGS');
  do {
    const name = cursor.name('wild', 'a section flag');
    const negated = name.startsWith('!');
    flags.push({ name: negated ? name.slice(1) : name, negated });
  } while (cursor.accept('wild', '&'));
  cursor.expect('wild', ')', 'after the section flags');
  return flags;
}

function parseSections(cursor: Cursor, close: ')' | ']'): SectionPattern[] {
  const sections: SectionPattern[] = [];
  do {
    sections.push(parseSectionPattern(cursor));
  } while (!cursor.accept('wild', close));
  return sections;
}

function parseSectionPattern(cursor: Cursor): SectionPattern {
  const first = cursor.mark();
  const sorts: SectionSort[] = [];
  while (atKeyword(cursor, SORTS)) {
    const { text } = cursor.take('wild');
    sorts.push(SORTS.get(text) ?? 'unsorted');
    cursor.expect('wild', '(', `after ${text}`);
    if (sorts.length > 2) throw cursor.error('sort orders can be nested twice, no deeper');
  }
  const sort = combine(cursor, sorts);
  const { pattern, exclude } = parsePattern(cursor, 'a pattern of sections');
  sorts.forEach(() => cursor.expect('wild', ')', 'at the end of a sort'));
  return { pattern, exclude, sort, ...cursor.range(first) };
}

/** Two nested orders as one. ld knows these four combinations. */
function combine(cursor: Cursor, sorts: readonly SectionSort[]): SectionSort {
  const [outer, inner] = sorts;
  if (outer === undefined) return 'unsorted';
  if (inner === undefined || inner === outer) {
    if (inner === undefined || outer === 'name' || outer === 'alignment') return outer;
  }
  if (outer === 'name' && inner === 'alignment') return 'name-alignment';
  if (outer === 'alignment' && inner === 'name') return 'alignment-name';
  throw cursor.error('these sort orders cannot be nested in each other');
}

/** `[EXCLUDE_FILE (a b)] pattern` */
function parsePattern(cursor: Cursor, what: string): Omit<FilePattern, 'sort' | keyof NodeRange> {
  const exclude: string[] = [];
  if (cursor.accept('wild', 'EXCLUDE_FILE')) {
    cursor.expect('wild', '(', 'after EXCLUDE_FILE');
    do {
      exclude.push(cursor.name('wild', 'a pattern of files'));
    } while (!cursor.accept('wild', ')'));
  }
  return { pattern: cursor.name('wild', what), exclude };
}
