/**
 * Splits libraries at their compile units. An ordinary build merges the units of a library, so that
 * its text is one section and a change in one unit moves all behind it. The recorded merge tells
 * the units and their order; with them the library's object is taken apart in a copy, so that each
 * unit's sections can be placed by themselves. No tool is run and nothing of the user's is written
 * to; what comes out is used only if it is proved to be the same object, and is kept in a cache.
 *
 * Running the recorded merge again on renamed copies of the units makes the same object (a test
 * holds that), but takes two processes a library: measured on eight applications 84 libraries and
 * 7.2 s of processor time, of which starting processes from a large one is half.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { storedFile, type Contents } from '../elf/contents.ts';
import { readElfFile, readElfParts } from '../elf/read-parts.ts';
import { ET_REL, type ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { hashBytes } from '../model/canonical.ts';
import type { InputObject } from '../model/types.ts';
import type { LoadedUnikernel } from '../loaded-unikernel.ts';
import { readLibraryRecord } from '../workspace/library-record.ts';
import { mapParallel } from './parallel.ts';
import type { PreparedObject } from './prepare.ts';
import { splitChange } from './same-split.ts';
import { namedByScript } from './split-homes.ts';
import { splitObject } from './split-object.ts';
import { refused, type UnitObject } from './split-plan.ts';
import { cachedFile, findCached, keepCached } from './unit-cache.ts';
import { unitNames, unitSection } from './unit-names.ts';

export interface SplitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where split objects are kept for the next time: `.spacer/.cache`; absent: nowhere. */
  readonly cache?: string | undefined;
  /** What the user opened; absent: the unikernel's own folder. */
  readonly root?: string | undefined;
  /** Libraries that are split at once; absent: the number of cores. */
  readonly jobs?: number | undefined;
}

/** An object whose units stand in sections of their own. */
export interface SplitObject {
  /** In the cache, under the base name of the library's object; without a cache, that object. */
  readonly file: string;
  readonly contents: Contents;
  /** `contents`, read. Merging of strings is switched off in what was split. */
  readonly elf: ElfFile;
  /** Units that have sections of their own, in the order of the merge. */
  readonly units: readonly string[];
}

export interface SplitUnits {
  /** By library. */
  readonly objects: ReadonlyMap<string, SplitObject>;
  /** Libraries that stay whole: why, by library. */
  readonly whole: ReadonlyMap<string, string>;
}

/** Part of every key in the cache: another way of splitting gets other keys. */
const FORMAT = 4;

/**
 * Splits libraries of one unikernel.
 * @throws SpacerError `cancelled`; whatever else goes wrong keeps a library whole
 */
export async function splitUnits(
  loaded: LoadedUnikernel,
  libraries: ReadonlySet<string>,
  options: SplitOptions,
): Promise<SplitUnits> {
  const chosen = loaded.originals.filter(
    ({ library, archive }) => libraries.has(library) && !archive,
  );
  const results = await mapParallel(
    chosen,
    (object) => splitOrReason(loaded, object, options),
    options,
  );
  const objects = new Map<string, SplitObject>();
  const whole = new Map<string, string>();
  results.forEach((result, i) => {
    const { library } = chosen[i]!;
    if (typeof result === 'string') whole.set(library, result);
    else objects.set(library, result);
  });
  return { objects, whole };
}

/** The objects of a unikernel with the split ones in their places, to be prepared again. */
export function withSplit(
  originals: readonly InputObject[],
  split: ReadonlyMap<string, SplitObject>,
): PreparedObject[] {
  return originals.map((object) => {
    const other = split.get(object.library);
    return other ? { ...object, elf: other.elf, copy: other.contents } : object;
  });
}

async function splitOrReason(
  loaded: LoadedUnikernel,
  object: InputObject,
  options: SplitOptions,
): Promise<SplitObject | string> {
  try {
    return await splitLibrary(loaded, object, options);
  } catch (error) {
    if (!(error instanceof SpacerError)) throw error;
    return error.text;
  }
}

/** One library on its way. */
interface Job {
  readonly loaded: LoadedUnikernel;
  readonly object: InputObject;
  /** Objects of its units, in the order of the merge. */
  readonly units: readonly string[];
  readonly names: readonly string[];
  readonly file: string;
  /** The cache that `file` is in; absent: nothing is kept. */
  readonly cache: string | undefined;
}

async function splitLibrary(
  loaded: LoadedUnikernel,
  object: InputObject,
  options: SplitOptions,
): Promise<SplitObject> {
  const { cache } = options;
  const { buildDirectory, directory } = loaded.unikernel;
  const root = options.root ?? directory;
  const units = await readLibraryRecord(object.path, { root, buildDirectory });
  if (units.length < 2) throw refused('it has one compile unit only');
  const names = unitNames(units, object.path);
  const key = keyOf(loaded, object, names);
  const job: Job = {
    loaded,
    object,
    units,
    names,
    file: cache === undefined ? object.path : cachedFile(cache, key, object.path),
    cache,
  };
  return (await fromCache(job)) ?? make(job);
}

/**
 * The library's own object stands for its units: what is in the cache is proved against that object,
 * whoever put it there. Debugging information is not read; the object's stamp stands for it.
 */
function keyOf(
  { stamps }: LoadedUnikernel,
  { path: file, elf }: InputObject,
  names: readonly string[],
): string {
  const held = hashBytes(Buffer.concat(elf.sections.map(({ data }) => data)));
  return hashBytes(Buffer.from([FORMAT, stamps.get(file), held, ...names].join('\n')));
}

async function fromCache(job: Job): Promise<SplitObject | undefined> {
  const stored = job.cache === undefined ? undefined : await findCached(job.file);
  if (stored === undefined) return undefined;
  try {
    return proved(job, stored);
  } catch (error) {
    if (error instanceof SpacerError) return undefined;
    throw error;
  }
}

async function make(job: Job): Promise<SplitObject> {
  const units = job.units.map((unit, i) => readUnit(unit, job.names[i]!));
  const bytes = splitObject(job.object.elf, units);
  const result = proved(job, bytes);
  if (job.cache === undefined) return result;
  try {
    await keepCached(job.cache, result.file, bytes);
    const stored = storedFile(result.file);
    return { ...result, contents: stored, elf: readElfParts(result.file, stored) };
  } catch {
    // A folder that cannot be written is reported when outputs are opened.
    return result;
  }
}

function readUnit(unit: string, name: string): UnitObject {
  if (!existsSync(unit)) throw refused(`its unit ${path.basename(unit)} is missing`);
  const elf = readElfFile(unit);
  if (elf.type !== ET_REL) throw refused(`its unit ${path.basename(unit)} is no object`);
  return { name, elf };
}

/** @throws SpacerError `library-whole` where the bytes are not the library's object */
function proved({ loaded, object, names, file }: Job, contents: Contents): SplitObject {
  const elf = readElfParts(file, contents);
  const change = splitChange(object.elf, elf, names);
  if (change !== undefined) throw refused(`split at its units it would not be the same: ${change}`);
  const named = namedByScript(loaded, object, elf);
  if (named !== undefined) throw refused(`the linker script means ${named} by its name`);
  const found = new Set(elf.sections.map(({ name }) => unitSection(name)?.unit));
  return { file, contents, elf, units: names.filter((name) => found.has(name)) };
}
