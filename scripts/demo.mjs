/**
 * `npm run demo`: the whole of Spacer in one command. Installs what is missing, builds Spacer and
 * the sample workspace, aligns it, shows the pages before and after, and boots every unikernel in
 * QEMU before and after to compare what they print. Ends with status 0 only if all of that holds.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { main, must, root, run, since, Trouble } from './lib/run.mjs';
import { boot, inParallel } from './lib/qemu.mjs';
import { installPackages, installPrograms, TOOLCHAIN } from './lib/setup.mjs';

const out = path.join(root, 'out/demo');
const workspace = path.join(out, 'workspace');
const report = path.join(out, 'page-map.html');
const cli = path.join(root, 'dist/cli.mjs');
const log = (text) => console.log(text);

await main(async () => {
  const start = performance.now();
  await installPrograms(TOOLCHAIN, log);
  await installPackages(log);
  const ready = performance.now();
  await build();
  await align();
  const document = JSON.parse(await readFile(path.join(workspace, '.spacer/report.json'), 'utf8'));
  const failures = [...judge(document), ...(await compareConsoles(document))];
  log(`\nPage map: ${report}`);
  log(
    `Done in ${since(ready)}${ready - start > 1000 ? `, after ${((ready - start) / 1000).toFixed(1)} s of installing` : ''}.`,
  );
  if (failures.length > 0) throw new Trouble(`The demo failed:\n  ${failures.join('\n  ')}`);
});

/** Spacer and the sample need each other only when both are there. */
async function build() {
  log('Building Spacer and the sample workspace');
  await rm(out, { recursive: true, force: true });
  await mkdir(workspace, { recursive: true });
  const start = performance.now();
  const sample = ['-s', '-C', path.join(root, 'media/sample'), `BUILD=${workspace}`, 'JOBS=2'];
  await Promise.all([
    must('Building Spacer', process.execPath, [path.join(root, 'scripts/build.mjs')]),
    must('Building the sample workspace', 'make', sample),
  ]);
  log(`  ${since(start)}`);
}

async function align() {
  log(`\nspacer -w ${path.relative(root, workspace)} --html ${path.relative(root, report)}\n`);
  const args = [cli, '-w', workspace, '--html', report];
  const { status } = await run(process.execPath, args, { live: true });
  if (status !== 0) throw new Trouble(`spacer ended with status ${status}.`);
}

/** What must hold of the figures. */
function judge({ totals, unikernels, failures, unusable }) {
  const wrong = [...failures, ...unusable].map(({ name, message }) => `${name}: ${message}`);
  if (unikernels.length < 6) wrong.push(`only ${unikernels.length} unikernels were aligned`);
  if (!(totals.after?.distinct < totals.before?.distinct))
    wrong.push('the aligned unikernels do not need fewer distinct pages');
  return wrong;
}

/** Boots every image, and tells what differs. */
async function compareConsoles({ unikernels }) {
  log('\nBooting every unikernel in QEMU, before and after');
  const start = performance.now();
  const images = unikernels.flatMap(({ before, after }) => [before.image, after.image]);
  const booted = await inParallel(images, 2, (image) => boot(image));
  const wrong = unikernels.flatMap(({ name }, i) => {
    const problem = difference(booted[2 * i], booted[2 * i + 1]);
    const lines = booted[2 * i].console.trimEnd().split('\n').length;
    log(`  ${name.padEnd(12)} ${problem ?? `prints the same ${lines} lines`}`);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
  log(`  ${since(start)}`);
  return wrong;
}

function difference(before, after) {
  if (!before.ended) return `does not boot before (QEMU ended with ${before.status})`;
  if (before.console.trim() === '') return 'prints nothing before';
  if (!after.ended) return `does not boot after (QEMU ended with ${after.status})`;
  return before.console === after.console ? undefined : 'prints something else after';
}
