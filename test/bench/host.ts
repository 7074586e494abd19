/** How long the extension host was kept from its event loop, and what the browser's pages take. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Frame } from 'playwright-core';

const MONITOR = pathToFileURL(path.resolve(import.meta.dirname, 'loop-monitor.mjs')).href;

/** Environment for a VS Code whose extension host notes its long turns in a file. */
export const monitored = (log: string) => ({
  NODE_OPTIONS: `--import=${MONITOR}`,
  SPACER_LOOP_LOG: log,
});

/** Begins anew: what comes before, such as the start of VS Code itself, does not count. */
export const forgetTurns = (log: string) => rm(log, { force: true });

/** The longest turn since then, in milliseconds of the thread's own work and on the clock. */
export async function longestTurn(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const turns = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').map(Number));
  const most = (column: number) => Math.max(0, ...turns.map((turn) => turn[column] ?? 0));
  const bound = (ms: number) => (ms === 0 ? 'below 20 ms' : `${ms.toFixed(0)} ms`);
  return `${bound(most(2))} (${bound(most(1))} with waiting for a processor)`;
}

const MIB = 2 ** 20;

/** Memory of the page's objects; what its columns take is not among them. */
export async function heapOf(frame: Frame): Promise<string> {
  const bytes = await frame.evaluate<number>('performance.memory.usedJSHeapSize');
  return `${(bytes / MIB).toFixed(0)} MiB`;
}

/** Private memory of all renderer processes, in MiB. */
export async function memoryOfPages(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  let sum = 0;
  for (const { type, id } of processInfo) {
    if (type !== 'renderer') continue;
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
    sum += Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }
  return sum;
}
