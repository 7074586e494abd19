/** A folder for the front of the PATH, with a gcc that does something first. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freshFolder } from './once.ts';

/** @param before shell text that runs before the real gcc; it sees gcc's arguments */
export function pathWithGcc(before: string): { folder: string; PATH: string } {
  const folder = path.join(freshFolder('tools'), 'bin');
  mkdirSync(folder);
  const file = path.join(folder, 'gcc');
  const rest = process.env['PATH'] ?? '';
  writeFileSync(file, `#!/bin/sh\n${before}\nPATH='${rest}' exec gcc "$@"\n`);
  chmodSync(file, 0o755);
  return { folder, PATH: `${folder}:${rest}` };
}
