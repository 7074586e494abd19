/** The instructions of the user's code, to find those that were encoded otherwise. */
import { STT, type ElfFile, type ElfSection } from '../elf/types.ts';
import { effectAt, flowOf, type Effect, type Flow } from './code.ts';
import type { Span } from './view.ts';

/** By section: what does not depend on where it stands is decoded once. */
const known = new WeakMap<ElfSection, Flow>();

/** Instructions and near targets of a section, decoded anew from each name on: data may precede it. */
function instructionsOf(elf: ElfFile, section: ElfSection): Flow {
  const found = known.get(section);
  if (found) return found;
  const values = elf.symbols
    .filter((s) => s.section === section.index && s.type !== STT.SECTION && s.value < section.size)
    .map(({ value }) => value);
  const cuts = [...new Set([0, ...values])].sort((a, b) => a - b);
  const starts: number[] = [];
  const targets: number[] = [];
  cuts.forEach((from, i) => {
    const flow = flowOf(Uint8Array.from(section.data.subarray(from, cuts[i + 1] ?? section.size)));
    for (const start of flow.starts) starts.push(from + start);
    for (const target of flow.targets) targets.push(from + target);
  });
  const flow = { starts, targets: targets.sort((a, b) => a - b) };
  known.set(section, flow);
  return flow;
}

/** The instruction that a byte belongs to: its start and the next one's. */
function around(
  { starts }: Flow,
  offset: number,
  size: number,
): { readonly start: number; readonly end: number } {
  const next = lowerBound(starts, offset + 1);
  return { start: starts[next - 1] ?? 0, end: starts[next] ?? size };
}

/** Whether something jumps between two offsets, not to the first. */
function hasTargetInside({ targets }: Flow, start: number, end: number): boolean {
  const first = targets[lowerBound(targets, start + 1)];
  return first !== undefined && first < end;
}

export interface ChangedInstruction {
  /** Into the section. */
  readonly offset: number;
  /** What it would do where it stands. */
  readonly before: Effect;
  readonly isJumpedInto: boolean;
}

/**
 * The instructions of a part of a section of which any byte differs.
 * @param expected the part with its relocations applied
 */
export function* changedInstructions(
  elf: ElfFile,
  section: ElfSection,
  span: Span,
  expected: Uint8Array,
  found: Uint8Array,
): Generator<ChangedInstruction> {
  const flow = instructionsOf(elf, section);
  for (let at = 0; at < found.length; at++) {
    if (found[at] === expected[at]) continue;
    const { start, end } = around(flow, span.offset + at, section.size);
    const from = Math.max(0, start - span.offset);
    const bytes = Uint8Array.from(expected.subarray(from, end - span.offset));
    const before = effectAt(bytes, span.address + from) ?? unknown(span.address + from, bytes);
    const isJumpedInto = hasTargetInside(flow, start, end);
    yield { offset: span.offset + from, before, isJumpedInto };
    at = end - span.offset - 1;
  }
}

/** Data among code: nothing else does the same. */
const unknown = (start: number, { length: size }: Uint8Array): Effect => ({
  start,
  size,
  text: 'data',
  values: [],
  usesStack: false,
  flow: 'next',
  target: 0,
});

/** Index of the first number that is not below a value. */
function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
