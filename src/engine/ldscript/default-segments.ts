/**
 * Segments as ld makes them for scripts without PHDRS.
 *
 * The allocated output sections are taken by load address. A section joins the segment before it
 * unless the two lie a page or more apart, the distance between address and load address changes,
 * loaded contents would follow what is not in the file, or what may be written or executed would come
 * to share a page's protection with what may not. The file and program headers are loaded with the
 * first section if the script left room for them (SIZEOF_HEADERS, or a first address that is not near
 * the beginning of a page); with -z separate-code, code keeps them out of its segment.
 */
import { isTbss, SEC } from './flags.ts';
import type { Output, Program } from './model.ts';
import {
  bySegment,
  ELF_HEADER,
  flagsOf,
  placeHeaders,
  PROGRAM_HEADER,
  PT_PHDR,
  spanOf,
} from './program-headers.ts';
import type { SegmentMap } from './program-headers.ts';
import type { LinkState } from './state.ts';
import { PF, PT, SHT } from '../elf/types.ts';

const PT_INTERP = 3;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const PT_GNU_EH_FRAME = 0x6474e550;
const PT_GNU_STACK = 0x6474e551;
const PT_GNU_RELRO = 0x6474e552;
const PT_GNU_PROPERTY = 0x6474e553;

/** The segments of a script without PHDRS. */
export function defaultSegments(program: Program, state: LinkState): SegmentMap[] {
  const existing = program.file.filter(({ removed, failed }) => !removed && !failed);
  const sections = existing.filter(({ flags }) => (flags & SEC.ALLOC) !== 0).sort(bySegment);
  const segment = segmentMaker(state);
  const interp = existing.find(({ name, flags }) => name === '.interp' && flags & SEC.LOAD);
  const before = interp === undefined ? [] : [headerSegment(), segment(PT_INTERP, [interp])];
  const loads = loadSegments(sections, state, interp !== undefined);
  const all = [...before, ...loads, ...otherSegments(existing, state), ...relro(loads, state)];
  return placeHeaders(all);
}

type Maker = (type: number, outputs: Output[], flags?: number) => SegmentMap;

function segmentMaker(state: LinkState): Maker {
  return (type, outputs, flags = flagsOf(outputs)) => ({
    name: '',
    type,
    flags,
    ...spanOf(type, outputs, 0, state.maxPageSize),
    headers: false,
    outputs,
  });
}

function headerSegment(): SegmentMap {
  const nowhere = { address: 0, loadAddress: 0, size: 0 };
  return { name: '', type: PT_PHDR, flags: PF.R, ...nowhere, headers: true, outputs: [] };
}

// --- PT_LOAD --------------------------------------------------------------------------------------

function loadSegments(
  sections: readonly Output[],
  state: LinkState,
  interp: boolean,
): SegmentMap[] {
  const [first] = sections;
  if (first === undefined) return [];
  const headers = headerPlace(first, state, interp);
  const runs: Output[][] = [];
  let run: Output[] = [];
  for (const section of sections) {
    const last = run.at(-1);
    if (last !== undefined && startsSegment(section, last, run, state)) {
      runs.push(run);
      run = [];
    }
    run.push(section);
  }
  const [only] = run;
  // A last segment with nothing but .tbss would be empty.
  if (run.length !== 1 || only === undefined || !isTbss(only.flags)) runs.push(run);
  const loads = runs.map((outputs, index) => {
    const size = index === 0 && headers === 'inside' ? state.headersSize : 0;
    return {
      ...segmentMaker(state)(PT.LOAD, outputs),
      ...spanOf(PT.LOAD, outputs, size, state.maxPageSize),
      headers: size > 0,
    };
  });
  return headers === 'apart' ? [headersAlone(first, state), ...loads] : loads;
}

/** Whether the headers are loaded with the first section, before it in a segment, or not at all. */
function headerPlace(
  first: Output,
  state: LinkState,
  interp: boolean,
): 'inside' | 'apart' | 'nowhere' {
  if (!isPaged(state)) return 'nowhere';
  const page = state.maxPageSize;
  const size = state.headersSize;
  const room = first.loadAddress % page >= size % page;
  if (!room && !interp && !state.usesHeaders) return 'nowhere';
  let start = pageOf(first.loadAddress - size, page);
  let apart = false;
  if (separatesCode(state) && first.flags & SEC.CODE) {
    apart = true;
    if (pageOf(start + size - 1, page) === pageOf(first.loadAddress, page)) {
      if (start >= page) start -= page;
      else apart = false;
    }
  }
  if (first.loadAddress < start || first.loadAddress < size) return 'nowhere';
  return apart ? 'apart' : 'inside';
}

/** The load address may move a page down to keep clear of code; the address stays, as in ld. */
function headersAlone(first: Output, state: LinkState): SegmentMap {
  const page = state.maxPageSize;
  const size = state.headersSize;
  let loadAddress = pageOf(first.loadAddress - size, page);
  if (pageOf(loadAddress + size - 1, page) === pageOf(first.loadAddress, page)) loadAddress -= page;
  return {
    name: '',
    type: PT.LOAD,
    flags: PF.R,
    address: pageOf(first.address - size, page),
    loadAddress,
    size,
    headers: true,
    outputs: [],
  };
}

