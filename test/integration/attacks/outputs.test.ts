/** Folders and files that came with a workspace and lead elsewhere: nothing is written or removed there. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { restoreImages } from '../../../src/extension/used-images.ts';
import { expectClear, spacer } from '../../support/cli.ts';
import { fingerprint } from '../../support/fingerprint.ts';
import { freshFolder } from '../../support/once.ts';
import { copyOfSample } from '../../support/sample.ts';

const QUICK = ['--layout', 'group', '--effort', '0'];

/** A workspace, and a folder of the user's outside of it with files that an alignment would name. */
async function setUp() {
  const workspace = await copyOfSample(['hashfn']);
  const mine = freshFolder('mine');
  for (const name of ['hashfn', 'units', '.generations', '7'])
    mkdirSync(path.join(mine, name), { recursive: true });
  writeFileSync(path.join(mine, 'hashfn/thesis.txt'), 'years of work');
  writeFileSync(path.join(mine, 'report.json'), '{}');
  return { workspace, mine, before: fingerprint(mine) };
}

describe('a link in place of', () => {
  it.each([
    ['the output folder', '.spacer', '.'],
    ['the folder of generations', '.spacer/.generations', '.'],
    ['the cache', '.spacer/.cache', '.'],
    ['the cache of units', '.spacer/.cache/units', 'units'],
  ])('%s is refused', async (_, place, target) => {
    const { workspace, mine, before } = await setUp();
    const link = path.join(workspace, place);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(mine, target), link);
    const result = await spacer(['-w', workspace, ...QUICK]);
    expectClear(result);
    expect(result).toMatchObject({ status: 1, stdout: '' });
    expect(result.stderr).toContain(`${link}: is a link`);
    expect(fingerprint(mine)).toEqual(before);
  });

  it('the generation that counts does not take what it leads to into the outputs', async () => {
    const { workspace, mine, before } = await setUp();
    mkdirSync(path.join(workspace, '.spacer/.generations'), { recursive: true });
    symlinkSync(mine, path.join(workspace, '.spacer/.generations/current'));
    expect(await spacer(['-w', workspace, ...QUICK])).toMatchObject({ status: 0, stderr: '' });
    expect(fingerprint(mine)).toEqual(before);
    expect(existsSync(path.join(workspace, '.spacer/hashfn/thesis.txt'))).toBe(false);
    expect(readlinkSync(path.join(workspace, '.spacer/.generations/current'))).toMatch(/^\d+$/);
  });

  it('the file that keeps outputs out of version control is not written through', async () => {
    const { workspace, mine } = await setUp();
    const victim = path.join(mine, 'new-file');
    mkdirSync(path.join(workspace, '.spacer'));
    symlinkSync(victim, path.join(workspace, '.spacer/.gitignore'));
    expect(await spacer(['-w', workspace, ...QUICK])).toMatchObject({ status: 0 });
    expect(existsSync(victim)).toBe(false);
  });

  it('the lock is refused', async () => {
    const { workspace, mine, before } = await setUp();
    for (const target of [path.join(mine, 'new.json'), path.join(mine, 'hashfn/thesis.txt')]) {
      rmSync(path.join(workspace, 'spacer.lock.json'), { force: true });
      symlinkSync(target, path.join(workspace, 'spacer.lock.json'));
      const result = await spacer(['lock', '-w', workspace, '--effort', '0']);
      expectClear(result);
      expect(result.status).not.toBe(0);
      expect(fingerprint(mine)).toEqual(before);
    }
  });
});

it("outputs do not take the place of the user's own files", { timeout: 120_000 }, async () => {
  const { workspace, mine, before } = await setUp();
  const result = await spacer(['-w', workspace, '--output', mine, ...QUICK]);
  expectClear(result);
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/hashfn: is in the way and not an output of Spacer/);
  expect(readFileSync(path.join(mine, 'hashfn/thesis.txt'), 'utf8')).toBe('years of work');
  const names = (tree: typeof before) => JSON.stringify(tree).match(/thesis|report\.json/g);
  expect(names(fingerprint(mine))).toEqual(names(before));
});

it('a list of used images that came with a workspace takes no file away', async () => {
  const { mine } = await setUp();
  const output = freshFolder('listed');
  const victim = path.join(mine, 'hashfn/thesis.txt');
  const saved = path.join(mine, 'report.json');
  const list = [{ target: victim, saved, made: 'f'.repeat(64) }];
  writeFileSync(path.join(output, 'used-images.json'), JSON.stringify(list));
  await restoreImages(output);
  expect(readFileSync(victim, 'utf8')).toBe('years of work');
  expect(readFileSync(saved, 'utf8')).toBe('{}');
});
