import { randomUUID } from 'node:crypto';
import { lstat, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from './errors.ts';

/**
 * Writes a text, whole or in parts, so that a reader finds the old or the new one, never a half: aside first, then
 * renamed. What is no regular file, such as a link or `/dev/stdout`, is written to as it is.
 * @throws SpacerError `output-unwritable`
 */
export async function writeWhole(file: string, text: string | Iterable<string>): Promise<void> {
  const known = await lstat(file).catch(() => undefined);
  const isInPlace = known !== undefined && !known.isFile();
  const target = isInPlace ? file : `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(target, text, isInPlace ? {} : { flag: 'wx' });
    if (!isInPlace) await rename(target, file);
  } catch (cause) {
    if (!isInPlace) await rm(target, { force: true });
    const place = { file: path.resolve(file) };
    const { message } = cause as Error;
    throw new SpacerError('output-unwritable', `cannot be written: ${message}`, place, { cause });
  }
}

/**
 * Throws where a file that came with a workspace is a link to outside of its folder.
 * @throws SpacerError `output-refused`
 */
export async function refuseStrayLink(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found?.isSymbolicLink() !== true) return;
  const [real, folder] = await Promise.all(
    [file, path.dirname(file)].map((one) => realpath(one).catch(() => undefined)),
  );
  if (real !== undefined && real.startsWith(`${folder}${path.sep}`)) return;
  const text = 'is a link that leads out of its folder: name the file itself.';
  throw new SpacerError('output-refused', text, { file });
}
