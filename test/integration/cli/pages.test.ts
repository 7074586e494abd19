/** `spacer pages` and `spacer report`. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { validatePageMap } from '../../../src/engine/pages/validate.ts';
import { alignJson, expectClear, spacer } from '../../support/cli.ts';
import { fingerprint } from '../../support/fingerprint.ts';
import { freshFolder } from '../../support/once.ts';
import { builtSample } from '../../support/sample.ts';

const PAGE = 4096;
const images = (workspace: string) =>
  ['hashfn', 'sched'].map((name) => path.join(workspace, `apps/${name}/build/${name}_qemu-x86_64`));

describe('spacer pages', () => {
  it('counts the pages of images, as readelf and the bytes of the file have them', async () => {
    const files = images(await builtSample());
    const result = await spacer(['pages', ...files, '--json']);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    const document = validatePageMap(JSON.parse(result.stdout));
    expect(Object.keys(document.totals)).toEqual(['before']);
    expect(document.totals.before).toEqual(countByHand(files));
  });

  it('knows who owns every byte of a page', async () => {
    const result = await spacer(['pages', '-w', await builtSample(), '--json']);
    const { unikernels } = validatePageMap(JSON.parse(result.stdout));
    for (const { before } of unikernels)
      for (const { owners } of before!.pages)
        expect(owners.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(PAGE);
  });

  it('writes nothing into the workspace', async () => {
    const workspace = await builtSample();
    const before = fingerprint(workspace);
    const result = await spacer(['pages', '-w', workspace]);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toMatch(/^before: \d+ distinct pages/m);
    expect(fingerprint(workspace)).toEqual(before);
  });

  it('says what is wrong with an image that is none', async () => {
    const [image = ''] = images(await builtSample());
    const folder = freshFolder('images');
    const put = (name: string, bytes: Buffer | string) => {
      writeFileSync(path.join(folder, name), bytes);
      return path.join(folder, name);
    };
    const elf = readFileSync(`${image}.dbg`);
    const other = Buffer.from(elf);
    other.writeUInt16LE(183, 18);
    const bad = [
      put('text', 'hello\n'),
      put('empty', ''),
      put('cut', elf.subarray(0, 3000)),
      put('arm64', other),
      path.join(folder, 'nosuch'),
    ];
    for (const file of bad) {
      const result = await spacer(['pages', file]);
      expectClear(result);
      expect([1, 2]).toContain(result.status);
      expect(result.stdout).toBe('');
      expect(result.stderr).toContain(file);
    }
  });
});

/** The definition of a page, once more: file-backed bytes of the load segments, the rest zero. */
function countByHand(files: readonly string[]) {
  const sets = files.map(pagesByHand);
  const images = new Map<string, number>();
  for (const pages of sets)
    for (const hash of new Set(pages)) images.set(hash, (images.get(hash) ?? 0) + 1);
  const all = sets.flat();
  const zero = all.filter((hash) => hash === '').length;
  const shared = all.filter((hash) => hash !== '' && (images.get(hash) ?? 0) > 1).length;
  const distinct = new Set(all.filter((hash) => hash !== '')).size;
  return { total: all.length, zero, distinct, shared, unique: all.length - zero - shared };
}

function pagesByHand(file: string): string[] {
  const bytes = readFileSync(file);
  const memory = new Map<number, Buffer>();
  const table = execFileSync('readelf', ['-lW', file]).toString();
  for (const [, offset = '', address = '', size = ''] of table.matchAll(
    /^ +LOAD +0x(\w+) 0x\w+ 0x(\w+) 0x(\w+)/gm,
  )) {
    const [from, at, length] = [offset, address, size].map((text) => parseInt(text, 16)) as [
      number,
      number,
      number,
    ];
    for (let i = 0; i < length; i++) {
      const page = Math.floor((at + i) / PAGE);
      const content = memory.get(page) ?? Buffer.alloc(PAGE);
      content[(at + i) % PAGE] = bytes[from + i]!;
      memory.set(page, content);
    }
  }
  return [...memory.values()].map((content) =>
    content.every((byte) => byte === 0) ? '' : createHash('sha256').update(content).digest('hex'),
  );
}

describe('spacer report', () => {
  it('exports what the last alignment wrote', async () => {
    const { output, document } = await alignJson(await builtSample(), ['-u', 'hashfn', 'sched']);
    const from = ['report', '--from', path.join(output, 'report.json')];
    const csv = path.join(output, 'pages.csv');
    const html = path.join(output, 'pages.html');
    expect(await spacer([...from, '--csv', csv, '--html', html])).toMatchObject({
      status: 0,
      stderr: '',
    });
    const stages = document.unikernels.flatMap((u) => [u.before, u.predicted, u.after]);
    const rows = stages.reduce((sum, stage) => sum + (stage?.pages.length ?? 0), 0);
    expect(readFileSync(csv, 'utf8').trim().split('\n')).toHaveLength(rows + 1);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/i);
    expect((await spacer(from)).stdout).toMatch(/times less memory/);
  });

  it('says so where there is none, or it is damaged', async () => {
    const folder = freshFolder('report');
    const missing = await spacer(['report', '-w', folder]);
    expectClear(missing);
    expect(missing).toMatchObject({ status: 2, stdout: '' });
    expect(missing.stderr).toMatch(/does not exist: spacer align makes one/);
    const file = path.join(folder, 'report.json');
    for (const text of ['{', '[]', '{"format":"spacer-page-map","version":1}', '{"version":99}']) {
      writeFileSync(file, text);
      const result = await spacer(['report', '--from', file]);
      expectClear(result);
      expect(result).toMatchObject({ status: 1, stdout: '' });
      expect(result.stderr).toContain(file);
    }
  });
});
