import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageMapOf } from '../../../src/engine/pages/document.ts';
import { measureImage } from '../../../src/engine/pages/measure.ts';
import { validatePageMap } from '../../../src/engine/pages/validate.ts';
import { build, type Build } from './workshop.ts';

describe('measuring an image', () => {
  let made: Build;
  const path = (name: string) => join(made.directory, name);
  beforeAll(() => {
    made = build([], []);
    writeFileSync(path('flat'), 'a flat binary');
    writeFileSync(path('cut'), made.debug.bytes.subarray(0, 5000));
  });
  afterAll(() => {
    made.dispose();
  });

  it('takes the bootable image, with names of the unstripped one', async () => {
    const { debug, objects } = made;
    const stage = await measureImage(path('image32'), { debug, objects });
    expect(stage.image).toBe(path('image32'));
    const owners = stage.owners.flat();
    expect(owners.find((owner) => owner.symbols.includes('main'))?.library).toBe('appmain');
    const map = pageMapOf({
      spacer: '1',
      unikernels: [
        { name: 'a', stages: { before: stage } },
        { name: 'b', stages: { before: stage } },
      ],
    });
    const distinct = map.contentClasses.before?.length;
    expect(map.totals.before).toMatchObject({ unique: 0, distinct });
    expect(validatePageMap(JSON.parse(JSON.stringify(map)))).toEqual(map);
  });

  it('knows the libraries by the link map as well', async () => {
    const stage = await measureImage(path('image32'), { debug: made.debug, map: path('map') });
    const libraries = new Set(stage.owners.flat().map((owner) => owner.library));
    expect([...libraries]).toEqual(expect.arrayContaining(['libboot', 'libc', 'appmain']));
  });

  it.each(['flat', 'missing'])('takes the unstripped image instead of a %s one', async (name) => {
    const stage = await measureImage(path(name), { debug: made.debug });
    expect(stage.image).toBe(path('image.dbg'));
    expect(stage.pages.length).toBeGreaterThan(0);
  });

  it.each([
    ['flat', 'elf-not-elf'],
    ['missing', 'file-unreadable'],
    ['cut', 'elf-truncated'],
  ])('of a %s one alone fails with %s', async (name, code) => {
    const failure = { name: 'SpacerError', code, place: { file: path(name) } };
    await expect(measureImage(path(name), {})).rejects.toMatchObject(failure);
  });

  it('does not hide a damaged image behind the unstripped one', async () => {
    const failure = { code: 'elf-truncated' };
    await expect(measureImage(path('cut'), { debug: made.debug })).rejects.toMatchObject(failure);
  });
});
