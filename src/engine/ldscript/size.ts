/**
 * The sizing pass: gives every output section its address and size and every input section its place.
 *
 * Two counters run along. `dot` is the location counter that expressions see; `current` is where the
 * next output section goes that has no address of its own. They part where a section is not allocated
 * (`.comment 0`): it moves `dot` but not `current`, until the next assignment makes them equal again.
 */
import { addressValue, assign } from './assign.ts';
import { moveRelro, savesPage } from './data-segment.ts';
import type { Content } from './evaluate-types.ts';
import { ABSOLUTE, evaluateExpression, evaluationError, scopeOf } from './expression.ts';
import { fillPattern } from './fill.ts';
import { isTbss, SEC } from './flags.ts';
import type { Input, Item, Output } from './model.ts';
import { outputsOf, powerOfTwo } from './model.ts';
import type { LinkState } from './state.ts';
import type { Expression } from './types.ts';

/** The counters of one pass. */
interface Counters {
  dot: number;
  current: number;
  /** The last section that settles how load addresses relate to addresses. */
  lastLoaded: Output | undefined;
}

/**
 * Before anything is placed: settles which PROVIDEs assign. `.` is 0 here and sections have neither
 * address nor size.
 */
export function settleProvides(state: LinkState): void {
  state.phase = 'first';
  state.pass += 1;
  for (const item of state.program?.items ?? []) {
    const place = { state, output: undefined, dot: 0 };
    if (item.kind === 'assignment') assign(item.node, { ...place, script: item.script });
    if (item.kind !== 'output') continue;
    const { script, node } = item.output;
    for (const statement of node?.body ?? []) {
      if (statement.kind === 'assignment') assign(statement, { ...place, script });
    }
  }
}

/** The first sizing: finds out which output sections are empty, and drops them. */
export function markEmpty(state: LinkState): void {
  state.phase = 'mark';
  state.dataSegment.phase = 'none';
  sizePass(state);
  resetSizes(state);
  for (const output of outputs(state)) {
    if (output.failed || !output.created) continue;
    if (output.lastSize !== 0 || (output.flags & SEC.KEEP) !== 0) continue;
    output.removed = true;
    output.ignored = !output.assignsSymbol;
  }
}

/** Sizes all sections; more than once where DATA_SEGMENT_ALIGN asks for it. */
export function sizeSections(state: LinkState): void {
  const segment = state.dataSegment;
  state.phase = 'size';
  segment.phase = 'none';
  resetSizes(state);
  sizePass(state);
  if (state.dataSegment.phase !== 'end-seen') {
    segment.phase = 'done';
  } else if (segment.relro && segment.relroEnd !== 0n) {
    sizeRelro(state);
  } else if (savesPage(segment)) {
    resetSizes(state);
    sizePass(state);
  }
}

function sizeRelro(state: LinkState): void {
  const segment = state.dataSegment;
  const { base } = segment;
  const allocated = outputs(state).filter(({ removed, created, flags }) => {
    return created && !removed && (flags & SEC.ALLOC) !== 0;
  });
  const sections = allocated.map(({ address, size, alignment, flags }) => ({
    address,
    alignment,
    size: isTbss(flags) ? 0 : size,
  }));
  const end = moveRelro(segment, sections);
  resetSizes(state);
  sizePass(state);
  if (segment.relroEnd <= end) return;
  segment.base = base;
  resetSizes(state);
  sizePass(state);
}

function outputs(state: LinkState): Output[] {
  return state.program === undefined ? [] : outputsOf(state.program);
}

function resetSizes(state: LinkState): void {
  for (const output of outputs(state)) {
    output.placed = false;
    output.lastSize = output.size;
    output.size = 0;
  }
}

function sizePass(state: LinkState): void {
  state.pass += 1;
  const counters: Counters = { dot: 0, current: 0, lastLoaded: undefined };
  for (const item of state.program?.items ?? []) {
    if (item.kind === 'output') sizeOutput(state, item.output, counters);
    else if (item.kind === 'assignment') {
      const { dot } = counters;
      counters.dot = assign(item.node, { state, script: item.script, output: undefined, dot });
      counters.current = counters.dot;
    } else counters.current = counters.dot;
  }
}

function sizeOutput(state: LinkState, output: Output, counters: Counters): void {
  if (output.failed) return;
  const { addressNode } = output;
  if (addressNode !== undefined)
    counters.dot = ownAddress(state, output, addressNode, counters.dot);
  if (!output.created) return;
  const alignment =
    addressNode === undefined ? output.alignment : powerOf(state, output, output.node?.align);
  const start = addressNode === undefined ? counters.current : counters.dot;
  output.address = alignTo(start, alignment);
  output.loadAddress = output.address;
  sizeBody(state, output);
  output.placed = true;
  if (!output.ignored) counters.dot = output.address;
  setLoadAddress(state, output, counters, alignment);
  if (output.ignored) return;
  if (!isTbss(output.flags)) counters.dot += output.size;
  if (output.flags & (SEC.ALLOC | SEC.LOAD)) counters.current = counters.dot;
}

