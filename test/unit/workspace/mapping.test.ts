import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isInside, pathMapper } from '../../../src/engine/workspace/mapping.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'spacer-mapping-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text = ''): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('pathMapper', () => {
  const actual = path.join(root, 'apps/hello/build/hello.dbg');
  const moved = pathMapper('/old/w/apps/hello/build/hello.dbg', actual, root);

  it('changes nothing where nothing moved', () => {
    expect(pathMapper(actual, actual, root)(`-T${actual}`)).toBe(`-T${actual}`);
  });

  it.each([
    ['/old/w/apps/hello/build/a.o', 'apps/hello/build/a.o', ''],
    ['-Wl,-T,/old/w/libs/x.ld', 'libs/x.ld', '-Wl,-T,'],
    ['-I/old/w/unikraft', 'unikraft', '-I'],
    ['-L/old/w', '', '-L'],
    ['@/old/w/args', 'args', '@'],
    ['.uk_bootinfo=/old/w/apps/hello/build/b', 'apps/hello/build/b', '.uk_bootinfo='],
    ['--sysroot=/old/w/x', 'x', '--sysroot='],
  ])('maps %s', (argument, target, prefix) => {
    expect(moved(argument)).toBe(prefix + path.join(root, target));
  });

  it('maps every path of a linker option', () => {
    expect(moved('-Wl,-T,/old/w/a.ld,--x=/old/w/b')).toBe(
      `-Wl,-T,${path.join(root, 'a.ld')},--x=${path.join(root, 'b')}`,
    );
  });

  it.each(['/usr/bin/gcc', '/old/other/a.o', '/old/w2/a.o', '-nostdlib', 'a/old/w/b', '-Wl,-m,x'])(
    'leaves %s alone',
    (argument) => {
      expect(moved(argument)).toBe(argument);
    },
  );

  it('maps what is above a renamed folder only where it exists', () => {
    put('unikraft/extra.ld');
    const file = path.join(root, 'apps/hello2/build/hello.dbg');
    const renamed = pathMapper('/old/w/apps/hello/build/hello.dbg', file, root);
    expect(renamed('/old/w/apps/hello/build/gone.o')).toBe(
      path.join(root, 'apps/hello2/build/gone.o'),
    );
    expect(renamed('/old/w/unikraft/extra.ld')).toBe(path.join(root, 'unikraft/extra.ld'));
    expect(renamed('/old/w/unikraft/gone.ld')).toBe('/old/w/unikraft/gone.ld');
  });

  it('looks before it maps what is above the opened folder', () => {
    put('unikraft/extra.ld');
    const opened = path.join(root, 'apps/hello');
    const map = pathMapper('/old/w/apps/hello/build/hello.dbg', actual, opened);
    expect(map('/old/w/apps/hello/x')).toBe(path.join(opened, 'x'));
    expect(map('/old/w/unikraft/extra.ld')).toBe(path.join(root, 'unikraft/extra.ld'));
    expect(map('/old/w/unikraft/gone.ld')).toBe('/old/w/unikraft/gone.ld');
  });
});

describe('isInside', () => {
  it.each([
    ['/a/b', '/a', true],
    ['/a', '/a', true],
    ['/a/..b', '/a', true],
    ['/ab', '/a', false],
    ['/', '/a', false],
  ])('%s in %s: %s', (file, directory, inside) => {
    expect(isInside(file, directory)).toBe(inside);
  });
});
