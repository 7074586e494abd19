import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attribute } from '../../../src/engine/pages/attribute.ts';
import { classify } from '../../../src/engine/pages/classify.ts';
import { pagesOfImage } from '../../../src/engine/pages/pages-of-image.ts';
import type { PageOwner } from '../../../src/protocol/page-map.ts';
import { build, type Build } from './workshop.ts';

/** The library of every byte. */
function bytesOf(owners: readonly PageOwner[][]): string[] {
  return owners.flat().flatMap((owner) => Array.from({ length: owner.bytes }, () => owner.library));
}

const shapes: [name: string, compile: string[], link: string[]][] = [
  ['default', [], []],
  ['without unwind tables', ['-fno-asynchronous-unwind-tables'], []],
  ['function sections', ['-ffunction-sections', '-fdata-sections'], []],
  ['live code only', ['-ffunction-sections', '-fdata-sections'], ['--gc-sections']],
  ['position-independent', ['-fPIE'], ['-pie', '--no-dynamic-linker']],
];

describe.each(shapes)('attribution of a link: %s', (_, compile, link) => {
  let made: Build;
  beforeAll(() => {
    made = build(compile, link);
  });
  afterAll(() => {
    made.dispose();
  });

  it('by symbols and objects agrees with the link map', () => {
    const { pages } = pagesOfImage(made.debug);
    const truth = bytesOf(attribute(pages, { image: made.debug, linkMap: made.linkMap }));
    const found = bytesOf(attribute(pages, { image: made.debug, objects: made.objects }));
    expect(found).toHaveLength(truth.length);
    const wrong = truth.flatMap((owner, i) =>
      found[i] === owner ? [] : [`${owner} as ${found[i]}`],
    );
    const claimed = wrong.filter((text) => !text.endsWith('[unknown]'));
    // What the script wrote itself (8 bytes) is nobody's; a suffix of a merged string may be missed.
    expect(wrong.length).toBeLessThan(0.005 * truth.length);
    expect(claimed.length).toBeLessThan(64);
  });

  it('names the symbols of the bytes', () => {
    const { pages } = pagesOfImage(made.debug);
    const owners = attribute(pages, { image: made.debug, objects: made.objects }).flat();
    const named = (library: string) =>
      owners.filter((owner) => owner.library === library).flatMap((owner) => owner.symbols);
    expect(named('libc')).toContain('print_number');
    expect(named('libboot')).toContain('_start');
    expect(named('libsched')).toContain('schedule');
    expect(named('appmain')).toContain('main');
  });

  it('holds for the bootable image too', () => {
    const ofDebug = pagesOfImage(made.debug);
    const ofBootable = pagesOfImage(made.bootable);
    expect(made.bootable.bits).toBe(32);
    expect(ofBootable.segments).toEqual(ofDebug.segments);
    expect(ofBootable.pages.map((page) => page.address)).toEqual(
      ofDebug.pages.map((page) => page.address),
    );
    ofBootable.pages.forEach((page, i) => {
      expect(Buffer.compare(page.bytes, ofDebug.pages[i]?.bytes ?? Buffer.alloc(0))).toBe(0);
    });
    const sources = { debug: made.debug, objects: made.objects };
    expect(attribute(ofBootable.pages, { image: made.bootable, ...sources })).toEqual(
      attribute(ofDebug.pages, { image: made.debug, ...sources }),
    );
    expect(classify([ofDebug.pages, ofBootable.pages]).totals.unique).toBe(0);
  });

  it('has sections and symbols only where the objects are gone, and sections where all is', () => {
    const { pages } = pagesOfImage(made.stripped);
    const some = attribute(pages, { image: made.stripped, debug: made.debug }).flat();
    expect(some.some((owner) => owner.symbols.includes('main'))).toBe(true);
    const none = attribute(pages, { image: made.stripped }).flat();
    expect(none.every((owner) => owner.symbols.length === 0)).toBe(true);
    expect(none.map((owner) => owner.section)).toContain('.rodata');
    for (const owner of [...some, ...none]) expect(owner.library).toMatch(/^\[/);
  });
});

describe('attribution of a link in two steps', () => {
  it('finds the libraries that the map no longer knows', () => {
    const one = build([], []);
    const two = build([], [], 2);
    const shares = (made: Build) => {
      const { pages } = pagesOfImage(made.debug);
      const bytes = bytesOf(attribute(pages, { image: made.debug, objects: made.objects }));
      const count = (library: string) => bytes.filter((owner) => owner === library).length;
      return ['libboot', 'libc', 'libsched', 'appmain', '[unknown]'].map(count);
    };
    const [first, second] = [shares(one), shares(two)];
    second.forEach((bytes, i) => {
      expect(Math.abs(bytes - (first[i] ?? 0))).toBeLessThan(48);
    });
    one.dispose();
    two.dispose();
  });
});
