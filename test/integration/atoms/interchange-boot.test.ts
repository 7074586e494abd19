/** Unikernels of the sample with objects of each other: they boot and print what they printed. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { align } from '../../../src/engine/align.ts';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { fingerprint } from '../link/workspace.ts';

const sample = path.resolve(import.meta.dirname, '../../../media/sample');
const root = path.join(mkdtempSync(path.join(os.tmpdir(), 'spacer-unify-')), 'sample');
const APPS = ['files', 'hashfn', 'jsonfn'];
let document: PageMapDocument;

beforeAll(async () => {
  execFileSync('make', ['-C', sample, `BUILD=${root}`, 'SHAPE=fsections', 'JOBS=2', ...APPS], {
    stdio: 'pipe',
  });
  const before = fingerprint(root);
  const options = { ...DEFAULT_OPTIONS, copyObjects: true };
  document = await align({ workspace: root, options, tools: {} });
  expect(fingerprint(root)).toEqual(before);
});
afterAll(() => rmSync(path.dirname(root), { recursive: true, force: true }));

const QEMU = (
  '-accel tcg -cpu max -m 64M -nodefaults -serial stdio -display none ' +
  '-no-reboot -device isa-debug-exit -kernel'
).split(' ');

/** Console and exit status; 83 is a clean halt. */
async function boot(image: string): Promise<{ console: string; status: number | undefined }> {
  try {
    const run = promisify(execFile);
    const { stdout } = await run('qemu-system-x86_64', [...QEMU, image], { timeout: 60_000 });
    return { console: stdout, status: 0 };
  } catch (error) {
    const { stdout, code } = error as { stdout: string; code?: number };
    return { console: stdout, status: code };
  }
}

it('unifies some objects of the sample', () => {
  expect(document.failures).toEqual([]);
  expect(document.objects?.unified).toContainEqual({
    library: 'libukallocbbuddy',
    from: 'files',
    to: ['hashfn', 'jsonfn'],
  });
  const names = document.objects?.variants.map(({ library }) => library);
  expect(names).toContain('libuklibid');
  expect(names).not.toContain('libukallocbbuddy');
});

it.each(APPS)('%s prints what it printed', async (name) => {
  const entry = document.unikernels.find((unikernel) => unikernel.name === name);
  const before = await boot(entry?.before?.image ?? '');
  const after = await boot(entry?.after?.image ?? '');
  expect(before.status).toBe(83);
  expect(after).toEqual(before);
  expect(before.console.length).toBeGreaterThan(100);
});
