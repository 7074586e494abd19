/**
 * The value of an expression, as ld folds it.
 *
 * A value is a 64-bit number and a base: an output section (the number is an offset into it), the
 * absolute section, or nothing (a plain number that takes the base of whatever it is combined with).
 * Inside an output section `.` is an offset; so is a symbol assigned there, and a number assigned to a
 * symbol there becomes one. Outside, numbers are absolute. Where two values of different bases meet,
 * both become absolute; where two of the same base meet, the result is a plain number, so that the
 * difference of two symbols of a section is a distance. `ALIGN(a, n)` aligns the offset it is given,
 * `ALIGN(n)` the address `.`.
 *
 * An expression can have no value yet: it names a symbol or the address of a section that comes later.
 * The passes over the script are repeated, so that it has one in the end.
 */
import { SpacerError } from '../errors.ts';
import { alignSegment, endRelro, endSegment } from './data-segment.ts';
import type { DataSegment } from './data-segment.ts';
import { syntaxError } from './tokenizer.ts';
import type { BinaryOperator, Expression, NodeRange, Script } from './types.ts';

/** What an offset is relative to. */
export interface Base {
  readonly address: number;
}

/** The base of absolute values. */
export const ABSOLUTE: Base = { address: 0 };

export interface Value {
  readonly value: bigint;
  /** Undefined for a plain number. */
  readonly base: Base | undefined;
}

/** What the linker knows that expressions ask for. Undefined means: not known, or not yet. */
export interface Lookup {
  symbol(name: string): Value | undefined;
  isDefined(name: string): boolean;
  addressOf(section: string): Value | undefined;
  loadAddressOf(section: string): number | undefined;
  /** 0 for a section that is empty; undefined for one that no script names. */
  sizeOf(section: string): number | undefined;
  alignmentOf(section: string): number | undefined;
  region(name: string): { readonly origin: bigint; readonly length: bigint } | undefined;
  segmentStart(name: string): number | undefined;
  readonly maxPageSize: number;
  readonly commonPageSize: number;
  readonly sizeofHeaders: number | undefined;
  /** False as long as `.` is no address: ALIGN(n) has no value then. */
  readonly canAlign: boolean;
  readonly dataSegment: DataSegment;
}

/** Where an expression stands. */
export interface Scope {
  readonly lookup: Lookup;
  /** For the place of errors. */
  readonly script: Script;
  /** The output section that it stands in, or ABSOLUTE. */
  readonly context: Base;
  /** The location counter as an address; undefined outside of SECTIONS. */
  readonly dot: number | undefined;
  /** Set where the value was an address relative to its context: `.` and what is made of it. */
  relative: boolean;
}

/** A scope for one expression. */
export function scopeOf(
  lookup: Lookup,
  script: Script,
  context: Base = ABSOLUTE,
  dot?: number,
): Scope {
  return { lookup, script, context, dot, relative: false };
}

/** Unsigned 64 bits. */
export function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** A value as an address. */
export function absolute({ value, base }: Value): bigint {
  return wrap(value + BigInt(base?.address ?? 0));
}

/**
 * A 64-bit value as a number.
 *
 * @throws SpacerError `script-range` above 2^53
 */
export function asNumber(value: bigint, what: string, node: NodeRange, script: Script): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  const { place } = syntaxError(script.text, script.file, '', node.start);
  const hex = `0x${value.toString(16)}`;
  throw new SpacerError('script-range', `${what} is ${hex}, above what can be handled`, place);
}

/** An error at a node of a script. */
export function evaluationError(script: Script, node: NodeRange, text: string): SpacerError {
  const { place } = syntaxError(script.text, script.file, text, node.start);
  return new SpacerError('script-evaluate', text, place);
}

/** The next multiple of `alignment`; of 0 and 1, the value itself. */
export function alignUp(value: bigint, alignment: bigint): bigint {
  return alignment <= 1n ? value : wrap(((value + alignment - 1n) / alignment) * alignment);
}

/**
 * The value of an expression, or undefined where it has none (yet).
 *
 * @throws SpacerError `script-evaluate` for a division by zero and unknown names of constants
 */
