/**
 * The parser of GNU ld linker scripts (the grammar of binutils 2.40). It loses nothing: every token
 * keeps the white space and the comments before it, so that `print(parse(text)) === text`.
 */
import { SpacerError } from '../errors.ts';
import { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parseOutputSection, parseOverlay } from './parse-section.ts';
import { atAssignment, parseAssignmentTail, parseCommon, unsupported } from './parse-statement.ts';
import type { LexMode } from './tokenizer.ts';
import type {
  InputFile,
  InsertCommand,
  MemoryRegion,
  NamesKeyword,
  ProgramHeader,
  Script,
  ScriptStatement,
  SectionsCommand,
  SectionsStatement,
} from './types.ts';

/** How many names a command takes, and in which mode they are read. */
interface NamesRule {
  readonly least: number;
  readonly most: number;
  readonly mode: LexMode;
}
const MANY = Number.POSITIVE_INFINITY;
const one: NamesRule = { least: 1, most: 1, mode: 'script' };
const NAMES: ReadonlyMap<NamesKeyword, NamesRule> = new Map([
  ['EXTERN', { least: 1, most: MANY, mode: 'expression' }],
  ['HLL', { least: 0, most: MANY, mode: 'script' }],
  ['LD_FEATURE', one],
  ['MAP', one],
  ['NOCROSSREFS', { least: 0, most: MANY, mode: 'script' }],
  ['NOCROSSREFS_TO', { least: 0, most: MANY, mode: 'script' }],
  ['OUTPUT', one],
  ['OUTPUT_ARCH', one],
  ['OUTPUT_FORMAT', { least: 1, most: 3, mode: 'script' }],
  ['REGION_ALIAS', { least: 2, most: 2, mode: 'script' }],
  ['SEARCH_DIR', one],
  ['STARTUP', one],
  ['SYSLIB', { least: 0, most: MANY, mode: 'script' }],
  ['TARGET', one],
]);
const LONE_WORDS = new Set<string>([
  'FORCE_COMMON_ALLOCATION',
  'FORCE_GROUP_ALLOCATION',
  'INHIBIT_COMMON_ALLOCATION',
]);

/**
 * Parses a linker script.
 *
 * @param file what errors name as the file
 * @throws SpacerError `script-syntax` with file, line and column; `script-unsupported` for INCLUDE
 */
export function parse(text: string, file = '<script>'): Script {
  const cursor = new Cursor(text, file);
  const statements: ScriptStatement[] = [];
  while (cursor.peek('script').kind !== 'end')
    statements.push(checked(parseStatement(cursor), file));
  cursor.take('script');
  return { kind: 'script', file, text, tokens: cursor.tokenizer.tokens, statements };
}

/** Files and folders that a script may name: by name alone, or of the system. */
const NAMED = /^(=|\$SYSROOT)?\/(usr|lib|lib64|opt)(?!.*\.\.)(\/|$)|^[^/]*$/;

/** A script can make the linker read any file of the user's. */
function checked(statement: ScriptStatement, file: string): ScriptStatement {
  const strange = filesOf(statement).find((name) => !NAMED.test(name));
  if (strange === undefined) return statement;
  const text = `it names the file ${strange}, and files belong into the command of the link`;
  throw new SpacerError('script-unsupported', text, { file });
}

function filesOf(statement: ScriptStatement): readonly string[] {
  if (statement.kind === 'inputs') return statement.files.map(({ name }) => name);
  const isPlace = statement.kind === 'names' && PLACES.has(statement.keyword);
  return isPlace ? statement.names : [];
}
const PLACES = new Set<NamesKeyword>(['STARTUP', 'SEARCH_DIR', 'SYSLIB', 'HLL']);

/** The script's text, from its tokens. */
export function print(script: Script): string {
  return script.tokens.map((token) => token.leading + token.text).join('');
}

