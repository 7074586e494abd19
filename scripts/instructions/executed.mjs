/** Boots an image and counts how often each instruction of it is carried out. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { boot } from '../lib/qemu.mjs';
import { must, root, Trouble } from '../lib/run.mjs';

/** Builds QEMU's plugin that counts. */
export async function buildCounter(folder) {
  const plugin = path.join(folder, 'count.so');
  const source = path.join(root, 'scripts/instructions/count.c');
  const flags = ['-shared', '-fPIC', '-O2', '-fvisibility=hidden'];
  await must('Building the counter', 'gcc', [...flags, source, '-o', plugin]);
  return plugin;
}

/**
 * Virtual time is the number of instructions (`-icount shift=0`: one a nanosecond, which is also what
 * the guest's time-stamp counter counts), so two boots carry out the same instructions.
 * @returns numbers by address, of the code of the image alone: not of the firmware
 */
export async function countExecuted(image, { isCode }, plugin, folder) {
  const output = path.join(folder, 'counts');
  const args = ['-icount', 'shift=0', '-plugin', `${plugin},out=${output}`];
  const { ended, status, console } = await boot(image, { args, timeout: 120_000 });
  // With `-icount`, QEMU sometimes sees the end of the machine before that of the program.
  if ((!ended && status !== 0) || console === '')
    throw new Trouble(`${image} does not boot: QEMU ended with ${status}.`);
  const counts = new Map();
  for (const line of (await readFile(output, 'utf8')).trimEnd().split('\n')) {
    const [address, count] = line.split(' ').map(Number);
    if (isCode(address)) counts.set(address, count);
  }
  return counts;
}