export function evaluateExpression(node: Expression, scope: Scope): Value | undefined {
  switch (node.kind) {
    case 'number':
      return { value: node.value, base: scope.context === ABSOLUTE ? ABSOLUTE : undefined };
    case 'symbol':
      return node.name === '.' ? locationCounter(scope) : symbolValue(node.name, scope);
    case 'unary':
      return unary(node, scope);
    case 'binary':
      return binary(node, scope);
    case 'conditional': {
      const condition = evaluateExpression(node.condition, scope);
      if (condition === undefined) return undefined;
      return evaluateExpression(condition.value === 0n ? node.whenFalse : node.whenTrue, scope);
    }
    case 'call':
      return call(node, scope);
    case 'name-call':
      return nameCall(node, scope);
    case 'segment-start':
      return segmentStart(node, scope);
    case 'sizeof-headers':
      return known(scope.lookup.sizeofHeaders);
    case 'assert-expression':
      return evaluateExpression(node.condition, scope);
  }
}

type Node<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

function number(value: number | bigint): Value {
  return { value: BigInt(value), base: undefined };
}

function known(value: number | undefined): Value | undefined {
  return value === undefined ? undefined : number(value);
}

/** An address as an offset into the context. */
function fromAddress(address: bigint, scope: Scope): Value {
  scope.relative = true;
  return { value: wrap(address - BigInt(scope.context.address)), base: scope.context };
}

function makeAbsolute(value: Value, scope: Scope): Value {
  scope.relative = false;
  return { value: absolute(value), base: ABSOLUTE };
}

function locationCounter(scope: Scope): Value | undefined {
  return scope.dot === undefined ? undefined : fromAddress(BigInt(scope.dot), scope);
}

/** Inside an output section an absolute symbol counts as a plain number. */
function symbolValue(name: string, scope: Scope): Value | undefined {
  const found = scope.lookup.symbol(name);
  if (found?.base === ABSOLUTE && scope.context !== ABSOLUTE) return number(found.value);
  return found;
}

function unary(node: Node<'unary'>, scope: Scope): Value | undefined {
  const operand = evaluateExpression(node.operand, scope);
  if (operand === undefined) return undefined;
  const { value, base } = operand;
  switch (node.operator) {
    case '-':
      return { value: wrap(-value), base };
    case '~':
      return { value: wrap(~value), base };
    case '!':
      return { value: value === 0n ? 1n : 0n, base };
    case '+':
      return operand;
  }
}

/** Two operands over one base, and whether that base is common to both. */
interface Operands {
  readonly left: bigint;
  readonly right: bigint;
  readonly base: Base | undefined;
  readonly same: boolean;
}

function operands(leftNode: Expression, rightNode: Expression, scope: Scope): Operands | undefined {
  const left = evaluateExpression(leftNode, scope);
  const right = evaluateExpression(rightNode, scope);
  if (left === undefined || right === undefined) return undefined;
  if (left.base === right.base) {
    return { left: left.value, right: right.value, base: left.base, same: true };
  }
  if (left.base === undefined || right.base === undefined) {
    const base = left.base ?? right.base;
    return { left: left.value, right: right.value, base, same: false };
  }
  scope.relative = false;
  return { left: absolute(left), right: absolute(right), base: ABSOLUTE, same: true };
}

function binary(node: Node<'binary'>, scope: Scope): Value | undefined {
  const both = operands(node.left, node.right, scope);
  if (both === undefined) return undefined;
  const { left, right, base, same } = both;
  if ((node.operator === '/' || node.operator === '%') && right === 0n) {
    throw evaluationError(scope.script, node.right, 'division by zero');
  }
  const comparison = COMPARISONS[node.operator]?.(left, right);
  if (comparison !== undefined) return number(comparison ? 1 : 0);
  const value = wrap(ARITHMETIC[node.operator]?.(left, right) ?? 0n);
  if (!same) return { value, base };
  return { value, base: scope.context === ABSOLUTE ? ABSOLUTE : undefined };
}

type Table<T> = Partial<Record<BinaryOperator, (left: bigint, right: bigint) => T>>;
const signed = (value: bigint) => BigInt.asIntN(64, value);
const COMPARISONS: Table<boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '&&': (a, b) => a !== 0n && b !== 0n,
  '||': (a, b) => a !== 0n || b !== 0n,
};
const ARITHMETIC: Table<bigint> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => signed(a) / signed(b),
  '%': (a, b) => signed(a) % signed(b),
  '<<': (a, b) => a << (b & 63n),
  '>>': (a, b) => a >> (b & 63n),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
};

