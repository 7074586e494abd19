/**
 * A shadow of a build folder: the same names, so that `make` finds everything up to date, without
 * the bulk. Files that make reads (dependencies, configuration) are copied, all others are empty.
 * Every file gets one and the same time, later than any source: nothing looks out of date, even in
 * a copied workspace whose times say nothing.
 *
 * make may remake what it includes and write lists of files while it reads, even when it only
 * prints. All that happens in the shadow.
 */
import {
  copyFile,
  lutimes,
  mkdir,
  readdir,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from '../errors.ts';

export interface ShadowOptions {
  readonly signal?: AbortSignal | undefined;
  /** Names in the top folder that begin like this are left out: they are to look missing. */
  readonly without: string;
}

/** Objects, archives and sources: make looks at their times, never inside. */
const EMPTY = /\.(o|a|so|c|cc|cpp|h|hpp|S|s|gz|xz|zip|tar|tgz|py|dbg)$/;
const COPY_LIMIT = 1024 * 1024;
/** A build of 100 libraries with their sources extracted has about 30,000 files. */
const FILE_LIMIT = 300_000;
const FUTURE = 60_000;

/** Makes the shadow of `from` at `to`, which must not exist. */
export async function makeShadow(from: string, to: string, options: ShadowOptions): Promise<void> {
  const shadow = new Shadow(new Date(Date.now() + FUTURE), options);
  await shadow.directory(from, to, options.without);
}

class Shadow {
  private files = 0;

  constructor(
    private readonly time: Date,
    private readonly options: ShadowOptions,
  ) {}

  async directory(from: string, to: string, without?: string): Promise<void> {
    await mkdir(to);
    for (const entry of await readdir(from, { withFileTypes: true })) {
      if (without !== undefined && entry.name.startsWith(without)) continue;
      this.count(from);
      const source = path.join(from, entry.name);
      const target = path.join(to, entry.name);
      if (entry.isDirectory()) await this.directory(source, target);
      else if (entry.isSymbolicLink()) await this.link(source, target);
      else if (entry.isFile()) await this.file(source, target);
    }
    await lutimes(to, this.time, this.time);
  }

  private count(directory: string): void {
    this.options.signal?.throwIfAborted();
    this.files++;
    if (this.files > FILE_LIMIT) {
      const text = `The build folder has more than ${FILE_LIMIT} files.`;
      throw new SpacerError('link-record-unreadable', text, { file: directory });
    }
  }

  /** A link to a folder leads to the folder; a link to a file would let make write through it. */
  private async link(source: string, target: string): Promise<void> {
    const found = await stat(source).catch(() => undefined);
    if (found?.isFile() === true) return this.file(source, target);
    if (found?.isDirectory() !== true) return;
    await symlink(path.resolve(path.dirname(source), await readlink(source)), target);
  }

  private async file(source: string, target: string): Promise<void> {
    const copied = !EMPTY.test(source) && (await stat(source)).size <= COPY_LIMIT;
    if (copied) await copyFile(source, target);
    else await writeFile(target, '');
    await lutimes(target, this.time, this.time);
  }
}
