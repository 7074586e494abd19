/**
 * Loaded into VS Code's extension host (`NODE_OPTIONS=--import`): notes every turn of its event loop
 * that took long, as lines `TIME WALL CPU` in milliseconds in the file that SPACER_LOOP_LOG names.
 *
 * CPU is what the main thread itself has run (`schedstat`, proc(5)): on a busy machine a thread also
 * waits for a processor, which is no fault of what it runs.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setInterval } from 'node:timers';

const file = process.env['SPACER_LOOP_LOG'];
const PERIOD = 5;
const LONG = 20;

const cpu = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;

if (file !== undefined && process.argv.some((word) => word.includes('extensionHost'))) {
  let last = performance.now();
  let ran = cpu();
  setInterval(() => {
    const now = performance.now();
    const wall = now - last - PERIOD;
    const own = cpu() - ran;
    if (wall >= LONG) appendFileSync(file, `${Date.now()} ${wall.toFixed(1)} ${own.toFixed(1)}\n`);
    last = performance.now();
    ran = cpu();
  }, PERIOD).unref();
}
