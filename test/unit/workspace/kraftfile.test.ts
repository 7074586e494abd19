import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  KRAFTFILE_NAMES,
  pickKraftfile,
  readKraftName,
} from '../../../src/engine/workspace/kraftfile.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'spacer-kraftfile-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text = ''): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('Kraftfiles', () => {
  it('are chosen by their fixed order', () => {
    expect(pickKraftfile(new Set(['kraft.yaml', 'Kraftfile', 'kraft.yml']))).toBe('Kraftfile');
    expect(pickKraftfile(new Set(['kraft.yml', 'kraft.yaml']))).toBe('kraft.yml');
    expect(pickKraftfile(new Set(KRAFTFILE_NAMES))).toBe('Kraftfile');
    expect(pickKraftfile(new Set(['kraftfile', 'Kraftfile.toml']))).toBeUndefined();
  });

  it.each([
    ['spec: v0.6\nname: hello\nunikraft: stable\n', 'hello'],
    ['name: "with space" # x', 'with space'],
    ['unikraft: stable\n', undefined],
    ['name: [a, b]\n', undefined],
    ['name:\n', undefined],
    ['- name: x\n', undefined],
    ['', undefined],
    ['just text', undefined],
  ])('%j names %s', async (text, name) => {
    const read = await readKraftName(put('k/Kraftfile', text));
    expect(read).toEqual(name === undefined ? {} : { name });
  });

  it.each([
    ['broken', 'name: "x\n  y: ]'],
    ['a bomb', `a: &a [x,x]\n${bomb()}\nname: [`],
    ['too large', `name: x\n#${'x'.repeat(70_000)}`],
    ['deep lists', '['.repeat(60_000)],
    ['deep blocks', '- '.repeat(30_000)],
    ['deep keys', '? '.repeat(30_000)],
  ])('%s: a note, no name', async (_, text) => {
    const read = await readKraftName(put('k/Kraftfile', text));
    expect(read.name).toBeUndefined();
    expect(read.note).toMatch(/Kraftfile is ignored/);
  });

  it('never expands aliases', async () => {
    const read = await readKraftName(put('k/Kraftfile', `a: &a [x,x]\n${bomb()}\nname: ok\n`));
    expect(read).toEqual({ name: 'ok' });
  });

  function bomb(): string {
    return [...'bcdefghijklm']
      .map((letter, index) => {
        const last = 'abcdefghijklm'[index] ?? 'a';
        return `${letter}: &${letter} [${Array.from({ length: 9 }, () => `*${last}`).join(',')}]`;
      })
      .join('\n');
  }
});
