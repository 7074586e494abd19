/**
 * What a loader and the boot code ask of the bootable image: it loads exactly the memory of the
 * unstripped one (but for the table that a step after the link fills in), starts at the same
 * symbol, has the multiboot header that the user's image has where loaders look for it, and its
 * table of memory regions lists its own segments.
 */
import { PT, SHF, type ElfFile, type ElfSegment } from '../elf/types.ts';
import { changedRegions, FILLED, isReadable, REGIONS, type RegionTable } from './boot-regions.ts';
import { LoadedMemory } from './memory.ts';
import { hex, type Difference, type Finding } from './types.ts';

export interface BootImages {
  /** The user's bootable image and its unstripped one; absent: it is no ELF file. */
  readonly old?: ElfFile | undefined;
  readonly oldDebug: ElfFile;
  readonly image?: ElfFile | undefined;
  readonly debug: ElfFile;
  /** Output sections that a step after the link takes out. */
  readonly isRemoved: (name: string) => boolean;
}

/** Checks the bootable image. */
export function checkBoot(images: BootImages): Finding {
  const { old, image, debug } = images;
  if (image === undefined)
    return old === undefined
      ? {}
      : { differences: [different('boot', 'the image is no ELF file any more')] };
  if (old === undefined)
    return { unproven: ['the user’s image is no ELF file: how it boots is not known'] };
  return {
    counts: { segments: image.segments.length },
    differences: [
      ...changedEntry(images),
      ...changedHeaders(old, image, debug),
      ...changedMemory(images),
      ...changedMultiboot(old, image),
      ...changedTable(images),
      ...changedCopy(image, debug),
    ],
  };
}

const different = (kind: string, text: string): Difference => ({ kind, text });

/**
 * One name at both entries is enough: that names stand where their objects define them is proven for
 * itself, and the scripts' own names may have moved.
 */
function changedEntry({ old, oldDebug, image, debug }: BootImages): Difference[] {
  const namesAt = ({ symbols }: ElfFile, entry: number) =>
    symbols
      .filter(({ value, section, binding }) => value === entry && section !== 0 && binding !== 0)
      .map(({ name }) => name)
      .sort();
  const [was, is] = [namesAt(oldDebug, old!.entry), namesAt(debug, image!.entry)];
  const result: Difference[] = [];
  if (!is.some((name) => was.includes(name)))
    result.push(
      different(
        'entry',
        `the entry ${hex(image!.entry)} is ${is.join() || 'no symbol'} instead of ${was.join()}`,
      ),
    );
  if (old!.entry === oldDebug.entry && image!.entry !== debug.entry)
    result.push(
      different(
        'entry',
        `the unstripped image starts at ${hex(debug.entry)} instead of ${hex(image!.entry)}`,
      ),
    );
  return result;
}

/** Stripping keeps the headers; only where things stand in the file may change. */
function changedHeaders(old: ElfFile, image: ElfFile, debug: ElfFile): Difference[] {
  const fields = [
    'type',
    'flags',
    'virtualAddress',
    'physicalAddress',
    'fileSize',
    'memorySize',
  ] as const;
  const text = (s: ElfSegment | undefined) =>
    fields.map((field) => `${field} ${hex(s?.[field] ?? -1)}`);
  const count = Math.max(image.segments.length, debug.segments.length);
  return Array.from({ length: count }, (_, i) => i).flatMap((i): Difference[] => {
    const [is, was] = [text(image.segments[i]), text(debug.segments[i])];
    const at = is.findIndex((field, n) => field !== was[n]);
    const { offset, fileSize } = image.segments[i] ?? { offset: 0, fileSize: 0 };
    if (offset + fileSize > image.bytes.length)
      return [
        different('segment', `program header ${i} of the bootable image leads out of the file`),
      ];
    if (at < 0) return changedAlignment(i, image.segments[i]!, debug, old);
    return [
      different(
        'segment',
        `program header ${i} of the bootable image has ${is[at]} instead of ${was[at]}`,
      ),
    ];
  });
}

/**
 * objcopy keeps a header's alignment, takes the largest of its sections or, where it moves contents
 * in the file, that of a page: by version and by what it was given.
 */
function changedAlignment(i: number, is: ElfSegment, debug: ElfFile, old: ElfFile): Difference[] {
  const was = debug.segments[i]!;
  const end = is.virtualAddress + is.memorySize;
  const own = debug.sections.filter(
    ({ flags, address }) => flags & SHF.ALLOC && address >= is.virtualAddress && address < end,
  );
  const largest = own.reduce((most, { alignment }) => Math.max(most, alignment), 1);
  const users = old.segments.filter(({ type }) => type !== PT.LOAD && type === is.type);
  const allowed = [was, ...users].map(({ alignment }) => alignment);
  const page = is.type === PT.LOAD ? PAGE : largest;
  if ([...allowed, largest, page, Math.max(PAGE, largest)].includes(is.alignment)) return [];
  const text = `program header ${i} of the bootable image has alignment ${hex(is.alignment)} instead of ${hex(was.alignment)}`;
  return [different('segment', text)];
}

const PAGE = 0x1000;

