/** However an alignment ends, its output folder holds the old result or the new one, and the next run works. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { closeStaging, commit, openStaging } from '../../../src/engine/link/outputs.ts';
import { spacer, startSpacer } from '../../support/cli.ts';
import { pathWithGcc } from '../../support/fake-tools.ts';
import { randomOf } from '../../support/mutations.ts';
import { freshFolder } from '../../support/once.ts';
import { builtSample, copyOfSample } from '../../support/sample.ts';

const ARGS = ['-u', 'hashfn', 'jsonfn', '--layout', 'group', '--effort', '0'];

/** The report of an output folder, after a look at every image that it names. */
function wholeReport(output: string): PageMapDocument {
  const text = readFileSync(path.join(output, 'report.json'), 'utf8');
  const document = JSON.parse(text) as PageMapDocument;
  expect(document.unikernels.length).toBeGreaterThan(0);
  for (const { verification } of document.unikernels) {
    const { path: image, sha256 } = verification!.images.after;
    expect(createHash('sha256').update(readFileSync(image)).digest('hex')).toBe(sha256);
  }
  return document;
}

const KILLS = Number(process.env['SPACER_KILLS'] ?? 5);

describe('an output folder', () => {
  it(
    'is whole after a kill at any moment, and the next run works',
    { timeout: 240_000 + KILLS * 20_000 },
    async () => {
      const workspace = await builtSample();
      const output = path.join(freshFolder('killed'), 'out');
      const args = ['-w', workspace, '--output', output, ...ARGS];
      expect(await spacer(args)).toMatchObject({ status: 0 });
      const random = randomOf(7);
      for (let i = 0; i < KILLS; i++) {
        const { child, result } = await startSpacer(args);
        await sleep(200 + random(2500));
        child.kill('SIGKILL');
        await result;
        expect(wholeReport(output).failures).toEqual([]);
      }
      expect(await spacer(args)).toMatchObject({ status: 0, stderr: '' });
      wholeReport(output);
      expect(readdirSync(path.join(output, '.generations'))).toHaveLength(2);
    },
  );

  it('takes one alignment at a time', { timeout: 120_000 }, async () => {
    const workspace = await builtSample();
    const output = path.join(freshFolder('busy'), 'out');
    const args = ['-w', workspace, '--output', output, ...ARGS];
    const { folder, PATH } = pathWithGcc(`touch "$0.started"; sleep 61.75`);
    const { child, result } = await startSpacer(args, { env: { PATH } });
    while (!existsSync(path.join(folder, 'gcc.started')) && child.exitCode === null)
      await sleep(50);
    const second = await spacer(args);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/Another alignment is at work in this output folder \(process/);
    child.kill('SIGKILL');
    await result;
    expect(await spacer(args)).toMatchObject({ status: 0 });
  });

  it('is not held by a process whose number was given again', async () => {
    const output = freshFolder('stale');
    const holder = { pid: process.pid, started: '1', since: '2020-01-01' };
    writeFileSync(path.join(output, '.lock'), JSON.stringify(holder));
    const staging = await openStaging(output);
    await closeStaging(staging);
    expect(existsSync(path.join(output, '.lock'))).toBe(false);
  });

  it('keeps the old result on a full disk, and says so', { timeout: 120_000 }, async () => {
    const workspace = await builtSample();
    const disk = freshFolder('full');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
    try {
      const output = path.join(disk, 'out');
      const args = ['-w', workspace, '--output', output, ...ARGS];
      expect(await spacer(args)).toMatchObject({ status: 0 });
      const before = wholeReport(output);
      writeFileSync(path.join(disk, 'ballast'), '');
      fill(path.join(disk, 'ballast'));
      const result = await spacer(args);
      expect(result.status).not.toBe(0);
      expect(`${result.stdout}${result.stderr}`).toMatch(/no space left|could not be linked/i);
      expect(wholeReport(output).timings).toEqual(before.timings);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('changes images and report together', async () => {
    const output = freshFolder('together');
    const publish = async (text: string, names: readonly string[]) => {
      const staging = await openStaging(output);
      for (const name of names) writeFileSync(path.join(staging.directory, name), text);
      writeFileSync(path.join(staging.directory, 'half'), text);
      await commit(staging, names);
      await closeStaging(staging);
    };
    await publish('old', ['a', 'b']);
    await publish('new', ['b', 'c']);
    const contents = (name: string) => readFileSync(path.join(output, name), 'utf8');
    expect(['a', 'b', 'c'].map(contents)).toEqual(['old', 'new', 'new']);
    expect(existsSync(path.join(output, 'half'))).toBe(false);
  });
});

describe('a build that changes while it is aligned', () => {
  it('is noticed', { timeout: 120_000 }, async () => {
    const workspace = await copyOfSample();
    const object = path.join(workspace, 'apps/hashfn/build/libukboot.o');
    const { PATH } = pathWithGcc(
      `case "$*" in *hashfn*) printf x >> "${object}";; esac; exec /usr/bin/gcc "$@"`,
    );
    const result = await spacer(['-w', workspace, '--layout', 'group'], { env: { PATH } });
    expect(result.stdout).toMatch(/FAILED hashfn: .*changed while it was aligned/);
    expect(result.stdout).toMatch(/^jsonfn /m);
  });
});

/** Leaves no room on the disk of a file. */
function fill(file: string): void {
  for (let size = 1 << 20; size >= 1024; size /= 2)
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch {
      // No room for a piece of this size.
    }
}
