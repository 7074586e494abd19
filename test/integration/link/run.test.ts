import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { mapParallel } from '../../../src/engine/link/parallel.ts';
import { runTool } from '../../../src/engine/link/run.ts';

const cwd = mkdtempSync(path.join(os.tmpdir(), 'spacer-run-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const sh = (script: string, ...args: string[]) => ({
  tool: 'sh',
  args: ['-c', script, 'sh', ...args],
  cwd,
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A killed child that nobody has waited for is gone for our purposes.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function pidIn(file: string): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.endsWith('\n')) return Number(text);
    await sleep(20);
  }
  throw new Error(`${file} was not written`);
}

/** A tool whose grandchild ignores polite requests and keeps the output open. */
const STUBBORN = `trap '' TERM; sh -c 'trap "" TERM; echo $$ > "$1"; sleep 60' sh "$1" & wait`;

describe('runTool', () => {
  it('passes arguments as they are', async () => {
    const { stdout } = await runTool(sh('printf "%s|" "$@"', 'a b', '$HOME', '*', "'"));
    expect(stdout).toBe("a b|$HOME|*|'|");
  });

  it('gives tools an allow-listed environment', async () => {
    process.env['SPACER_TEST_TOKEN'] = 'secret';
    const { stdout } = await runTool(sh('env'));
    delete process.env['SPACER_TEST_TOKEN'];
    const names = stdout.split('\n').map((line) => line.split('=')[0] ?? '');
    expect(names).not.toContain('SPACER_TEST_TOKEN');
    expect(names).toEqual(expect.arrayContaining(['PATH', 'HOME', 'LANG', 'TMPDIR']));
    expect(stdout).toMatch(/^LC_ALL=C$/m);
  });

  it('reports what a failing tool said', async () => {
    await expect(runTool(sh('echo out; echo "it broke" >&2; exit 3'))).rejects.toMatchObject({
      code: 'tool-failed',
      text: 'sh failed with status 3: it broke',
      exitCode: 3,
      stdout: 'out\n',
    });
  });

  it.each([
    ['no-such-tool-x', 'no-such-tool-x'],
    ['x86_64-elf-none-gcc', 'gcc-x86-64-elf-none'],
  ])('names the package of a missing tool: %s', async (tool, name) => {
    await expect(runTool({ tool, args: [], cwd })).rejects.toMatchObject({
      code: 'tool-missing',
      text: `${tool} is not installed. On Debian and Ubuntu: apt install ${name}`,
    });
  });

  it.each([
    ['objcopy', 'binutils'],
    ['make', 'make'],
    ['script.py', 'python3'],
  ])('names the package of %s where the path holds nothing', async (tool, name) => {
    const run = runTool({ tool, args: [], cwd }, { tools: { searchPath: cwd } });
    await expect(run).rejects.toMatchObject({
      code: 'tool-missing',
      text: expect.stringContaining(`apt install ${name}`) as string,
    });
  });

  it('does not call a tool missing when its folder is', async () => {
    const run = runTool({ tool: 'sh', args: ['-c', 'true'], cwd: path.join(cwd, 'gone') });
    await expect(run).rejects.toMatchObject({ code: 'tool-failed' });
  });

  it('uses the tools that the user chose', async () => {
    const command = { tool: 'gcc', args: ['-c', 'echo chosen'], cwd };
    const { stdout } = await runTool(command, { tools: { paths: { gcc: '/bin/sh' } } });
    expect(stdout).toBe('chosen\n');
  });

  it('stops tools that take too long, with their children', async () => {
    const file = path.join(cwd, 'late');
    const run = runTool(sh(STUBBORN, file), { tools: { timeout: 400 } });
    await expect(run).rejects.toMatchObject({ code: 'tool-timeout' });
    expect(isAlive(await pidIn(file))).toBe(false);
  });

  it('stops tools that print too much', async () => {
    const run = runTool(sh('while :; do echo 0123456789; done'), { outputLimit: 100_000 });
    await expect(run).rejects.toMatchObject({ code: 'tool-output-limit' });
  });

  it('kills the whole group when cancelled', async () => {
    const file = path.join(cwd, 'cancelled');
    const abort = new AbortController();
    const run = runTool(sh(STUBBORN, file), { signal: abort.signal });
    const outcome = expect(run).rejects.toMatchObject({ code: 'cancelled' });
    const pid = await pidIn(file);
    expect(isAlive(pid)).toBe(true);
    abort.abort();
    await outcome;
    expect(isAlive(pid)).toBe(false);
  });

  it('does not start when cancelled already', async () => {
    const file = path.join(cwd, 'never');
    const run = runTool(sh('echo > "$1"', file), { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(existsSync(file)).toBe(false);
  });
});

describe('mapParallel', () => {
  it('keeps the order and the bound', async () => {
    let now = 0;
    let most = 0;
    const results = await mapParallel(
      [5, 4, 3, 2, 1],
      async (item) => {
        most = Math.max(most, ++now);
        await sleep(item * 5);
        now--;
        return item * 2;
      },
      { jobs: 2 },
    );
    expect(results).toEqual([10, 8, 6, 4, 2]);
    expect(most).toBe(2);
  });

  it('throws the first failure after what had started, and starts no more', async () => {
    const ended: number[] = [];
    const work = async (item: number): Promise<void> => {
      await sleep(item === 1 ? 1 : 30);
      if (item === 1) throw new Error('one');
      ended.push(item);
    };
    await expect(mapParallel([1, 2, 3, 4], work, { jobs: 2 })).rejects.toThrow('one');
    expect(ended).toEqual([2]);
  });
});
