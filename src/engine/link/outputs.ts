/**
 * Where outputs go. Everything is made in a staging folder beside its final place, on the same file
 * system, and renamed into it when it is whole; so a reader finds the old or the new, never a half.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from '../errors.ts';

export interface Staging {
  /** The output folder. */
  readonly output: string;
  /** A fresh folder inside it that nobody else uses. */
  readonly directory: string;
}

/**
 * Makes the output folder, keeps it out of version control, and opens a staging folder in it.
 * @throws SpacerError `output-unwritable`
 */
export async function openStaging(output: string): Promise<Staging> {
  try {
    await mkdir(output, { recursive: true });
    await writeFile(path.join(output, '.gitignore'), '*\n');
    return { output, directory: await mkdtemp(path.join(output, '.staging-')) };
  } catch (cause) {
    const { message } = cause as Error;
    throw new SpacerError(
      'output-unwritable',
      `cannot be written: ${message}`,
      { file: output },
      { cause },
    );
  }
}

/** Puts one finished entry of the staging folder in the place of the old one. */
export async function publish(staging: Staging, name: string): Promise<string> {
  const target = path.join(staging.output, name);
  const old = path.join(staging.directory, `${name}.old`);
  await rename(target, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(path.join(staging.directory, name), target);
  await rm(old, { recursive: true, force: true });
  return target;
}

/** Removes the staging folder with whatever was not published. */
export async function closeStaging(staging: Staging): Promise<void> {
  await rm(staging.directory, { recursive: true, force: true });
}
