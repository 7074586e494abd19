/** Two million pages of two hundred unikernels, and a set of none or of one. */
import { describe, expect, it } from 'vitest';
import { pageMapOf } from '../../../src/engine/pages/document.ts';
import { fromBuffer, toBuffer } from '../../../src/protocol/packed/buffer.ts';
import { dimMask, countKept } from '../../../webview/model/filter.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import {
  SHARED,
  STAGES,
  UNIQUE,
  WRITABLE,
  type PackedPageMap,
} from '../../../src/protocol/packed/columns.ts';
import { buildModel } from '../../../webview/model/stage.ts';
import { paintRows, PixelCounts } from '../../../webview/paint/raster.ts';
import { initialState, shownModels } from '../../../webview/state.ts';

const UNIKERNELS = 200;
const PAGES = 10_000;
const TOTAL = UNIKERNELS * PAGES;

/** Every unikernel has the same pages but for the last tenth, which is its own. */
function largeMap(): PackedPageMap {
  const { head } = packPageMap(
    pageMapOf({
      spacer: '0',
      unikernels: Array.from({ length: UNIKERNELS }, (_, u) => ({ name: `u${u}`, stages: {} })),
    }),
  );
  const common = PAGES * 0.9;
  const own = PAGES - common;
  const classes = common + own * UNIKERNELS;
  const rows = Array.from({ length: UNIKERNELS + 1 }, (_, u) => u * PAGES);
  const of = (i: number) => ({ u: Math.floor(i / PAGES), page: i % PAGES });
  const sharers = (c: number) => (c < common ? UNIKERNELS : 1);
  const sharerStart = new Uint32Array(classes + 1);
  for (let c = 0; c < classes; c += 1) sharerStart[c + 1] = (sharerStart[c] ?? 0) + sharers(c);
  const all = new Uint32Array(sharerStart[classes] ?? 0);
  for (let i = 0; i < all.length; i += 1)
    all[i] = i < common * UNIKERNELS ? i % UNIKERNELS : Math.floor((i - common * UNIKERNELS) / own);
  return {
    head,
    strings: ['lib', '.text'],
    owners: {
      start: Uint32Array.of(0, 1),
      library: Uint32Array.of(0),
      section: Uint32Array.of(1),
      bytes: Uint16Array.of(4096),
      symbolStart: Uint32Array.of(0, 0),
      symbols: new Uint32Array(),
    },
    stages: {
      after: {
        rowStart: Uint32Array.from(rows),
        pageNumber: Float64Array.from({ length: TOTAL }, (_, i) => 256 + of(i).page),
        flags: Uint8Array.from({ length: TOTAL }, (_, i) =>
          of(i).page < common ? SHARED : UNIQUE | WRITABLE,
        ),
        contentClass: Int32Array.from({ length: TOTAL }, (_, i) => {
          const { u, page } = of(i);
          return page < common ? page : page + u * own;
        }),
        ownerList: new Uint32Array(TOTAL),
        classPages: Uint32Array.from({ length: classes }, (_, c) => sharers(c)),
        sharerStart,
        sharers: all,
      },
    },
  };
}

describe('two million pages of two hundred unikernels', () => {
  it('cross as one buffer, are counted, filtered and painted', () => {
    const model = buildModel(fromBuffer(toBuffer(largeMap())));
    const after = model.stages.after!;
    const counts = { all: TOTAL * 0.9, some: 0, unique: TOTAL * 0.1, zero: 0 };
    expect(after.counts).toEqual({ ...counts, writable: TOTAL * 0.1, indirection: 0 });
    expect(countKept(after, dimMask(after, new Set(['unique']), undefined))).toBe(TOTAL * 0.1);
    const [width, height] = [1000, 400];
    const raster = { pixels: new Uint32Array(width * height), width, height };
    const slots = Uint32Array.from({ length: 16 }, (_, slot) => slot + 1);
    const palette = { pixels: slots, lines: slots, writable: 99, indirection: 98, ratio: 1 };
    const x = { scale: width / model.axis.columns, offset: 0 };
    const rows = { model: after, mask: undefined, x, top: 0, rowHeight: 2, cellHeight: 2 };
    paintRows(raster, new PixelCounts(width), rows, palette);
    expect(raster.pixels.every((pixel) => pixel > 0)).toBe(true);
    expect(raster.pixels[10]).toBe(7);
    expect(raster.pixels[width - 10]).toBe(2);
  });
});

describe('a page map of few', () => {
  it.each([0, 1])('holds %i unikernels', (count) => {
    const page = { address: 4096, writable: false, executable: true, key: 'a' };
    const stages = { before: { segments: [], pages: [page], owners: [[]] } };
    const unikernels = Array.from({ length: count }, (_, u) => ({ name: `u${u}`, stages }));
    const model = buildModel(packPageMap(pageMapOf({ spacer: '0', unikernels })));
    const state = initialState(model);
    expect(shownModels(state)).toHaveLength(count);
    expect(STAGES.filter((stage) => model.stages[stage])).toHaveLength(count);
  });
});
