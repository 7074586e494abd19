/**
 * Splits libraries at their compile units. An ordinary build merges the units of a library, so that
 * its text is one section and a change in one unit moves all behind it. Here the recorded merge is
 * run again on copies of the units whose sections have names of their own, and the recorded copies
 * after it, so that each unit's sections can be placed by themselves. Nothing of the user's is
 * written to; what comes out is used only if it is proved to be the same object, and is kept in a
 * cache.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { editObject } from '../elf/edit.ts';
import { readElf } from '../elf/read.ts';
import { ET_REL, SHF, type ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { hashBytes } from '../model/canonical.ts';
import type { LoadedUnikernel } from '../read-unikernel.ts';
import { readLibraryRecord, type LibraryRecord } from '../workspace/library-record.ts';
import type { ToolCommand } from '../workspace/types.ts';
import { withFiles } from './command.ts';
import { mapParallel } from './parallel.ts';
import type { PreparedObject } from './prepare.ts';
import { runTool, type Tools } from './run.ts';
import { splitChange } from './same-split.ts';
import { renamedSections, unitNames, unitSection } from './unit-names.ts';

export interface SplitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly tools?: Tools | undefined;
  /** A folder for copies; nothing is left in it. */
  readonly scratch: string;
  /** Where split objects are kept for the next time: `.spacer/cache`. */
  readonly cache: string;
  /** What the user opened; absent: the unikernel's own folder. */
  readonly root?: string;
  /** Libraries that are split at once; absent: the number of cores. */
  readonly jobs?: number | undefined;
}

