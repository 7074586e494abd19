/**
 * All checks, then all tests: `npm test`. Installs what is missing first, so that it runs on a
 * fresh machine. The last line counts the tests.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main, run, since } from './lib/run.mjs';
import { installPackages, installPrograms, TEST_TOOLS, TOOLCHAIN } from './lib/setup.mjs';

const log = (text) => console.log(`\n== ${text}`);

/** One that fails makes the run fail, but what comes after it runs all the same. */
const CHECKS = [
  ['Types', 'npm', ['run', '--silent', 'types']],
  ['Lint', 'npm', ['run', '--silent', 'lint']],
  ['Format', 'npm', ['run', '--silent', 'format:check']],
  ['Arrows of import', 'npm', ['run', '--silent', 'arrows']],
  ['Dead code', 'npm', ['run', '--silent', 'dead-code']],
  ['Build', 'npm', ['run', '--silent', 'build']],
  ['VS Code for the end-to-end tests', process.execPath, ['scripts/vscode/install.mjs']],
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
  log('Tests');
  const counts = await runTests();
  console.log(`\nChecks that failed: ${failed.join(', ') || 'none'}. ${since(start)} in all.`);
  console.log(
    `${counts.passed} passed, ${counts.failed + failed.length} failed, ${counts.skipped} skipped`,
  );
  return counts.ok && failed.length === 0 ? 0 : 1;
});

/** Runs vitest with its own summary, and counts from its own results. */
async function runTests() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'spacer-results-'));
  const results = path.join(folder, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const { status } = await run('npx', ['--no-install', 'vitest', 'run', ...reporters], {
    live: true,
  });
  try {
    const counts = JSON.parse(readFileSync(results, 'utf8'));
    // A file that cannot even be loaded fails without a test of it having run.
    const broken = counts.testResults.filter((file) => isBroken(file)).length;
    return {
      ok: status === 0,
      passed: counts.numPassedTests,
      failed: counts.numFailedTests + broken,
      skipped: counts.numPendingTests + counts.numTodoTests,
    };
  } catch (error) {
    console.error(`The results of the tests cannot be read: ${error.message}`);
    return { ok: false, passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isBroken({ status, assertionResults }) {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}
