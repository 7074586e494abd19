/**
 * All checks, then all tests: `npm test`. Installs what is missing first, so that it runs on a
 * fresh machine. The last line counts the tests.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main, root, run, since } from './lib/run.mjs';
import { installPackages, installPrograms, TEST_TOOLS, TOOLCHAIN } from './lib/setup.mjs';

const log = (text) => console.log(`\n== ${text}`);

/** Each ends the run where it fails: what comes after would only say the same again. */
const CHECKS = [
  ['Types', 'npm', ['run', '--silent', 'types']],
  ['Lint', 'npm', ['run', '--silent', 'lint']],
  ['Format', 'npm', ['run', '--silent', 'format:check']],
  ['Arrows of import', 'npm', ['run', '--silent', 'arrows']],
  ['Dead code', 'npm', ['run', '--silent', 'dead-code']],
  ['Build', 'npm', ['run', '--silent', 'build']],
];

await main(async () => {
  const start = performance.now();
  await installPrograms({ ...TOOLCHAIN, ...TEST_TOOLS }, log);
  await installPackages(log);
  const failed = [];
  for (const [name, file, args] of CHECKS) {
    log(name);
    const { status } = await run(file, args, { live: true });
    if (status !== 0) failed.push(name);
  }
  if (existsSync(path.join(root, 'scripts/vscode/install.mjs'))) {
    log('VS Code for the end-to-end tests');
    await run('node', ['scripts/vscode/install.mjs'], { live: true });
  }
  log('Tests');
  const counts = await runTests();
  console.log(`\nChecks that failed: ${failed.join(', ') || 'none'}. ${since(start)} in all.`);
  console.log(`${counts.passed} passed, ${counts.failed + failed.length} failed, ${counts.skipped} skipped`);
  return counts.ok && failed.length === 0 ? 0 : 1;
});

/** Runs vitest with its own summary, and counts from its own results. */
async function runTests() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'spacer-results-'));
  const results = path.join(folder, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const { status } = await run('npx', ['--no-install', 'vitest', 'run', ...reporters], { live: true });
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(results, 'utf8'),
    );
    const skipped = numPendingTests + numTodoTests;
    return { ok: status === 0, passed: numPassedTests, failed: numFailedTests, skipped };
  } catch {
    return { ok: false, passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
