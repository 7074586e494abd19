/**
 * Which options the sources of a library ask for: what the dependency files of its units (`.d`, as
 * gcc -MD writes them) name is read, and every `CONFIG_...` in it counts.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { readLimited } from '../workspace/files.ts';

/** Sources that are larger are data. */
const MAX_SOURCE = 2 * 1024 * 1024;
const MAX_FILES = 4000;

export class Mentions {
  private readonly known = new Map<string, Promise<ReadonlySet<string>>>();

  /** Options that a library's sources and headers mention. */
  async ofLibrary(buildDirectory: string, library: string): Promise<ReadonlySet<string>> {
    const folder = path.join(buildDirectory, library);
    const entries = await readdir(folder, { recursive: true }).catch((): string[] => []);
    const lists = entries
      .filter((name) => name.endsWith('.d'))
      .map((name) => path.join(folder, name));
    const files = new Set<string>();
    for (const list of lists)
      for (const file of await sourcesOf(list, buildDirectory)) files.add(file);
    const found = new Set<string>();
    for (const file of [...files].slice(0, MAX_FILES))
      for (const option of await this.ofFile(file)) found.add(option);
    return found;
  }

  private ofFile(file: string): Promise<ReadonlySet<string>> {
    const known = this.known.get(file);
    if (known) return known;
    const reading = optionsIn(file);
    this.known.set(file, reading);
    return reading;
  }
}

async function sourcesOf(list: string, cwd: string): Promise<string[]> {
  const text = await textOf(list);
  const words = text
    .replace(/\\\n/g, ' ')
    .replace(/^[^:]*:/, ' ')
    .split(/\s+/);
  return words
    .filter((word) => /\.(c|h|S|s|cc|cpp|hpp|in)$/.test(word) && !isConfigHeader(word))
    .map((word) => path.resolve(cwd, word));
}

/** The header that defines all options mentions all of them. */
const isConfigHeader = (file: string) => /(^|\/)(_config|config|autoconf)\.h$/.test(file);

async function optionsIn(file: string): Promise<ReadonlySet<string>> {
  const text = await textOf(file);
  return new Set(text.match(/\bCONFIG_\w+/g) ?? []);
}

/** Empty where there is none that can be read. */
const textOf = async (file: string) =>
  (await readLimited(file, MAX_SOURCE).catch(() => undefined)) ?? '';
