/**
 * The bytes of an object that need not be held. Nine tenths of an object built with `-g` are
 * debugging information that nobody here looks at; a copy of it is the user's file with other bytes
 * over it and behind it, and is put together only where it is written.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/** A file on disk, as long as it was when it was first read. */
export interface StoredFile {
  readonly file: string;
  readonly size: number;
}

/** Bytes that replace others from an offset on. */
export interface Overlay {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Other bytes over a file and behind it. */
export interface EditedFile {
  readonly base: Uint8Array | StoredFile;
  readonly overlays: readonly Overlay[];
  readonly appended: Uint8Array;
}

export type Contents = Uint8Array | StoredFile | EditedFile;

const isEdited = (contents: Contents): contents is EditedFile => 'base' in contents;
const isHeld = (contents: Contents): contents is Uint8Array => contents instanceof Uint8Array;

/** @throws SpacerError `file-too-large` */
export function checkSize(file: string, size: number): void {
  if (size <= LIMITS.bytes.binary) return;
  const text = `has ${size} bytes; at most ${LIMITS.bytes.binary} are read.`;
  throw new SpacerError('file-too-large', text, { file });
}

/**
 * A file as it is on disk now.
 * @throws SpacerError `file-too-large`
 */
export function storedFile(file: string): StoredFile {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    checkSize(file, size);
    return { file, size };
  } finally {
    closeSync(descriptor);
  }
}

/** Number of bytes. */
export function sizeOf(contents: Contents): number {
  if (isHeld(contents)) return contents.length;
  if (!isEdited(contents)) return contents.size;
  return sizeOf(contents.base) + contents.appended.length;
}

/** A range of a file: bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Fills ranges of a buffer with the bytes that have the same offsets in a file. */
export type ReadRanges = (ranges: readonly Range[], target: Uint8Array) => void;

/**
 * Lets `work` read ranges of the contents, whose file is open for as long.
 * @throws SpacerError `elf-truncated` where a file has become shorter
 */
export function reading<T>(contents: Contents, work: (read: ReadRanges) => T): T {
  if (isHeld(contents)) return work((ranges, target) => fromBytes(contents, ranges, target));
  if (!isEdited(contents)) return readingStored(contents, work);
  const { base } = contents;
  return reading(base, (read) => work((ranges, target) => edited(contents, read, ranges, target)));
}

function fromBytes(bytes: Uint8Array, ranges: readonly Range[], target: Uint8Array): void {
  for (const { start, end } of ranges) target.set(bytes.subarray(start, end), start);
}

function edited(
  { base, overlays, appended }: EditedFile,
  read: ReadRanges,
  ranges: readonly Range[],
  target: Uint8Array,
): void {
  const length = sizeOf(base);
  const inBase = ranges.filter(({ start }) => start < length);
  const clipped = inBase.map(({ start, end }) => ({ start, end: Math.min(end, length) }));
  read(clipped, target);
  for (const { offset, bytes } of overlays) target.set(bytes, offset);
  target.set(appended, length);
}

function readingStored<T>({ file, size }: StoredFile, work: (read: ReadRanges) => T): T {
  const descriptor = openSync(file, 'r');
  const readRange = (target: Uint8Array, { start, end }: Range) => {
    for (let at = start; at < end;) {
      const count = readSync(descriptor, target, at, end - at, at);
      if (count === 0) throw shorter(file, size, at);
      at += count;
    }
  };
  try {
    return work((ranges, target) => ranges.forEach((range) => readRange(target, range)));
  } finally {
    closeSync(descriptor);
  }
}

const shorter = (file: string, size: number, offset: number) =>
  new SpacerError('elf-truncated', `is shorter than the ${size} bytes it had`, { file, offset });

/** The first bytes of a file, or all where it has fewer. */
export function firstBytes(file: string, count: number): Uint8Array {
  const stored = storedFile(file);
  const bytes = new Uint8Array(Math.min(count, stored.size));
  reading(stored, (read) => read([{ start: 0, end: bytes.length }], bytes));
  return bytes;
}

/** All bytes, put together. */
export function wholeBytes(contents: Contents): Uint8Array {
  if (isHeld(contents)) return contents;
  if (!isEdited(contents)) return readFileSync(contents.file);
  const bytes = new Uint8Array(sizeOf(contents));
  reading(contents, (read) => read([{ start: 0, end: bytes.length }], bytes));
  return bytes;
}

/** Writes a new file; what is on disk already is copied there by the system. */
export function writeContents(file: string, contents: Contents): void {
  if (isHeld(contents)) return writeFileSync(file, contents);
  if (!isEdited(contents)) return copyStored(contents, file);
  const { base, overlays, appended } = contents;
  if (isHeld(base)) return writeFileSync(file, wholeBytes(contents));
  copyStored(base, file);
  const descriptor = openSync(file, 'r+');
  try {
    for (const { offset, bytes } of overlays) writeAll(descriptor, bytes, offset);
    writeAll(descriptor, appended, base.size);
  } finally {
    closeSync(descriptor);
  }
}

/** A copy has its original's permissions, which may forbid what comes next. */
function copyStored({ file }: StoredFile, target: string): void {
  copyFileSync(file, target);
  chmodSync(target, 0o644);
}

function writeAll(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
}