function parseStatement(cursor: Cursor): ScriptStatement {
  const common = parseCommon(cursor, 'script');
  if (common !== undefined) return common;
  const first = cursor.mark();
  const token = cursor.peek('script');
  const name = cursor.name('script', 'a command or a symbol');
  if (token.kind === 'name') {
    const command = parseCommand(cursor, first, name);
    if (command !== undefined) return command;
  }
  if (atAssignment(cursor, 'script')) return parseAssignmentTail(cursor, 'script', first, name);
  throw cursor.expected(`'=' after the symbol ${name}`, 'script');
}

/** The rest of a command, behind its keyword. */
function parseCommand(cursor: Cursor, first: number, keyword: string): ScriptStatement | undefined {
  const rule = NAMES.get(keyword as NamesKeyword);
  if (rule !== undefined) return parseNames(cursor, first, keyword as NamesKeyword, rule);
  if (LONE_WORDS.has(keyword)) {
    const range = cursor.range(first);
    return { kind: 'names', keyword: keyword as NamesKeyword, names: [], ...range };
  }
  switch (keyword) {
    case 'SECTIONS':
      return parseSections(cursor, first);
    case 'INSERT':
      return parseInsert(cursor, first);
    case 'PHDRS':
      return parsePhdrs(cursor, first);
    case 'MEMORY':
      return parseMemory(cursor, first);
    case 'INPUT':
    case 'GROUP': {
      const files = parseFiles(cursor, keyword, false);
      return { kind: 'inputs', keyword, files, ...cursor.range(first) };
    }
    case 'VERSION':
      cursor.expect('raw', '{', 'after VERSION');
      cursor.skipBraces('at the end of VERSION');
      return { kind: 'version', ...cursor.range(first) };
    default:
      return undefined;
  }
}

function parseNames(
  cursor: Cursor,
  first: number,
  keyword: NamesKeyword,
  { least, most, mode }: NamesRule,
): ScriptStatement {
  cursor.expect(mode, '(', `after ${keyword}`);
  const names: string[] = [];
  while (names.length < most && (names.length < least || !cursor.at(mode, ')'))) {
    if (names.length > 0) cursor.accept(mode, ',');
    names.push(cursor.name(mode, `a name in ${keyword}`));
  }
  cursor.expect(mode, ')', `after the names of ${keyword}`);
  return { kind: 'names', keyword, names, ...cursor.range(first) };
}

function parseFiles(cursor: Cursor, keyword: string, asNeeded: boolean): InputFile[] {
  return cursor.nested(() => {
    cursor.expect('files', '(', `after ${keyword}`);
    const files: InputFile[] = [];
    do {
      if (files.length > 0) cursor.accept('files', ',');
      if (cursor.accept('files', 'AS_NEEDED')) {
        files.push(...parseFiles(cursor, 'AS_NEEDED', true));
      } else {
        files.push({ name: cursor.name('files', `a file in ${keyword}`), asNeeded });
      }
    } while (!cursor.accept('files', ')'));
    return files;
  });
}

function parseInsert(cursor: Cursor, first: number): InsertCommand {
  const position = cursor.accept('script', 'AFTER') ? 'after' : 'before';
  if (position === 'before') cursor.expect('script', 'BEFORE', 'or AFTER behind INSERT');
  const section = cursor.name('script', 'the name of an output section');
  return { kind: 'insert', position, section, ...cursor.range(first) };
}

function parseSections(cursor: Cursor, first: number): SectionsCommand {
  cursor.expect('script', '{', 'after SECTIONS');
  const open = cursor.mark() - 1;
  const statements: SectionsStatement[] = [];
  while (!cursor.at('script', '}')) {
    if (cursor.peek('script').kind === 'end') {
      throw cursor.expected("'}' at the end of SECTIONS", 'script');
    }
    statements.push(parseSectionsStatement(cursor));
  }
  cursor.take('script');
  const close = cursor.mark() - 1;
  return { kind: 'sections', open, close, statements, ...cursor.range(first) };
}

