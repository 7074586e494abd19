/** Output sections: their heads, attributes and bodies. */
import type { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parseInput } from './parse-input.ts';
import { atAssignment, parseAssignmentTail, parseCommon } from './parse-statement.ts';
import type {
  AttributeStatement,
  BodyStatement,
  DataStatement,
  Expression,
  FillStatement,
  OutputSection,
  Overlay,
  SectionType,
} from './types.ts';

const DATA_SIZES: ReadonlyMap<string, DataStatement['size']> = new Map([
  ['BYTE', 1],
  ['SHORT', 2],
  ['LONG', 4],
  ['QUAD', 8],
  ['SQUAD', 8],
]);
const TYPES = new Set<string>(['NOLOAD', 'DSECT', 'COPY', 'INFO', 'OVERLAY', 'READONLY', 'TYPE']);
const CONSTRAINTS = ['ONLY_IF_RO', 'ONLY_IF_RW', 'SPECIAL'] as const;

/** The rest of an output section, behind its name, which is the token `first`. */
export function parseOutputSection(cursor: Cursor, first: number, name: string): OutputSection {
  const head = parseHead(cursor);
  cursor.expect('expression', '{', `at the beginning of the output section ${name}`);
  const open = cursor.mark() - 1;
  const body = parseBody(cursor, name);
  const close = cursor.mark() - 1;
  const tail = parseTail(cursor);
  return {
    kind: 'output-section',
    name,
    ...head,
    open,
    close,
    body,
    ...tail,
    ...cursor.range(first),
  };
}

function parseHead(cursor: Cursor) {
  let type = parseType(cursor);
  let address: Expression | undefined;
  if (type === undefined && !cursor.at('expression', ':') && !cursor.at('expression', '{')) {
    address = parseExpression(cursor);
    type = parseType(cursor);
  }
  cursor.expect('expression', ':', 'behind the name of an output section');
  return {
    address,
    type,
    loadAddress: parseAttribute(cursor, 'AT'),
    align: parseAttribute(cursor, 'ALIGN'),
    alignWithInput: cursor.accept('expression', 'ALIGN_WITH_INPUT'),
    subalign: parseAttribute(cursor, 'SUBALIGN'),
    constraint: CONSTRAINTS.find((word) => cursor.accept('expression', word)),
  };
}

/** `WORD(expression)`, where the word is there. */
function parseAttribute(cursor: Cursor, word: string): Expression | undefined {
  if (!cursor.accept('expression', word)) return undefined;
  cursor.expect('expression', '(', `after ${word}`);
  const value = parseExpression(cursor);
  cursor.expect('expression', ')', `after the value of ${word}`);
  return value;
}

/**
 * `(NOLOAD)`. An address can begin with a parenthesis as well: only the word behind it tells, so
 * the parenthesis is looked through in the text.
 */
function parseType(cursor: Cursor): SectionType | undefined {
  if (!cursor.at('expression', '(') || !typeFollows(cursor)) return undefined;
  cursor.take('expression');
  const type = parseTypeWord(cursor);
  cursor.expect('expression', ')', 'after the type of an output section');
  return type;
}

function typeFollows(cursor: Cursor): boolean {
  const word = cursor.tokenizer.wordAfter(cursor.peek('expression').end);
  return word === ')' || TYPES.has(word);
}

function parseTypeWord(cursor: Cursor): SectionType {
  if (cursor.at('expression', ')')) return { keyword: '', value: undefined };
  const keyword = cursor.name('expression', 'a section type') as SectionType['keyword'];
  if (keyword === 'TYPE') return { keyword, value: parseTypeValue(cursor) };
  if (keyword !== 'READONLY' || !cursor.accept('expression', '(')) {
    return { keyword, value: undefined };
  }
  cursor.expect('expression', 'TYPE', 'in READONLY');
  const value = parseTypeValue(cursor);
  cursor.expect('expression', ')', 'after the type in READONLY');
  return { keyword, value };
}

function parseTypeValue(cursor: Cursor): Expression {
  cursor.expect('expression', '=', 'after TYPE');
  return parseExpression(cursor);
}

