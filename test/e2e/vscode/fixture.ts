/** A VS Code with the packaged extension, and workspaces to open in it. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { installVsCode } from '../../../scripts/vscode/install.mjs';
import { packageExtension } from '../../../scripts/vscode/package.mjs';
import {
  installExtension,
  startServer,
  type RunningServer,
} from '../../../scripts/vscode/server.mjs';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { once } from '../../support/once.ts';
import { builtSample } from '../../support/sample.ts';
import { launchBrowser } from './driver.ts';

const run = promisify(execFile);
export const ROOT = path.resolve(import.meta.dirname, '../../..');
const MAX_OUTPUT = 1 << 28;

interface StartOptions {
  readonly trust?: boolean;
  /** User settings beyond the usual ones. */
  readonly settings?: Record<string, unknown>;
  readonly environment?: Record<string, string>;
}

export interface Fixture {
  /** Folder for everything of this run. */
  readonly folder: string;
  readonly browser: Browser;
  /** The packaged extension. */
  readonly vsix: string;
  /** A workspace of built unikernels, never aligned. */
  readonly built: string;
  start(options?: StartOptions): Promise<RunningServer>;
  /** A fresh copy of the built workspace, of some applications or of all. */
  workspace(name: string, applications?: readonly string[]): Promise<string>;
  dispose(): Promise<void>;
}

/** Builds, packages and installs the extension, and builds the sample workspace. */
export async function createFixture(): Promise<Fixture> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'spacer-e2e-'));
  const packages = await once('vsix', async (into) => {
    await run(process.execPath, [path.join(ROOT, 'scripts/build.mjs')], { cwd: ROOT });
    await packageExtension(path.join(into, 'spacer.vsix'));
    await installVsCode({ log: console.log });
  });
  const vsix = path.join(packages, 'spacer.vsix');
  const server = await installVsCode({ log: console.log });
  const built = await realpath(await builtSample());
  const browser = await launchBrowser();
  const running: RunningServer[] = [];
  return {
    folder,
    browser,
    vsix,
    built,
    start: async (options = {}) => {
      const root = path.join(folder, `vscode-${running.length}`);
      await installExtension({ server, root, vsix });
      const started = await startServer({ server, root, ...options });
      running.push(started);
      return started;
    },
    workspace: async (name, applications) => {
      const target = path.join(folder, name);
      // The copy is as new as the original: records of a build are compared by time.
      const settings = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
      const parts = applications
        ? ['unikraft', 'libs', ...applications.map((application) => `apps/${application}`)]
        : ['.'];
      for (const part of parts) await cp(path.join(built, part), path.join(target, part), settings);
      return target;
    },
    dispose: async () => {
      await browser.close();
      for (const started of running) await started.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the command says about a workspace. */
export async function alignByCommand(
  workspace: string,
  args: string[] = [],
): Promise<PageMapDocument> {
  const cli = path.join(ROOT, 'dist/cli.mjs');
  const { stdout } = await run(process.execPath, [cli, '-w', workspace, '--json', ...args], {
    maxBuffer: MAX_OUTPUT,
  });
  return JSON.parse(stdout) as PageMapDocument;
}

/** Settings of a workspace, which VS Code follows live. */
export async function writeSettings(
  workspace: string,
  settings: Record<string, unknown>,
): Promise<void> {
  const file = path.join(workspace, '.vscode/settings.json');
  await mkdir(path.dirname(file), { recursive: true });
  const old = await readFile(file, 'utf8').catch(() => '{}');
  const all = { ...(JSON.parse(old) as Record<string, unknown>), ...settings };
  await writeFile(file, JSON.stringify(all, undefined, 2));
}
