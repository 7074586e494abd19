/** Boots images in QEMU, without acceleration, and reads what they print. */
import { run } from './run.mjs';

/** As `unikraft-builds` found: boots every image, and a guest that ends gives status 83. */
const MACHINE = [
  ...['-accel', 'tcg', '-cpu', 'max', '-m', '64M', '-nodefaults', '-serial', 'stdio'],
  ...['-display', 'none', '-no-reboot', '-device', 'isa-debug-exit'],
];
const CLEAN_END = 83;

/**
 * Boots one image.
 * @returns what it printed, and whether it came to its own end
 */
export async function boot(image, { timeout = 30_000, args = [] } = {}) {
  const { status, stdout } = await run(
    'qemu-system-x86_64',
    [...MACHINE, ...args, '-kernel', image],
    { timeout },
  );
  return { ended: status === CLEAN_END, status, console: stdout };
}

/** Runs work for each item, `width` at a time, and keeps the order of the items. */
export async function inParallel(items, width, work) {
  const results = new Array(items.length);
  const queue = items.entries();
  const lane = async () => {
    for (const [i, item] of queue) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
