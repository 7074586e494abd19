/** Notices that files of a build change while they are read. */
import { stat } from 'node:fs/promises';
import { SpacerError } from '../errors.ts';

/** By path: what is different after every change (inode, size, time in nanoseconds). */
export type Stamps = ReadonlyMap<string, string>;

/** Takes the stamps of files; what cannot be read has none. */
export async function stampsOf(files: readonly string[]): Promise<Stamps> {
  const taken = await Promise.all(
    files.map(async (file): Promise<[string, string]> => [file, await stampOf(file)]),
  );
  return new Map(taken);
}

async function stampOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return found ? `${found.ino} ${found.size} ${found.mtimeNs}` : '';
}

/** @throws SpacerError `build-changed` where a file is not what it was */
export async function checkUnchanged(name: string, stamps: Stamps): Promise<void> {
  const now = await stampsOf([...stamps.keys()]);
  for (const [file, stamp] of stamps)
    if (now.get(file) !== stamp)
      throw new SpacerError(
        'build-changed',
        `The build of ${name} changed while it was aligned; align again when it is finished.`,
        { file },
      );
}