/** An object whose units stand in sections of their own. */
export interface SplitObject {
  /** In the cache; its base name is that of the library's object. */
  readonly file: string;
  /** Read from `file`; merging of strings is switched off in what was split. */
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
const FORMAT = 1;

/**
 * Splits libraries of one unikernel.
 * @throws SpacerError `cancelled`, `tool-missing`; whatever else goes wrong keeps a library whole
 */
export async function splitUnits(
  loaded: LoadedUnikernel,
  libraries: ReadonlySet<string>,
  options: SplitOptions,
): Promise<SplitUnits> {
  const chosen = loaded.objects.filter(({ library }) => libraries.has(library));
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

const FATAL: ReadonlySet<string> = new Set(['cancelled', 'tool-missing']);

async function splitOrReason(
  loaded: LoadedUnikernel,
  object: PreparedObject,
  options: SplitOptions,
): Promise<SplitObject | string> {
  try {
    return await splitLibrary(loaded, object, options);
  } catch (error) {
    if (!(error instanceof SpacerError) || FATAL.has(error.code)) throw error;
    return error.text;
  }
}

/** One library on its way. */
interface Job {
  readonly object: PreparedObject;
  readonly record: LibraryRecord;
  readonly names: readonly string[];
  /** Where the result is kept. */
  readonly file: string;
}

async function splitLibrary(
  loaded: LoadedUnikernel,
  object: PreparedObject,
  options: SplitOptions,
): Promise<SplitObject> {
  const { buildDirectory, directory } = loaded.unikernel;
  const root = options.root ?? directory;
  const record = await readLibraryRecord(object.path, { root, buildDirectory });
  if (record.units.length < 2) throw refused('it has one compile unit only');
  const names = unitNames(record.units, object.path);
  const key = keyOf(object, names);
  const file = path.join(options.cache, 'units', key, path.basename(object.path));
  const job: Job = { object, record, names, file };
  return (await fromCache(job)) ?? make(job, options);
}

/**
 * The bytes of the library's own object stand for its units and for the commands: what is in the
 * cache is proved against that object, whoever put it there.
 */
function keyOf({ elf }: PreparedObject, names: readonly string[]): string {
  return hashBytes(Buffer.from([FORMAT, hashBytes(elf.bytes), ...names].join('\n')));
}

async function fromCache(job: Job): Promise<SplitObject | undefined> {
  const bytes = await readFile(job.file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  try {
    const elf = readElf(job.file, bytes);
    if ((await changeOf(job, elf)) !== undefined) return undefined;
    const now = new Date();
    await utimes(path.dirname(job.file), now, now).catch(() => undefined);
    return resultOf(job, elf);
  } catch (error) {
    if (error instanceof SpacerError) return undefined;
    throw error;
  }
}

async function make(job: Job, options: SplitOptions): Promise<SplitObject> {
  await mkdir(options.scratch, { recursive: true });
  const scratch = await mkdtemp(path.join(options.scratch, 'units-'));
  try {
    const copies = await copyUnits(job, scratch);
    const made = await replay(job, copies, scratch, options);
    const elf = readElf(job.file, await readFile(made));
    const change = await changeOf(job, elf);
    if (change !== undefined)
      throw refused(`split at its units it would not be the same: ${change}`);
    await keep(made, job.file);
    return resultOf(job, elf);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The prepared object differs from the build's where it holds common symbols; then that one counts. */
async function changeOf({ object, names }: Job, split: ElfFile): Promise<string | undefined> {
  const change = splitChange(object.elf, split, names);
  if (change === undefined || object.copy === undefined) return change;
  return splitChange(readElf(object.path, await readFile(object.path)), split, names);
}

function resultOf({ file, names }: Job, elf: ElfFile): SplitObject {
  const found = new Set(elf.sections.map(({ name }) => unitSection(name)?.unit));
  return { file, elf, units: names.filter((name) => found.has(name)) };
}

/** Paths of copies by the paths of units; units with nothing to rename serve as they are. */
async function copyUnits({ record, names }: Job, scratch: string): Promise<Map<string, string>> {
  const copies = new Map<string, string>();
  for (const [i, unit] of record.units.entries()) {
    const bytes = await readFile(unit).catch(() => undefined);
    if (bytes === undefined) throw refused(`its unit ${path.basename(unit)} is missing`);
    const elf = readElf(unit, bytes);
    if (elf.type !== ET_REL) throw refused(`its unit ${path.basename(unit)} is no object`);
    const rename = renamedSections(elf, names[i]!);
    if (rename.size === 0) continue;
    const mergeable = [...rename.keys()].filter((n) => elf.sections[n]!.flags & SHF.MERGE);
    const clearFlags = new Map(mergeable.map((n) => [n, SHF.MERGE | SHF.STRINGS]));
    const copy = path.join(scratch, `${i}.o`);
    await writeFile(copy, editObject(elf, { rename, clearFlags }));
    copies.set(unit, copy);
  }
  if (copies.size < 2) throw refused('all its code and data is of one compile unit');
  return copies;
}

/** Runs the recorded commands on the copies; returns the file that they made. */
async function replay(
  { record }: Job,
  copies: ReadonlyMap<string, string>,
  scratch: string,
  options: SplitOptions,
): Promise<string> {
  const { signal, tools } = options;
  const run = (command: ToolCommand) => runTool({ ...command, cwd: scratch }, { signal, tools });
  const { cwd } = record.merge;
  let made = path.join(scratch, 'merged.o');
  await run(withFiles(record.merge, (file) => unitFile(file, cwd, copies), made));
  for (const [i, copy] of record.copies.entries()) {
    const next = path.join(scratch, `copied-${i}.o`);
    await run({ ...copy, args: [...copy.args.slice(0, -2), made, next] });
    made = next;
  }
  return made;
}

function unitFile(file: string, cwd: string, copies: ReadonlyMap<string, string>): string {
  const absolute = path.resolve(cwd, file);
  return copies.get(absolute) ?? absolute;
}

/** A file appears in the cache as a whole or not at all. */
async function keep(made: string, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, await readFile(made));
  await rename(aside, file);
}

function refused(why: string): SpacerError {
  return new SpacerError('library-whole', why);
}
