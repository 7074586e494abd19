/**
 * Where input sections go that no pattern names.
 *
 * An output section of the same name takes them if it is alike. Otherwise one is made for them, behind
 * the output section that is conventional for their kind (.text, .rodata, .tdata, .data, .bss, .comment)
 * or, where the script has none of that name, behind the last one with suitable flags; further orphans
 * of that kind follow the first. Loaded notes are kept together, those of larger alignment first.
 */
import type { Lookup } from './expression.ts';
import { SEC } from './flags.ts';
import type { Input, Output, Program } from './model.ts';
import { findOutput, newOutput, outputsOf } from './model.ts';
import { addInput } from './place.ts';
import { placeAfter, previousOutput } from './program.ts';
import { SHT } from '../elf/types.ts';

const RODATA = SEC.CONTENTS | SEC.ALLOC | SEC.LOAD | SEC.READONLY | SEC.DATA;
const LOADED_DATA = SEC.CONTENTS | SEC.ALLOC | SEC.LOAD | SEC.DATA;

type Kind = 'text' | 'rodata' | 'tdata' | 'data' | 'bss' | 'rel' | 'interp' | 'nonalloc';

/** Where orphans of one kind go. */
interface Place {
  /** The conventional section; relocation sections have none. */
  readonly name: string | undefined;
  /** Flags that the conventional section counts with while nothing is in it. */
  readonly flags: number;
  anchor: Output | undefined;
  /** The last orphan put here. */
  last: Output | undefined;
}

/** The state of orphan placement. */
export interface OrphanPlacer {
  readonly program: Program;
  readonly inputs: readonly Input[];
  readonly lookup: Lookup;
  readonly places: Readonly<Record<Kind, Place>>;
  started: boolean;
  /** An orphan note has met others: from then on, no other orphan comes between notes. */
  groupsNotes: boolean;
}

/** A placer for the orphans among `inputs`. */
export function newPlacer(
  program: Program,
  inputs: readonly Input[],
  lookup: Lookup,
): OrphanPlacer {
  const place = (name: string | undefined, flags: number): Place => ({
    name,
    flags,
    anchor: undefined,
    last: undefined,
  });
  return {
    program,
    inputs,
    lookup,
    places: {
      text: place('.text', SEC.CONTENTS | SEC.ALLOC | SEC.LOAD | SEC.READONLY | SEC.CODE),
      rodata: place('.rodata', RODATA),
      tdata: place('.tdata', LOADED_DATA | SEC.TLS),
      data: place('.data', LOADED_DATA),
      bss: place('.bss', SEC.ALLOC),
      rel: place(undefined, RODATA),
      interp: place('.interp', RODATA),
      nonalloc: place('.comment', SEC.CONTENTS),
    },
    started: false,
    groupsNotes: false,
  };
}

/** Places one orphan. */
export function placeOrphan(placer: OrphanPlacer, input: Input): void {
  const { program, lookup } = placer;
  const name = orphanName(input);
  const same = named(program, name);
  const taker =
    same.find((output) => output.created && isAlike(output, input)) ??
    same.findLast((output) => !output.created) ??
    warningTaker(placer, input);
  if (taker === undefined) insertOrphan(placer, input, name);
  else addInput(program, taker, input, lookup);
}

/** Objects with debugging information have thousands of orphans: nothing is copied for each. */
function named({ items }: Program, name: string): Output[] {
  const found: Output[] = [];
  for (const item of items)
    if (item.kind === 'output' && item.output.name === name && !item.output.failed)
      found.push(item.output);
  return found;
}

/** Allocated relocations all go to one section. */
function orphanName({ section, flags }: Input): string {
  if (flags & SEC.ALLOC && section.type === SHT.RELA) return '.rela.dyn';
  if (flags & SEC.ALLOC && section.type === SHT.REL) return '.rel.dyn';
  return section.name;
}

function isAlike(output: Output, input: Input): boolean {
  if (output.flags === 0) return true;
  const differ = output.flags ^ input.flags;
  return (differ & (SEC.LOAD | SEC.ALLOC)) === 0 && output.type === input.section.type;
}

/** `.gnu.warning.SYMBOL` goes to .text, out of the way. */
function warningTaker(placer: OrphanPlacer, { section }: Input): Output | undefined {
  startPlaces(placer);
  return section.name.startsWith('.gnu.warning.') ? placer.places.text.anchor : undefined;
}

