/**
 * Puts a real VS Code for tests and for `npm start` into a cache folder: the server inside the npm
 * package `code-server`, which holds workbench, extension host and webviews. Its post-install
 * script and its wrapper are not needed. Downloads come from the npm registry only.
 *
 *   node scripts/vscode/install.mjs      prints the path of the server
 *
 * What is there already is kept, so that a second call needs no network and no time.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** VS Code 1.100.3, the last that runs on Node 20. */
const SERVER = '4.100.3';
const RIPGREP = '1.18.0';
const PACKAGES = [`code-server@${SERVER}`, `@vscode/ripgrep-linux-x64@${RIPGREP}`];
/** Raised when the steps below change, so that an older cache is not taken for a finished one. */
const RECIPE = 1;

const cacheHome = () => process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');

/**
 * Installs VS Code unless it is there.
 * @returns the path of `server-main.js`
 */
export async function installVsCode({ log = () => {} } = {}) {
  const folder = path.join(
    cacheHome(),
    'spacer',
    `vscode-${SERVER}-node${process.versions.modules}-${RECIPE}`,
  );
  const server = serverIn(folder);
  if (existsSync(path.join(folder, 'complete'))) return server;
  log(`Installing VS Code for tests into ${folder} (once, about a minute)`);
  const aside = `${folder}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  try {
    await installInto(aside, log);
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  return server;
}

const vscodeIn = (folder) => path.join(folder, 'node_modules/code-server/lib/vscode');
const serverIn = (folder) => path.join(vscodeIn(folder), 'out/server-main.js');

async function installInto(folder, log) {
  const vscode = vscodeIn(folder);
  const modules = path.join(vscode, 'node_modules');
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n');
  log('  packages');
  await npm(folder, ['install', '--ignore-scripts', '--no-save', ...PACKAGES]);
  // Not `npm ci`: the shrinkwrap in the package is out of step with its package.json.
  await npm(vscode, ['install', '--ignore-scripts', '--omit=dev']);
  await link('node_modules', path.join(vscode, 'node_modules.asar'));
  await linkRipgrep(folder, modules);
  log('  native addons');
  for (const addon of ['@vscode/spdlog', 'native-watchdog'])
    await compile(path.join(modules, addon));
  await writeFile(path.join(folder, 'complete'), `${new Date().toISOString()}\n`);
}

const npm = (cwd, args) =>
  run(process.execPath, [npmPath(), ...args, '--no-audit', '--no-fund', '--loglevel=error'], cwd);

/** Quick Open and search run it. */
async function linkRipgrep(folder, modules) {
  const bin = path.join(modules, '@vscode/ripgrep/bin');
  await mkdir(bin, { recursive: true });
  const source = path.join(folder, 'node_modules/@vscode/ripgrep-linux-x64/bin/rg');
  await link(path.relative(bin, source), path.join(bin, 'rg'));
}

async function link(target, file) {
  await unlink(file).catch(() => {});
  await symlink(target, file);
}

/** Compiles against the headers that Node brings along, so that none are downloaded. */
async function compile(folder) {
  const nodeGyp = createRequire(npmPath()).resolve('node-gyp/bin/node-gyp.js');
  const headers = path.resolve(realpathSync(process.execPath), '../..');
  await run(process.execPath, [nodeGyp, 'rebuild', `--nodedir=${headers}`], folder);
}

function npmPath() {
  const given = process.env['npm_execpath'];
  if (given !== undefined && /npm-cli\.js$/.test(given)) return realpathSync(given);
  const prefix = path.resolve(realpathSync(process.execPath), '../..');
  const places = ['lib/node_modules', 'share/nodejs', 'share'].map((place) =>
    path.join(prefix, place, 'npm/bin/npm-cli.js'),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`npm was not found beside ${process.execPath}`);
  return realpathSync(found);
}

/** Runs a program quietly; what it said is part of the error when it fails. */
function run(file, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    child.stdout.on('data', (part) => said.push(part));
    child.stderr.on('data', (part) => said.push(part));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) return resolve();
      const text = Buffer.concat(said).toString().slice(-4000);
      reject(new Error(`${path.basename(args[0] ?? file)} ended with status ${status}\n${text}`));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(await installVsCode({ log: (text) => console.error(text) }));
