/**
 * Where outputs go, so that a reader finds the old or the new result, never a half of either.
 *
 * All that one alignment makes stands in a generation, a folder of its own; what it did not make
 * anew is carried over into it as hard links. One link, `current`, says which generation counts, and
 * renaming a new one over it is the one moment at which images and report change together. The
 * places that users know (`NAME/`, `report.json`) are links through `current`, made before that: until
 * then they lead to the old generation, or nowhere.
 *
 *   .spacer/hashfn       -> .generations/current/hashfn
 *   .spacer/report.json  -> .generations/current/report.json
 *   .spacer/.generations/current -> 7
 *   .spacer/.generations/7/...
 *
 * A lock keeps a second alignment out of the folder while one is at work.
 */
import {
  copyFile,
  link,
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { makeFolder, makeIgnoredFolder } from '../folders.ts';
import { takeOutputLock } from './output-lock.ts';

export interface Staging {
  /** The output folder. */
  readonly output: string;
  /** The generation that is being made. */
  readonly directory: string;
  /** Lets others into the output folder. */
  readonly unlock: () => Promise<void>;
}

/** Folder of the generations in the output folder. */
export const GENERATIONS = '.generations';
const CURRENT = 'current';
/** The result of an alignment. */
export const REPORT = 'report.json';

/**
 * Makes the output folder, keeps it out of version control, and opens a generation in it.
 * @throws SpacerError `output-unwritable`, `output-busy`
 */
export async function openStaging(output: string): Promise<Staging> {
  const generations = path.join(output, GENERATIONS);
  let unlock: Staging['unlock'] | undefined;
  try {
    makeIgnoredFolder(output);
    makeFolder(generations);
    unlock = await takeOutputLock(path.join(output, '.lock'));
    await removeOthers(generations);
    const directory = path.join(generations, String((await lastNumber(generations)) + 1));
    await mkdir(directory);
    return { output, directory, unlock };
  } catch (cause) {
    await unlock?.();
    throw cause instanceof SpacerError ? cause : unwritable(output, cause as Error);
  }
}

function unwritable(output: string, cause: Error): SpacerError {
  const text = `cannot be written: ${cause.message}`;
  return new SpacerError('output-unwritable', text, { file: output }, { cause });
}

/**
 * Makes the generation the one that counts.
 * @param made names of its entries that are whole; all others give way to what was there before
 * @throws SpacerError `output-unwritable`, `output-occupied`
 */
export async function commit(staging: Staging, made: readonly string[]): Promise<void> {
  const { output, directory } = staging;
  const generations = path.join(output, GENERATIONS);
  try {
    await keepOnly(directory, made);
    for (const name of made) await checkFree(path.join(output, name), name);
    const before = await currentOf(generations);
    if (before !== undefined) await carryOver(path.join(generations, before), directory);
    for (const name of await readdir(directory)) await linkThrough(output, name);
    const next = path.join(generations, `.${CURRENT}`);
    await rm(next, { force: true });
    await symlink(path.basename(directory), next);
    await rename(next, path.join(generations, CURRENT));
  } catch (cause) {
    throw cause instanceof SpacerError ? cause : unwritable(output, cause as Error);
  }
}

/** Removes what does not count any more, or never did, and lets others in. */
export async function closeStaging({ output, unlock }: Staging): Promise<void> {
  const generations = path.join(output, GENERATIONS);
  try {
    await removeOthers(generations);
    if ((await currentOf(generations)) === undefined) await rm(generations, { recursive: true });
  } finally {
    await unlock();
  }
}

async function keepOnly(directory: string, names: readonly string[]): Promise<void> {
  for (const name of await readdir(directory))
    if (!names.includes(name)) await rm(path.join(directory, name), { recursive: true });
}

/** Name of the generation that counts; a link to anything else is not one of ours. */
async function currentOf(generations: string): Promise<string | undefined> {
  const name = await readlink(path.join(generations, CURRENT)).catch(() => '');
  if (!/^\d+$/.test(name)) return undefined;
  const found = await lstat(path.join(generations, name)).catch(() => undefined);
  return found?.isDirectory() === true ? name : undefined;
}

async function lastNumber(generations: string): Promise<number> {
  const names = await readdir(generations);
  return Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
}

async function removeOthers(generations: string): Promise<void> {
  const current = await currentOf(generations);
  for (const name of await readdir(generations))
    if (name !== current && (name !== CURRENT || current === undefined))
      await rm(path.join(generations, name), { recursive: true, force: true });
}

/** What the new generation has not is taken from the one before. */
async function carryOver(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch((): string[] => []);
  const known = new Set(await readdir(to));
  for (const name of names)
    if (!known.has(name)) await linkTree(path.join(from, name), path.join(to, name));
}

async function linkTree(from: string, to: string): Promise<void> {
  if ((await lstat(from)).isDirectory()) {
    await mkdir(to);
    for (const name of await readdir(from))
      await linkTree(path.join(from, name), path.join(to, name));
    return;
  }
  // Some file systems have no hard links.
  await link(from, to).catch(() => copyFile(from, to));
}

const targetOf = (name: string) => path.join(GENERATIONS, CURRENT, name);

/** What stands at a place and is not an output of ours stays: it is the user's. */
async function checkFree(place: string, name: string): Promise<void> {
  const found = await lstat(place).catch(() => undefined);
  if (found === undefined || (await isLinkTo(place, targetOf(name)))) return;
  const text = 'is in the way and not an output of Spacer: move it, or choose another folder.';
  throw new SpacerError('output-occupied', text, { file: place });
}

const isLinkTo = async (place: string, target: string) =>
  (await readlink(place).catch(() => undefined)) === target;

/** The place that users know leads through `current`. */
async function linkThrough(output: string, name: string): Promise<void> {
  const place = path.join(output, name);
  if (await isLinkTo(place, targetOf(name))) return;
  await checkFree(place, name);
  await symlink(targetOf(name), place);
}
