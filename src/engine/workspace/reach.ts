/**
 * Which files a recorded command may name. Records come with the workspace and could name any file
 * of the user's. So where a path really leads, links followed, must be one of these: the workspace;
 * the system's folders of tools and libraries; a Unikraft core or library outside of the workspace,
 * as builds use them; and what the user allowed.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { isFile } from './files.ts';
import { isInside } from './mapping.ts';

/** Folders of tools and libraries that packages own (FHS 3.0; Nix and Guix have their own). */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/opt', '/nix/store', '/gnu'];
/** How deep below a core or library its files stand: four levels in all releases. */
const LEVELS = 12;

export interface ReachOptions {
  /** What the user opened. */
  readonly root: string;
  readonly buildDirectory: string;
  /** Absolute paths beyond these, and words that are no paths: see Tools. */
  readonly allow?: readonly string[] | undefined;
}

export class Reach {
  private readonly folders: Promise<readonly string[]>;
  private readonly system: Promise<readonly string[]>;
  private readonly known = new Map<string, Promise<boolean>>();

  constructor(options: ReachOptions) {
    const { root, buildDirectory, allow = [] } = options;
    const allowed = allow.filter((one) => path.isAbsolute(one));
    this.folders = realAll([root, buildDirectory]);
    this.system = realAll([...SYSTEM, ...allowed]);
  }

  /** Whether a file may be read; what does not exist may, since there is nothing to read. */
  async allows(file: string): Promise<boolean> {
    const real = await realpath(file).catch(() => undefined);
    if (real === undefined) return true;
    if ((await this.isOwn(real)) || (await this.isSystem(real))) return true;
    return this.isUnikrafts(path.dirname(real));
  }

  /** Whether a tool may run: not one that came with the workspace. */
  async allowsTool(tool: string): Promise<boolean> {
    const real = await realOf(tool);
    return !(await this.isOwn(real)) && (await this.isSystem(real));
  }

  private async isOwn(real: string): Promise<boolean> {
    return (await this.folders).some((folder) => isInside(real, folder));
  }

  private async isSystem(real: string): Promise<boolean> {
    return (await this.system).some((folder) => isInside(real, folder));
  }

  private async isUnikrafts(directory: string, levels = LEVELS): Promise<boolean> {
    const parent = path.dirname(directory);
    if (levels === 0 || parent === directory) return false;
    const known = this.known.get(directory) ?? isUnikraftFolder(directory);
    this.known.set(directory, known);
    return (await known) || this.isUnikrafts(parent, levels - 1);
  }
}

const realAll = (files: readonly string[]) => Promise.all(files.map(realOf));

async function realOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(await realOf(parent), path.basename(file));
  }
}

/** A core has a version, a library its makefile (Unikraft 0.4 and later). */
async function isUnikraftFolder(directory: string): Promise<boolean> {
  const there = (name: string) => isFile(path.join(directory, name));
  if (!(await there('Config.uk'))) return false;
  return (await there('version.mk')) || (await there('Makefile.uk'));
}
