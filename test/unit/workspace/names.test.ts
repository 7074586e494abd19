import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { safeName, uniqueNames } from '../../../src/engine/workspace/names.ts';

describe('names', () => {
  const item = (directory: string, kind: 'classic' | 'kraft' = 'classic', name?: string) => ({
    name: name ?? path.basename(directory),
    kind,
    directory,
    buildDirectory: `${directory}/${kind === 'kraft' ? '.unikraft/build' : 'build'}`,
  });

  it('stay as they are where they are alone', () => {
    expect(uniqueNames([item('/r/apps/a'), item('/r/apps/b')], '/r')).toEqual(['a', 'b']);
  });

  it('get the folders between the root and the application', () => {
    expect(uniqueNames([item('/r/x/apps/a'), item('/r/y/apps/a'), item('/r/b')], '/r')).toEqual([
      'a@x',
      'a@y',
      'b',
    ]);
  });

  it('get the kind where the folders are equal', () => {
    const items = [item('/r/apps/a'), item('/r/a', 'kraft')];
    expect(uniqueNames(items, '/r')).toEqual(['a@classic', 'a@kraft']);
    const one = [item('/r/q/a'), item('/r/q/a', 'kraft')];
    expect(uniqueNames(one, '/r')).toEqual(['a@q-classic', 'a@q-kraft']);
  });

  it('do not depend on the others once they have a suffix', () => {
    const two = uniqueNames([item('/r/x/apps/a'), item('/r/y/apps/a')], '/r');
    const three = uniqueNames([item('/r/x/apps/a'), item('/r/y/apps/a'), item('/r/z/a')], '/r');
    expect(three.slice(0, 2)).toEqual(two);
  });

  it.each([
    ['../../etc', '__.._etc'],
    ['.hidden', '_hidden'],
    ['a b/c\0d', 'a_b_c_d'],
    ['', 'unikernel'],
    ['größe', 'größe'],
  ])('are fit for a folder: %j', (name, safe) => {
    expect(safeName(name)).toBe(safe);
  });

  it('are unique and safe whatever the paths are', () => {
    const part = fc.stringMatching(/^[a-c./@ -]{1,4}$/).filter((text) => !/^\.*$/.test(text));
    const folder = fc
      .array(part, { minLength: 1, maxLength: 3 })
      .map((parts) => `/r/${parts.join('/')}`);
    const any = fc.tuple(folder, fc.constantFrom('classic' as const, 'kraft' as const), part);
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (list) => {
        const names = uniqueNames(
          list.map(([directory, kind, name]) => item(directory, kind, name)),
          '/r',
        );
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name).toMatch(/^[^./@-][^/]*$/);
      }),
    );
  });
});
