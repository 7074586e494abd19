/** Reads and writes `spacer.lock.json`. A file that is not a sound lock is refused with its line. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { isMap, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { refuseStrayLink, writeWhole } from '../whole-file.ts';
import { problemOf } from './check.ts';
import type { Lock } from './model.ts';
import { header, lockFile, lockOfFile } from './schema.ts';
import { formatLock } from './text.ts';

/** Name of the lock file in a workspace. */
export const LOCK_NAME = 'spacer.lock.json';

/** Path of a workspace's lock file. */
export const lockPath = (workspace: string): string => path.resolve(workspace, LOCK_NAME);

/**
 * Reads a lock; undefined where there is no such file, or no folder for it.
 * @throws SpacerError `lock-unreadable`, `lock-invalid`, `lock-version`, `lock-architecture`
 */
export async function readLock(file: string): Promise<Lock | undefined> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new SpacerError('lock-unreadable', 'is no regular file.', { file });
    if (found.size > LIMITS.bytes.document)
      throw new SpacerError('lock-unreadable', `has ${found.size} bytes: too many.`, { file });
    return parseLock(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof SpacerError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SpacerError('lock-unreadable', `cannot be read: ${message}`, { file });
  }
}

/**
 * The lock that a text says.
 * @param file named in errors
 * @throws SpacerError `lock-invalid`, `lock-version`, `lock-architecture`
 */
export function parseLock(text: string, file: string): Lock {
  const json = parseJson(text, file);
  const head = v.safeParse(header, json);
  if (!head.success) throw headerError(head.issues[0], json, text, file);
  const result = v.safeParse(lockFile, json);
  if (!result.success) {
    const [issue] = result.issues;
    const keys = (issue.path ?? []).map(({ key }) => key as string | number);
    const message = issue.message.replace(/\.?$/, '.');
    throw invalid(`is not a lock: ${keys.join('.')}: ${message}`, keys, text, file);
  }
  const lock = lockOfFile(result.output);
  const problem = problemOf(lock);
  if (problem) throw invalid(problem.text, problem.path, text, file);
  return lock;
}

/**
 * Writes a lock; readers find the old or the new one, never a half.
 * @throws SpacerError `output-unwritable`, `output-refused`
 */
export async function writeLock(file: string, lock: Lock): Promise<void> {
  await refuseStrayLink(file);
  await writeWhole(file, formatLock(lock));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message names a place where a token is wrong by what stands before it, and else the token.
    const named = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = lineAt(text, named === undefined ? firstNoToken(text) : Number(named));
    throw new SpacerError('lock-invalid', 'is damaged: it is not JSON from here on.', {
      file,
      line,
    });
  }
}

/** The tokens of RFC 8259 with the white space before them. */
const TOKEN =
  /[ \t\r\n]*(?:"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:])/y;

/** Offset of the first thing that is no token; the end where all are. */
function firstNoToken(text: string): number {
  let end = 0;
  TOKEN.lastIndex = 0;
  while (TOKEN.test(text)) end = TOKEN.lastIndex;
  return end + /^\s*/.exec(text.slice(end))![0].length;
}

const lineAt = (text: string, offset: number) => text.slice(0, offset).split('\n').length;

function headerError(
  issue: v.BaseIssue<unknown>,
  json: unknown,
  text: string,
  file: string,
): SpacerError {
  const key = issue.path?.[0]?.key as string | undefined;
  const value = JSON.stringify((json as Record<string, unknown> | null)?.[key ?? '']);
  const at = place(text, key === undefined ? [] : [key], file);
  if (key === 'version')
    return new SpacerError(
      'lock-version',
      `has version ${value}; this Spacer reads and writes another one. It is left as it is.`,
      at,
    );
  if (key === 'architecture')
    return new SpacerError('lock-architecture', `is for ${value}, not for x86_64.`, at);
  return new SpacerError('lock-invalid', 'is not a lock file of Spacer.', at);
}

function invalid(
  message: string,
  keys: readonly (string | number)[],
  text: string,
  file: string,
): SpacerError {
  return new SpacerError('lock-invalid', message, place(text, keys, file));
}

/** The line of a value. JSON is YAML (YAML 1.2, 1.3), whose parser keeps positions. */
function place(text: string, keys: readonly (string | number)[], file: string) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2' });
  const range = rangeOf(document, keys);
  return range === undefined ? { file } : { file, line: lines.linePos(range).line };
}

/** Where the value stands, or what is nearest to it of the things around it. */
function rangeOf(document: Document.Parsed, keys: readonly (string | number)[]) {
  let node: unknown = document.contents;
  let start = document.contents?.range[0];
  for (const key of keys) {
    if (!isMap(node) && !isSeq(node)) break;
    node = node.get(key, true);
    const range = (node as { range?: readonly [number, number, number] } | undefined)?.range;
    if (range === undefined) break;
    start = range[0];
  }
  return start;
}
