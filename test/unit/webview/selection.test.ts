import { describe, expect, it } from 'vitest';
import { countKept, dimMask, type LegendKind } from '../../../webview/model/filter.ts';
import { PAGE_SIZE, STUBS_LIBRARY } from '../../../src/protocol/page-map.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { pageInfo } from '../../../webview/model/page-info.ts';
import { findPages, parseQuery } from '../../../webview/model/search.ts';
import { buildModel, type StageModel } from '../../../webview/model/stage.ts';
import { makeFleet } from './fleet.ts';

const model = buildModel(packPageMap(makeFleet({ unikernels: 8, pages: 70 })));
const after = model.stages.after as StageModel;
const keptBy = (...kinds: LegendKind[]): number =>
  countKept(after, dimMask(after, new Set(kinds), undefined));

describe('filters', () => {
  it('leave everything bright where none is picked', () => {
    expect(dimMask(after, new Set(), undefined)).toBeUndefined();
    expect(keptBy()).toBe(after.pages);
  });

  it('keep as many pages as the legend counts', () => {
    for (const kind of ['all', 'some', 'unique', 'zero', 'writable'] as const) {
      expect(keptBy(kind)).toBe(after.counts[kind]);
    }
  });

  it('add up, and writable narrows', () => {
    expect(keptBy('all', 'some')).toBe(after.counts.all + after.counts.some);
    expect(keptBy('all', 'some', 'unique', 'zero')).toBe(after.pages);
    expect(keptBy('zero', 'writable')).toBe(after.counts.zero);
  });
});

describe('pages with stubs or tables', () => {
  const fleet = makeFleet({ unikernels: 3, pages: 20 });
  const [first, second] = fleet.unikernels[1]!.after!.pages;
  for (const page of [first!, second!])
    page.owners = [{ library: STUBS_LIBRARY, section: '.text', bytes: 8, symbols: [] }];
  const marked = buildModel(packPageMap(fleet)).stages.after!;

  it('are counted, kept by their filter, and said to be so', () => {
    const kinds = new Set<LegendKind>(['indirection']);
    expect(marked.counts.indirection).toBe(2);
    expect(countKept(marked, dimMask(marked, kinds, undefined))).toBe(2);
    expect(after.counts.indirection).toBe(0);
    const at = [...marked.packed.pageNumber.keys()].filter(
      (page) => pageInfo(buildModel(packPageMap(fleet)), marked, page).indirection,
    );
    expect(at.map((page) => marked.packed.pageNumber[page]! * PAGE_SIZE)).toEqual([
      first!.address,
      second!.address,
    ]);
  });
});

describe('search', () => {
  const found = (text: string): number[] => {
    const hits = findPages(model.map, after, parseQuery(text));
    return hits ? [...hits.keys()].filter((page) => hits[page] === 1) : [];
  };

  it('finds by library, symbol and section, whatever the case', () => {
    for (const text of ['libuksched', 'UKSCHED_CREATE', '.rodata']) {
      const pages = found(text);
      expect(pages.length).toBeGreaterThan(0);
      for (let page = 0; page < after.pages; page += 1) {
        const { owners } = pageInfo(model, after, page);
        const names = owners.flatMap((o) => [o.library, o.section, ...o.symbols]).join(' ');
        expect(pages.includes(page)).toBe(names.toLowerCase().includes(text.toLowerCase()));
      }
    }
  });

  it('finds by address, anywhere in the page', () => {
    const pages = found('0x100abc');
    expect(pages).toHaveLength(8);
    for (const page of pages) expect(pageInfo(model, after, page).address).toBe(0x100000);
  });

  it('finds nothing for what is not there, and is off for blanks', () => {
    expect(found('no such name')).toEqual([]);
    expect(findPages(model.map, after, parseQuery('  '))).toBeUndefined();
  });
});