function call(node: Node<'call'>, scope: Scope): Value | undefined {
  const [first, second] = node.arguments;
  if (first === undefined) return undefined;
  if (second !== undefined) return callWithTwo(node, first, second, scope);
  const argument = evaluateExpression(first, scope);
  if (argument === undefined) return undefined;
  switch (node.function) {
    case 'ABSOLUTE':
      return makeAbsolute(argument, scope);
    case 'ALIGN':
    case 'BLOCK':
      return alignedDot(argument.value, scope, false);
    case 'NEXT':
      return alignedDot(makeAbsolute(argument, scope).value, scope, true);
    case 'LOG2CEIL':
      return number(log2Ceil(argument.value));
    case 'DATA_SEGMENT_END':
      return onSegments(scope) && endSegment(scope.lookup.dataSegment, argument.value)
        ? argument
        : undefined;
    default:
      return undefined;
  }
}

function callWithTwo(
  node: Node<'call'>,
  first: Expression,
  second: Expression,
  scope: Scope,
): Value | undefined {
  const both = operands(first, second, scope);
  if (both === undefined) return undefined;
  const { left, right, base } = both;
  const segment = scope.lookup.dataSegment;
  switch (node.function) {
    case 'ALIGN':
      return { value: alignUp(left, right), base };
    case 'MAX':
      return { value: left > right ? left : right, base };
    case 'MIN':
      return { value: left < right ? left : right, base };
    case 'DATA_SEGMENT_ALIGN': {
      if (!onSegments(scope) || scope.dot === undefined) return undefined;
      const value = alignSegment(segment, BigInt(scope.dot), left, right);
      return value === undefined ? undefined : { value, base };
    }
    case 'DATA_SEGMENT_RELRO_END': {
      const value = onSegments(scope) ? endRelro(segment, left, right) : undefined;
      return value === undefined ? undefined : { value, base };
    }
    default:
      return undefined;
  }
}

/** `.` aligned: an offset into the context or, for NEXT, an absolute address. */
function alignedDot(alignment: bigint, scope: Scope, isAbsolute: boolean): Value | undefined {
  if (scope.dot === undefined || !scope.lookup.canAlign) return undefined;
  const value = alignUp(BigInt(scope.dot), alignment);
  return isAbsolute ? { value, base: ABSOLUTE } : fromAddress(value, scope);
}

/** DATA_SEGMENT_* stand between output sections only. */
function onSegments({ context, lookup }: Scope): boolean {
  return context === ABSOLUTE && lookup.canAlign;
}

function log2Ceil(value: bigint): number {
  return value <= 1n ? 0 : (value - 1n).toString(2).length;
}

function nameCall(node: Node<'name-call'>, scope: Scope): Value | undefined {
  const { lookup } = scope;
  switch (node.function) {
    case 'ADDR':
      return lookup.addressOf(node.name);
    case 'LOADADDR': {
      const address = lookup.loadAddressOf(node.name);
      if (address === undefined) return undefined;
      scope.relative = false;
      return { value: BigInt(address), base: ABSOLUTE };
    }
    case 'SIZEOF':
      return known(lookup.sizeOf(node.name));
    case 'ALIGNOF':
      return known(lookup.alignmentOf(node.name));
    case 'DEFINED':
      return number(lookup.isDefined(node.name) ? 1 : 0);
    case 'CONSTANT':
      return number(constant(node, scope));
    case 'ORIGIN':
    case 'LENGTH': {
      const region = lookup.region(node.name);
      if (region === undefined) {
        throw evaluationError(scope.script, node, `there is no memory region ${node.name}`);
      }
      return node.function === 'LENGTH' ? number(region.length) : fromAddress(region.origin, scope);
    }
  }
}

function constant(node: Node<'name-call'>, { lookup, script }: Scope): number {
  if (node.name === 'MAXPAGESIZE') return lookup.maxPageSize;
  if (node.name === 'COMMONPAGESIZE') return lookup.commonPageSize;
  throw evaluationError(script, node, `there is no constant ${node.name}`);
}

function segmentStart(node: Node<'segment-start'>, scope: Scope): Value | undefined {
  const fallback = evaluateExpression(node.fallback, scope);
  if (fallback === undefined) return undefined;
  const given = scope.lookup.segmentStart(node.segment);
  return fromAddress(given === undefined ? fallback.value : BigInt(given), scope);
}
