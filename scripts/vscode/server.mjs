/**
 * Runs the installed VS Code server on a loopback port, with all its state in one folder.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';

/** Settings without which VS Code shows and fetches things that have nothing to do with Spacer. */
const SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'security.workspace.trust.untrustedFiles': 'open',
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
};

/**
 * Starts VS Code.
 * @param options.server path of `server-main.js`
 * @param options.root folder for all of its state
 * @param options.settings user settings beyond the usual ones
 * @param options.trust whether every workspace is trusted without a question
 * @param options.environment variables beyond those of this process
 */
export async function startServer({ server, root, settings = {}, trust = true, environment = {} }) {
  const user = path.join(root, 'user');
  await mkdir(path.join(root, 'srv/data/Machine'), { recursive: true });
  const all = JSON.stringify({ ...SETTINGS, ...settings }, undefined, 2);
  // Without a profile of its own, the browser keeps user settings; the machine's are a file here.
  await writeFile(path.join(root, 'srv/data/Machine/settings.json'), all);
  await mkdir(path.join(user, 'User'), { recursive: true });
  await writeFile(path.join(user, 'User/settings.json'), all);
  const port = await freePort();
  const args = ['--host', '127.0.0.1', '--port', String(port), '--without-connection-token'];
  if (trust) args.push('--disable-workspace-trust');
  const child = start(server, root, [...args, ...folders(root)], environment);
  const said = [];
  const keep = (part) => void said.push(part);
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const url = `http://127.0.0.1:${port}`;
  const output = () => Buffer.concat(said).toString();
  // A run that ends early leaves no server behind.
  process.once('exit', () => signalGroup(child, 'SIGKILL'));
  await ready(url, child, output);
  return { url, output, stop: () => stop(child) };
}

/** Installs a .vsix as a user would, into the folders of a server that is started later. */
export async function installExtension({ server, root, vsix }) {
  await mkdir(root, { recursive: true });
  const child = start(server, root, ['--install-extension', vsix, '--force', ...folders(root)]);
  const said = [];
  child.stdout.on('data', (part) => said.push(part));
  child.stderr.on('data', (part) => said.push(part));
  const status = await new Promise((resolve) => child.on('close', resolve));
  const text = Buffer.concat(said).toString();
  if (status !== 0 || !text.includes('successfully installed'))
    throw new Error(`${vsix} was not installed:\n${text}`);
}

const folders = (root) => [
  '--accept-server-license-terms',
  '--telemetry-level',
  'off',
  '--server-data-dir',
  path.join(root, 'srv'),
  '--user-data-dir',
  path.join(root, 'user'),
  '--extensions-dir',
  path.join(root, 'ext'),
];

function start(server, root, args, environment = {}) {
  const xdg = (name) => path.join(root, name);
  return spawn(process.execPath, [server, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      ...environment,
      EXTENSIONS_GALLERY: '{}',
      XDG_CONFIG_HOME: xdg('config'),
      XDG_DATA_HOME: xdg('data'),
      XDG_CACHE_HOME: xdg('cache'),
    },
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const START_LIMIT = 60_000;

async function ready(url, child, output) {
  const end = Date.now() + START_LIMIT;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`VS Code did not start:\n${output()}`);
    const answer = await fetch(`${url}/version`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop(child);
  throw new Error(`VS Code did not answer within ${START_LIMIT / 1000} s:\n${output()}`);
}

/** Ends the server and everything that it started. */
function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on('close', () => resolve());
    signalGroup(child, 'SIGTERM');
    setTimeout(() => signalGroup(child, 'SIGKILL'), 3000).unref();
  });
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}
