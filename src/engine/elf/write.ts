/** Parts of object files for those who write them: section headers, tables of names, appended bytes. */
import { SpacerError } from '../errors.ts';
import { sizeOf, type EditedFile, type Overlay, type StoredFile } from './contents.ts';

const SHDR = 64;

/** A section header to be written. */
export interface Header {
  name: number;
  type: number;
  flags: number;
  offset: number;
  size: number;
  link: number;
  info: number;
  alignment: number;
  entrySize: number;
}

/**
 * Appends the section headers and points the ELF header at them.
 * @param nameTable index of the section with the names of sections
 * @throws SpacerError `elf-edit` where there are more sections than the ELF header can count
 */
export function finishObject(output: Appender, headers: Header[], nameTable: number): EditedFile {
  if (headers.length >= 0xff00)
    throw new SpacerError('elf-edit', `would have ${headers.length} sections`);
  const table = new Uint8Array(headers.length * SHDR);
  const view = new DataView(table.buffer);
  headers.forEach((header, i) => writeHeader(view, i * SHDR, header));
  const start = new DataView(new ArrayBuffer(8));
  start.setBigUint64(0, BigInt(output.append(table, 8)), true);
  const counts = new DataView(new ArrayBuffer(4));
  counts.setUint16(0, headers.length, true);
  counts.setUint16(2, nameTable, true);
  output.replace({ offset: 40, bytes: new Uint8Array(start.buffer) });
  output.replace({ offset: 60, bytes: new Uint8Array(counts.buffer) });
  return output.contents();
}

function writeHeader(view: DataView, entry: number, header: Header): void {
  view.setUint32(entry, header.name, true);
  view.setUint32(entry + 4, header.type, true);
  view.setBigUint64(entry + 8, BigInt(header.flags), true);
  view.setBigUint64(entry + 24, BigInt(header.offset), true);
  view.setBigUint64(entry + 32, BigInt(header.size), true);
  view.setUint32(entry + 40, header.link, true);
  view.setUint32(entry + 44, header.info, true);
  view.setBigUint64(entry + 48, BigInt(header.alignment), true);
  view.setBigUint64(entry + 56, BigInt(header.entrySize), true);
}

/** A copy of an object with bytes over it and behind it. */
export class Appender {
  private readonly parts: Uint8Array[] = [];
  private readonly overlays: Overlay[] = [];
  private length: number;

  constructor(private readonly base: Uint8Array | StoredFile) {
    this.length = sizeOf(base);
  }

  append(bytes: Uint8Array, alignment: number): number {
    const offset = Math.ceil(this.length / alignment) * alignment;
    if (offset > this.length) this.parts.push(new Uint8Array(offset - this.length));
    this.parts.push(bytes);
    this.length = offset + bytes.length;
    return offset;
  }

  /** Lets other bytes stand in place of the original's. */
  replace(overlay: Overlay): void {
    this.overlays.push(overlay);
  }

  contents(): EditedFile {
    const { base, overlays, parts } = this;
    return { base, overlays, appended: Buffer.concat(parts) };
  }
}

/** Names, each once, with the terminating zero. */
export class StringTable {
  private readonly parts: Uint8Array[] = [new Uint8Array(1)];
  private readonly offsets = new Map<string, number>([['', 0]]);
  private length = 1;

  add(name: string): number {
    const known = this.offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.length;
    const encoded = encodeName(name);
    this.parts.push(encoded);
    this.length += encoded.length;
    this.offsets.set(name, offset);
    return offset;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

/** A name as a string table holds it: the inverse of the reader's latin1, with the terminating zero. */
export const encodeName = (name: string) => Buffer.from(`${name}\0`, 'latin1');
