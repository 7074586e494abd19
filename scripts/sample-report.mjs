/**
 * Writes media/sample-report.json, which the extension opens without any tool: the page map of the
 * aligned sample workspace, without what only its machine knows.
 *
 *   node scripts/sample-report.mjs
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { main, must, root } from './lib/run.mjs';

const target = path.join(root, 'media/sample-report.json');

/** Left out: predicted pages are those measured, and the rest is of one machine and one run. */
const LEFT_OUT = new Set(['predicted', 'timings', 'workspace']);

await main(async () => {
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'spacer-sample-'));
  try {
    const build = ['-s', '-C', path.join(root, 'media/sample'), `BUILD=${workspace}`, 'JOBS=2'];
    await must('Building Spacer', process.execPath, [path.join(root, 'scripts/build.mjs')]);
    await must('Building the sample workspace', 'make', build);
    const cli = path.join(root, 'dist/cli.mjs');
    await must('Aligning it', process.execPath, [cli, '-w', workspace]);
    const report = await readFile(path.join(workspace, '.spacer/report.json'), 'utf8');
    await writeFile(target, withoutPlaces(JSON.parse(report), workspace));
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
});

/** Paths are those within the workspace. */
function withoutPlaces(document, workspace) {
  const inside = (text) => text.replaceAll(`${workspace}/`, '');
  return JSON.stringify(document, (key, value) => {
    if (LEFT_OUT.has(key)) return undefined;
    return typeof value === 'string' ? inside(value) : value;
  });
}
