/** Writes the copies and scripts of one unikernel, reads them back, and links with them. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { wholeBytes, writeContents, type Contents } from './elf/contents.ts';
import { SpacerError } from './errors.ts';
import { writeArchive } from './link/archive.ts';
import { relink, type Relinked } from './link/replay.ts';
import type { Tools } from './link/run.ts';
import { copyPlace, OBJECTS } from './link/copies.ts';
import type { PreparedObject } from './link/prepare.ts';
import { readWrittenObjects } from './link/written-objects.ts';
import type { InputObject } from './model/types.ts';
import { withObjects, type LoadedUnikernel } from './read-unikernel.ts';

const SCRIPTS = 'scripts';

export interface RelinkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly tools?: Tools | undefined;
}

/** Writes rewritten scripts and object copies into a folder of their own. */
export function writeInputs(
  directory: string,
  loaded: LoadedUnikernel,
  texts: readonly string[],
): void {
  const objects = path.join(directory, OBJECTS);
  const scripts = path.join(directory, SCRIPTS);
  for (const folder of [objects, scripts]) mkdirSync(folder, { recursive: true });
  texts.forEach((text, i) => writeFileSync(path.join(scripts, scriptName(loaded, i)), text));
  for (const object of loaded.objects.filter(({ archive }) => !archive)) {
    const target = path.join(objects, copyPlace(object).file);
    writeContents(target, bytesOf(object));
  }
  for (const [file, archive] of copiedArchives(loaded))
    writeFileSync(path.join(objects, file), archive);
}

const bytesOf = ({ copy, elf }: PreparedObject): Contents => copy ?? elf.contents ?? elf.bytes;

/** A copy of an archive has the members that are linked, and no others. */
function copiedArchives({ objects }: LoadedUnikernel): [file: string, bytes: Uint8Array][] {
  const files = new Map<string, { name: string; data: Uint8Array }[]>();
  for (const object of objects) {
    const { file, member } = copyPlace(object);
    if (member === undefined) continue;
    const members = files.get(file) ?? [];
    files.set(file, members);
    members.push({ name: member, data: wholeBytes(bytesOf(object)) });
  }
  return [...files].map(([file, members]) => [file, writeArchive(members)]);
}

/** The scripts keep their order in their names: `0-link64.lds`, `1-extra.ld`. */
function scriptName(loaded: LoadedUnikernel, index: number): string {
  const base = path.basename(loaded.scripts[index]!.file).replace(/[^\w.-]/g, '_');
  return `${index}-${base}`;
}

/** Whether an alignment wrote scripts and copies of objects into a folder. */
export const hasWritten = (directory: string): boolean =>
  [SCRIPTS, OBJECTS].every((folder) => existsSync(path.join(directory, folder)));

/** What an earlier alignment wrote of one unikernel. */
export interface Written {
  /** The unikernel with the copies for its objects. */
  readonly loaded: LoadedUnikernel;
  /** The scripts to link with. */
  readonly texts: readonly string[];
}

/**
 * Reads the scripts and copies of objects that an earlier alignment wrote. They belong together:
 * the scripts place the stubs, pins and units that the copies have.
 * @param directory that of the unikernel in the folder of outputs
 * @throws SpacerError `scripts-missing`, `objects-missing`, `elf-*`
 */
export async function readWritten(directory: string, recorded: LoadedUnikernel): Promise<Written> {
  const { name } = recorded.unikernel;
  const texts = await readWrittenScripts(directory, name);
  const objects = readWrittenObjects(path.join(directory, OBJECTS), recorded.originals);
  const loaded = withObjects(recorded, objects);
  if (texts.length === loaded.scripts.length) return { loaded, texts };
  const text = `The build of ${name} is not the one that was aligned: align it again.`;
  throw new SpacerError('scripts-missing', text, { file: path.join(directory, SCRIPTS) });
}

async function readWrittenScripts(directory: string, name: string): Promise<string[]> {
  const folder = path.join(directory, SCRIPTS);
  const files = await readdir(folder).catch((): string[] => []);
  if (files.length === 0)
    throw new SpacerError('scripts-missing', `${name} has no scripts yet: align it first`, {
      file: folder,
    });
  const ordered = files.sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
  return Promise.all(ordered.map((file) => readFile(path.join(folder, file), 'utf8')));
}

/**
 * Links with what `writeInputs` wrote, and runs the recorded steps after the link.
 * @throws SpacerError `link-failed`, `post-link-failed`, `tool-missing`, `cancelled`
 */
export function relinkWritten(
  directory: string,
  loaded: LoadedUnikernel,
  options: RelinkOptions,
): Promise<Relinked> {
  const [script, ...extraScripts] = loaded.scripts.map((_, i) =>
    path.join(directory, SCRIPTS, scriptName(loaded, i)),
  );
  const copyOf = (object: InputObject) => path.join(directory, OBJECTS, copyPlace(object).file);
  const recorded = loaded.objects
    .slice(0, loaded.originals.length)
    .filter(({ archive }) => archive === undefined);
  const archives = new Map(
    loaded.archives.map(({ word, name }) => [word, path.join(directory, OBJECTS, name)]),
  );
  const objects = new Map(recorded.map((object) => [object.path, copyOf(object)]));
  const extraObjects = loaded.objects.slice(loaded.originals.length).map(copyOf);
  const { unikernel } = loaded;
  return relink({
    unikernel,
    script: script!,
    extraScripts,
    objects,
    archives,
    extraObjects,
    outputDirectory: directory,
    ...options,
  });
}
