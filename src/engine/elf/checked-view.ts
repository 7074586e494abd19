import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/** Little-endian reads of a file that fail with file and offset instead of reading past its end. */
export class CheckedView {
  private readonly view: DataView;
  private readonly buffer: Buffer;
  private namesLeft: number;

  constructor(
    readonly path: string,
    readonly bytes: Uint8Array,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.namesLeft = LIMITS.namesAtLeast + LIMITS.namesPerByte * bytes.length;
  }

  /** Ends the reading with what is wrong at `offset`. */
  fail(code: string, text: string, offset?: number): never {
    throw new SpacerError(code, text, {
      file: this.path,
      ...(offset === undefined ? {} : { offset }),
    });
  }

  /** Fails unless `size` bytes stand at `offset`; `what` names them in the message. */
  require(offset: number, size: number, what: string): void {
    if (offset >= 0 && size >= 0 && offset + size <= this.bytes.length) return;
    this.fail(
      'elf-truncated',
      `${what} needs ${size} bytes, but the file has ${this.bytes.length}`,
      offset,
    );
  }

  slice(offset: number, size: number, what: string): Uint8Array {
    this.require(offset, size, what);
    return this.bytes.subarray(offset, offset + size);
  }

  u8(offset: number): number {
    this.require(offset, 1, 'a byte');
    return this.view.getUint8(offset);
  }

  u16(offset: number): number {
    this.require(offset, 2, 'a half-word');
    return this.view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.require(offset, 4, 'a word');
    return this.view.getUint32(offset, true);
  }

  /** A 64-bit field that must be an address, offset or size below 2^53. */
  u64(offset: number, what: string): number {
    this.require(offset, 8, what);
    const high = this.view.getUint32(offset + 4, true);
    return this.exact(high * 2 ** 32 + this.view.getUint32(offset, true), what, offset);
  }

  /** A signed 64-bit field. */
  s64(offset: number, what: string): number {
    this.require(offset, 8, what);
    const value =
      this.view.getInt32(offset + 4, true) * 2 ** 32 + this.view.getUint32(offset, true);
    return this.exact(value, what, offset);
  }

  /** Fails where a value of 64 bits was too large to be read exactly. */
  exact(value: number, what: string, offset: number): number {
    if (Number.isSafeInteger(value)) return value;
    return this.fail('elf-value', `${what} is 2^53 or more`, offset);
  }

  /**
   * The zero-terminated string at `offset` of a string table that spans `[start, end)` of the file.
   * Names are bytes; latin1 keeps each of them, so that names never collide after decoding.
   */
  string(start: number, end: number, offset: number, what: string): string {
    const from = start + offset;
    if (from >= end || offset < 0)
      this.fail('elf-string', `${what} lies outside its string table`, start);
    if (this.bytes[from] === 0) return '';
    const stop = this.buffer.indexOf(0, from);
    if (stop === -1 || stop >= end) this.fail('elf-string', `${what} is not terminated`, from);
    if (stop - from > LIMITS.name)
      this.fail('elf-string', `${what} has ${stop - from} characters`, from);
    this.namesLeft -= stop - from;
    if (this.namesLeft < 0)
      this.fail('elf-string', `${what} makes the names longer than a real file's`, from);
    return this.buffer.toString('latin1', from, stop);
  }
}