function parseSectionsStatement(cursor: Cursor): SectionsStatement {
  const common = parseCommon(cursor, 'script');
  if (common !== undefined) return common;
  const first = cursor.mark();
  const token = cursor.peek('script');
  const name = cursor.name('script', 'an output section or a symbol');
  if (token.kind === 'name' && name === 'OVERLAY') return parseOverlay(cursor, first);
  if (token.kind === 'name' && name === 'GROUP') {
    throw unsupported(cursor, token.start, 'GROUP inside SECTIONS');
  }
  if (atAssignment(cursor, 'script')) return parseAssignmentTail(cursor, 'script', first, name);
  return parseOutputSection(cursor, first, name);
}

function parsePhdrs(cursor: Cursor, first: number): ScriptStatement {
  cursor.expect('script', '{', 'after PHDRS');
  const headers: ProgramHeader[] = [];
  while (!cursor.accept('script', '}')) headers.push(parseHeader(cursor));
  return { kind: 'phdrs', headers, ...cursor.range(first) };
}

/** `name type [FILEHDR] [PHDRS] [AT(address)] [FLAGS(flags)];` */
function parseHeader(cursor: Cursor): ProgramHeader {
  const first = cursor.mark();
  const name = cursor.name('script', "the name of a program header or '}'");
  const header: {
    -readonly [K in 'filehdr' | 'phdrs' | 'at' | 'flags']: ProgramHeader[K];
  } = { filehdr: false, phdrs: false, at: undefined, flags: undefined };
  const type = parseExpression(cursor);
  while (!cursor.accept('expression', ';')) {
    if (cursor.accept('expression', 'FILEHDR')) header.filehdr = true;
    else if (cursor.accept('expression', 'PHDRS')) header.phdrs = true;
    else if (cursor.accept('expression', 'AT')) header.at = parseArgument(cursor, 'AT');
    else if (cursor.accept('expression', 'FLAGS')) header.flags = parseArgument(cursor, 'FLAGS');
    else throw cursor.expected("FILEHDR, PHDRS, AT, FLAGS or ';'", 'expression');
  }
  return { name, type, ...header, ...cursor.range(first) };
}

function parseArgument(cursor: Cursor, word: string) {
  cursor.expect('expression', '(', `after ${word}`);
  const value = parseExpression(cursor);
  cursor.expect('expression', ')', `after the value of ${word}`);
  return value;
}

function parseMemory(cursor: Cursor, first: number): ScriptStatement {
  cursor.expect('script', '{', 'after MEMORY');
  const regions: MemoryRegion[] = [];
  while (!cursor.accept('script', '}')) {
    if (regions.length > 0) cursor.accept('script', ',');
    regions.push(parseRegion(cursor));
  }
  return { kind: 'memory', regions, ...cursor.range(first) };
}

/** `name (attributes) : ORIGIN = start, LENGTH = size` */
function parseRegion(cursor: Cursor): MemoryRegion {
  const first = cursor.mark();
  const name = cursor.name('script', "the name of a memory region or '}'");
  if (cursor.accept('script', '(')) {
    do {
      cursor.accept('script', '!');
      cursor.name('script', 'attributes of a memory region');
    } while (!cursor.accept('script', ')'));
  }
  cursor.expect('script', ':', 'behind the name of a memory region');
  const origin = parseRegionValue(cursor, ['ORIGIN', 'org', 'o']);
  cursor.accept('expression', ',');
  const length = parseRegionValue(cursor, ['LENGTH', 'len', 'l']);
  return { name, origin, length, ...cursor.range(first) };
}

function parseRegionValue(cursor: Cursor, words: readonly string[]) {
  if (!words.some((word) => cursor.accept('script', word))) {
    throw cursor.expected(`${words[0] ?? ''} in a memory region`, 'script');
  }
  cursor.expect('script', '=', `after ${words[0] ?? ''}`);
  return parseExpression(cursor);
}
