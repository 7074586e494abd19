/**
 * Opens VS Code with the extension, on the sample workspace or a folder that is given: the desktop
 * `code` where there is one, else a VS Code in the browser at a loopback address that is printed.
 *
 *   npm start [-- FOLDER]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { installVsCode } from './install.mjs';
import { packageExtension } from './package.mjs';
import { installExtension, startServer } from './server.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The sample is kept where the user finds it again; a build that was interrupted goes on. */
async function sampleWorkspace() {
  const folder = path.join(root, 'out/sample-workspace');
  if (!existsSync(path.join(folder, 'apps')))
    console.log(`Building the sample workspace in ${folder}`);
  await mkdir(folder, { recursive: true });
  const sample = path.join(root, 'media/sample');
  execFileSync('make', ['-C', sample, `BUILD=${folder}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}

function hasDesktop() {
  const { status, stdout } = spawnSync('code', ['--version'], { encoding: 'utf8' });
  return status === 0 && /^\d+\.\d+\.\d+/.test(stdout);
}

const given = process.argv[2];
const folder = given === undefined ? await sampleWorkspace() : path.resolve(given);
if (hasDesktop()) {
  execFileSync('code', [`--extensionDevelopmentPath=${root}`, folder], { stdio: 'inherit' });
} else {
  const server = await installVsCode({ log: console.log });
  const state = path.join(os.tmpdir(), `spacer-vscode-${os.userInfo().username}`);
  await mkdir(state, { recursive: true });
  const vsix = await packageExtension(
    path.join(await mkdtemp(path.join(os.tmpdir(), 'spacer-')), 'spacer.vsix'),
  );
  await installExtension({ server, root: state, vsix });
  const running = await startServer({ server, root: state });
  console.log(
    `\nVS Code with Spacer: ${running.url}/?folder=${encodeURIComponent(folder)}\nCtrl-C ends it.`,
  );
  const end = async () => {
    await running.stop();
    process.exit(0);
  };
  process.once('SIGINT', () => void end());
  process.once('SIGTERM', () => void end());
}
