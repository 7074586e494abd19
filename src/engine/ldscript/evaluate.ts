/**
 * The linker model: what GNU ld 2.40 makes of scripts and input sections for x86-64, without linking.
 *
 * The passes are ld's own: read the scripts, let each description take its input sections, move what
 * INSERT says, find places for orphans, drop what is empty, size, and give symbols their values. Sizes
 * and symbols can depend on each other in circles (`SIZEOF` of a later section, the number of program
 * headers), so sizing is repeated until nothing moves.
 */
import { placeCommons } from './commons.ts';
import { assumedHeaders, defaultSegments } from './default-segments.ts';
import type {
  EvaluatedSection,
  EvaluatedSymbol,
  EvaluateInput,
  Evaluation,
  InputReference,
  Orphan,
} from './evaluate-types.ts';
import { absolute, asNumber } from './expression.ts';
import { fillPattern } from './fill.ts';
import { finishValues } from './finish.ts';
import { SEC } from './flags.ts';
import { InputIndex } from './match.ts';
import type { Input, Output, Program } from './model.ts';
import { newOutput, outputsOf } from './model.ts';
import { keptNeighbour } from './neighbour.ts';
import { newPlacer, placeOrphan } from './orphans.ts';
import { addInput, finalFlags, finalType, markKept, placeInputs } from './place.ts';
import { applyInserts, readProgram } from './program.ts';
import { ELF_HEADER, mapSegments, membersOf, phdrsOf, PROGRAM_HEADER } from './program-headers.ts';
import type { SegmentMap } from './program-headers.ts';
import { markEmpty, settleProvides, sizeSections } from './size.ts';
import { startStopSymbols } from './start-stop.ts';
import { LinkState } from './state.ts';

/** As often as ld tries until the number of program headers stays. */
const MAX_PASSES = 10;

/**
 * Evaluates linker scripts over input sections.
 *
 * @throws SpacerError `script-evaluate` for what ld refuses too, `script-unsupported` for what this
 *   model does not know (memory regions, OVERLAY), `script-range` for values above 2^53
 */
export function evaluate(given: EvaluateInput): Evaluation {
  const commons = placeCommons(given.objects);
  const state = new LinkState(given);
  const index = new InputIndex(given, commons);
  const program = readProgram([...(given.extras ?? []), given.script], state);
  Object.assign(state, { program, index });
  settleProvides(state);
  markKept(program, index);
  const common = placeInputs(program, index, state);
  applyInserts(program);
  const orphans = placeOrphans(program, index, state, common);
  state.forgetOutputs();
  protectText(program, given.options?.magic !== 'omagic');
  alignThreadLocal(program);
  markEmpty(state);
  const members = membersOf(program);
  const segments = sizeUntilStable(state, program, members);
  const failedAsserts = finishValues(state);
  const outputs = outputsInFile(program);
  const phdrs = phdrsOf(program, members);
  return {
    outputSections: outputs.map((output) => evaluated(output, phdrs.get(output) ?? [], state)),
    segments: segments.map(({ outputs: members, ...segment }) => ({
      ...segment,
      sections: members.map((member) => outputs.indexOf(member)),
    })),
    symbols: evaluatedSymbols(state, program, index),
    commons: commonAddresses(index, commons),
    orphans: evaluatedOrphans(orphans),
    discarded: discardedInputs(index),
    entry: given.options?.entry ?? program.entry,
    failedAsserts,
  };
}

/** The input sections that KEEP patterns match: roots of --gc-sections. */
export function keptSections(given: EvaluateInput): InputReference[] {
  const state = new LinkState(given);
  const index = new InputIndex(given, placeCommons(given.objects));
  const program = readProgram([...(given.extras ?? []), given.script], state);
  const kept = markKept(program, index).filter(({ passing }) => !passing);
  return kept.map(({ object, section }) => ({ object, section }));
}

/** Places what no pattern named, and returns it. */
function placeOrphans(
  program: Program,
  index: InputIndex,
  state: LinkState,
  common: Output | undefined,
): Input[] {
  const placer = newPlacer(program, index.inputs, state);
  const orphans = index.inputs.filter(({ output }) => output === undefined);
  for (const input of orphans) {
    if (input.flags & SEC.EXCLUDE) input.output = 'discarded';
    else if (input.section.name === 'COMMON') {
      addInput(program, common ?? bssOutput(program), input, state);
    } else placeOrphan(placer, input);
  }
  return orphans.filter(({ passing }) => !passing);
}

/** Orphans that are in the file, with the names of their output sections. */
function evaluatedOrphans(orphans: readonly Input[]): Orphan[] {
  return orphans.flatMap((input) => {
    const output = outputOf(input);
    if (output === undefined || output.removed) return [];
    return [{ object: input.object, section: input.section, output: output.name }];
  });
}

