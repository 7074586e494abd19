/**
 * One alignment at a time in an output folder. The lock is a file that names a process by its number
 * and start time (proc(5), /proc/PID/stat, field 22), so that neither a number that was given again
 * nor a killed process keeps a folder locked.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { SpacerError } from '../errors.ts';

const holder = v.object({ pid: v.number(), started: v.string(), since: v.string() });
type Holder = v.InferOutput<typeof holder>;

/** More attempts than that mean that others take the lock again and again. */
const ATTEMPTS = 5;

/**
 * Takes the lock.
 * @returns what gives it back
 * @throws SpacerError `output-busy`
 */
export async function takeOutputLock(file: string): Promise<() => Promise<void>> {
  const own = JSON.stringify({
    pid: process.pid,
    started: (await startOf(process.pid)) ?? '',
    since: new Date().toISOString(),
    key: randomUUID(),
  });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await claim(file, own)) return () => release(file, own);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const other = holderIn(text);
    if (other && (await startOf(other.pid)) === other.started) throw busy(other);
    await takeAway(file, text);
  }
  throw busy(undefined);
}

/** A link appears with all its contents, or not at all. */
async function claim(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, text);
  try {
    await link(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Removes the lock of a process that is gone; one that was taken meanwhile is put back. */
async function takeAway(file: string, stale: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  const text = await readFile(aside, 'utf8').catch(() => stale);
  if (text !== stale) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(file: string, own: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === own) await rm(file, { force: true });
}

function holderIn(text: string): Holder | undefined {
  try {
    return v.parse(holder, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** When a process was started, in clock ticks since boot; undefined where there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name of the program, in brackets, may hold anything.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function busy(other: Holder | undefined): SpacerError {
  const who = other ? ` (process ${other.pid}, since ${other.since})` : '';
  return new SpacerError(
    'output-busy',
    `Another alignment is at work in this output folder${who}. Wait for it to end.`,
  );
}
