/** The sample workspace, built as its users do, linked again with its own scripts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { relink } from '../../../src/engine/link/replay.ts';
import { discover } from '../../../src/engine/workspace/discover.ts';
import { fingerprint } from './workspace.ts';

const sample = path.resolve(import.meta.dirname, '../../../media/sample');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'spacer-sample-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function buildAndRelink(shape: string) {
  const root = path.join(scratch, shape);
  execFileSync('make', ['-C', sample, `BUILD=${root}`, `SHAPE=${shape}`, 'hashfn'], {
    stdio: 'pipe',
  });
  const before = fingerprint(root);
  const { unikernels } = await discover(root, { tools: {} });
  const unikernel = unikernels.find(({ name }) => name === 'hashfn');
  if (unikernel === undefined) throw new Error('hashfn was not found');
  const { script, extraScripts } = unikernel.link;
  const outputDirectory = path.join(root, '.spacer', 'hashfn');
  const made = await relink({
    unikernel,
    script,
    extraScripts,
    objects: new Map(),
    outputDirectory,
  });
  expect(fingerprint(root)).toEqual(before);
  return { unikernel, made };
}

describe('the sample', () => {
  it.each(['default', 'fsections'])(
    'of shape %s is linked again to the same bytes',
    async (shape) => {
      const { unikernel, made } = await buildAndRelink(shape);
      expect(unikernel.link).toMatchObject({ origin: 'cmd', composed: false });
      expect(readFileSync(made.debugImage)).toEqual(readFileSync(unikernel.debugImage));
      expect(readFileSync(made.image)).toEqual(readFileSync(unikernel.image));
      expect(made.warnings).toEqual([]);
    },
  );

  it('of shape v08 is linked again in one step', async () => {
    const { unikernel, made } = await buildAndRelink('v08');
    expect(unikernel.link).toMatchObject({ origin: 'make', composed: true });
    // The build made symbols local between its two steps; which there are is the same.
    const symbols = (file: string): string[] => {
      const lines = execFileSync('nm', ['--defined-only', file]).toString().trim().split('\n');
      return lines.map((line) => line.split(' ')[2] ?? '').sort();
    };
    expect(symbols(made.debugImage)).toEqual(symbols(unikernel.debugImage));
  });
});