/** Before the first orphan: finds the conventional sections. Empty ones count with their flags. */
function startPlaces(placer: OrphanPlacer): void {
  if (placer.started) return;
  placer.started = true;
  for (const place of Object.values(placer.places)) {
    if (place.name === undefined) continue;
    place.anchor = findOutput(placer.program, place.name);
    if (place.anchor?.flags === 0 && !place.anchor.created) place.anchor.flags = place.flags;
  }
}

function insertOrphan(placer: OrphanPlacer, input: Input, name: string): void {
  const { program, lookup } = placer;
  const flags = sharedFlags(placer, input);
  const kind = kindOf(flags, input.section.type);
  const output = newOutput(name, program.script);
  const loaded = (input.flags & (SEC.LOAD | SEC.ALLOC)) !== 0;
  if (!loaded) Object.assign(output, { addressNode: ZERO });
  addInput(program, output, input, lookup);
  if (kind === undefined) {
    program.items.push({ kind: 'output', output });
    return;
  }
  const place = placer.places[kind];
  const after = findAnchor(placer, place, kind, input, flags);
  if (loaded && after !== undefined) output.phdrs = after.phdrs;
  insertOutput(placer, place, output, after);
}

const ZERO = { kind: 'number', value: 0n, first: 0, last: 0, start: 0, end: 0 } as const;

/** Orphans of one name share a section: it is writable if one of them is. */
function sharedFlags({ inputs }: OrphanPlacer, input: Input): number {
  let { flags } = input;
  for (const other of inputs) {
    const shares =
      other.order > input.order &&
      other.section.name === input.section.name &&
      other.output === undefined &&
      (other.flags & SEC.EXCLUDE) === 0 &&
      ((other.flags ^ flags) & (SEC.LOAD | SEC.ALLOC)) === 0 &&
      other.section.type === input.section.type;
    if (shares && (other.flags & SEC.READONLY) === 0) flags &= ~SEC.READONLY;
  }
  return flags;
}

/** Undefined for debugging sections: they go last. */
function kindOf(flags: number, type: number): Kind | undefined {
  if ((flags & SEC.ALLOC) === 0) return flags & SEC.DEBUGGING ? undefined : 'nonalloc';
  const loaded = (flags & SEC.LOAD) !== 0;
  if (loaded && type === SHT.NOTE) return 'interp';
  if ((flags & (SEC.LOAD | SEC.CONTENTS | SEC.TLS)) === 0) return 'bss';
  if (flags & SEC.TLS) return 'tdata';
  if (!(flags & SEC.READONLY)) return 'data';
  if (loaded && (type === SHT.RELA || type === SHT.REL)) return 'rel';
  return flags & SEC.CODE ? 'text' : 'rodata';
}

function findAnchor(
  { program }: OrphanPlacer,
  place: Place,
  kind: Kind,
  input: Input,
  flags: number,
): Output | undefined {
  if (place.anchor === undefined && kind === 'rel') {
    place.anchor = relocationAnchor(outputsOf(program), input);
  }
  if (place.anchor !== undefined) return place.anchor;
  const outputs = outputsOf(program);
  const { exact, found } = findByFlags(outputs, flags, input.section.type);
  place.anchor = exact;
  return exact ?? found;
}

/** Puts the new output section into the file and among the statements. */
function insertOutput(
  placer: OrphanPlacer,
  place: Place,
  output: Output,
  after: Output | undefined,
): void {
  const { items, file } = placer.program;
  const indexOf = (wanted: Output | undefined) =>
    items.findIndex((item) => item.kind === 'output' && item.output === wanted);
  file.splice(file.indexOf(output), 1);
  const next = fileIndex(placer, place, after);
  const neighbour = noteNeighbour(placer, output, file[next]);
  let at: number;
  if (neighbour === undefined) {
    file.splice(next, 0, output);
    at =
      place.last === undefined
        ? placeAfter(items, after === undefined ? -1 : indexOf(after))
        : indexOf(place.last) + 1;
  } else {
    const { note, behind } = neighbour;
    file.splice(file.indexOf(note) + (behind ? 1 : 0), 0, output);
    const anchor = behind ? indexOf(note) : previousOutput(items, indexOf(note));
    at = placeAfter(items, anchor);
  }
  items.splice(at, 0, { kind: 'output', output });
  place.last = output;
}

