/**
 * Images that boot by the address fields of their multiboot header (Unikraft up to 0.11).
 *
 * Such an image is ELF64, which multiboot loaders do not read. They use the header's own fields
 * instead: where the header is loaded, where loading starts and ends, and they copy the file's
 * bytes from `header's offset - (header_addr - load_addr)` on to `load_addr`, in one piece
 * (Multiboot 0.6.96, 3.1.2 and 3.1.3). So file offset minus address must be one constant from
 * `load_addr` to `load_end_addr`. A linker keeps to that within one segment only; a layout with
 * several has to be laid out again: one page of headers, then memory as it is.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';

const MAGIC = 0x1badb002;
/** Flag bit 16: the address fields are valid. */
const HAS_ADDRESSES = 0x10000;
/** The header stands in the first 8 KiB, 4-byte aligned. */
const SEARCH = 8192;
const HEADER_SIZE = 32;
const HEADERS = 4096;
const PT_LOAD = 1;
const PROGRAM_HEADER = 56;
/** More than this between the first and the last byte is no image that a loader takes. */
const SIZE_LIMIT = 1024 * 1024 * 1024;

interface Segment {
  readonly header: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

interface AddressFields {
  /** File offset of the header. */
  readonly at: number;
  readonly header: number;
  readonly load: number;
  readonly loadEnd: number;
}

/**
 * Rewrites an image in place if it boots by the address fields and its file is not laid out like
 * memory. Any other image is left alone.
 *
 * @returns whether it was rewritten
 */
export async function makeBootable(image: string): Promise<boolean> {
  const flat = layOutLikeMemory(await readFile(image));
  if (flat === undefined) return false;
  await writeFile(`${image}.flat`, flat, { mode: 0o755 });
  await rename(`${image}.flat`, image);
  return true;
}

/** The image with one constant between offsets and addresses; undefined where it has that. */
export function layOutLikeMemory(file: Buffer): Buffer | undefined {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2) return undefined;
  const segments = loadSegments(file);
  const fields = findFields(file, segments);
  if (fields === undefined || isConsistent(fields, segments)) return undefined;
  return layOut(file, segments, fields.load);
}

function loadSegments(file: Buffer): Segment[] {
  const start = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  if (size !== PROGRAM_HEADER || start + size * count > file.length) return [];
  const segments: Segment[] = [];
  for (let header = start; header < start + size * count; header += size) {
    const segment = {
      header,
      offset: Number(file.readBigUInt64LE(header + 8)),
      address: Number(file.readBigUInt64LE(header + 24)),
      size: Number(file.readBigUInt64LE(header + 32)),
    };
    const inside = segment.offset + segment.size <= file.length;
    if (file.readUInt32LE(header) === PT_LOAD && segment.size > 0 && inside) segments.push(segment);
  }
  return segments;
}

/** The multiboot header at the start of what is loaded lowest. */
function findFields(file: Buffer, segments: readonly Segment[]): AddressFields | undefined {
  const lowest = [...segments].sort((a, b) => a.address - b.address)[0];
  if (lowest === undefined) return undefined;
  const end = Math.min(lowest.offset + lowest.size, lowest.offset + SEARCH) - HEADER_SIZE;
  for (let at = lowest.offset; at <= end; at += 4) {
    if (file.readUInt32LE(at) !== MAGIC) continue;
    const flags = file.readUInt32LE(at + 4);
    const sum = (MAGIC + flags + file.readUInt32LE(at + 8)) >>> 0;
    if (sum !== 0 || (flags & HAS_ADDRESSES) === 0) continue;
    const [header, load, loadEnd] = [12, 16, 20].map((field) => file.readUInt32LE(at + field));
    if (header === undefined || load === undefined || loadEnd === undefined) continue;
    return { at, header, load, loadEnd };
  }
  return undefined;
}

/** Whether a loader that copies one run of bytes gets every segment right. */
function isConsistent(fields: AddressFields, segments: readonly Segment[]): boolean {
  const distance = fields.header - fields.at;
  // 0 stands for the whole file. What lies behind the end is memory that the image clears itself.
  const end = fields.loadEnd === 0 ? Infinity : fields.loadEnd;
  const loaded = segments.filter((segment) => segment.address < end);
  const placed = loaded.every((segment) => segment.address - segment.offset === distance);
  return placed && fields.at < SEARCH;
}

function layOut(file: Buffer, segments: readonly Segment[], load: number): Buffer | undefined {
  const end = Math.max(...segments.map((segment) => segment.address + segment.size));
  const count = file.readUInt16LE(56);
  const start = Number(file.readBigUInt64LE(32));
  const fits = 64 + count * PROGRAM_HEADER <= HEADERS && end - load <= SIZE_LIMIT;
  if (!fits || segments.some((segment) => segment.address < load)) return undefined;
  const flat = Buffer.alloc(HEADERS + end - load);
  file.copy(flat, 0, 0, 64);
  file.copy(flat, 64, start, start + count * PROGRAM_HEADER);
  flat.writeBigUInt64LE(64n, 32);
  flat.fill(0, 40, 48); // No section headers: a bootable image is stripped.
  flat.fill(0, 58, 64);
  for (const segment of segments) {
    const offset = HEADERS + segment.address - load;
    file.copy(flat, offset, segment.offset, segment.offset + segment.size);
    flat.writeBigUInt64LE(BigInt(offset), 64 + segment.header - start + 8);
  }
  return flat;
}
