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
  copyFileSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

export interface ShadowOptions {
  readonly signal?: AbortSignal | undefined;
  /** Names in the top folder that begin like this are left out: they are to look missing. */
  readonly without: string;
}

/** Objects, archives and sources: make looks at their times, never inside. */
const EMPTY = /\.(o|a|so|c|cc|cpp|h|hpp|S|s|gz|xz|zip|tar|tgz|py|dbg)$/;
const COPY_LIMIT = 1024 * 1024;
const FUTURE = 60_000;

/** Entries between two turns of the event loop: thousands of small calls cost least in one piece. */
const BATCH = 2000;

/**
 * Makes the shadow of `from` at `to`, which must not exist; `to` with `.empty` behind it becomes
 * the one file that all empty ones are links to.
 */
export async function makeShadow(from: string, to: string, options: ShadowOptions): Promise<void> {
  const shadow = new Shadow(`${to}.empty`, new Date(Date.now() + FUTURE), options);
  await shadow.directory(from, to, options.without);
}

class Shadow {
  private files = 0;

  constructor(
    private readonly empty: string,
    private readonly time: Date,
    private readonly options: ShadowOptions,
  ) {
    writeFileSync(empty, '');
    lutimesSync(empty, time, time);
  }

  async directory(from: string, to: string, without?: string): Promise<void> {
    mkdirSync(to);
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      if (without !== undefined && entry.name.startsWith(without)) continue;
      await this.count(from);
      const source = path.join(from, entry.name);
      const target = path.join(to, entry.name);
      if (entry.isDirectory()) await this.directory(source, target);
      else if (entry.isSymbolicLink()) this.link(source, target);
      else if (entry.isFile()) this.file(source, target);
    }
    lutimesSync(to, this.time, this.time);
  }

  private async count(directory: string): Promise<void> {
    this.files++;
    if (this.files % BATCH === 0) await turn();
    this.options.signal?.throwIfAborted();
    if (this.files > LIMITS.count.buildFiles) {
      const text = `The build folder has more than ${LIMITS.count.buildFiles} files.`;
      throw new SpacerError('link-record-unreadable', text, { file: directory });
    }
  }

  /** A link to a folder leads to the folder; a link to a file would let make write through it. */
  private link(source: string, target: string): void {
    const found = statOf(source);
    if (found?.isFile() === true) this.file(source, target);
    else if (found?.isDirectory() === true)
      symlinkSync(path.resolve(path.dirname(source), readlinkSync(source)), target);
  }

  private file(source: string, target: string): void {
    if (EMPTY.test(source) || statSync(source).size > COPY_LIMIT)
      return linkSync(this.empty, target);
    copyFileSync(source, target);
    lutimesSync(target, this.time, this.time);
  }
}

/** What a link leads to; nothing where it leads nowhere, or in circles. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}
