/** Statements that stand at the top, in SECTIONS and in output sections alike. */
import type { Cursor } from './cursor.ts';
import { parseAssertArguments, parseExpression } from './parse-expression.ts';
import { SpacerError } from '../errors.ts';
import type { LexMode } from './tokenizer.ts';
import { syntaxError } from './tokenizer.ts';
import type { Assert, Assignment, AssignmentOperator, Empty, EntryCommand } from './types.ts';

const OPERATORS = new Set<string>(['=', '+=', '-=', '*=', '/=', '<<=', '>>=', '&=', '|=']);
const WRAPPED = new Map([
  ['HIDDEN', 'hidden'],
  ['PROVIDE', 'provide'],
  ['PROVIDE_HIDDEN', 'provide-hidden'],
] as const);

/** Whether the next token is an assignment operator. */
export function atAssignment(cursor: Cursor, mode: LexMode): boolean {
  const token = cursor.peek(mode);
  return token.kind === 'punctuation' && OPERATORS.has(token.text);
}

/** The rest of `symbol = value;`, behind the symbol that is the token `first`. */
export function parseAssignmentTail(
  cursor: Cursor,
  mode: LexMode,
  first: number,
  symbol: string,
): Assignment {
  const operator = cursor.take(mode).text as AssignmentOperator;
  const value = parseExpression(cursor);
  expectSeparator(cursor);
  return { kind: 'assignment', form: 'plain', symbol, operator, value, ...cursor.range(first) };
}

/** Statements that begin with one of these words in any place; undefined for all others. */
export function parseCommon(
  cursor: Cursor,
  mode: LexMode,
): Assignment | Assert | Empty | EntryCommand | undefined {
  const first = cursor.mark();
  const token = cursor.peek(mode);
  if (cursor.accept(mode, ';')) return { kind: 'empty', ...cursor.range(first) };
  if (token.kind !== 'name') return undefined;
  if (token.text === 'INCLUDE') throw unsupported(cursor, token.start, 'INCLUDE');
  if (token.text === 'ASSERT') return parseAssert(cursor, mode);
  if (token.text === 'ENTRY' && mode === 'script') return parseEntry(cursor);
  const form = WRAPPED.get(token.text as 'PROVIDE');
  return form === undefined ? undefined : parseWrapped(cursor, mode, form);
}

/** `PROVIDE(symbol = value);` and its kin. */
function parseWrapped(cursor: Cursor, mode: LexMode, form: Assignment['form']): Assignment {
  const first = cursor.mark();
  const { text } = cursor.take(mode);
  cursor.expect(mode, '(', `after ${text}`);
  const symbol = cursor.name(mode, `the symbol of ${text}`);
  cursor.expect(mode, '=', `after the symbol of ${text}`);
  const value = parseExpression(cursor);
  cursor.expect('expression', ')', `after the value of ${text}`);
  expectSeparator(cursor);
  return { kind: 'assignment', form, symbol, operator: '=', value, ...cursor.range(first) };
}

function parseAssert(cursor: Cursor, mode: LexMode): Assert {
  const first = cursor.mark();
  cursor.take(mode);
  const { condition, message } = parseAssertArguments(cursor);
  cursor.accept(mode, ';');
  return { kind: 'assert', condition, message, ...cursor.range(first) };
}

function parseEntry(cursor: Cursor): EntryCommand {
  const first = cursor.mark();
  cursor.take('script');
  const symbol = cursor.parenthesizedName('script', 'after ENTRY', 'the entry symbol');
  return { kind: 'entry', symbol, ...cursor.range(first) };
}

function expectSeparator(cursor: Cursor): void {
  if (cursor.accept('expression', ';') || cursor.accept('expression', ',')) return;
  throw cursor.expected("';' after an assignment", 'expression');
}

/** A typed error for what the grammar has and this parser does not read. */
export function unsupported(cursor: Cursor, offset: number, what: string): SpacerError {
  const { text, file } = cursor.tokenizer;
  const { place } = syntaxError(text, file, '', offset);
  return new SpacerError('script-unsupported', `${what} is not supported`, place);
}