function ownAddress(state: LinkState, output: Output, node: Expression, dot: number): number {
  const address = addressValue(node, state, output.script, dot);
  if (address !== undefined) return address;
  if (state.phase === 'mark') return dot;
  throw evaluationError(output.script, node, `the address of ${output.name} is not known yet`);
}

/** An alignment of a script as a power of two; 1 where it has no value. */
function powerOf(state: LinkState, output: Output, node: Expression | undefined): number {
  const value = node && addressValue(node, state, output.script, undefined);
  return value === undefined ? 1 : powerOfTwo(BigInt(value));
}

function alignTo(value: number, alignment: number): number {
  return alignment <= 1 ? value : Math.ceil(value / alignment) * alignment;
}

/**
 * A load address is given, or has the distance to the address that the section before has - unless
 * the location counter moved backwards.
 */
function setLoadAddress(
  state: LinkState,
  output: Output,
  counters: Counters,
  alignment: number,
): void {
  const { lastLoaded, dot } = counters;
  const given = output.node?.loadAddress;
  if (given !== undefined) {
    const value = addressValue(given, state, output.script, undefined);
    output.loadAddress = value ?? 0;
  } else if (lastLoaded !== undefined && output.flags & SEC.ALLOC) {
    const backwards =
      dot < lastLoaded.address && output.size !== 0 && dot + output.size <= lastLoaded.address;
    const distance = lastLoaded.loadAddress - lastLoaded.address;
    if (!backwards) output.loadAddress = alignTo(output.address + distance, alignment);
  }
  if (!(output.flags & SEC.ALLOC) || isTbss(output.flags)) return;
  const settles =
    output.size !== 0 ||
    (lastLoaded === undefined ? output.address !== output.loadAddress : dot >= lastLoaded.address);
  if (settles) counters.lastLoaded = output;
}

// --- bodies -------------------------------------------------------------------------------------

/** The place in a body. */
interface Body {
  readonly state: LinkState;
  readonly output: Output;
  readonly contents: Content[];
  readonly subalign: number | undefined;
  dot: number;
  fill: Uint8Array | undefined;
}

function sizeBody(state: LinkState, output: Output): void {
  const { node, script } = output;
  const body: Body = {
    state,
    output,
    contents: [],
    subalign: node?.subalign && powerOf(state, output, node.subalign),
    dot: output.address,
    fill: fillPattern(node?.fill?.value, state, script),
  };
  for (const item of output.items) sizeItem(body, item);
  output.contents = body.contents;
}

function sizeItem(body: Body, item: Item): void {
  const { state, output } = body;
  switch (item.kind) {
    case 'input':
      return sizeInput(body, item.input);
    case 'fill':
      body.fill = fillPattern(item.node.value, state, output.script);
      return;
    case 'data':
      item.offset = body.dot - output.address;
      // Here only for the symbols that it names: PROVIDE asks for them. The value comes last.
      evaluateExpression(item.node.value, scopeOf(state, output.script, ABSOLUTE, body.dot));
      body.contents.push({
        kind: 'data',
        address: body.dot,
        size: item.node.size,
        value: item.value,
      });
      return advance(body, item.node.size);
    case 'assert':
      item.offset = body.dot - output.address;
      return;
    case 'assignment': {
      item.offset = body.dot - output.address;
      const { script } = output;
      const next = assign(item.node, { state, script, output, dot: body.dot });
      if (!output.ignored && next !== body.dot) {
        gap(body, next - body.dot);
        if (!hasNoAllocation(output)) output.flags |= SEC.ALLOC;
      }
    }
  }
}

function hasNoAllocation({ node }: Output): boolean {
  return ['DSECT', 'COPY', 'INFO', 'OVERLAY'].includes(node?.type?.keyword ?? '');
}

function sizeInput(body: Body, input: Input): void {
  const { output, subalign } = body;
  const takesRoom = !output.ignored && !input.passing;
  if (takesRoom) {
    if (subalign !== undefined) input.alignment = subalign;
    output.alignment = Math.max(output.alignment, input.alignment);
    gap(body, alignTo(body.dot, input.alignment) - body.dot);
  }
  input.offset = body.dot - output.address;
  if (!takesRoom) return;
  const { object, section, size } = input;
  body.contents.push({ kind: 'input', object, section, address: body.dot, size });
  advance(body, size);
}

function gap(body: Body, size: number): void {
  if (size === 0) return;
  body.contents.push({ kind: 'gap', address: body.dot, size, fill: body.fill });
  advance(body, size);
}

function advance(body: Body, size: number): void {
  body.dot += size;
  body.output.size = body.dot - body.output.address;
}
