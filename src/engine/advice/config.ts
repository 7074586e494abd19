/**
 * What a unikernel was configured with, as its build wrote it down: `.config` (Kconfig's syntax), or
 * the header that is made of it where that file is gone.
 */
import path from 'node:path';
import { LIMITS } from '../limits.ts';
import { readLimited } from '../workspace/files.ts';
import type { Unikernel } from '../workspace/types.ts';

/** Values by option; an option that is not set has no value. */
export type Config = ReadonlyMap<string, string>;

/** `CONFIG_A=y`, `CONFIG_B="text"`, and the same in a header. */
const LINE = /^(?:#define )?(CONFIG_\w+)[= ](.+)$/gm;

/** The options of a unikernel and the file that tells them; no file and no options where none does. */
export async function readConfig({
  directory,
  buildDirectory,
}: Unikernel): Promise<{ file?: string; options: Config }> {
  const files = [
    path.join(directory, '.config'),
    path.join(buildDirectory, '..', '.config'),
    path.join(buildDirectory, 'config'),
    path.join(buildDirectory, 'include/uk/bits/config.h'),
    path.join(buildDirectory, 'include/uk/_config.h'),
  ];
  for (const file of files) {
    const text = (await readLimited(file, LIMITS.bytes.configuration).catch(() => '')) ?? '';
    const options = [...text.matchAll(LINE)].map(([, name = '', value = '']) => {
      return [name, value === '1' ? 'y' : value.trim()] as const;
    });
    if (options.length > 0) return { file, options: new Map(options) };
  }
  return { options: new Map() };
}
