/** Assignments: to symbols, and to the location counter. */
import type { Base, Scope, Value } from './expression.ts';
import {
  ABSOLUTE,
  absolute,
  asNumber,
  evaluateExpression,
  evaluationError,
  scopeOf,
  wrap,
} from './expression.ts';
import { SEC } from './flags.ts';
import type { Output } from './model.ts';
import type { LinkState } from './state.ts';
import type { Assignment, BinaryOperator, Expression, Script } from './types.ts';

/** Where an assignment stands. */
export interface Assigning {
  readonly state: LinkState;
  readonly script: Script;
  /** The output section around it; undefined at the level of SECTIONS. */
  readonly output: Output | undefined;
  readonly dot: number;
  /** The owner of symbols with absolute values, in the final pass. */
  readonly owner?: () => Output | undefined;
}

/** Makes the assignment and returns the new location counter. */
export function assign(node: Assignment, place: Assigning): number {
  return node.symbol === '.' ? assignDot(node, place) : assignSymbol(node, place);
}

/** The expression that is assigned, with `a += b` as `a = a + b`. */
function source(node: Assignment): Expression {
  if (node.operator === '=') return node.value;
  const { first, last, start, end } = node;
  const range = { first, last, start, end };
  return {
    kind: 'binary',
    operator: node.operator.slice(0, -1) as BinaryOperator,
    left: { kind: 'symbol', name: node.symbol, ...range },
    right: node.value,
    ...range,
  };
}

function contextOf({ output }: Assigning): Base {
  return output ?? ABSOLUTE;
}

function assignDot(node: Assignment, place: Assigning): number {
  const { state, script, output, dot } = place;
  if (node.form !== 'plain') throw evaluationError(script, node, `'.' cannot be provided`);
  if (state.phase === 'first' || (state.phase === 'final' && output !== undefined)) return dot;
  const expression = source(node);
  const scope = scopeOf(state, script, contextOf(place), dot);
  const value = evaluateExpression(expression, scope);
  if (output !== undefined && state.phase === 'mark' && !isIdle(expression, value)) {
    output.flags |= SEC.KEEP;
  }
  if (value === undefined) {
    if (state.phase === 'mark') return dot;
    throw evaluationError(script, node, 'this assignment to the location counter has no value');
  }
  const base = value.base ?? contextOf(place);
  const next = asNumber(wrap(value.value + BigInt(base.address)), "'.'", node, script);
  if (next < dot && output !== undefined) {
    throw evaluationError(script, node, 'the location counter cannot move backwards');
  }
  return next;
}

/** `. = 0`, `. = . + 0` and `. = ALIGN(. != 0 ? n : 1)` keep no empty section alive. */
function isIdle(node: Expression, value: Value | undefined): boolean {
  if (value?.value !== 0n) return false;
  if (isNumber(node, 0n)) return true;
  if (node.kind === 'binary') {
    return node.operator === '+' && isDot(node.left) && isNumber(node.right, 0n);
  }
  const [argument, second] =
    node.kind === 'call' && node.function === 'ALIGN' ? node.arguments : [];
  return argument?.kind === 'conditional' && second === undefined && isIfNotZero(argument);
}

/** `. != 0 ? n : 1` */
function isIfNotZero({
  condition,
  whenFalse,
}: Extract<Expression, { kind: 'conditional' }>): boolean {
  return (
    condition.kind === 'binary' &&
    condition.operator === '!=' &&
    isDot(condition.left) &&
    isNumber(condition.right, 0n) &&
    isNumber(whenFalse, 1n)
  );
}

function isDot(node: Expression): boolean {
  return node.kind === 'symbol' && node.name === '.';
}

function isNumber(node: Expression, value: bigint): boolean {
  return node.kind === 'number' && node.value === value;
}

function assignSymbol(node: Assignment, place: Assigning): number {
  const { state, script, output, dot } = place;
  const provided = node.form === 'provide' || node.form === 'provide-hidden';
  if (provided && !state.provides(node)) return dot;
  if (output !== undefined) output.assignsSymbol = true;
  const scope = scopeOf(state, script, contextOf(place), dot);
  const expression = source(node);
  if (usesItself(expression, node.symbol) && !mayUseItself(node.symbol, state)) return dot;
  const value = evaluateExpression(expression, scope);
  // A symbol that nothing knows is 0 until it has a value.
  const isNew = state.isNew(node.symbol);
  if (value === undefined) {
    if (state.phase === 'final') throw noValue(node, expression, place);
    if (isNew)
      state.symbols.set(node.symbol, { ...ZERO, base: contextOf(place), pass: state.pass });
    return dot;
  }
  const base = value.base ?? contextOf(place);
  state.symbols.set(node.symbol, {
    value: value.value,
    base,
    pass: state.pass,
    owner: owner(base, scope, place),
  });
  return dot;
}

const ZERO = { value: 0n, owner: undefined };

function owner(base: Base, scope: Scope, { state, owner: find }: Assigning): Output | undefined {
  if (state.phase !== 'final' || base !== ABSOLUTE || !scope.relative) return undefined;
  return find?.();
}

/** `x = x + 1` is for absolute symbols of this pass, or for the end. */
function mayUseItself(symbol: string, state: LinkState): boolean {
  const known = state.symbols.get(symbol);
  return state.phase === 'final' || (known?.base === ABSOLUTE && known.pass === state.pass);
}

function usesItself(node: Expression, symbol: string): boolean {
  switch (node.kind) {
    case 'symbol':
      return node.name === symbol;
    case 'unary':
      return usesItself(node.operand, symbol);
    case 'binary':
      return usesItself(node.left, symbol) || usesItself(node.right, symbol);
    case 'conditional':
      return [node.condition, node.whenTrue, node.whenFalse].some((part) =>
        usesItself(part, symbol),
      );
    case 'call':
      return node.arguments.some((part) => usesItself(part, symbol));
    default:
      return false;
  }
}

function noValue(node: Assignment, expression: Expression, { state, script }: Assigning) {
  const unknown = unknownName(expression, state);
  const why = unknown === undefined ? '' : `: ${unknown} is not known`;
  return evaluationError(script, node, `${node.symbol} has no value${why}`);
}

/** The first symbol or section in an expression that has no value. */
function unknownName(node: Expression, state: LinkState): string | undefined {
  switch (node.kind) {
    case 'symbol':
      return node.name === '.' || state.symbol(node.name) !== undefined ? undefined : node.name;
    case 'name-call':
      return state.output(node.name) === undefined ? node.name : undefined;
    case 'unary':
      return unknownName(node.operand, state);
    case 'binary':
      return unknownName(node.left, state) ?? unknownName(node.right, state);
    case 'call':
      return node.arguments.map((part) => unknownName(part, state)).find((name) => name);
    default:
      return undefined;
  }
}

/** The value of an expression in an output section's attributes, as an address. */
export function addressValue(
  node: Expression,
  state: LinkState,
  script: Script,
  dot: number | undefined,
): number | undefined {
  const value = evaluateExpression(node, scopeOf(state, script, ABSOLUTE, dot));
  return value === undefined ? undefined : asNumber(absolute(value), 'this address', node, script);
}
