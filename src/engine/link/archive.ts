/**
 * Archives in the System V format with GNU's long names (bfd/archive.c of binutils 2.40). A header of
 * 60 bytes stands before each member, on an even offset; three members are special: the index of
 * symbols (`/`, or `/SYM64/` with wide offsets), and the table of names longer than 15 bytes (`//`).
 */
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

export interface ArchiveMember {
  readonly name: string;
  /** Offset of the header, by which the index names the member. */
  readonly offset: number;
  /** A view of the file: never write into it. */
  readonly data: Uint8Array;
}

export interface Archive {
  readonly path: string;
  /** In the order of the file. */
  readonly members: readonly ArchiveMember[];
  /** Symbols that members define, in the order of the index. */
  readonly index: readonly { readonly symbol: string; readonly member: ArchiveMember }[];
}

const MAGIC = '!<arch>\n';
const THIN = '!<thin>\n';
const HEADER = 60;
const END_OF_HEADER = '`\n';

/** Bytes that tell an archive. */
export const ARCHIVE_MAGIC = MAGIC.length;

/** True for an archive of either kind. */
export function isArchive(bytes: Uint8Array): boolean {
  const magic = textOf(bytes, 0, MAGIC.length);
  return magic === MAGIC || magic === THIN;
}

/**
 * Reads an archive.
 * @throws SpacerError `archive-thin`, `archive-damaged`
 */
export function readArchive(path: string, bytes: Uint8Array): Archive {
  if (textOf(bytes, 0, THIN.length) === THIN)
    throw new SpacerError(
      'archive-thin',
      'is a thin archive: its members are other files, which Spacer does not follow',
      { file: path },
    );
  const reader = new Reader(path, bytes);
  const members: ArchiveMember[] = [];
  let symbols: ArchiveMember | undefined;
  let names = '';
  for (let offset = MAGIC.length; offset < bytes.length;) {
    const member = reader.member(offset, names);
    if (member.name === '/' || member.name === '/SYM64/') symbols ??= member;
    else if (member.name === '//') names = textOf(member.data, 0, member.data.length);
    else members.push(member);
    if (members.length > LIMITS.count.archiveMembers) reader.fail('has too many members', offset);
    offset += HEADER + member.data.length + (member.data.length % 2);
  }
  return { path, members, index: symbols ? reader.index(symbols, members) : [] };
}

class Reader {
  constructor(
    private readonly path: string,
    private readonly bytes: Uint8Array,
  ) {}

  fail(what: string, offset: number): never {
    throw new SpacerError('archive-damaged', `The archive ${what}`, { file: this.path, offset });
  }

  member(offset: number, names: string): ArchiveMember {
    if (offset + HEADER > this.bytes.length)
      this.fail('ends inside the header of a member', offset);
    const header = textOf(this.bytes, offset, HEADER);
    if (!header.endsWith(END_OF_HEADER))
      this.fail('has no header where a member should begin', offset);
    const size = Number(/^(\d{1,10}) *$/.exec(header.slice(48, 58))?.[1] ?? NaN);
    const start = offset + HEADER;
    if (!Number.isInteger(size)) this.fail('has a member without a size', offset);
    if (start + size > this.bytes.length) this.fail('ends inside a member', offset);
    const data = this.bytes.subarray(start, start + size);
    return { name: this.nameOf(header.slice(0, 16), names, offset), offset, data };
  }

  /** `name/`, `/123` (an offset into the table of names), or a special name. */
  private nameOf(field: string, names: string, offset: number): string {
    const plain = field.trimEnd();
    if (plain === '/' || plain === '//' || plain === '/SYM64/') return plain;
    const long = /^\/(\d{1,10})$/.exec(plain)?.[1];
    if (long === undefined) return plain.replace(/\/$/, '');
    const from = Number(long);
    const end = names.indexOf('\n', from);
    if (from >= names.length || end < 0 || end - from > LIMITS.name)
      this.fail('has a member whose name is not in its table of names', offset);
    return names.slice(from, end).replace(/\/$/, '');
  }

  /** A count, as many big-endian offsets, then as many names that end in zero bytes. */
  index(table: ArchiveMember, members: readonly ArchiveMember[]): Archive['index'] {
    const { data, offset } = table;
    const width = table.name === '/' ? 4 : 8;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const read = (at: number) => (width === 4 ? view.getUint32(at) : Number(view.getBigUint64(at)));
    const count = data.length < width ? 0 : read(0);
    if (count > LIMITS.count.archiveSymbols || (count + 1) * width > data.length)
      this.fail('has an index that is longer than itself', offset);
    const byOffset = new Map(members.map((member) => [member.offset, member]));
    let at = (count + 1) * width;
    return Array.from({ length: count }, (_, i) => {
      const end = data.indexOf(0, at);
      const member = byOffset.get(read((i + 1) * width));
      if (end < 0 || end - at > LIMITS.name || member === undefined)
        this.fail('has an index that does not fit its members', offset);
      const symbol = textOf(data, at, end - at);
      at = end + 1;
      return { symbol, member };
    });
  }
}

function textOf(bytes: Uint8Array, start: number, size: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .subarray(start, start + size)
    .toString('latin1');
}

/** An archive without an index: of use only where every member of it is linked. */
export function writeArchive(members: readonly { name: string; data: Uint8Array }[]): Uint8Array {
  const names = members.map(({ name }) => `${name}/\n`).join('');
  const parts: Uint8Array[] = [latin(MAGIC), ...entry('//', latin(names))];
  let at = 0;
  for (const { name, data } of members) {
    parts.push(...entry(`/${at}`, data));
    at += name.length + 2;
  }
  return Buffer.concat(parts);
}

const latin = (text: string) => Buffer.from(text, 'latin1');

function entry(name: string, data: Uint8Array): Uint8Array[] {
  const size = String(data.length).padEnd(10);
  const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'644'.padEnd(8)}${size}${END_OF_HEADER}`;
  return [latin(header), data, latin('\n'.repeat(data.length % 2))];
}
