import { existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SpacerError } from './errors.ts';

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns where the system says
 * that a folder does not exist though its parent does, as it does in `/proc`.
 * @throws the system's error
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = path.dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Makes a folder of ours in the user's workspace and keeps it out of version control.
 * @throws the system's error
 */
export function makeIgnoredFolder(folder: string): void {
  makeFolder(folder);
  const ignore = path.join(folder, '.gitignore');
  try {
    // A link that leads nowhere would be written through.
    writeFileSync(ignore, '*\n', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Throws where a folder of ours is a link: it came with the workspace, and what it leads to is
 * somebody else's.
 * @throws SpacerError `output-refused`
 */
export function refuseLinks(folders: readonly string[]): void {
  for (const folder of folders) {
    if (!isLink(folder)) continue;
    const text = 'is a link, and outputs are not written through links: name the folder itself.';
    throw new SpacerError('output-refused', text, { file: folder });
  }
}

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    return false; // There is none, or no folder for it.
  }
}
