/**
 * `npm run bench:aslr -- WORKSPACE [BLOCKS...]`: what address randomisation costs in instructions,
 * from boot to exit, for every unikernel of a workspace and each of the given values of
 * `--aslr-blocks` (1). Counted in QEMU with `-icount shift=0`. Functions that read ports are left out:
 * they wait for a device or a clock, and carry out as many instructions as that takes. With them, the first
 * column has what the guest's time-stamp counter counts.
 *
 * `--top N` lists the functions that differ most from the aligned image. Kinds and rest are shares of that.
 */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { main, must, root, Trouble } from './lib/run.mjs';
import { buildCounter, countExecuted } from './instructions/executed.mjs';
import { readImage } from './instructions/image.mjs';
import { addedInstructions, functionsThatWait, KINDS } from './instructions/kinds.mjs';

const cli = path.join(root, 'dist/cli.mjs');

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { top: { type: 'string', default: '0' } },
  });
  const [workspace, ...given] = positionals;
  if (workspace === undefined) throw new Trouble('Usage: bench:aslr -- WORKSPACE [BLOCKS...]');
  const folder = path.join(root, 'out/bench-aslr', path.basename(path.resolve(workspace)));
  await mkdir(folder, { recursive: true });
  const bench = { folder, plugin: await buildCounter(folder) };
  const plain = await align(workspace, path.join(folder, 'plain'), []);
  for (const blocks of given.length > 0 ? given : ['1']) {
    const args = ['--aslr', '2', '--seed', 'bench', '--aslr-blocks', blocks];
    const random = await align(workspace, path.join(folder, `blocks-${blocks}`), args);
    console.log(
      `\n--aslr-blocks ${blocks}: ${random.totals.after.distinct} distinct pages, ${plain.totals.after.distinct} without`,
    );
    console.log(
      columns('', [
        'with waiting',
        'default link',
        'aligned',
        'randomised',
        'more than it',
        'than aligned',
        ...KINDS,
        'rest',
      ]),
    );
    for (const { name, before, after } of random.unikernels) {
      const aligned = plain.unikernels.find((one) => one.name === name);
      const a = await measure(before.image, bench);
      const b = await measure(aligned.after.image, bench);
      const c = await measure(after.image, bench);
      const kinds = [...c.added.values()];
      const rest = c.total - b.total - kinds.reduce((sum, n) => sum + n, 0);
      const totals = [a.whole, a.total, b.total, c.total].map(String);
      const more = [percent(c.total - a.total, a.total), percent(c.total - b.total, b.total)];
      const shares = [...kinds, rest].map((n) => percent(n, b.total));
      console.log(columns(name, [...totals, ...more, ...shares]));
      for (const line of mostChanged(b, c, Number(values.top))) console.log(line);
    }
  }
});

async function align(workspace, output, args) {
  const all = ['align', '-w', workspace, '--no-lock', '--output', output, ...args];
  await must('spacer align', process.execPath, [cli, ...all]);
  return JSON.parse(await readFile(path.join(output, 'report.json'), 'utf8'));
}

/** Instructions of one boot: all, those for randomisation by kind, and by function. */
async function measure(file, { plugin, folder }) {
  const image = await readImage(`${file}.dbg`);
  const counts = await countExecuted(file, image, plugin, folder);
  const sum = () => [...counts.values()].reduce((total, n) => total + n, 0);
  const whole = sum();
  const waiting = functionsThatWait(image, counts);
  const functions = new Map();
  for (const [address, count] of counts) {
    const name = image.functionAt(address);
    if (waiting.has(name)) counts.delete(address);
    else functions.set(name, (functions.get(name) ?? 0) + count);
  }
  return { whole, total: sum(), functions, added: addedInstructions(image, counts) };
}

function mostChanged(b, c, top) {
  const names = new Set([...b.functions.keys(), ...c.functions.keys()]);
  const of = (one, name) => one.functions.get(name) ?? 0;
  return [...names]
    .map((name) => ({ name, before: of(b, name), more: of(c, name) - of(b, name) }))
    .sort((x, y) => Math.abs(y.more) - Math.abs(x.more))
    .slice(0, top)
    .map(({ name, before, more }) => `    ${String(more).padStart(10)} of ${before}  ${name}`);
}

/** Of a number, in per cent. */
function percent(n, of) {
  return `${((100 * n) / of).toFixed(2)}%`;
}

function columns(name, cells) {
  return [name.padEnd(10), ...cells.map((cell) => cell.padStart(11))].join(' ');
}
