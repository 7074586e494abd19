/**
 * Program headers. With PHDRS the script says which output section is in which: one without `:name`
 * goes where the one before it went. Without, ld makes segments of neighbours that can be mapped
 * together.
 */
import type { EvaluatedSegment } from './evaluate-types.ts';
import { SEC } from './flags.ts';
import type { Output, Program } from './model.ts';
import { constantValue, outputsOf } from './model.ts';
import { finalFlags, finalType } from './place.ts';
import type { LinkState } from './state.ts';
import type { Expression } from './types.ts';
import { PF, PT, SHF, SHT } from '../elf/types.ts';

export const ELF_HEADER = 64;
export const PROGRAM_HEADER = 56;

export type SegmentMap = Omit<EvaluatedSegment, 'sections'> & { readonly outputs: Output[] };

const PT_INTERP = 3;
export const PT_PHDR = 6;
const TYPES: ReadonlyMap<string, number> = new Map([
  ['PT_NULL', 0],
  ['PT_LOAD', PT.LOAD],
  ['PT_DYNAMIC', 2],
  ['PT_INTERP', PT_INTERP],
  ['PT_NOTE', 4],
  ['PT_SHLIB', 5],
  ['PT_PHDR', PT_PHDR],
  ['PT_TLS', PT.TLS],
  ['PT_GNU_EH_FRAME', 0x6474e550],
  ['PT_GNU_STACK', 0x6474e551],
  ['PT_GNU_RELRO', 0x6474e552],
  ['PT_GNU_PROPERTY', 0x6474e553],
]);

/**
 * The segments with their output sections; sections that are dropped are in none.
 *
 * @param members of each header of the script, from `membersOf`
 */
export function mapSegments(
  program: Program,
  state: LinkState,
  members: readonly (readonly Output[])[],
): SegmentMap[] {
  const segments = program.headers.map(({ node, script }, index) => {
    const type = headerType(node.type, state, program);
    const outputs = (members[index] ?? [])
      .filter(({ removed, flags }) => !removed && ((flags & SEC.ALLOC) !== 0 || type !== PT.LOAD))
      .sort(bySegment);
    const given = node.flags && constantValue(node.flags, script, state);
    const at = node.at && constantValue(node.at, script, state);
    const headers = node.filehdr || node.phdrs;
    const span = spanOf(type, outputs, headers ? state.headersSize : 0, state.maxPageSize);
    return {
      name: node.name,
      type,
      flags: given === undefined ? (headers ? PF.R : 0) | flagsOf(outputs) : Number(given),
      ...span,
      loadAddress: at === undefined ? span.loadAddress : Number(at),
      headers,
      outputs,
    };
  });
  return placeHeaders(segments);
}

/** PT_PHDR lies behind the file header, in the segment that loads both. */
export function placeHeaders(segments: readonly SegmentMap[]): SegmentMap[] {
  const load = segments.find(({ type, headers }) => type === PT.LOAD && headers);
  return segments.map((segment) => {
    if (segment.type !== PT_PHDR) return segment;
    return {
      ...segment,
      address: load === undefined ? 0 : load.address + ELF_HEADER,
      loadAddress: load === undefined ? 0 : load.loadAddress + ELF_HEADER,
      size: PROGRAM_HEADER * segments.length,
    };
  });
}

function headerType(node: Expression, state: LinkState, program: Program): number {
  const known = node.kind === 'symbol' ? TYPES.get(node.name) : undefined;
  return known ?? Number(constantValue(node, program.script, state) ?? 0n);
}

/**
 * The output sections of each header of the script, in the order of the headers. ld settles this
 * before it sizes sections for good: what is found to take memory only then is in no segment.
 */
export function membersOf(program: Program): Output[][] {
  const outputs = outputsOf(program).filter(({ failed }) => !failed);
  // What the last section of one round had is where the next round begins, as in ld.
  let last: readonly string[] | undefined;
  return program.headers.map(({ node }) => {
    const members: Output[] = [];
    const isInterp = node.type.kind === 'symbol' && TYPES.get(node.type.name) === PT_INTERP;
    outputs.forEach((output, at) => {
      if (output.phdrs.length > 0) last = output.phdrs;
      else {
        if (output.node?.type?.keyword === 'NOLOAD' || !output.created) return;
        if (!(output.flags & SEC.ALLOC) || isInterp) return;
        last ??= outputs.slice(at).find(({ phdrs }) => phdrs.length > 0)?.phdrs;
      }
      if (output.created && last?.includes(node.name) === true) members.push(output);
    });
    return members;
  });
}

/** The names of the headers that each output section is in. */
export function phdrsOf(
  program: Program,
  members: readonly (readonly Output[])[],
): Map<Output, string[]> {
  const result = new Map<Output, string[]>();
  members.forEach((outputs, index) => {
    const name = program.headers[index]?.node.name ?? '';
    for (const output of outputs) result.set(output, [...(result.get(output) ?? []), name]);
  });
  return result;
}

/** By load address, then address; empty ones before others, what is not loaded last. */
export function bySegment(a: Output, b: Output): number {
  const last = ({ flags, size }: Output) => Number(!(flags & (SEC.LOAD | SEC.TLS)) && size !== 0);
  const loaded = ({ flags, size }: Output) => (flags & SEC.LOAD ? size : 0);
  return (
    a.loadAddress - b.loadAddress ||
    a.address - b.address ||
    last(a) - last(b) ||
    loaded(a) - loaded(b)
  );
}

/** PF_* of a segment that does not say them. */
export function flagsOf(outputs: readonly Output[]): number {
  let flags: number = outputs.length > 0 ? PF.R : 0;
  for (const output of outputs) {
    const elf = finalFlags(output);
    if (elf & SHF.WRITE) flags |= PF.W;
    if (elf & SHF.EXECINSTR) flags |= PF.X;
  }
  return flags;
}

/** `.tbss`, by what the file says of it. */
function isZeroTls(output: Output): boolean {
  return finalType(output) === SHT.NOBITS && (finalFlags(output) & SHF.TLS) !== 0;
}

/**
 * From the first section (or the headers before it) to the last; .tbss counts in PT_TLS only. What a
 * loaded segment spans is measured in load addresses, since these tell where its bytes go.
 */
export function spanOf(
  type: number,
  outputs: readonly Output[],
  headers: number,
  page: number,
): Pick<EvaluatedSegment, 'address' | 'loadAddress' | 'size'> {
  const [first] = outputs;
  if (first === undefined) return { address: 0, loadAddress: 0, size: headers };
  const gap =
    headers === 0 ? 0 : first.address - Math.floor((first.address - headers) / page) * page;
  const taken = outputs.filter((output) => {
    return (output.flags & SEC.ALLOC) !== 0 && (type === PT.TLS || !isZeroTls(output));
  });
  const start = (output: Output) => (type === PT.LOAD ? output.loadAddress : output.address);
  const from = start(first) - gap;
  // Sections that overlap (.tbss does, with what follows) are laid behind each other.
  const behind = (end: number, output: Output) => Math.max(end, start(output)) + output.size;
  const end = taken.reduce(behind, from);
  return { address: first.address - gap, loadAddress: first.loadAddress - gap, size: end - from };
}
