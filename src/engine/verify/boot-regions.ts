/**
 * The table of memory regions that a step after the link makes of the segments (`.uk_bootinfo`): a
 * header that ends with the number of entries, then an entry for each segment that takes memory.
 *
 * The form of an entry differs between releases, so it is learnt from the user's own table: each of
 * its words is looked up among what can be said of a segment (address, size, pages, kind with
 * permissions, zero, another constant). The new table must say the same of the new segments.
 */
import { PF, PT, type ElfSegment } from '../elf/types.ts';
import { hex, type Difference } from './types.ts';

/** The output section. */
export const REGIONS = '.uk_bootinfo';

/** Output sections that steps after the link fill in: this one, and run-time relocations. */
export const FILLED: ReadonlySet<string> = new Set([REGIONS, '.uk_reloc']);

export interface RegionTable {
  readonly bytes: Uint8Array;
  readonly segments: readonly ElfSegment[];
}

/** What a word of an entry may say of its segment. */
type Word = (segment: ElfSegment) => number;

/** Which segments get an entry, in the order of the table. */
type Listed = (segments: readonly ElfSegment[]) => readonly ElfSegment[];

interface Form {
  readonly listed: Listed;
  readonly header: number;
  /** For each word of an entry: all that explains it in the table that it was learnt from. */
  readonly words: readonly (readonly Word[])[];
}

const WORD = 4;
const MAX_HEADER = 256;
const MAX_ENTRY = 128;
const PAGE = 4096;
/** Unikraft, include/uk/plat/memory.h: UKPLAT_MEMRT_KERNEL. */
const KERNEL = 4;

const pagesOf = ({ memorySize }: ElfSegment) => Math.ceil(memorySize / PAGE);

/** Readable 1, writable 2, executable 4: the other way round than in program headers. */
const permissionsOf = ({ flags }: ElfSegment) =>
  (flags & PF.R ? 1 : 0) | (flags & PF.W ? 2 : 0) | (flags & PF.X ? 4 : 0);

const WORDS: readonly Word[] = [
  (segment) => segment.virtualAddress,
  (segment) => segment.physicalAddress,
  (segment) => segment.memorySize,
  (segment) => pagesOf(segment) * PAGE,
  pagesOf,
  (segment) => KERNEL + permissionsOf(segment) * 0x10000,
  () => 0,
];

/** Compares the new table with the user's. */
export function changedRegions(
  old: RegionTable | undefined,
  is: RegionTable | undefined,
): Difference[] {
  if (old === undefined && is === undefined) return [];
  if (old?.bytes.length !== is?.bytes.length || !old || !is) return [wrong('has another size')];
  if (old.bytes.every((byte) => byte === 0))
    return is.bytes.every((byte) => byte === 0) ? [] : [wrong('is not empty any more')];
  const [found = [wrong('has a form that is not known')], ...others] = learn(old).map((form) =>
    misfits(form, old, is),
  );
  return others.find((one) => one.length === 0) ?? found;
}

/** Whether the segments explain all that the table says. */
export const isReadable = (table: RegionTable): boolean => learn(table).length > 0;

const wrong = (text: string): Difference => ({ kind: 'boot', text: `${REGIONS} ${text}` });

const loads: Listed = (segments) => segments.filter(({ type }) => type === PT.LOAD);
const inMemory: Listed = (segments) => loads(segments).filter(({ memorySize }) => memorySize > 0);
const sorted =
  (listed: Listed): Listed =>
  (segments) =>
    [...listed(segments)].sort((a, b) => a.virtualAddress - b.virtualAddress);

/** Up to 0.14 segments without memory are listed as well, up to 0.13 in the order of the headers. */
const LISTINGS = [sorted(inMemory), sorted(loads), loads];

const viewOf = ({ bytes }: RegionTable) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** All forms that explain a table: the new one has to be in one of them. */
function learn(table: RegionTable): Form[] {
  return LISTINGS.flatMap((listed): Form[] => {
    const segments = listed(table.segments);
    const form = segments.length === 0 ? undefined : learnListed(table, segments);
    return form === undefined ? [] : [{ ...form, listed }];
  });
}

function learnListed(
  table: RegionTable,
  segments: readonly ElfSegment[],
): Omit<Form, 'listed'> | undefined {
  const view = viewOf(table);
  for (let header = 8; header <= Math.min(MAX_HEADER, table.bytes.length); header += WORD) {
    if (view.getUint32(header - WORD, true) !== segments.length) continue;
    for (let entry = 16; entry <= MAX_ENTRY; entry += WORD) {
      const words = wordsOf(table, segments, header, entry);
      if (words !== undefined) return { header, words };
    }
  }
  return undefined;
}

/** What explains each word of all entries; undefined where something is not explained. */
function wordsOf(
  table: RegionTable,
  segments: readonly ElfSegment[],
  header: number,
  entry: number,
): Word[][] | undefined {
  const view = viewOf(table);
  const end = header + segments.length * entry;
  if (end > table.bytes.length || table.bytes.subarray(end).some((byte) => byte !== 0))
    return undefined;
  const words: Word[][] = [];
  for (let at = 0; at < entry; at += WORD) {
    const values = segments.map((_, i) => view.getUint32(header + i * entry + at, true));
    const known = WORDS.filter((word) => segments.every((s, i) => word(s) % 2 ** 32 === values[i]));
    if (known.length === 0) return undefined;
    words.push(known);
  }
  // An entry says where its segment is and what may be done with it.
  const says = (word: Word) => words.some((known) => known.includes(word));
  return says(WORDS[0]!) && says(WORDS[5]!) ? words : undefined;
}

function misfits(
  { listed, header, words }: Form,
  old: RegionTable,
  table: RegionTable,
): Difference[] {
  const segments = listed(table.segments);
  const view = viewOf(table);
  const entry = words.length * WORD;
  const expected = Buffer.alloc(table.bytes.length);
  if (header + segments.length * entry > expected.length)
    return [wrong('has no room for all segments')];
  expected.set(old.bytes.subarray(0, header));
  expected.writeUInt32LE(segments.length, header - WORD);
  segments.forEach((segment, i) =>
    words.forEach((known, n) => {
      const at = header + i * entry + n * WORD;
      const values = known.map((word) => word(segment) % 2 ** 32);
      const found = view.getUint32(at, true);
      expected.writeUInt32LE(values.includes(found) ? found : values[0]!, at);
    }),
  );
  const at = expected.findIndex((byte, i) => byte !== table.bytes[i]);
  if (at < 0) return [];
  const [is, was] = [table.bytes[at]!, expected[at]!];
  return [wrong(`does not list the segments: +${hex(at)} is ${hex(is)} instead of ${hex(was)}`)];
}
