/**
 * `npm run seeds -- WORKSPACE N [--from I] [--blocks WHAT]`: aligns a workspace with `--aslr 1` once (its layout
 * depends on no seed) and with `--aslr 2` for N seeds, boots every image, and compares what it prints with
 * what the original prints. Ends with status 0 only if all are the same.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { boot, inParallel } from './lib/qemu.mjs';
import { main, must, root, Trouble } from './lib/run.mjs';

const cli = path.join(root, 'dist/cli.mjs');

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      from: { type: 'string', default: '1' },
      blocks: { type: 'string', default: '1' },
    },
  });
  const [workspace, count = '20'] = positionals;
  if (workspace === undefined) throw new Trouble('Usage: seeds -- WORKSPACE [N]');
  const output = path.join(root, 'out/seeds', path.basename(path.resolve(workspace)));
  await mkdir(output, { recursive: true });
  const first = Number(values.from);
  const seeds = Array.from({ length: Number(count) }, (_, i) => `seed ${first + i}`);
  const originals = new Map();
  let wrong = 0;
  for (const seed of [undefined, ...seeds]) {
    const mode = seed === undefined ? ['1'] : ['2', '--seed', seed];
    const blocks = values.blocks === '1' ? [] : ['--aslr-blocks', values.blocks];
    const args = ['align', '-w', workspace, '--no-lock', '--output', output, '--aslr'];
    await must('spacer align', process.execPath, [cli, ...args, ...mode, ...blocks]);
    const { unikernels } = JSON.parse(await readFile(path.join(output, 'report.json'), 'utf8'));
    const different = await differentOnes(unikernels, originals);
    wrong += different.length;
    const said = different.map((text) => `\n  ${text}`).join('');
    const same = unikernels.length - different.length;
    console.log(`${seed ?? '--aslr 1'}: ${same} of ${unikernels.length} print the same${said}`);
  }
  return wrong === 0 ? 0 : 1;
});

/** @param originals what the images printed as they were, by unikernel; filled as they are asked for */
async function differentOnes(unikernels, originals) {
  const told = await inParallel(unikernels, 2, async ({ name, before, after }) => {
    if (!originals.has(name)) originals.set(name, await consoleOf(before.image));
    const console = await consoleOf(after.image);
    const [old, now] = [originals.get(name), console].map((text) => text.split('\n'));
    const at = now.findIndex((line, i) => line !== old[i]);
    if (at < 0 && now.length === old.length) return [];
    return [`${name}, line ${at + 1}: ${now[at]}\n    instead of ${old[at]}`];
  });
  return told.flat();
}

/** What an image prints and how it ends, without what any other image or run prints otherwise. */
async function consoleOf(image) {
  const { ended, status, console } = await boot(image, { timeout: 120_000 });
  const text = console
    .replaceAll(image, 'IMAGE')
    .replaceAll(/estimate is \d+ Hz/g, 'estimate is N Hz')
    .replaceAll(/0x[0-9a-f]+/g, '0xADDRESS')
    // Lines of tests are padded and cut by the length of the addresses in them.
    .replaceAll(/(expected `[^`]*`).* (\[ \w+ \])/g, '$1 $2')
    .replaceAll(/\[ *\d+\.\d+\]/g, '[TIME]')
    .replaceAll(/Booting from ROM\.*/g, 'Booting from ROM');
  return `${text.trimEnd()}\n${ended ? 'ended' : `QEMU ended with ${status}`}`;
}
