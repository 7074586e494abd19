/**
 * Places the sections that no symbol and no relocation leads to: by content, then by order.
 *
 * By content: the longest run of bytes that no relocation touches is searched in the free ranges;
 * tables made of addresses only are tried at every aligned free place, where their relocations
 * must give the right values. By order: what is missing between two placed neighbours in link
 * order is laid out there, if it then ends exactly where the second neighbour begins.
 */
import { SHT, type ElfSection } from '../elf/types.ts';
import { widthOf, type AddressOf } from './match.ts';
import {
  canStand,
  goesTo,
  isKindOf,
  type Candidate,
  type Gap,
  type Placement,
} from './placement.ts';

/** Fewer bytes than this occur by chance. */
const MIN_PROBE = 8;
const MAX_PROBE = 32;

/**
 * Places what it can; returns what it placed.
 * @param isCollected whether the link left out what nothing refers to (`--gc-sections`): then what
 *   the relocations did not lead to is missing, and the order of the rest says nothing
 */
export function placeRest(
  placement: Placement,
  addressOf: AddressOf,
  isCollected: boolean,
): Candidate[] {
  const byContent = placement.candidates.filter(
    (candidate) => canStand(candidate) && placeByContent(placement, candidate, addressOf),
  );
  return isCollected ? byContent : [...byContent, ...placeByOrder(placement)];
}

function placeByContent(placement: Placement, candidate: Candidate, addressOf: AddressOf): boolean {
  const { section, relocations } = candidate;
  if (section.type === SHT.NOBITS) return false;
  const probe = probeOf(candidate);
  // A table of addresses none of which is known agrees with anything.
  const isTable = () => relocations.some((r) => addressOf(candidate, r.symbol) !== undefined);
  if (probe === undefined && !isTable()) return false;
  const tryGap = (gap: Gap) =>
    probe ? placeProbe(placement, candidate, probe, gap) : placeTable(placement, candidate, gap);
  return outputsFor(placement, candidate).some((output) =>
    placement.gaps(output).some((gap) => gap.end - gap.start >= section.size && tryGap(gap)),
  );
}

/** Where the custom of scripts puts it, then wherever it can stand (`.data.boot` in `.text`). */
function outputsFor(placement: Placement, candidate: Candidate): ElfSection[] {
  const { section } = candidate;
  const outputs = placement.memory.outputs.filter((output) => isKindOf(section, output));
  const named = outputs.filter((output) => goesTo(section, output));
  return [...named, ...outputs.filter((output) => !named.includes(output))];
}

interface Probe {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The longest run of bytes without relocations that is not one byte repeated. */
function probeOf({ section, relocations }: Candidate): Probe | undefined {
  let best: Probe | undefined;
  let at = 0;
  const consider = (from: number, to: number) => {
    const bytes = section.data.subarray(from, Math.min(to, from + MAX_PROBE));
    if (bytes.length < MIN_PROBE || bytes.length <= (best?.bytes.length ?? 0)) return;
    if (bytes.some((byte) => byte !== bytes[0])) best = { offset: from, bytes };
  };
  for (const { offset, type } of relocations) {
    consider(at, offset);
    at = Math.max(at, offset + widthOf(type));
  }
  consider(at, section.size);
  return best;
}

function placeProbe(placement: Placement, candidate: Candidate, probe: Probe, gap: Gap): boolean {
  const bytes = placement.memory.bytesAt(gap.start, gap.end - gap.start);
  if (bytes === undefined) return false;
  const image = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = image.indexOf(probe.bytes); at !== -1; at = image.indexOf(probe.bytes, at + 1)) {
    const base = gap.start + at - probe.offset;
    if (base >= gap.start && placement.place(candidate, base)) return true;
  }
  return false;
}

/** Tables are short; a longer search is not worth its time. */
const MAX_TABLE_GAP = 65536;

function placeTable(placement: Placement, candidate: Candidate, gap: Gap): boolean {
  const { alignment, size } = candidate.section;
  const end = Math.min(gap.end, gap.start + MAX_TABLE_GAP) - size;
  for (let base = alignUp(gap.start, alignment); base <= end; base += Math.max(4, alignment))
    if (placement.place(candidate, base, 1)) return true;
  return false;
}

function placeByOrder(placement: Placement): Candidate[] {
  const result: Candidate[] = [];
  for (const output of placement.memory.outputs) {
    const members = placement.candidates.filter((c) => belongsTo(c, output));
    if (!members.some(canStand)) continue;
    const ranks = linkOrder(members, output);
    for (const gap of placement.gaps(output))
      result.push(...fitGap(placement, members, ranks, gap));
  }
  return result;
}

function belongsTo(candidate: Candidate, output: ElfSection): boolean {
  if (candidate.base === undefined) return canStand(candidate) && goesTo(candidate.section, output);
  return candidate.base >= output.address && candidate.base < output.address + output.size;
}

type Ranks = ReadonlyMap<Candidate, number>;

/**
 * Scripts list input sections pattern by pattern (`*(.bss) *(.bss.*)`) or all at once
 * (`*(.bss .bss.*)`, file by file): the one that agrees with what is placed holds.
 */
function linkOrder(members: readonly Candidate[], output: ElfSection): Ranks {
  const files = rank(members);
  const exact = members.filter((c) => c.section.name === output.name);
  const patterns = rank([...exact, ...members.filter((c) => c.section.name !== output.name)]);
  return inversions(members, patterns) <= inversions(members, files) ? patterns : files;
}

function rank(members: readonly Candidate[]): Ranks {
  return new Map(members.map((candidate, i) => [candidate, i]));
}

function inversions(members: readonly Candidate[], ranks: Ranks): number {
  const placed = members
    .filter((c) => c.base !== undefined)
    .sort((a, b) => (a.base ?? 0) - (b.base ?? 0))
    .map((c) => ranks.get(c) ?? 0);
  return placed.filter((value, i) => value < (placed[i - 1] ?? -1)).length;
}

function fitGap(
  placement: Placement,
  members: readonly Candidate[],
  ranks: Ranks,
  gap: Gap,
): Candidate[] {
  const first = gap.before ? (ranks.get(gap.before) ?? Infinity) : -1;
  const last = gap.after ? (ranks.get(gap.after) ?? -1) : Infinity;
  const missing = members
    .filter((c) => canStand(c) && (ranks.get(c) ?? -1) > first && (ranks.get(c) ?? -1) < last)
    .sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
  const bases: number[] = [];
  let at = gap.start;
  for (const { section } of missing) {
    const base = alignUp(at, section.alignment);
    bases.push(base);
    at = base + section.size;
    if (at > gap.end) return [];
  }
  if (gap.after && alignUp(at, gap.after.section.alignment) !== gap.end) return [];
  return missing.filter((candidate, i) => placement.place(candidate, bases[i] ?? -1));
}

function alignUp(address: number, alignment: number): number {
  return Math.ceil(address / alignment) * alignment;
}
