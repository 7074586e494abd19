/**
 * Prices orders of slots, thousands of times a second. It does what `placeInOrder` and `costOf` do
 * together, in arrays that are used again and again; a test holds them equal.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import type { Cost } from './cost.ts';
import { BLOCK_SIZE, shiftTables, type ShiftTables } from './digest.ts';
import { GRAIN, type Step } from './place.ts';

const BLOCKS_PER_PAGE = PAGE_SIZE / BLOCK_SIZE;

interface Column {
  readonly unikernel: number;
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly blocks: number;
}

interface Row {
  readonly step: Step;
  readonly alignment: number;
  readonly size: number;
  readonly columns: readonly Column[];
  readonly moves: readonly number[];
}

export class OrderEvaluator {
  private readonly rows: readonly Row[];
  private readonly first: number;
  private readonly cursors: Float64Array;
  private readonly low: Int32Array;
  private readonly high: Int32Array;
  private readonly present: Uint8Array;
  private readonly table: Float64Array;
  private readonly shifts: ShiftTables;
  private used = 0;

  constructor(
    steps: readonly Step[],
    private readonly start: number,
    private readonly unikernels: number,
  ) {
    this.rows = steps.map((step) => rowOf(step, unikernels));
    this.first = Math.floor(start / PAGE_SIZE);
    this.cursors = new Float64Array(unikernels);
    const cells = pagesAtMost(steps, start) * unikernels;
    this.low = new Int32Array(cells);
    this.high = new Int32Array(cells);
    this.present = new Uint8Array(cells);
    this.table = new Float64Array(2 ** Math.ceil(Math.log2(cells + 2)) * 2);
    const largest = Math.max(1, ...steps.map((step) => step.slot.size));
    this.shifts = shiftTables(Math.ceil(largest / BLOCK_SIZE) + BLOCKS_PER_PAGE);
  }

  /** Cost of placing the steps in the order given by their indices. */
  cost(order: Int32Array): Cost {
    this.low.fill(0, 0, this.used);
    this.high.fill(0, 0, this.used);
    this.present.fill(0, 0, this.used);
    this.used = 0;
    this.cursors.fill(this.start);
    let end = this.start;
    for (let i = 0; i < order.length; i++) end = this.place(this.rows[order[i]!]!, end);
    return this.count();
  }

  private place(row: Row, end: number): number {
    const { step, columns, moves, size } = row;
    let free = step.apart ? end : 0;
    if (!step.apart) for (const u of moves) if (this.cursors[u]! > free) free = this.cursors[u]!;
    if (step.from !== undefined && step.from > free) free = step.from;
    const address = Math.ceil(free / row.alignment) * row.alignment;
    const next = address + size;
    for (const u of moves) this.cursors[u] = next;
    for (const column of columns) this.add(column, address);
    return next > end ? next : end;
  }

  private add(column: Column, address: number): void {
    const { low, high, blocks, unikernel } = column;
    const { upLow, upHigh, downLow, downHigh } = this.shifts;
    let position = address / BLOCK_SIZE - this.first * BLOCKS_PER_PAGE;
    for (let from = 0; from < blocks;) {
      const inPage = position % BLOCKS_PER_PAGE;
      const to = Math.min(blocks, from + BLOCKS_PER_PAGE - inPage);
      const cell = ((position - inPage) / BLOCKS_PER_PAGE) * this.unikernels + unikernel;
      const shift = inPage - from;
      const sumLow = (low[to]! - low[from]!) | 0;
      const sumHigh = (high[to]! - high[from]!) | 0;
      const byLow = shift >= 0 ? upLow[shift]! : downLow[-shift]!;
      const byHigh = shift >= 0 ? upHigh[shift]! : downHigh[-shift]!;
      this.low[cell] = (this.low[cell]! + Math.imul(sumLow, byLow)) | 0;
      this.high[cell] = (this.high[cell]! + Math.imul(sumHigh, byHigh)) | 0;
      this.present[cell] = 1;
      if (cell >= this.used) this.used = cell + 1;
      position += to - from;
      from = to;
    }
  }

  private count(): Cost {
    const mask = this.table.length - 1;
    this.table.fill(0);
    let distinct = 0;
    let loaded = 0;
    for (let cell = 0; cell < this.used; cell++) {
      if (this.present[cell] === 0) continue;
      loaded++;
      const key = (this.low[cell]! >>> 0) + (this.high[cell]! & 0x1fffff) * 2 ** 32;
      if (key === 0) continue;
      let at = this.low[cell]! & mask;
      while (this.table[at] !== 0 && this.table[at] !== key) at = (at + 1) & mask;
      if (this.table[at] === 0) {
        this.table[at] = key;
        distinct++;
      }
    }
    return { distinct, loaded };
  }
}

function rowOf(step: Step, unikernels: number): Row {
  const { slot } = step;
  const columns = slot.fillings.flatMap((filling, unikernel): Column[] => {
    if (!filling || filling.size === 0) return [];
    const { low, high } = filling.digest;
    const blocks = Math.min(Math.ceil(filling.size / BLOCK_SIZE), low.length - 1);
    return [{ unikernel, low, high, blocks }];
  });
  const all = Array.from({ length: unikernels }, (_, u) => u);
  const moves = step.apart ? all : all.filter((u) => slot.fillings[u]);
  const alignment = Math.max(GRAIN, slot.alignment, step.alignment ?? 1);
  return { step, alignment, size: slot.size, columns, moves };
}

/** All steps one behind the other, each padded to its alignment, and one page more for each end. */
function pagesAtMost(steps: readonly Step[], start: number): number {
  const from = Math.max(start, ...steps.map((step) => step.from ?? 0));
  const bytes = steps.reduce(
    (sum, { slot, alignment = 1 }) => sum + slot.size + Math.max(GRAIN, slot.alignment, alignment),
    from - start,
  );
  return Math.ceil(bytes / PAGE_SIZE) + 2;
}
