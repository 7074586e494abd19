/** Response files (`@FILE`): expanded if they are the build's own, with limits. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { splitWords } from '../link/words.ts';
import { readLimited } from './files.ts';
import { isInside } from './mapping.ts';
import type { MapArgument } from './mapping.ts';

/**
 * Replaces `@FILE` arguments by the words of the file, which may name further files.
 *
 * @throws SpacerError `link-record-unreadable` if a file lies outside the opened folder and the
 *   build folder, is missing or too large, or if files name each other too deeply
 */
export async function expandResponseFiles(
  args: readonly string[],
  place: { readonly root: string; readonly buildDirectory: string },
  map: MapArgument,
  depth = 0,
): Promise<string[]> {
  const words: string[] = [];
  for (const word of args) {
    if (!word.startsWith('@') || word.length === 1) {
      words.push(word);
      continue;
    }
    if (depth >= LIMITS.depth.responseFiles)
      throw refused(word, 'response files name each other too deeply');
    const inner = await readWords(word, place);
    words.push(...(await expandResponseFiles(inner.map(map), place, map, depth + 1)));
    if (words.length > LIMITS.count.responseWords)
      throw refused(word, 'response files hold too many words');
  }
  return words;
}

async function readWords(
  word: string,
  place: { readonly root: string; readonly buildDirectory: string },
): Promise<string[]> {
  const file = path.resolve(place.buildDirectory, word.slice(1));
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined) throw refused(word, `the response file ${file} is missing`);
  const allowed = await Promise.all([realpath(place.root), realpath(place.buildDirectory)]);
  if (!allowed.some((directory) => isInside(real, directory))) {
    throw refused(word, `the response file ${file} lies outside the workspace`);
  }
  const text = await readLimited(real, LIMITS.bytes.responseFile);
  if (text === undefined) throw refused(word, `the response file ${file} is no regular file`);
  return splitWords(text, { file });
}

function refused(word: string, why: string): SpacerError {
  const text = `The recorded command cannot be replayed: ${why} (${word}).`;
  return new SpacerError('link-record-unreadable', text);
}
