/**
 * Split objects on disk, a folder for each key. Files appear whole or not at all, and what has not
 * served for long goes first when there is too much. Nobody trusts what stands here: it is proved
 * against the library's object before use.
 */
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StoredFile } from '../elf/contents.ts';
import { makeFolder, makeIgnoredFolder } from '../folders.ts';

const FOLDER = 'units';
/** Eight applications need 60 MB, with debugging information. */
const LIMIT = 512 * 1024 * 1024;

/** Where the split objects of a cache stand. */
export const unitsIn = (cache: string): string => path.join(cache, FOLDER);

/** Where the object of a key stands; it keeps the name of the library's object. */
export const cachedFile = (cache: string, key: string, object: string): string =>
  path.join(unitsIn(cache), key, path.basename(object));

/** A cached object, or undefined; the folder's time tells when it served last. */
export async function findCached(file: string): Promise<StoredFile | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return undefined;
  const now = new Date();
  await utimes(path.dirname(file), now, now).catch(() => undefined);
  return { file, size: found.size };
}

/** Puts an object into the cache. */
export async function keepCached(cache: string, file: string, bytes: Uint8Array): Promise<void> {
  makeIgnoredFolder(cache);
  makeFolder(path.dirname(file));
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, bytes);
  await rename(aside, file);
}

/**
 * Removes what served longest ago until the cache is small enough. To be called when the split
 * objects of a run are not needed any more.
 */
export async function pruneUnitCache(cache: string, limit = LIMIT): Promise<void> {
  const root = unitsIn(cache);
  const names = await readdir(root).catch((): string[] => []);
  const entries = await Promise.all(names.map((name) => entryOf(path.join(root, name))));
  entries.sort((a, b) => b.served - a.served);
  let sum = 0;
  for (const { folder, size } of entries) {
    sum += size;
    if (sum > limit) await rm(folder, { recursive: true, force: true });
  }
}

async function entryOf(folder: string) {
  const files = await readdir(folder).catch((): string[] => []);
  const sizes = await Promise.all(files.map((file) => statOf(path.join(folder, file))));
  const { mtimeMs: served } = await statOf(folder);
  return { folder, served, size: sizes.reduce((sum, { size }) => sum + size, 0) };
}

/** Another run may remove what this one looks at. */
const statOf = (file: string) => stat(file).catch(() => ({ size: 0, mtimeMs: 0 }));
