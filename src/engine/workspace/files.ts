/** Reading of files that others wrote: with limits, and with errors that name them. */
import { open, stat } from 'node:fs/promises';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/**
 * The text of a regular file, or undefined if there is none.
 *
 * @throws SpacerError `file-too-large` or `file-unreadable`
 */
export async function readLimited(file: string, limit: number): Promise<string | undefined> {
  const bytes = await readBytes(file, limit);
  return bytes?.toString('utf8');
}

/**
 * The bytes of an image or object.
 * @throws SpacerError `file-too-large` or `file-unreadable`
 */
export async function readBinary(file: string): Promise<Buffer> {
  return there(await readBytes(file, LIMITS.bytes.binary), file);
}

/**
 * The text of a file that must be there.
 * @throws SpacerError `file-too-large` or `file-unreadable`
 */
export async function readText(file: string, limit: number): Promise<string> {
  return there(await readBytes(file, limit), file).toString('utf8');
}

function there<T>(read: T | undefined, file: string): T {
  if (read !== undefined) return read;
  throw new SpacerError('file-unreadable', 'does not exist, or is no regular file.', { file });
}

/** Whether a regular file stands at a path. Links are followed. */
export async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

/** Whether a folder stands at a path. Links are followed. */
export async function isDirectory(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isDirectory() ?? false;
}

/** The first bytes of a regular file and its size, or undefined if there is none. */
export async function readHead(
  file: string,
  length: number,
): Promise<{ head: Buffer; size: number } | undefined> {
  if (!(await isFile(file))) return undefined;
  const handle = await openFile(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return { head: buffer.subarray(0, bytesRead), size };
  } finally {
    await handle.close();
  }
}

async function readBytes(file: string, limit: number): Promise<Buffer | undefined> {
  if (!(await isFile(file))) return undefined;
  const handle = await openFile(file);
  try {
    const { size } = await handle.stat();
    if (size > limit) {
      const text = `The file has ${size} bytes; at most ${limit} are read.`;
      throw new SpacerError('file-too-large', text, { file });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function openFile(file: string) {
  try {
    return await open(file, 'r');
  } catch (cause) {
    throw new SpacerError('file-unreadable', 'The file cannot be read.', { file }, { cause });
  }
}
