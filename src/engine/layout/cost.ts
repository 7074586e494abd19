/**
 * The price of a placement: how many different pages the set of unikernels would have, and how many
 * pages each would load. It is the prediction itself, on digests instead of bytes.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { BLOCK_SIZE, rangeHigh, rangeLow } from './digest.ts';
import type { Filling, Slot } from './slots.ts';

const BLOCKS_PER_PAGE = PAGE_SIZE / BLOCK_SIZE;

export interface Placed {
  readonly slot: Slot;
  readonly address: number;
}

export interface Cost {
  /** Different contents among non-zero pages. */
  readonly distinct: number;
  /** Pages with file-backed bytes, over all unikernels, zero pages included. */
  readonly loaded: number;
}

/** Counts the pages that the placed slots fill, over all unikernels. Addresses are multiples of a block. */
export function costOf(placed: readonly Placed[], unikernels: number): Cost {
  const pages = new PageSums(placed, unikernels);
  for (const { slot, address } of placed)
    for (let u = 0; u < unikernels; u++) {
      const filling = slot.fillings[u];
      if (filling && filling.size > 0) pages.add(filling, address, u);
    }
  return pages.count();
}

class PageSums {
  private readonly first: number;
  private readonly pages: number;
  private readonly low: Int32Array;
  private readonly high: Int32Array;
  private readonly present: Uint8Array;

  constructor(
    placed: readonly Placed[],
    private readonly unikernels: number,
  ) {
    let start = Infinity;
    let end = 0;
    for (const { slot, address } of placed) {
      start = Math.min(start, address);
      end = Math.max(end, address + slot.size);
    }
    this.first = Math.floor(start / PAGE_SIZE);
    this.pages = placed.length === 0 ? 0 : Math.ceil(end / PAGE_SIZE) - this.first;
    this.low = new Int32Array(this.pages * unikernels);
    this.high = new Int32Array(this.pages * unikernels);
    this.present = new Uint8Array(this.pages * unikernels);
  }

  add(filling: Filling, address: number, unikernel: number): void {
    const blocks = Math.ceil(filling.size / BLOCK_SIZE);
    let position = address / BLOCK_SIZE - this.first * BLOCKS_PER_PAGE;
    for (let from = 0; from < blocks;) {
      const inPage = position % BLOCKS_PER_PAGE;
      const to = Math.min(blocks, from + BLOCKS_PER_PAGE - inPage);
      const cell = ((position - inPage) / BLOCKS_PER_PAGE) * this.unikernels + unikernel;
      this.low[cell] = (this.low[cell]! + rangeLow(filling.digest, from, to, inPage)) | 0;
      this.high[cell] = (this.high[cell]! + rangeHigh(filling.digest, from, to, inPage)) | 0;
      this.present[cell] = 1;
      position += to - from;
      from = to;
    }
  }

  count(): Cost {
    const contents = new Set<number>();
    let loaded = 0;
    for (let cell = 0; cell < this.present.length; cell++) {
      if (this.present[cell] === 0) continue;
      loaded++;
      const key = (this.low[cell]! >>> 0) + (this.high[cell]! & 0x1fffff) * 2 ** 32;
      if (key !== 0) contents.add(key);
    }
    return { distinct: contents.size, loaded };
  }
}
