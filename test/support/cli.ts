/** Runs the command as its users do: the bundled file, in a process of its own. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { validatePageMap } from '../../src/engine/pages/validate.ts';
import type { PageMapDocument } from '../../src/protocol/page-map.ts';
import { freshFolder, once } from './once.ts';
import { root } from './sample.ts';

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Builds the whole of dist once a run, so that no test sees an older one. */
export const builtDist = (): Promise<string> =>
  once('dist', async (folder) => {
    const args = [path.join(root, 'scripts/build.mjs'), '--outdir', folder];
    await promisify(execFile)(process.execPath, args, { cwd: root });
  });

/** Starts the command without waiting for it. */
export async function startSpacer(
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ child: ChildProcess; result: Promise<Result> }> {
  const cli = path.join(await builtDist(), 'cli.mjs');
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  child.stdout.on('data', (part: Buffer) => parts.stdout.push(part));
  child.stderr.on('data', (part: Buffer) => parts.stderr.push(part));
  const text = (name: 'stdout' | 'stderr') => Buffer.concat(parts[name]).toString();
  const result = new Promise<Result>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) =>
      resolve({ status, stdout: text('stdout'), stderr: text('stderr') }),
    );
  });
  return { child, result };
}

export const spacer = async (args: readonly string[], options?: RunOptions): Promise<Result> =>
  (await startSpacer(args, options)).result;

export interface Aligned {
  readonly document: PageMapDocument;
  /** Folder with the outputs. */
  readonly output: string;
  readonly result: Result;
}

/** Aligns with `--json` into a fresh folder; fails unless all went well. */
export async function alignJson(
  workspace: string,
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<Aligned> {
  const output = path.join(freshFolder('output'), 'spacer');
  const all = ['align', '-w', workspace, '--output', output, '--json', ...args];
  const result = await spacer(all, options);
  expect(result.stderr).toBe('');
  const document = validatePageMap(JSON.parse(result.stdout));
  expect(document.failures).toEqual([]);
  expect(result.status).toBe(0);
  return { document, output, result };
}

/** A message that people can act on: no stack, no failure of ours. */
export function expectClear(result: Result): void {
  const said = `${result.stdout}${result.stderr}`;
  expect(said).not.toMatch(/^\s+at .*[(:]/m);
  expect(said).not.toMatch(/internal error|\[object /);
  expect(said.trim()).not.toBe('');
}
