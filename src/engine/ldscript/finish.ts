/**
 * The final pass: all addresses are known, so symbols, data and ASSERTs get their values.
 *
 * A symbol that is assigned between output sections from `.` is absolute in value, but belongs to a
 * section in the symbol table: to the one before it or, once `.` has been assigned, to the one behind.
 */
import { assign } from './assign.ts';
import { absolute, evaluateExpression, evaluationError, scopeOf } from './expression.ts';
import { isTbss, SEC } from './flags.ts';
import type { Output, TopItem } from './model.ts';
import type { LinkState } from './state.ts';
import type { Assert } from './types.ts';

/** The state of the final pass. */
interface Final {
  readonly state: LinkState;
  readonly items: readonly TopItem[];
  readonly failedAsserts: string[];
  dot: number;
  /** The last allocated output section. */
  current: Output | undefined;
  /** `.` has been assigned behind it. */
  prefersNext: boolean;
}

/** Gives symbols and data their values. Returns the messages of ASSERTs that do not hold. */
export function finishValues(state: LinkState): string[] {
  const items = state.program?.items ?? [];
  state.phase = 'final';
  state.pass += 1;
  markAfterEnd(items);
  const final: Final = {
    state,
    items,
    failedAsserts: [],
    dot: 0,
    current: undefined,
    prefersNext: false,
  };
  items.forEach((item, at) => {
    if (item.kind === 'output') finishOutput(final, item.output);
    else if (item.kind === 'assignment') {
      if (item.node.symbol === '.') final.prefersNext = true;
      const { dot } = final;
      const owner = () => sectionOfDot(final, at);
      final.dot = assign(item.node, { state, script: item.script, output: undefined, dot, owner });
    } else if (item.kind === 'assert') {
      const scope = scopeOf(state, item.script, undefined, final.dot);
      checkAssert(final, item.node, scope);
    }
  });
  return final.failedAsserts;
}

function markAfterEnd(items: readonly TopItem[]): void {
  let ended = false;
  const isEnd = (symbol: string) => /^_*end$/.test(symbol);
  for (const item of items) {
    if (item.kind === 'assignment') ended ||= isEnd(item.node.symbol);
    if (item.kind !== 'output') continue;
    item.output.afterEnd = ended;
    ended ||= item.output.items.some(
      (inner) => inner.kind === 'assignment' && isEnd(inner.node.symbol),
    );
  }
}

function finishOutput(final: Final, output: Output): void {
  if (output.failed || !output.created) return;
  if (!output.ignored && output.flags & SEC.ALLOC) {
    final.current = output;
    final.prefersNext = false;
  }
  const { state } = final;
  const { script, address } = output;
  for (const item of output.items) {
    if (item.kind === 'input' || item.kind === 'fill') continue;
    const dot = address + item.offset;
    if (item.kind === 'assignment') assign(item.node, { state, script, output, dot });
    else if (item.kind === 'assert') {
      checkAssert(final, item.node, scopeOf(state, script, output, dot));
    } else {
      const value = evaluateExpression(item.node.value, scopeOf(state, script, undefined, dot));
      if (value === undefined) throw evaluationError(script, item.node, 'this data has no value');
      item.value = BigInt.asUintN(item.node.size * 8, absolute(value));
    }
  }
  setData(output);
  if (output.ignored) return;
  final.dot = address + (isTbss(output.flags) ? 0 : output.size);
}

function setData(output: Output): void {
  const values = new Map(
    output.items.flatMap((item) =>
      item.kind === 'data' ? [[output.address + item.offset, item.value] as const] : [],
    ),
  );
  output.contents = output.contents.map((content) =>
    content.kind === 'data' ? { ...content, value: values.get(content.address) ?? 0n } : content,
  );
}

function checkAssert(final: Final, node: Assert, scope: ReturnType<typeof scopeOf>): void {
  const value = evaluateExpression(node.condition, scope);
  if (value === undefined || value.value === 0n) final.failedAsserts.push(node.message);
}

/** The output section that `.` belongs to at the statement with index `at`. */
function sectionOfDot(final: Final, at: number): Output | undefined {
  const { current } = final;
  const file = final.state.program?.file ?? [];
  const existing = file.filter(({ removed, failed }) => !removed && !failed);
  const suits = ({ flags }: Output) => (flags & SEC.ALLOC) !== 0 && (flags & SEC.TLS) === 0;
  if (current === undefined || final.prefersNext) {
    const next = nextOutput(final, at);
    if (current === undefined || next === undefined || !next.afterEnd) {
      const end = next === undefined ? existing.length : existing.indexOf(next) + 1;
      return existing.slice(0, end).findLast(suits);
    }
  }
  const before = file.slice(0, file.indexOf(current) + 1);
  return (
    before.findLast((output) => existing.includes(output) && suits(output)) ?? existing.find(suits)
  );
}

/** The next output section in the file, unless one behind `_end` comes first. */
function nextOutput({ items }: Final, at: number): Output | undefined {
  for (const item of items.slice(at)) {
    if (item.kind !== 'output') continue;
    const { output } = item;
    if (output.afterEnd || (output.created && !output.removed && !output.failed)) return output;
  }
  return undefined;
}