function bssOutput(program: Program): Output {
  const found = outputsOf(program).find(({ name, failed }) => name === '.bss' && !failed);
  if (found !== undefined) return found;
  const output = newOutput('.bss', program.script);
  program.items.push({ kind: 'output', output });
  return output;
}

/** ld protects .text, whatever goes into it, but for -N. */
function protectText(program: Program, readOnly: boolean): void {
  const text = outputsOf(program).find(({ name, created }) => name === '.text' && created);
  if (text !== undefined) {
    text.flags = readOnly ? text.flags | SEC.READONLY : text.flags & ~SEC.READONLY;
  }
}

/** The first thread-local section has the largest alignment of them all, so that the block has it. */
function alignThreadLocal({ file }: Program): void {
  const isTls = ({ flags }: Output) => (flags & SEC.TLS) !== 0;
  const start = file.findIndex(isTls);
  const first = file[start];
  if (first === undefined) return;
  const length = file.slice(start).findIndex((output) => !isTls(output));
  const block = file.slice(start, length < 0 ? undefined : start + length);
  first.alignment = Math.max(...block.map(({ alignment }) => alignment));
}

function sizeUntilStable(
  state: LinkState,
  program: Program,
  members: readonly (readonly Output[])[],
): SegmentMap[] {
  const scripted = program.headers.length > 0;
  const sizeOf = (headers: number) => ELF_HEADER + PROGRAM_HEADER * headers;
  state.headersSize = scripted ? sizeOf(program.headers.length) : assumedHeaders(program, state);
  let before = '';
  for (let pass = 0; ; pass += 1) {
    sizeSections(state);
    const segments =
      program.headers.length === 0
        ? defaultSegments(program, state)
        : mapSegments(program, state, members);
    const now = outputsOf(program).map(({ address, size }) => `${address}+${size}`);
    const key = `${segments.length} ${now.join(' ')}`;
    if (key === before || pass === MAX_PASSES) return segments;
    before = key;
    state.headersSize = sizeOf(segments.length);
  }
}

function outputsInFile(program: Program): Output[] {
  return program.file.filter(({ removed, failed }) => !removed && !failed);
}

function evaluated(output: Output, phdrs: readonly string[], state: LinkState): EvaluatedSection {
  const { name, address, loadAddress, size, alignment, contents, node, script } = output;
  return {
    name,
    address,
    loadAddress,
    size,
    type: finalType(output),
    flags: finalFlags(output),
    alignment,
    phdrs,
    fill: fillPattern(node?.fill?.value, state, script),
    contents,
  };
}

function evaluatedSymbols(
  state: LinkState,
  program: Program,
  index: InputIndex,
): Map<string, EvaluatedSymbol> {
  const symbols = new Map<string, EvaluatedSymbol>();
  const outputs = outputsOf(program);
  for (const [name, symbol] of state.symbols) {
    // Assigned in a section that its constraint drops: the symbol never gets a value.
    if (symbol.pass !== state.pass) continue;
    const value = asNumber(absolute(symbol), name, NOWHERE, program.script);
    const base = outputs.find((output) => output === symbol.base);
    const owner = base?.removed === true ? keptNeighbour(outputs, base, value) : base;
    const section = owner ?? symbol.owner;
    symbols.set(name, section === undefined ? { value } : { value, section: section.name });
  }
  for (const [name, symbol] of startStopSymbols(index, state)) symbols.set(name, symbol);
  return symbols;
}

const NOWHERE = { first: 0, last: 0, start: 0, end: 0 };

function outputOf({ output }: Input): Output | undefined {
  return typeof output === 'object' ? output : undefined;
}

function addressOf(input: Input): number | undefined {
  const output = outputOf(input);
  return output === undefined ? undefined : output.address + input.offset;
}

function commonAddresses(
  index: InputIndex,
  commons: ReturnType<typeof placeCommons>,
): Map<string, number> {
  const addresses = new Map<string, number>();
  for (const input of index.inputs) {
    const common = commons.get(input.object);
    const address = common?.section === input.section ? addressOf(input) : undefined;
    if (common === undefined || address === undefined) continue;
    for (const [name, offset] of common.offsets) addresses.set(name, address + offset);
  }
  return addresses;
}

function discardedInputs(index: InputIndex): InputReference[] {
  return index.inputs
    .filter(({ output, flags, passing }) => {
      return output === 'discarded' && (flags & SEC.EXCLUDE) === 0 && !passing;
    })
    .map(({ object, section }) => ({ object, section }));
}
