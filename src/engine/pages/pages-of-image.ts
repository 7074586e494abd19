/**
 * The guest pages of an image: what a loader writes to memory, cut at multiples of 4 KiB.
 *
 * Pages lie at physical addresses: QEMU's and multiboot's loaders place segments at `p_paddr`, and
 * the host compares guest-physical pages. (In Unikraft images `p_paddr` and `p_vaddr` are equal.)
 * Some linkers leave every `p_paddr` zero; then `p_vaddr` is the only address there is, and used.
 *
 * A page that one segment covers whole is a view of the file, not a copy: 1,000 images stay cheap.
 */
import { PAGE_SIZE, type Segment } from '../../protocol/page-map.ts';
import { EM_386, EM_X86_64, PF, PT, type ElfFile, type ElfSegment } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';

/** One 4 KiB-aligned page of guest memory that file-backed bytes touch. */
export interface GuestPage {
  /** Guest-physical address; a multiple of 4096. */
  readonly address: number;
  /** 4096 bytes. May be a view of the file: never write into it. */
  readonly bytes: Uint8Array;
  readonly writable: boolean;
  readonly executable: boolean;
}

export interface ImagePages {
  readonly segments: Segment[];
  /** Ascending by address. */
  readonly pages: GuestPage[];
}

/**
 * Headers can alias one range of the file many times, so the size of the file does not bound the
 * pages. 1 GiB is far above any unikernel, and below what Node can hold.
 */
const MAX_FILE_BACKED = 2 ** 30;
/** Unikraft has room for 192 memory regions in all. */
const MAX_SEGMENTS = 256;
/** The whole image must lie below 2^52, so that sums of addresses stay exact. */
const MAX_ADDRESS = 2 ** 52;

interface MutablePage {
  bytes: Uint8Array;
  /** Whether `bytes` is a copy that may be written. */
  owned: boolean;
  flags: number;
}

/**
 * Cuts the loaded segments of an image into pages. Where segments overlap, the later one wins.
 * @throws SpacerError `elf-machine`, `elf-value`, `elf-too-large`
 */
export function pagesOfImage(elf: ElfFile): ImagePages {
  checkMachine(elf);
  const loads = loadSegments(elf);
  const physical = usesPhysical(loads);
  const pages = new Map<number, MutablePage>();
  for (const load of loads) writeSegment(pages, elf, load, guestAddress(load, physical));
  return {
    segments: loads.map((load) => describe(load, guestAddress(load, physical))),
    pages: [...pages].sort(([a], [b]) => a - b).map(([number, page]) => finish(number, page)),
  };
}

/** Where a loaded segment stands, and how far its guest addresses lie above its virtual ones. */
export interface Move {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** From virtual to guest addresses, for every loaded segment that takes memory. */
export function movesOf(elf: ElfFile): Move[] {
  const loads = loadSegments(elf);
  const physical = usesPhysical(loads);
  return loads
    .filter((load) => load.memorySize > 0)
    .map((load) => ({
      start: load.virtualAddress,
      end: load.virtualAddress + load.memorySize,
      offset: guestAddress(load, physical) - load.virtualAddress,
    }));
}

function checkMachine(elf: ElfFile): void {
  if (elf.machine === EM_X86_64 || elf.machine === EM_386) return;
  throw new SpacerError('elf-machine', `is for machine ${elf.machine}, not x86_64`, {
    file: elf.path,
    offset: 18,
  });
}

function loadSegments(elf: ElfFile): ElfSegment[] {
  const loads = elf.segments.filter((segment) => segment.type === PT.LOAD);
  if (loads.length > MAX_SEGMENTS)
    throw new SpacerError('elf-too-large', `has ${loads.length} loaded segments`, {
      file: elf.path,
    });
  let fileBacked = 0;
  for (const load of loads) {
    checkSegment(elf, load);
    fileBacked += load.fileSize;
  }
  if (fileBacked <= MAX_FILE_BACKED) return loads;
  throw new SpacerError('elf-too-large', `loads ${fileBacked} bytes; ${MAX_FILE_BACKED} at most`, {
    file: elf.path,
  });
}

function checkSegment(elf: ElfFile, load: ElfSegment): void {
  const fail = (text: string): never => {
    throw new SpacerError('elf-value', text, { file: elf.path, offset: load.offset });
  };
  if (load.fileSize > load.memorySize)
    fail(`a segment has ${load.fileSize} bytes in the file, but ${load.memorySize} in memory`);
  const end = Math.max(load.physicalAddress, load.virtualAddress) + load.memorySize;
  if (end > MAX_ADDRESS) fail(`a segment ends at address 0x${end.toString(16)}`);
}

function usesPhysical(loads: readonly ElfSegment[]): boolean {
  return loads.some((load) => load.physicalAddress !== 0);
}

function guestAddress(load: ElfSegment, physical: boolean): number {
  return physical ? load.physicalAddress : load.virtualAddress;
}

function writeSegment(
  pages: Map<number, MutablePage>,
  elf: ElfFile,
  load: ElfSegment,
  address: number,
): void {
  const end = address + load.fileSize;
  for (let at = address; at < end;) {
    const number = Math.floor(at / PAGE_SIZE);
    const stop = Math.min(end, (number + 1) * PAGE_SIZE);
    const from = load.offset + (at - address);
    const part = elf.bytes.subarray(from, from + (stop - at));
    writePart(pages, number, at - number * PAGE_SIZE, part, load.flags);
    at = stop;
  }
}

function writePart(
  pages: Map<number, MutablePage>,
  number: number,
  offset: number,
  part: Uint8Array,
  flags: number,
): void {
  const before = pages.get(number);
  const merged = (before?.flags ?? 0) | flags;
  if (part.length === PAGE_SIZE) {
    pages.set(number, { bytes: part, owned: false, flags: merged });
    return;
  }
  const bytes = before?.owned ? before.bytes : copyOf(before?.bytes);
  bytes.set(part, offset);
  pages.set(number, { bytes, owned: true, flags: merged });
}

function copyOf(bytes: Uint8Array | undefined): Uint8Array {
  const copy = new Uint8Array(PAGE_SIZE);
  if (bytes) copy.set(bytes);
  return copy;
}

function finish(number: number, page: MutablePage): GuestPage {
  return {
    address: number * PAGE_SIZE,
    bytes: page.bytes,
    writable: (page.flags & PF.W) !== 0,
    executable: (page.flags & PF.X) !== 0,
  };
}

function describe(load: ElfSegment, address: number): Segment {
  const letter = (flag: number, name: string) => ((load.flags & flag) === 0 ? '-' : name);
  return {
    address,
    fileSize: load.fileSize,
    memorySize: load.memorySize,
    permissions: letter(PF.R, 'r') + letter(PF.W, 'w') + letter(PF.X, 'x'),
  };
}
