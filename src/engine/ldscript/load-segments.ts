/**
 * Divides the contents of one image into load segments. Segments are as few as holes allow: pages
 * that the image does not use are left out, so that they are not loaded. A hole that is too small
 * to be of use would become a free memory region that Unikraft's allocator refuses, so the segment
 * before it covers it: its memory size reaches over the hole, its file size does not.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';

/** A run of contents without a page between them that the image does not use. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** The program header of the original script that the piece belongs to; '' without PHDRS. */
  readonly header: string;
  /** Without file contents. */
  readonly nobits: boolean;
}

export interface LoadSegment<P extends Piece> {
  /** Name of the program header: the original one for its first segment, a new one for others. */
  readonly name: string;
  readonly header: string;
  readonly pieces: readonly P[];
  /** A multiple of the page size: the boot information copies the address as it is. */
  readonly start: number;
  readonly end: number;
  /** Bytes behind `end` that the segment's memory size reaches over; 0 where no hole is covered. */
  readonly cover: number;
}

/** Holes below this become part of the segment before them; 64 pages hold an allocator's own data. */
const SMALLEST_FREE_HOLE = 64 * PAGE_SIZE;

/**
 * @param pieces ascending, not overlapping
 * @param isTaken names that are in use for program headers
 */
export function divideIntoSegments<P extends Piece>(
  pieces: readonly P[],
  isTaken: (name: string) => boolean,
): LoadSegment<P>[] {
  const runs: P[][] = [];
  for (const piece of pieces) {
    const run = runs.at(-1);
    if (run && joins(run.at(-1)!, piece)) run.push(piece);
    else runs.push([piece]);
  }
  const used = new Set<string>();
  return runs.map((run, i) => {
    const header = run[0]!.header;
    const end = run.at(-1)!.end;
    const name = freshName(header, used, isTaken);
    used.add(name);
    const next = runs[i + 1]?.[0];
    const start = pageDown(run[0]!.start);
    return { name, header, pieces: run, start, end, cover: coverOf(end, next) };
  });
}

/**
 * True where no unused page lies between two pieces of one header. What has no file contents costs
 * no pages behind others, but would need them before others.
 */
function joins(before: Piece, after: Piece): boolean {
  if (before.header !== after.header || (before.nobits && !after.nobits)) return false;
  return after.nobits || pageUp(before.end) >= pageDown(after.start);
}

function coverOf(end: number, next: Piece | undefined): number {
  if (next === undefined) return 0;
  const hole = pageDown(next.start) - pageUp(end);
  return hole > 0 && hole < SMALLEST_FREE_HOLE ? pageDown(next.start) - end : 0;
}

function freshName(
  header: string,
  used: ReadonlySet<string>,
  isTaken: (name: string) => boolean,
): string {
  if (!used.has(header)) return header;
  let n = 1;
  while (used.has(`${header}_${n}`) || isTaken(`${header}_${n}`)) n++;
  return `${header}_${n}`;
}

const pageUp = (address: number) => Math.ceil(address / PAGE_SIZE) * PAGE_SIZE;
const pageDown = (address: number) => Math.floor(address / PAGE_SIZE) * PAGE_SIZE;
