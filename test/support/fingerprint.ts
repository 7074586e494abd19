import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** Path, mode, time and content of everything below a folder, but for its own `.spacer`. */
export function fingerprint(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => name !== '.spacer' && !name.startsWith(`.spacer${path.sep}`))
    .sort()
    .map((name) => describe(folder, name));
}

function describe(folder: string, name: string): string {
  const file = path.join(folder, name);
  const { mode, mtimeMs, ...stat } = lstatSync(file);
  const rights = mode.toString(8);
  if ((mode & 0o170000) === 0o120000) return `${name} -> ${readlinkSync(file)}`;
  if ((mode & 0o170000) === 0o040000) return `${name}/ ${rights}`;
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  return `${name} ${rights} ${mtimeMs} ${stat.size} ${hash}`;
}
