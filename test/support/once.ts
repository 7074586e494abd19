/**
 * Makes something once for all test files of a run, though they run in several processes: whoever
 * comes first makes it, the others wait. A folder is the lock, since making one is atomic.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';

/** The folder of that name, made by `make` before anyone sees it. */
export async function once(
  name: string,
  make: (folder: string) => void | Promise<void>,
): Promise<string> {
  const base = path.join(inject('scratch'), name);
  const [done, failed] = [`${base}.done`, `${base}.failed`];
  if (isFirst(`${base}.lock`)) {
    try {
      mkdirSync(base, { recursive: true });
      await make(base);
      writeFileSync(done, '');
    } catch (error) {
      writeFileSync(failed, String(error));
    }
  }
  while (!existsSync(done)) {
    if (existsSync(failed)) throw new Error(`${name}: ${readFileSync(failed, 'utf8')}`);
    await sleep(100);
  }
  return base;
}

function isFirst(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

/** A fresh folder inside the run's own. */
export const freshFolder = (name: string): string =>
  mkdtempSync(path.join(inject('scratch'), `${name}-`));
