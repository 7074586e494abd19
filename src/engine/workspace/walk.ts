/**
 * Looks through a workspace for applications and build folders.
 *
 * A workspace can hold a core, library sources and other projects with very many files, so the
 * walk is bounded and leaves out what holds no applications. Links are never followed: what they
 * lead to inside the workspace is found where it stands, and outside is none of our business.
 */
import { readdir } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import { isDebugImageName } from './images.ts';
import { pickKraftfile } from './kraftfile.ts';

/** A folder that is an application, or looks like one. */
export interface Place {
  readonly directory: string;
  /** Build folders, in order of preference; empty where nothing was built. */
  readonly builds: readonly BuildFolder[];
  /** Path of its Kraftfile. */
  readonly kraftfile?: string;
}

export interface BuildFolder {
  readonly directory: string;
  readonly kind: 'classic' | 'kraft';
}

export interface WalkLimits {
  /** Levels below the root. */
  readonly depth: number;
  /** Entries of folders read in all. */
  readonly entries: number;
}

/** Workspaces seen have at most four levels down to an application and some thousand entries. */
const WALK_LIMITS: WalkLimits = { depth: 8, entries: 200_000 };

const SKIPPED = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.spacer',
  '.unikraft',
  '__pycache__',
]);

export interface Walked {
  readonly places: readonly Place[];
  /** Folders that were not looked into, because a limit was reached. */
  readonly cut: readonly string[];
  /** Folders that cannot be read. */
  readonly unreadable: readonly string[];
}

/** Finds the applications below `root`, in the order of their paths. */
export async function walk(
  root: string,
  options: { readonly signal?: AbortSignal | undefined; readonly limits?: WalkLimits } = {},
): Promise<Walked> {
  const walker = new Walker(options.limits ?? WALK_LIMITS, options.signal);
  await walker.visit(root, 0, undefined);
  return walker;
}

class Walker implements Walked {
  readonly places: Place[] = [];
  readonly cut: string[] = [];
  readonly unreadable: string[] = [];
  private entries = 0;

  constructor(
    private readonly limits: WalkLimits,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async visit(directory: string, depth: number, parent: string | undefined): Promise<void> {
    this.signal?.throwIfAborted();
    const entries = await this.read(directory);
    if (entries === undefined) return;
    const files = namesOf(entries, (entry) => entry.isFile() || entry.isSymbolicLink());
    const folders = namesOf(entries, (entry) => entry.isDirectory());
    if (isCoreTree(files, folders)) return;
    if ([...files].some(isDebugImageName)) {
      this.places.push(placeOfBuild(directory));
      return;
    }
    const builds = await this.builds(directory, entries);
    const kraftfile = pickKraftfile(files);
    if (builds.length > 0 || kraftfile !== undefined || isUnbuilt(parent, files)) {
      this.places.push({
        directory,
        builds,
        ...(kraftfile === undefined ? {} : { kraftfile: path.join(directory, kraftfile) }),
      });
    }
    const taken = new Set(builds.map((build) => build.directory));
    for (const name of [...folders].sort()) {
      const next = path.join(directory, name);
      if (SKIPPED.has(name) || taken.has(next) || isLibraries(name, folders)) continue;
      if (depth >= this.limits.depth) this.cut.push(next);
      else await this.visit(next, depth + 1, path.basename(directory));
    }
  }

  /** Entries in the order of their names, or nothing where they cannot be read. */
  private async read(directory: string): Promise<Dirent[] | undefined> {
    if (this.entries >= this.limits.entries) {
      this.cut.push(directory);
      return undefined;
    }
    try {
      const entries = await readdir(directory, { withFileTypes: true });
      this.entries += entries.length;
      return entries;
    } catch {
      this.unreadable.push(directory);
      return undefined;
    }
  }

  private async builds(directory: string, entries: readonly Dirent[]): Promise<BuildFolder[]> {
    const found: BuildFolder[] = [];
    const names = namesOf(entries, (entry) => entry.isDirectory() || entry.isSymbolicLink());
    for (const name of [...names].sort()) {
      const inner = path.join(directory, name);
      if (name === '.unikraft') {
        const build = path.join(inner, 'build');
        if (looksBuilt(await namesIn(build))) found.push({ directory: build, kind: 'kraft' });
      } else if (/^build([-_.].*)?$/.test(name) && looksBuilt(await namesIn(inner))) {
        found.push({ directory: inner, kind: 'classic' });
      }
    }
    return found;
  }
}

/** The opened folder, or one on the way to applications, may itself be a build folder. */
function placeOfBuild(directory: string): Place {
  const parent = path.dirname(directory);
  if (path.basename(parent) === '.unikraft') {
    return { directory: path.dirname(parent), builds: [{ directory, kind: 'kraft' }] };
  }
  return { directory: parent, builds: [{ directory, kind: 'classic' }] };
}

function namesOf(entries: readonly Dirent[], matches: (entry: Dirent) => boolean): Set<string> {
  return new Set(entries.filter(matches).map((entry) => entry.name));
}

async function namesIn(directory: string): Promise<Set<string>> {
  return new Set(await readdir(directory).catch(() => []));
}

/** A build folder holds an image, or at least what Unikraft's build leaves before one. */
function looksBuilt(names: ReadonlySet<string>): boolean {
  if (names.has('kconfig') && (names.has('config') || names.has('include'))) return true;
  for (const name of names) {
    if (isDebugImageName(name) || /^lib\w+\.o$/.test(name)) return true;
    if (/_(kvm|qemu|fc)-(x86_64|arm64)$/.test(name) || name.endsWith('.dbg.cmd')) return true;
  }
  return false;
}

/** The Unikraft core itself: many folders, no applications. */
function isCoreTree(files: ReadonlySet<string>, folders: ReadonlySet<string>): boolean {
  const marks = ['Config.uk', 'Makefile.uk', 'version.mk'].every((name) => files.has(name));
  return marks && folders.has('plat') && folders.has('lib');
}

/** `libs` beside the core or the applications: sources of libraries. */
function isLibraries(name: string, siblings: ReadonlySet<string>): boolean {
  return name === 'libs' && (siblings.has('unikraft') || siblings.has('apps'));
}

/** `apps/NAME` with Unikraft's makefiles but without a build. */
function isUnbuilt(parent: string | undefined, files: ReadonlySet<string>): boolean {
  return parent === 'apps' && files.has('Makefile.uk');
}
