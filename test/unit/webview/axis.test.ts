import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAxis, columnOf, placeAt, tickColumns } from '../../../webview/model/address-axis.ts';

const pages = fc
  .uniqueArray(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 80 })
  .map((list) => Float64Array.from(list.sort((a, b) => a - b)));

describe('the address axis', () => {
  it('gives each page a column of its own, in order, that leads back to it', () => {
    fc.assert(
      fc.property(pages, (numbers) => {
        const axis = buildAxis([numbers]);
        let previous = -1;
        for (const page of numbers) {
          const column = columnOf(axis, page);
          expect(column).toBeGreaterThan(previous);
          expect(column).toBeLessThan(axis.columns);
          expect(placeAt(axis, column)).toEqual({ page });
          previous = column;
        }
      }),
    );
  });

  it('folds holes that are common to all, and only those', () => {
    const before = Float64Array.from([0x100, 0x101, 0x40000]);
    const after = Float64Array.from([0x100, 0x108, 0x40001]);
    const axis = buildAxis([before, after]);
    expect(axis.runs).toHaveLength(2);
    expect(axis.columns).toBe(9 + axis.gap + 2);
    expect(placeAt(axis, 9)).toEqual({ hole: [0x109, 0x40000] });
    expect(placeAt(axis, 4)).toEqual({ page: 0x104 });
  });

  it('is empty without pages', () => {
    expect(buildAxis([])).toMatchObject({ runs: [], columns: 0 });
    expect(placeAt(buildAxis([]), 0)).toBeUndefined();
  });

  it('places ticks on round pages that exist', () => {
    const numbers = Float64Array.from({ length: 500 }, (_, i) => 0x100 + i);
    const axis = buildAxis([numbers]);
    const ticks = tickColumns(axis, 0, axis.columns, 10);
    expect(ticks.length).toBeGreaterThan(4);
    expect(ticks.length).toBeLessThan(12);
    for (const tick of ticks) expect((0x100 + tick) % 64).toBe(0);
  });
});
