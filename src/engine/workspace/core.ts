/**
 * Which Unikraft core, libraries and platforms a build without records used.
 *
 * The build folder says so itself: `Makefile` is a link into the core, `kconfig/libs.uk` and
 * `kconfig/plat.uk` name the configuration file of every library and platform, and dependency
 * files name the build folder of old, so that a moved workspace is recognised.
 */
import { readlink } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { isDirectory, isFile, readLimited } from './files.ts';
import { isInside, pathMapper } from './mapping.ts';

export interface Core {
  readonly directory: string;
  /** External libraries in the order of the build, for `L=`. */
  readonly libraries: readonly string[];
  /** External platforms, for `P=`. */
  readonly platforms: readonly string[];
}

/**
 * Finds the core that a build folder was made with.
 *
 * @throws SpacerError `core-missing`
 */
export async function findCore(place: {
  readonly root: string;
  readonly directory: string;
  readonly buildDirectory: string;
}): Promise<Core> {
  const { root, directory, buildDirectory } = place;
  const recordedBuild = await recordedBuildDirectory(buildDirectory);
  const map = pathMapper(
    path.join(recordedBuild ?? buildDirectory, 'config'),
    path.join(buildDirectory, 'config'),
    root,
  );
  const linked = await linkedCore(buildDirectory);
  const candidates = [
    ...(linked === undefined ? [] : [map(linked), linked]),
    ...ancestors(directory, root).map((ancestor) => path.join(ancestor, 'unikraft')),
    path.join(directory, '.unikraft', 'unikraft'),
  ];
  for (const candidate of candidates) {
    if (!(await isCore(candidate))) continue;
    const lists = await readLists(buildDirectory);
    const external = (files: readonly string[]): string[] =>
      externalFolders(files, linked ?? candidate).map(map);
    return {
      directory: candidate,
      libraries: external(lists.libraries),
      platforms: external(lists.platforms),
    };
  }
  const text =
    'The build recorded no commands, and the Unikraft core that could tell them is missing.';
  throw new SpacerError('core-missing', text, { file: linked ?? path.join(root, 'unikraft') });
}

async function isCore(directory: string): Promise<boolean> {
  const files = await Promise.all(
    ['Makefile', 'Config.uk', 'version.mk'].map((name) => isFile(path.join(directory, name))),
  );
  return files.every(Boolean) && (await isDirectory(path.join(directory, 'plat')));
}

async function linkedCore(buildDirectory: string): Promise<string | undefined> {
  const target = await readlink(path.join(buildDirectory, 'Makefile')).catch(() => undefined);
  return target === undefined ? undefined : path.dirname(path.resolve(buildDirectory, target));
}

/** The build folder as dependency files name it: `cmd_/old/build/libkvmplat/link64.lds := ...`. */
async function recordedBuildDirectory(buildDirectory: string): Promise<string | undefined> {
  const file = path.join(buildDirectory, 'libkvmplat', 'link64.lds.d');
  const text = await readLimited(file, LIMITS.bytes.configuration).catch(() => undefined);
  return /^cmd_(\/.*)\/libkvmplat\/link64\.lds :=/.exec(text ?? '')?.[1];
}

/** Folders above an application that may hold its core: up to the opened one, or two levels. */
function ancestors(directory: string, root: string): string[] {
  const found: string[] = [];
  let current = path.dirname(directory);
  while (current !== path.dirname(current) && (found.length < 2 || isInside(current, root))) {
    found.push(current);
    current = path.dirname(current);
  }
  return found;
}

async function readLists(
  buildDirectory: string,
): Promise<{ libraries: string[]; platforms: string[] }> {
  const read = async (name: string): Promise<string[]> => {
    const text = await readLimited(
      path.join(buildDirectory, 'kconfig', name),
      LIMITS.bytes.configuration,
    );
    const lines = (text ?? '').matchAll(/^source "(\/[^"]*)"$/gm);
    return [...lines].map((line) => path.normalize(line[1] ?? ''));
  };
  return { libraries: await read('libs.uk'), platforms: await read('plat.uk') };
}

/** Folders of configuration files outside the core, in order, each once. */
function externalFolders(files: readonly string[], core: string): string[] {
  const folders = files.filter((file) => !isInside(file, core)).map((file) => path.dirname(file));
  return [...new Set(folders)];
}
