/**
 * Attribution: every byte of every page belongs to exactly one owner.
 *
 * Knowledge comes in layers, the better over the worse:
 *   1. segments and headers    what the program headers say
 *   2. output sections         what the section headers say
 *   3. input sections          which library's section stands where: from the plan of an alignment,
 *                              else from a link map, else found by matching the recorded objects
 *                              with the unstripped image (`locate.ts`)
 * The layers are cut at page borders; holes become `[fill]`, so a page always sums to 4096 bytes.
 * The owners of a page stand in order of address and tile it.
 *
 * Symbols and sections lie at virtual addresses, pages at guest-physical ones; ranges are moved
 * once, segment by segment.
 */
import { PAGE_SIZE, type PageOwner } from '../../protocol/page-map.ts';
import { PF, PT, type ElfFile, type ElfSegment } from '../elf/types.ts';
import { takesAddresses } from './image-memory.ts';
import { linkMapRanges, type LinkMap } from './link-map.ts';
import { locateSections } from './locate.ts';
import { coalesce, flatten, overlay, tile, type OwnedRange } from './owner-map.ts';
import { movesOf, type GuestPage, type Move } from './pages-of-image.ts';
import type { LinkObject } from './placement.ts';
import { SymbolIndex } from './symbol-index.ts';

/** An input section whose place is known, or fill. */
export interface PlacedSection {
  /** Virtual address. */
  readonly address: number;
  readonly size: number;
  readonly library: string;
  readonly section: string;
  /** Path of the object; empty for fill. */
  readonly object: string;
}

export interface AttributionSources {
  /** The image whose pages these are. */
  readonly image: ElfFile;
  /** The unstripped image of the same link; absent: `image` has what there is. */
  readonly debug?: ElfFile;
  /** Input sections placed by an alignment. */
  readonly placed?: readonly PlacedSection[];
  readonly linkMap?: LinkMap;
  /** The objects of the recorded link, in its order; used where neither of the above is given. */
  readonly objects?: readonly LinkObject[];
}

/** Owner of what stands between sections. */
export const FILL = '[fill]';
const UNKNOWN = '[unknown]';
const OUTSIDE = { library: FILL, section: 'outside segments' };
/** Output sections that the linker or a post-link step makes, where no input section says more. */
const LINKER_MADE =
  /^\.(got|got\.plt|igot\.plt|plt|plt\..*|iplt|dynsym|dynstr|dynamic|hash|gnu\.hash|gnu\.version.*|rela?\..*|interp|eh_frame_hdr|uk_reloc|note\.gnu\..*)$/;

const isLinkerMade = (output: string) => LINKER_MADE.test(output);

/** The owners of each page, in order of address; their bytes sum to 4096 for each page. */
export function attribute(
  pages: readonly Pick<GuestPage, 'address'>[],
  sources: AttributionSources,
): PageOwner[][] {
  const debug = sources.debug ?? sources.image;
  const ranges = coalesce(ownersOf(sources, debug));
  const symbols = new SymbolIndex(debug);
  const moves = movesOf(sources.image);
  const guest = moves.every((move) => move.offset === 0) ? ranges : moveRanges(ranges, moves);
  return pages.map((page) =>
    tile(guest, page.address, page.address + PAGE_SIZE, OUTSIDE).map((range) => {
      const back = backwards(moves, range.start);
      return {
        library: range.library,
        section: range.section,
        bytes: range.end - range.start,
        symbols: symbols.namesIn(range.start - back, range.end - back),
      };
    }),
  );
}

/** Flat ranges of all that the sources know, by virtual address. */
function ownersOf(sources: AttributionSources, debug: ElfFile): OwnedRange[] {
  const sections = sectionRanges(debug);
  const segments = segmentRanges(sources.image, sections.length > 0);
  const base = overlay(segments, sections);
  return overlay(base, inputRanges(sources, debug));
}

function inputRanges(sources: AttributionSources, debug: ElfFile): OwnedRange[] {
  const fromMap = sources.linkMap ? linkMapRanges(sources.linkMap, debug, isLinkerMade) : [];
  const placed = flatten((sources.placed ?? []).map(rangeOf));
  if (sources.placed ?? sources.linkMap) return overlay(flatten(fromMap), placed);
  return sources.objects ? flatten(locateSections(debug, sources.objects)) : [];
}

function rangeOf(placed: PlacedSection): OwnedRange {
  const { address, size, library, section } = placed;
  return { start: address, end: address + size, library, section };
}

/** @param named the sections are known: what is in none of them stands between them */
function segmentRanges(elf: ElfFile, named: boolean): OwnedRange[] {
  const loads = elf.segments.filter((segment) => segment.type === PT.LOAD);
  const segments = loads.map((load, i) => ({
    start: load.virtualAddress,
    end: load.virtualAddress + load.memorySize,
    library: named ? FILL : UNKNOWN,
    section: named ? 'between sections' : `segment ${i}${load.flags & PF.X ? ' (code)' : ''}`,
  }));
  return overlay(flatten(segments), flatten(loads.flatMap((load) => headerRanges(elf, load))));
}

/** Where a segment loads the file's own headers. */
function headerRanges(elf: ElfFile, load: ElfSegment): OwnedRange[] {
  const size = elf.bits === 64 ? { file: 64, program: 56 } : { file: 52, program: 32 };
  const end = size.file + elf.segments.length * size.program;
  if (load.offset >= end || load.fileSize === 0) return [];
  const start = load.virtualAddress;
  const stop = start + Math.min(load.fileSize, end - load.offset);
  return [{ start, end: stop, library: '[headers]', section: 'ELF headers' }];
}

function sectionRanges(elf: ElfFile): OwnedRange[] {
  return flatten(
    elf.sections.filter(takesAddresses).map((section) => ({
      start: section.address,
      end: section.address + section.size,
      library: isLinkerMade(section.name) ? '[linker]' : UNKNOWN,
      section: section.name,
    })),
  );
}

function moveRanges(ranges: readonly OwnedRange[], moves: readonly Move[]): OwnedRange[] {
  const moved = moves.flatMap((move) =>
    tile(ranges, move.start, move.end, OUTSIDE).map((range) => ({
      ...range,
      start: range.start + move.offset,
      end: range.end + move.offset,
    })),
  );
  return flatten(moved);
}

function backwards(moves: readonly Move[], guest: number): number {
  const move = moves.find((m) => guest >= m.start + m.offset && guest < m.end + m.offset);
  return move?.offset ?? 0;
}
