import { mkdtemp, readFile, readlink, readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { placeImages, restoreImages, withImage } from '../../../src/extension/used-images.ts';

async function setUp() {
  const root = await mkdtemp(path.join(os.tmpdir(), 'spacer-used-'));
  const output = path.join(root, 'output');
  const target = path.join(root, 'target');
  const image = path.join(root, 'app_qemu-x86_64');
  await writeFile(image, 'aligned');
  const { mkdir } = await import('node:fs/promises');
  await mkdir(output);
  await mkdir(target);
  return { output, target, image, placed: path.join(target, 'app_qemu-x86_64') };
}

describe('placeImages', () => {
  it('keeps what stood there, and brings it back', async () => {
    const { output, target, image, placed } = await setUp();
    await writeFile(placed, 'original');
    await placeImages(output, [image], target, 'copy');
    expect(await readFile(placed, 'utf8')).toBe('aligned');
    expect(await restoreImages(output)).toBe(1);
    expect(await readFile(placed, 'utf8')).toBe('original');
    expect(await readdir(target)).toEqual(['app_qemu-x86_64']);
  });

  it('brings back the original also after it was used twice', async () => {
    const { output, target, image, placed } = await setUp();
    await writeFile(placed, 'original');
    await placeImages(output, [image], target, 'copy');
    await placeImages(output, [image], target, 'link');
    expect(await readlink(placed)).toBe(image);
    await restoreImages(output);
    expect(await readFile(placed, 'utf8')).toBe('original');
  });

  it('takes away what was not there before', async () => {
    const { output, target, image } = await setUp();
    await placeImages(output, [image], target, 'link');
    await restoreImages(output);
    expect(await readdir(target)).toEqual([]);
    expect(await restoreImages(output)).toBe(0);
  });

  it('refuses to lose a file that it did not keep itself', async () => {
    const { output, target, image, placed } = await setUp();
    await writeFile(placed, 'original');
    await writeFile(`${placed}.before-spacer`, 'someone else');
    await expect(placeImages(output, [image], target, 'copy')).rejects.toThrow('in the way');
    expect(await readFile(placed, 'utf8')).toBe('original');
  });
});

describe('withImage', () => {
  it.each([
    ['qemu -kernel /a/b -m 64M', 'qemu -kernel /n -m 64M'],
    ["qemu -kernel '/a b/c' -m 64M", 'qemu -kernel /n -m 64M'],
    ['qemu -device x /old -m 1', 'qemu -device x /n -m 1'],
  ])('changes %s', (line, changed) => {
    expect(withImage(line, '/old', '/n')).toBe(changed);
  });

  it('quotes a path that a shell would read otherwise', () => {
    expect(withImage('qemu -kernel x', '/old', "/a b/$c'd")).toBe(`qemu -kernel '/a b/$c'\\''d'`);
  });

  it('says when there is nothing to change', () => {
    expect(withImage('qemu -m 64M', '/old', '/n')).toBeUndefined();
  });
});