/** Whether the file is mapped page by page; not with -n and -N. */
function isPaged(state: LinkState): boolean {
  return state.given.options?.magic === undefined;
}

function separatesCode(state: LinkState): boolean {
  return isPaged(state) && (state.given.options?.separateCode ?? true);
}

function stackFlags(state: LinkState): number {
  return state.given.options?.stackFlags ?? PF.R | PF.W;
}

function pageOf(address: number, page: number): number {
  return Math.floor(address / page) * page;
}

/** Whether a section cannot share a segment with those before it. */
function startsSegment(
  section: Output,
  last: Output,
  run: readonly Output[],
  state: LinkState,
): boolean {
  const page = state.maxPageSize;
  const end = last.loadAddress + (isTbss(last.flags) ? 0 : last.size);
  if (last.loadAddress - last.address !== section.loadAddress - section.address) return true;
  if (section.loadAddress < end) return true;
  const paged = isPaged(state);
  if (paged && pageOf(end - 1, page) === pageOf(section.loadAddress, page)) return false;
  if (Math.ceil(end / page) * page + page <= section.loadAddress) return true;
  const inFile = SEC.LOAD | SEC.TLS;
  if (!(last.flags & inFile) && section.flags & inFile) return true;
  if (!paged) return false;
  const executable = run.some(({ flags }) => flags & SEC.CODE);
  if (separatesCode(state) && executable !== ((section.flags & SEC.CODE) !== 0)) return true;
  const writable = run.some(({ flags }) => !(flags & SEC.READONLY));
  return !writable && !(section.flags & SEC.READONLY);
}

// --- others ---------------------------------------------------------------------------------------

function otherSegments(existing: readonly Output[], state: LinkState): SegmentMap[] {
  const segment = segmentMaker(state);
  const loaded = existing.filter(({ flags }) => flags & SEC.LOAD);
  const named = (type: number, name: string, flags?: number) =>
    loaded
      .filter((output) => output.name === name && output.size > 0)
      .slice(0, 1)
      .map((output) => segment(type, [output], flags));
  const tls = existing.filter(({ flags }) => flags & SEC.TLS);
  const result = [
    ...named(PT_DYNAMIC, '.dynamic'),
    ...noteGroups(existing).map((outputs) => segment(PT_NOTE, outputs)),
    ...(tls.length > 0 ? [segment(PT.TLS, tls, PF.R)] : []),
    ...named(PT_GNU_PROPERTY, '.note.gnu.property', PF.R),
    ...named(PT_GNU_EH_FRAME, '.eh_frame_hdr'),
  ];
  const stack = stackFlags(state);
  return stack === 0 ? result : [...result, segment(PT_GNU_STACK, [], stack)];
}

/** Runs of loaded notes of one alignment that follow each other without a hole. */
function noteGroups(existing: readonly Output[]): Output[][] {
  const groups: Output[][] = [];
  let last: Output | undefined;
  for (const output of existing) {
    const isNote = output.type === SHT.NOTE && (output.flags & SEC.LOAD) !== 0;
    if (isNote) {
      const end = last === undefined ? -1 : last.loadAddress + last.size;
      const joins =
        last?.alignment === output.alignment &&
        Math.ceil(end / output.alignment) * output.alignment === output.loadAddress;
      if (joins) groups.at(-1)?.push(output);
      else groups.push([output]);
    }
    last = isNote ? output : undefined;
  }
  return groups;
}

/** PT_GNU_RELRO, from DATA_SEGMENT_ALIGN to DATA_SEGMENT_RELRO_END. */
function relro(loads: readonly SegmentMap[], state: LinkState): SegmentMap[] {
  const { dataSegment } = state;
  if (!dataSegment.relro || dataSegment.relroEnd === 0n) return [];
  const start = Number(dataSegment.base);
  const end = Number(dataSegment.relroEnd);
  const inFile = (output: Output) =>
    output.size > 0 && (output.flags & (SEC.LOAD | SEC.CONTENTS)) === (SEC.LOAD | SEC.CONTENTS);
  const load = loads.find(({ outputs: [first], outputs }) => {
    return (
      first !== undefined && first.address >= start && first.address < end && outputs.some(inFile)
    );
  });
  if (load === undefined) return [];
  const [first] = load.outputs;
  const outputs = load.outputs.filter(({ address }) => address < end);
  const { address, loadAddress } = first ?? { address: 0, loadAddress: 0 };
  const size = end - address;
  return [
    {
      name: '',
      type: PT_GNU_RELRO,
      flags: PF.R,
      address,
      loadAddress,
      size,
      headers: false,
      outputs,
    },
  ];
}

/** The size of the headers that ld assumes before it has made segments. */
export function assumedHeaders(program: Program, state: LinkState): number {
  const existing = program.file.filter(({ removed }) => !removed);
  const has = (name: string) => existing.some((output) => output.name === name);
  let count = 2;
  if (has('.interp')) count += 2;
  if (has('.dynamic')) count += 1;
  if (state.dataSegment.relro) count += 1;
  if (has('.eh_frame_hdr')) count += 1;
  if (stackFlags(state) !== 0) count += 1;
  if (has('.note.gnu.property')) count += 1;
  count += noteGroups(existing).length;
  if (existing.some(({ flags }) => flags & SEC.TLS)) count += 1;
  return ELF_HEADER + PROGRAM_HEADER * count;
}
