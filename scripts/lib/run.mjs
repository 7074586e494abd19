/** Runs programs for the scripts: argument arrays, no shell, nothing read from a terminal. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** What goes wrong for a reason that the reader can act on: printed without a stack. */
export class Trouble extends Error {}

/**
 * Runs a program to its end.
 * @param options.live its output goes straight to ours; otherwise it is collected
 * @returns its exit status and what it printed
 */
export function run(file, args, { cwd = root, env = {}, live = false, timeout = 0 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
    });
    const [out, all] = [[], []];
    child.stdout?.on('data', (part) => void (out.push(part), all.push(part)));
    child.stderr?.on('data', (part) => all.push(part));
    child.on('error', (error) => resolve({ status: -1, stdout: '', text: error.message }));
    child.on('close', (status, signal) => {
      const text = Buffer.concat(all).toString();
      resolve({ status: status ?? signal, stdout: Buffer.concat(out).toString(), text });
    });
  });
}

/** As `run`; throws what the program said if it fails. */
export async function must(what, file, args, options = {}) {
  const result = await run(file, args, options);
  if (result.status === 0) return result;
  const said = excerpt(result.text.trim().split('\n'));
  throw new Trouble(
    `${what} failed (${file} ended with ${result.status}).${said ? `\n${said}` : ''}`,
  );
}

/** The beginning and the end, where the cause mostly stands. */
function excerpt(lines) {
  const cut = lines.length <= 40 ? lines : [...lines.slice(0, 15), '...', ...lines.slice(-20)];
  return cut.join('\n');
}

/** Whether a program can be found on the PATH. */
export function isInstalled(program) {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a script's main function; trouble becomes one message and exit status 1. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

/** `12.3 s` since a `performance.now()`. */
export const since = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;