function changedMemory({ image, debug, isRemoved }: BootImages): Difference[] {
  const [is, was] = [new LoadedMemory(image!), new LoadedMemory(debug)];
  const skipped = debug.sections.filter(({ name }) => FILLED.has(name) || isRemoved(name));
  return debug.segments.flatMap(({ type, virtualAddress, memorySize }): Difference[] => {
    if (type !== PT.LOAD || memorySize === 0) return [];
    const [found, expected] = [
      is.read(virtualAddress, memorySize),
      was.read(virtualAddress, memorySize),
    ];
    if (found === undefined || expected === undefined)
      return [different('bytes', `the memory at ${hex(virtualAddress)} is not loaded`)];
    const a = Buffer.from(found);
    const b = Buffer.from(expected);
    for (const { address, size } of skipped)
      if (address < virtualAddress + memorySize && address + size > virtualAddress) {
        a.fill(0, Math.max(0, address - virtualAddress), address + size - virtualAddress);
        b.fill(0, Math.max(0, address - virtualAddress), address + size - virtualAddress);
      }
    if (a.equals(b)) return [];
    const at = a.findIndex((byte, i) => byte !== b[i]);
    return [
      different(
        'bytes',
        `the bootable image has ${hex(a[at]!)} at ${hex(virtualAddress + at)} instead of ${hex(b[at]!)}`,
      ),
    ];
  });
}

/** The step that writes the table reads the headers of either image, by release and options. */
function changedTable({ old, oldDebug, image, debug }: BootImages): Difference[] {
  const tables = (of: (twin: ElfFile, elf: ElfFile) => readonly ElfSegment[]) => ({
    old: tableOf(old!, oldDebug, of(oldDebug, old!)),
    new: tableOf(image!, debug, of(debug, image!)),
  });
  const [byTwin, byImage] = [tables(({ segments }) => segments), tables((_, elf) => elf.segments)];
  const found = changedRegions(byTwin.old, byTwin.new);
  if (found.length === 0 || (byTwin.old && isReadable(byTwin.old))) return found;
  return changedRegions(byImage.old, byImage.new);
}

/** The unstripped image has the table that boots, or none yet. */
function changedCopy(image: ElfFile, debug: ElfFile): Difference[] {
  const [is, was] = [image, debug].map((elf) => tableOf(elf, debug, [])?.bytes);
  if (!is || !was || was.every((byte) => byte === 0) || Buffer.compare(is, was) === 0) return [];
  return [different('boot', `${REGIONS} of the unstripped image is another one`)];
}

function tableOf(
  image: ElfFile,
  { sections }: ElfFile,
  segments: readonly ElfSegment[],
): RegionTable | undefined {
  const section = sections.find(({ name }) => name === REGIONS);
  const bytes = section && new LoadedMemory(image).read(section.address, section.size);
  return bytes && { bytes, segments };
}

const MAGIC = 0x1badb002;
/** Multiboot 0.6.96, 3.1: the header is in the first 8 KiB, 4-byte aligned. */
const SEARCH = 8192;
const HAS_ADDRESSES = 0x10000;

interface Multiboot {
  readonly at: number;
  readonly flags: number;
  /** header_addr, load_addr, load_end_addr and bss_end_addr; the entry is a reference like others. */
  readonly fields: readonly number[];
}

function multibootOf({ bytes }: ElfFile): Multiboot | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 12 <= Math.min(SEARCH, bytes.length); at += 4) {
    if (view.getUint32(at, true) !== MAGIC) continue;
    const flags = view.getUint32(at + 4, true);
    if ((MAGIC + flags + view.getUint32(at + 8, true)) >>> 0 !== 0) continue;
    const has = (flags & HAS_ADDRESSES) !== 0 && at + 32 <= bytes.length;
    const fields = has ? [12, 16, 20, 24].map((field) => view.getUint32(at + field, true)) : [];
    return { at, flags, fields };
  }
  return undefined;
}

function changedMultiboot(old: ElfFile, image: ElfFile): Difference[] {
  const [was, is] = [multibootOf(old), multibootOf(image)];
  if (was === undefined) return [];
  if (is === undefined)
    return [different('boot', 'the multiboot header is not in the first 8 KiB')];
  if (is.flags !== was.flags)
    return [
      different('boot', `the multiboot flags are ${hex(is.flags)} instead of ${hex(was.flags)}`),
    ];
  return is.fields.length > 0 ? changedAddresses(image, is) : [];
}

/** A loader that goes by the header's addresses copies one run of the file: it must be the memory. */
function changedAddresses(image: ElfFile, { at, fields }: Multiboot): Difference[] {
  const [header = 0, load = 0, loadEnd = 0, bssEnd = 0] = fields;
  const distance = header - at;
  const end = loadEnd === 0 ? Infinity : loadEnd;
  const loads = image.segments.filter(({ type, memorySize }) => type === PT.LOAD && memorySize > 0);
  return loads.flatMap((segment): Difference[] => {
    const { virtualAddress, offset, fileSize, memorySize } = segment;
    const wrong = (text: string): Difference[] => [
      different('boot', `the segment at ${hex(virtualAddress)} ${text}`),
    ];
    const isMoved = fileSize > 0 && virtualAddress < end && virtualAddress - offset !== distance;
    if (virtualAddress < load || isMoved) return wrong('is not where the multiboot header says');
    if (bssEnd !== 0 && virtualAddress + memorySize > bssEnd)
      return wrong(`ends behind bss_end_addr ${hex(bssEnd)}`);
    const hasTail = bytesBehind(image, segment, end).some((byte) => byte !== 0);
    return hasTail ? wrong(`has bytes behind load_end_addr ${hex(loadEnd)}`) : [];
  });
}

function bytesBehind({ bytes }: ElfFile, segment: ElfSegment, end: number): Uint8Array {
  const { virtualAddress, offset, fileSize } = segment;
  const from = Math.min(fileSize, Math.max(0, end - virtualAddress));
  return bytes.subarray(offset + from, offset + fileSize);
}
