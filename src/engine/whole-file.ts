import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from './errors.ts';

/**
 * Writes a text file so that a reader finds the old or the new one, never a half: aside first, then
 * renamed. What is no regular file, such as a link or `/dev/stdout`, is written to as it is.
 * @throws SpacerError `output-unwritable`
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  const known = await lstat(file).catch(() => undefined);
  const isInPlace = known !== undefined && !known.isFile();
  const target = isInPlace ? file : `${file}.${process.pid}.tmp`;
  try {
    await writeFile(target, text);
    if (!isInPlace) await rename(target, file);
  } catch (cause) {
    if (!isInPlace) await rm(target, { force: true });
    const place = { file: path.resolve(file) };
    const { message } = cause as Error;
    throw new SpacerError('output-unwritable', `cannot be written: ${message}`, place, { cause });
  }
}
