/** Expressions, by precedence climbing; the levels are those of C (and of ld's grammar). */
import type { Cursor } from './cursor.ts';
import { numberValue } from './tokenizer.ts';
import type {
  BinaryOperator,
  Expression,
  NameFunction,
  UnaryOperator,
  ValueFunction,
} from './types.ts';
import { LIMITS } from '../limits.ts';

const LEVEL: ReadonlyMap<string, number> = new Map([
  ['||', 2],
  ['&&', 3],
  ['|', 4],
  ['&', 6],
  ['==', 7],
  ['!=', 7],
  ['<', 8],
  ['>', 8],
  ['<=', 8],
  ['>=', 8],
  ['<<', 9],
  ['>>', 9],
  ['+', 10],
  ['-', 10],
  ['*', 11],
  ['/', 11],
  ['%', 11],
]);
const LOWEST = 2;

/** Functions of expressions, with the least and the greatest number of arguments. */
const VALUE_FUNCTIONS: ReadonlyMap<string, readonly [ValueFunction, number, number]> = new Map([
  ['ABSOLUTE', ['ABSOLUTE', 1, 1]],
  ['ALIGN', ['ALIGN', 1, 2]],
  ['BLOCK', ['BLOCK', 1, 1]],
  ['DATA_SEGMENT_ALIGN', ['DATA_SEGMENT_ALIGN', 2, 2]],
  ['DATA_SEGMENT_END', ['DATA_SEGMENT_END', 1, 1]],
  ['DATA_SEGMENT_RELRO_END', ['DATA_SEGMENT_RELRO_END', 2, 2]],
  ['LOG2CEIL', ['LOG2CEIL', 1, 1]],
  ['MAX', ['MAX', 2, 2]],
  ['MIN', ['MIN', 2, 2]],
  ['NEXT', ['NEXT', 1, 1]],
]);

const NAME_FUNCTIONS: ReadonlyMap<string, NameFunction> = new Map(
  (
    ['ADDR', 'ALIGNOF', 'CONSTANT', 'DEFINED', 'LENGTH', 'LOADADDR', 'ORIGIN', 'SIZEOF'] as const
  ).map((name) => [name, name]),
);

/** Parses one expression; what follows it is left to be read in any mode. */
export function parseExpression(cursor: Cursor): Expression {
  return cursor.nested(() => {
    const first = cursor.mark();
    const condition = parseBinary(cursor, LOWEST);
    if (!cursor.accept('expression', '?')) return condition;
    const whenTrue = parseExpression(cursor);
    cursor.expect('expression', ':', 'between the two values of a condition');
    const whenFalse = parseExpression(cursor);
    return { kind: 'conditional', condition, whenTrue, whenFalse, ...cursor.range(first) };
  });
}

function parseBinary(cursor: Cursor, lowest: number): Expression {
  const first = cursor.mark();
  let left = parseUnary(cursor);
  for (let count = 0; ; count += 1) {
    const level = operatorLevel(cursor);
    if (level < lowest) return left;
    if (count === LIMITS.count.operators) {
      throw cursor.error(`an expression has more than ${LIMITS.count.operators} operators`);
    }
    const operator = cursor.take('expression').text as BinaryOperator;
    const right = parseBinary(cursor, level + 1);
    left = { kind: 'binary', operator, left, right, ...cursor.range(first) };
  }
}

/** 0 where the next token is no binary operator. */
function operatorLevel(cursor: Cursor): number {
  const token = cursor.peek('expression');
  return token.kind === 'punctuation' ? (LEVEL.get(token.text) ?? 0) : 0;
}

function parseUnary(cursor: Cursor): Expression {
  const token = cursor.peek('expression');
  if (token.kind !== 'punctuation' || !/^[-+!~]$/.test(token.text)) return parsePrimary(cursor);
  return cursor.nested(() => {
    const first = cursor.mark();
    const operator = cursor.take('expression').text as UnaryOperator;
    const operand = parseUnary(cursor);
    return { kind: 'unary', operator, operand, ...cursor.range(first) };
  });
}

function parsePrimary(cursor: Cursor): Expression {
  const first = cursor.mark();
  const token = cursor.peek('expression');
  if (token.kind === 'number') {
    cursor.take('expression');
    return { kind: 'number', value: numberValue(token.text), ...cursor.range(first) };
  }
  if (cursor.accept('expression', '(')) {
    const inner = parseExpression(cursor);
    cursor.expect('expression', ')', 'after an expression in parentheses');
    return inner;
  }
  if (token.kind === 'name') return parseWord(cursor, first, token.text);
  const name = cursor.name('expression', 'an expression');
  return { kind: 'symbol', name, ...cursor.range(first) };
}

/** An unquoted word: a function or a symbol. */
function parseWord(cursor: Cursor, first: number, word: string): Expression {
  cursor.take('expression');
  const valueFunction = VALUE_FUNCTIONS.get(word);
  if (valueFunction !== undefined) return parseCall(cursor, first, ...valueFunction);
  const nameFunction = NAME_FUNCTIONS.get(word);
  if (nameFunction !== undefined) return parseNameCall(cursor, first, nameFunction);
  if (word === 'SIZEOF_HEADERS') return { kind: 'sizeof-headers', ...cursor.range(first) };
  if (word === 'SEGMENT_START') return parseSegmentStart(cursor, first);
  if (word === 'ASSERT') {
    const { condition, message } = parseAssertArguments(cursor);
    return { kind: 'assert-expression', condition, message, ...cursor.range(first) };
  }
  return { kind: 'symbol', name: word, ...cursor.range(first) };
}

function parseCall(
  cursor: Cursor,
  first: number,
  name: ValueFunction,
  least: number,
  most: number,
): Expression {
  cursor.expect('expression', '(', `after ${name}`);
  const values = [parseExpression(cursor)];
  while (values.length < most && cursor.accept('expression', ',')) {
    values.push(parseExpression(cursor));
  }
  if (values.length < least) throw cursor.expected(`',' in ${name}`, 'expression');
  cursor.expect('expression', ')', `after the arguments of ${name}`);
  return { kind: 'call', function: name, arguments: values, ...cursor.range(first) };
}

/** Names of sections and regions are longer than those of symbols: `ADDR(.a-b)`. */
function parseNameCall(cursor: Cursor, first: number, name: NameFunction): Expression {
  const mode = name === 'DEFINED' || name === 'CONSTANT' ? 'expression' : 'script';
  const argument = cursor.parenthesizedName(mode, `after ${name}`, `the name in ${name}`);
  return { kind: 'name-call', function: name, name: argument, ...cursor.range(first) };
}

function parseSegmentStart(cursor: Cursor, first: number): Expression {
  cursor.expect('script', '(', 'after SEGMENT_START');
  const segment = cursor.name('script', 'the name of a segment');
  cursor.expect('expression', ',', 'after the name of a segment');
  const fallback = parseExpression(cursor);
  cursor.expect('expression', ')', 'after the arguments of SEGMENT_START');
  return { kind: 'segment-start', segment, fallback, ...cursor.range(first) };
}

/** `( condition , "message" )`, behind the word ASSERT. */
export function parseAssertArguments(cursor: Cursor): { condition: Expression; message: string } {
  cursor.expect('expression', '(', 'after ASSERT');
  const condition = parseExpression(cursor);
  cursor.expect('expression', ',', 'between condition and message of ASSERT');
  const message = cursor.name('expression', 'the message of ASSERT');
  cursor.expect('expression', ')', 'after the message of ASSERT');
  return { condition, message };
}