/** Where in the file the next orphan of a place goes. */
function fileIndex({ program }: OrphanPlacer, place: Place, after: Output | undefined): number {
  const { file } = program;
  if (place.last !== undefined) return file.indexOf(place.last) + 1;
  if (after === undefined) return 0;
  const outputs = outputsOf(program);
  const before = outputs.slice(0, outputs.indexOf(after) + 1);
  const anchor = before.findLast((output) => !output.failed && file.includes(output));
  return anchor === undefined ? 0 : file.indexOf(anchor) + 1;
}

/**
 * The loaded note that a new output section is to stand next to. A note joins the first group of
 * notes, where alignments fall; anything else that would come before a note goes behind them all.
 */
function noteNeighbour(
  placer: OrphanPlacer,
  output: Output,
  next: Output | undefined,
): { note: Output; behind: boolean } | undefined {
  const { file } = placer.program;
  if (!isNote(output)) {
    if (next === undefined || !isNote(next) || !placer.groupsNotes) return undefined;
    const note = file.slice(file.indexOf(next)).findLast(isNote) ?? next;
    return { note, behind: true };
  }
  const start = file.findIndex(isNote);
  const first = file[start];
  placer.groupsNotes = first !== undefined;
  if (first === undefined) return undefined;
  const length = file.slice(start).findIndex((other) => !isNote(other));
  const group = file.slice(start, length < 0 ? undefined : start + length);
  const larger = group.findLast(({ alignment }) => alignment >= output.alignment);
  return larger === undefined ? { note: first, behind: false } : { note: larger, behind: true };
}

function isNote({ type, flags }: Output): boolean {
  return type === SHT.NOTE && (flags & SEC.LOAD) !== 0;
}

// --- by flags -----------------------------------------------------------------------------------

const CONTENT = SEC.CONTENTS | SEC.ALLOC | SEC.LOAD;

/** The last section that agrees in all that matters, and the next best one. */
function findByFlags(
  outputs: readonly Output[],
  flags: number,
  type: number,
): { exact: Output | undefined; found: Output | undefined } {
  const typed = (output: Output) => !output.created || output.type === type;
  const last = (ignore: number, candidates: readonly Output[]) =>
    candidates.findLast((output) => ((output.flags ^ flags) & ignore) === 0);
  const alike = outputs.filter(typed);
  const exact = last(CONTENT | SEC.READONLY | SEC.CODE | SEC.TLS, alike);
  if (exact !== undefined) return { exact, found: exact };
  if (!(flags & SEC.ALLOC)) return { exact, found: last(SEC.DEBUGGING, outputs) };
  if (flags & SEC.TLS && !(flags & (SEC.CODE | SEC.READONLY))) {
    return { exact, found: threadLocalAnchor(outputs, flags) };
  }
  const mask = looseMask(flags);
  // Second time without regard to types: there, an exact match counts as found only.
  const any = last(CONTENT | SEC.READONLY | SEC.CODE | SEC.TLS, outputs);
  return { exact, found: last(mask, alike) ?? any ?? last(mask, outputs) };
}

/** What must agree in the second try. */
function looseMask(flags: number): number {
  if (flags & SEC.CODE) return CONTENT | SEC.CODE | SEC.TLS;
  if (flags & SEC.READONLY) return CONTENT | SEC.READONLY;
  if (flags & SEC.CONTENTS) return CONTENT | SEC.TLS;
  return SEC.ALLOC;
}

/** .tdata goes behind .data, .tbss behind .tdata, and nothing between the two. */
function threadLocalAnchor(outputs: readonly Output[], flags: number): Output | undefined {
  let found: Output | undefined;
  let seen = false;
  for (const output of outputs) {
    const differ = output.flags ^ (flags | SEC.LOAD | SEC.CONTENTS);
    if ((differ & (SEC.TLS | SEC.ALLOC)) === 0) {
      if (!(output.flags & SEC.LOAD) && flags & SEC.LOAD) return found;
      found = output;
      seen = true;
    } else if (seen) return found;
    else if ((differ & CONTENT) === 0) found = output;
  }
  return found;
}

/** Relocations go behind other relocations; .rela.dyn before them all. */
function relocationAnchor(outputs: readonly Output[], input: Input): Output | undefined {
  const dynamic = (input.flags & SEC.ALLOC) !== 0;
  const first = outputs.findIndex(({ name, failed }) => !failed && name.startsWith('.rel'));
  const before = dynamic && first >= 0 ? outputs.slice(0, first) : outputs;
  const allocated = before.filter(({ created, flags }) => created && flags & SEC.ALLOC);
  return (
    allocated.findLast(({ flags }) => flags & SEC.READONLY) ?? allocated.at(-1) ?? before.at(-1)
  );
}
