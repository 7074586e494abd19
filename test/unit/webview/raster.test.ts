import { describe, expect, it } from 'vitest';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { CATEGORY, buildModel, type StageModel } from '../../../webview/model/stage.ts';
import { paintRows, PixelCounts } from '../../../webview/paint/raster.ts';
import { makeFleet } from './fleet.ts';

const model = buildModel(packPageMap(makeFleet({ unikernels: 8, pages: 70 })));
const after = model.stages.after as StageModel;
/** Each slot's own number, one up, so that 0 is an empty pixel. */
const numbers = Uint32Array.from({ length: 16 }, (_, slot) => slot + 1);
const palette = { pixels: numbers, lines: numbers, writable: 99, indirection: 98, ratio: 1 };

function paint(width: number, height: number, rowHeight: number, mask?: Uint8Array): Uint32Array {
  const raster = { pixels: new Uint32Array(width * height), width, height };
  const x = { scale: width / model.axis.columns, offset: 0 };
  const rows = { model: after, mask, x, top: 0, rowHeight, cellHeight: rowHeight };
  paintRows(raster, new PixelCounts(width), rows, palette);
  return raster.pixels;
}

describe('bands painted pixel by pixel', () => {
  it('show each page where a column is a pixel', () => {
    const width = model.axis.columns;
    const pixels = paint(width, 8, 1);
    const expected = new Uint32Array(width * 8);
    for (let u = 0; u < 8; u += 1) {
      const to = after.packed.rowStart[u + 1] ?? 0;
      for (let page = after.packed.rowStart[u] ?? 0; page < to; page += 1) {
        expected[u * width + (after.column[page] ?? 0)] = (after.category[page] ?? 0) + 1;
      }
    }
    expect(pixels).toEqual(expected);
  });

  it('stack the kinds of all pages behind a pixel, shared by all at the bottom', () => {
    const height = 100;
    const pixels = paint(1, height * 8, height);
    const column = pixels.subarray(0, height);
    const to = after.packed.rowStart[1] ?? 0;
    const all = after.category.subarray(0, to).filter((c) => c === CATEGORY.all).length;
    const painted = column.filter((pixel) => pixel === CATEGORY.all + 1).length;
    expect(column.every((pixel) => pixel > 0)).toBe(true);
    expect(painted).toBeGreaterThan((all / to) * height - 3);
    expect(painted).toBeLessThan((all / to) * height + 3);
    expect(column.at(-2)).toBe(CATEGORY.all + 1);
  });

  it('join bands that are thinner than a pixel', () => {
    const pixels = paint(model.axis.columns, 2, 0.25);
    expect(pixels.subarray(0, model.axis.columns).some((pixel) => pixel > 0)).toBe(true);
  });

  it('paint pages that are left aside in their dimmed colours', () => {
    const pixels = paint(model.axis.columns, 8, 1, new Uint8Array(after.pages).fill(1));
    expect(pixels.every((pixel) => pixel === 0 || pixel > 8)).toBe(true);
  });
});
