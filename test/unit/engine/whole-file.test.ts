import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { writeWhole } from '../../../src/engine/whole-file.ts';
import { freshFolder } from '../../support/once.ts';

it('replaces a file and leaves nothing beside it', async () => {
  const folder = freshFolder('whole');
  const file = path.join(folder, 'report.csv');
  writeFileSync(file, 'old');
  await writeWhole(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['report.csv']);
});

it('keeps a link, and writes what it leads to', async () => {
  const folder = freshFolder('whole');
  const [file, link] = [path.join(folder, 'target'), path.join(folder, 'link')];
  writeFileSync(file, 'old');
  symlinkSync(file, link);
  await writeWhole(link, 'new');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('new');
});

it('names what cannot be written, and leaves nothing behind', async () => {
  const folder = freshFolder('whole');
  mkdirSync(path.join(folder, 'taken'));
  for (const name of ['taken', 'missing/report.csv']) {
    const file = path.join(folder, name);
    await expect(writeWhole(file, 'new')).rejects.toMatchObject({
      code: 'output-unwritable',
      place: { file },
    });
  }
  expect(readdirSync(folder)).toEqual(['taken']);
});
