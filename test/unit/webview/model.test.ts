import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageMapDocument, Stage } from '../../../src/protocol/page-map.ts';
import { fromBuffer, toBuffer } from '../../../src/protocol/packed/buffer.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { pageInfo } from '../../../webview/model/page-info.ts';
import {
  buildModel,
  equalPages,
  nearestPage,
  pageAt,
  rowOf,
  sharedCategory,
  CATEGORY,
  type PageMapModel,
  type StageModel,
} from '../../../webview/model/stage.ts';
import { makeFleet } from './fleet.ts';

const document = makeFleet({ unikernels: 8, pages: 70 });
const model = buildModel(packPageMap(document));

function stageOf(from: PageMapModel, stage: Stage): StageModel {
  const found = from.stages[stage];
  if (!found) throw new Error(`no stage ${stage}`);
  return found;
}

describe('the columnar model', () => {
  it.each(['before', 'after'] as const)('holds every page of the document: %s', (stage) => {
    const own = stageOf(model, stage);
    document.unikernels.forEach((unikernel, u) => {
      const pages = unikernel[stage]?.pages ?? [];
      const { from, to } = rowOf(own, u);
      expect(to - from).toBe(pages.length);
      pages.forEach((page, index) => {
        const info = pageInfo(model, own, from + index);
        expect(info).toMatchObject({
          address: page.address,
          unikernel: u,
          unikernelName: unikernel.name,
          kind: page.kind,
          contentClass: page.contentClass,
          writable: page.writable,
          owners: page.owners,
        });
        expect(info.permissions.endsWith('x')).toBe(page.executable);
        expect([...info.sharers]).toEqual(
          document.contentClasses[stage]?.[page.contentClass]?.sharers ?? [],
        );
      });
    });
  });

  it('counts the categories as the totals of the document do', () => {
    for (const stage of ['before', 'after'] as const) {
      const { counts } = stageOf(model, stage);
      const totals = document.totals[stage];
      expect(counts.all + counts.some).toBe(totals?.shared);
      expect(counts.unique).toBe(totals?.unique);
      expect(counts.zero).toBe(totals?.zero);
    }
  });

  it('finds all equals of a page, and nothing else', () => {
    const after = stageOf(model, 'after');
    for (let page = 0; page < after.pages; page += 1) {
      const contentClass = after.packed.contentClass[page];
      const expected: number[] = [];
      after.packed.contentClass.forEach((other, index) => {
        if (other === contentClass) expected.push(index);
      });
      expect([...equalPages(after, page)]).toEqual(expected);
    }
  });

  it('grades pages by their sharers', () => {
    expect(sharedCategory(8, 8)).toBe(CATEGORY.all);
    expect(sharedCategory(2, 8)).toBe(CATEGORY.some);
    expect(sharedCategory(7, 8)).toBe(CATEGORY.all - 1);
    expect(sharedCategory(2, 2)).toBe(CATEGORY.all);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 500 }), fc.integer({ min: 0, max: 500 }), (n, s) => {
        const grade = sharedCategory(2 + (s % Math.max(1, n - 1)), n);
        return grade >= CATEGORY.some && grade <= CATEGORY.all;
      }),
    );
  });
});

describe('hit-testing', () => {
  const after = stageOf(model, 'after');

  it('finds each page at its column, and nothing in holes', () => {
    for (let u = 0; u < model.unikernels; u += 1) {
      const { from, to } = rowOf(after, u);
      const columns = new Map<number, number>();
      for (let page = from; page < to; page += 1) columns.set(after.column[page] ?? 0, page);
      for (let column = 0; column < model.axis.columns; column += 1) {
        expect(pageAt(after, u, column + 0.7)).toBe(columns.get(column));
      }
    }
  });

  it('reaches the next page where a cell is thinner than a pixel', () => {
    const { from } = rowOf(after, 0);
    const column = after.column[from] ?? 0;
    expect(pageAt(after, 0, column - 3, 4)).toBe(from);
    expect(pageAt(after, 0, column - 3, 2)).toBeUndefined();
  });

  it('finds the nearest page of a band', () => {
    const { from, to } = rowOf(after, 0);
    expect(nearestPage(after, 0, -1)).toBe(from);
    expect(nearestPage(after, 0, 1e9)).toBe(to - 1);
  });
});

describe('a page map in one buffer', () => {
  it('comes back as it went', () => {
    const packed = packPageMap(document);
    expect(fromBuffer(toBuffer(packed))).toEqual(packed);
  });

  it('refuses other bytes and truncated ones', () => {
    const buffer = toBuffer(packPageMap(document));
    expect(() => fromBuffer(new ArrayBuffer(4))).toThrow('not a packed page map');
    expect(() => fromBuffer(new ArrayBuffer(64))).toThrow('not a packed page map');
    expect(() => fromBuffer(buffer.slice(0, 64))).toThrow('truncated');
    expect(() => fromBuffer(buffer.slice(0, buffer.byteLength - 64))).toThrow('truncated');
  });
});

describe('what arrives is checked', () => {
  const broken = (change: (copy: PageMapDocument) => void): unknown => {
    const copy = structuredClone(document);
    change(copy);
    return copy;
  };
  const firstPage = (copy: PageMapDocument) => {
    const page = copy.unikernels[0]?.before?.pages[0];
    if (!page) throw new Error('no page');
    return page;
  };

  it.each<[string, (copy: PageMapDocument) => void, string]>([
    ['another format', (d) => Object.assign(d, { format: 'other' }), 'format'],
    ['another version', (d) => Object.assign(d, { version: 2 }), 'version 2'],
    ['an odd address', (d) => (firstPage(d).address = 4097), 'unikernels[0].before.pages[0]'],
    ['an unknown kind', (d) => Object.assign(firstPage(d), { kind: 'odd' }), 'kind'],
    ['a class that is not there', (d) => (firstPage(d).contentClass = 9999), 'content class'],
    [
      'an owner of too many bytes',
      (d) => (firstPage(d).owners = [{ library: 'a', section: 'b', bytes: 5000, symbols: [] }]),
      'owner',
    ],
    ['a sharer that is not there', (d) => d.contentClasses.after?.[0]?.sharers.push(99), 'sharer'],
  ])('%s', (_, change, message) => {
    expect(() => packPageMap(broken(change))).toThrow(message);
  });

  it.each([null, 1, 'text', [], {}])('%j', (value) => {
    expect(() => packPageMap(value)).toThrow();
  });

  it('orders pages that do not ascend', () => {
    const copy = structuredClone(document);
    copy.unikernels[0]?.before?.pages.reverse();
    expect(packPageMap(copy).stages.before?.pageNumber).toEqual(
      packPageMap(document).stages.before?.pageNumber,
    );
  });
});