/** What stands behind the closing brace: regions, program headers, fill, a comma. */
function parseTail(cursor: Cursor) {
  const region = cursor.accept('script', '>')
    ? cursor.name('script', 'the name of a memory region')
    : undefined;
  let loadRegion: string | undefined;
  if (cursor.accept('script', 'AT')) {
    cursor.expect('script', '>', 'after AT');
    loadRegion = cursor.name('script', 'the name of a memory region');
  }
  const phdrs: string[] = [];
  while (cursor.accept('script', ':')) phdrs.push(cursor.name('script', 'a program header'));
  const first = cursor.mark();
  let fill: FillStatement | undefined;
  if (cursor.accept('script', '=')) {
    const value = parseExpression(cursor);
    fill = { kind: 'fill', value, ...cursor.range(first) };
  }
  cursor.accept('script', ',');
  return { region, loadRegion, phdrs, fill };
}

function parseBody(cursor: Cursor, section: string): BodyStatement[] {
  const body: BodyStatement[] = [];
  while (!cursor.at('wild', '}')) {
    if (cursor.peek('wild').kind === 'end') {
      throw cursor.expected(`'}' at the end of the output section ${section}`, 'wild');
    }
    body.push(parseBodyStatement(cursor));
  }
  cursor.take('wild');
  return body;
}

function parseBodyStatement(cursor: Cursor): BodyStatement {
  const common = parseCommon(cursor, 'wild');
  if (common !== undefined && common.kind !== 'entry') return common;
  const first = cursor.mark();
  const token = cursor.peek('wild');
  if (token.kind === 'name') {
    const size = DATA_SIZES.get(token.text);
    if (size !== undefined) return parseData(cursor, size);
    if (token.text === 'FILL') return parseFill(cursor);
    const attribute = parseAttributeStatement(cursor);
    if (attribute !== undefined) return attribute;
  }
  return parseInput(cursor, (name) =>
    atAssignment(cursor, 'wild') ? parseAssignmentTail(cursor, 'wild', first, name) : undefined,
  );
}

function parseData(cursor: Cursor, size: DataStatement['size']): DataStatement {
  const first = cursor.mark();
  const keyword = cursor.take('wild').text as DataStatement['keyword'];
  cursor.expect('wild', '(', `after ${keyword}`);
  const value = parseExpression(cursor);
  cursor.expect('expression', ')', `after the value of ${keyword}`);
  return { kind: 'data', keyword, size, value, ...cursor.range(first) };
}

function parseFill(cursor: Cursor): FillStatement {
  const first = cursor.mark();
  cursor.take('wild');
  cursor.expect('wild', '(', 'after FILL');
  const value = parseExpression(cursor);
  cursor.expect('expression', ')', 'after the value of FILL');
  return { kind: 'fill', value, ...cursor.range(first) };
}

function parseAttributeStatement(cursor: Cursor): AttributeStatement | undefined {
  const first = cursor.mark();
  for (const keyword of ['CONSTRUCTORS', 'CREATE_OBJECT_SYMBOLS', 'LINKER_VERSION'] as const) {
    if (cursor.accept('wild', keyword)) {
      return { kind: 'attribute', keyword, sorted: false, ...cursor.range(first) };
    }
  }
  return undefined;
}

/** The rest of an OVERLAY, behind its keyword. It is checked, and kept as text. */
export function parseOverlay(cursor: Cursor, first: number): Overlay {
  if (!cursor.at('expression', ':')) parseExpression(cursor);
  cursor.expect('expression', ':', 'behind OVERLAY');
  cursor.accept('expression', 'NOCROSSREFS');
  parseAttribute(cursor, 'AT');
  parseAttribute(cursor, 'SUBALIGN');
  cursor.expect('script', '{', 'at the beginning of OVERLAY');
  while (!cursor.accept('script', '}')) {
    const name = cursor.name('script', "a section of the OVERLAY or '}'");
    cursor.expect('wild', '{', `at the beginning of the section ${name}`);
    parseBody(cursor, name);
    parseTail(cursor);
  }
  parseTail(cursor);
  return { kind: 'overlay', ...cursor.range(first) };
}
