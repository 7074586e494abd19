/**
 * Installs what the scripts need: npm packages as the lock file has them, and programs of the
 * system through apt where that is possible. Knows nothing but Node, because it runs first.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { isInstalled, must, root, run, Trouble } from './run.mjs';

/** Debian packages by the program that shows they are there. */
export const TOOLCHAIN = {
  gcc: 'gcc',
  ld: 'binutils',
  make: 'make',
  python3: 'python3',
  'qemu-system-x86_64': 'qemu-system-x86',
};
/** What only the tests need. */
export const TEST_TOOLS = { 'g++': 'g++', chromium: 'chromium' };

/** Runs `npm ci` unless the installed packages are those of the lock file. */
export async function installPackages(log) {
  if (packagesAreCurrent()) return;
  log('Installing npm packages (npm ci)');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = ['ci', '--include=dev', ...quiet];
  await must('Installing the npm packages', 'npm', npm, { env: { CI: 'true' } });
}

/** Compares what npm says it installed with what the lock file asks for. */
function packagesAreCurrent() {
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  const present = packagesOf(path.join(root, 'node_modules/.package-lock.json'));
  if (wanted === undefined) throw new Trouble('package-lock.json is missing.');
  if (present === undefined) return false;
  return Object.entries(wanted)
    .filter(([folder, entry]) => folder !== '' && !entry.optional && !entry.peer)
    .every(([folder, entry]) => present[folder]?.version === entry.version);
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Installs programs that are missing, by apt as root on Debian and its descendants.
 * @throws Trouble one line that names the packages, where they cannot be installed from here
 */
export async function installPrograms(packages, log) {
  const missing = Object.entries(packages).filter(([program]) => !isInstalled(program));
  const names = missing.map(([, name]) => name);
  if (names.length === 0) return;
  if (!canApt())
    throw new Trouble(
      `Please install: ${names.join(' ')} (Debian and Ubuntu: apt install ${names.join(' ')})`,
    );
  log(`Installing ${names.join(', ')} (apt-get)`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...names];
  await must('Installing programs', 'apt-get', install, { env });
}

const canApt = () => process.getuid?.() === 0 && isInstalled('apt-get') && isInstalled('dpkg');
