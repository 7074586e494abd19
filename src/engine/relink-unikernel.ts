/** Writes the copies and scripts of one unikernel, reads them back, and links with them. */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from './errors.ts';
import { relink, type Relinked } from './link/replay.ts';
import type { Tools } from './link/run.ts';
import { copyName } from './plan-set.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';

const OBJECTS = 'objects';
const SCRIPTS = 'scripts';

export interface RelinkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly tools?: Tools | undefined;
}

/** Writes rewritten scripts and object copies into a folder of their own. */
export async function writeInputs(
  directory: string,
  loaded: LoadedUnikernel,
  texts: readonly string[],
): Promise<void> {
  await mkdir(path.join(directory, OBJECTS), { recursive: true });
  await mkdir(path.join(directory, SCRIPTS), { recursive: true });
  const scripts = texts.map((text, i) =>
    writeFile(path.join(directory, SCRIPTS, scriptName(loaded, i)), text),
  );
  const copies = loaded.objects.map((object) => {
    const target = path.join(directory, OBJECTS, copyName(object.library));
    return object.copy ? writeFile(target, object.copy) : copyFile(object.path, target);
  });
  await Promise.all([...scripts, ...copies]);
}

/** The scripts keep their order in their names: `0-link64.lds`, `1-extra.ld`. */
function scriptName(loaded: LoadedUnikernel, index: number): string {
  const base = path.basename(loaded.scripts[index]!.file).replace(/[^\w.-]/g, '_');
  return `${index}-${base}`;
}

/**
 * Reads the scripts that an earlier alignment wrote.
 * @throws SpacerError `scripts-missing`
 */
export async function readWrittenScripts(directory: string, name: string): Promise<string[]> {
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
  const copyOf = ({ library }: { library: string }) =>
    path.join(directory, OBJECTS, copyName(library));
  const recorded = loaded.objects.slice(0, loaded.originals.length);
  const objects = new Map(recorded.map((object) => [object.path, copyOf(object)]));
  const extraObjects = loaded.objects.slice(loaded.originals.length).map(copyOf);
  const { unikernel } = loaded;
  return relink({
    unikernel,
    script: script!,
    extraScripts,
    objects,
    extraObjects,
    outputDirectory: directory,
    ...options,
  });
}
