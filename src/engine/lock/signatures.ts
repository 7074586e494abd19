/**
 * Which pages of a unikernel another one has too, by what the lock knows. A page's content is the sum
 * of hashes of what stands on it (place and content), so that it can grow piece by piece. Equal sums
 * are taken for equal pages: nothing but the choice of free space depends on it.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';

/** Sums by page number. */
export type PageSums = Map<number, number>;

/** Adds what stands at `[address, address + size)` to the pages that it touches. */
export function addToPages(sums: PageSums, address: number, size: number, content: string): void {
  const hash = hashText(`${address} ${content}`);
  const last = Math.floor((address + size - 1) / PAGE_SIZE);
  for (let page = Math.floor(address / PAGE_SIZE); page <= last; page++)
    sums.set(page, ((sums.get(page) ?? 0) + hash) | 0);
}

/** Pages of the whole fleet: how many unikernels have which content. */
export class FleetPages {
  private readonly counts = new Map<number, Map<number, number>>();

  add(sums: PageSums): void {
    for (const [page, sum] of sums) {
      const known = this.counts.get(page) ?? new Map<number, number>();
      known.set(sum, (known.get(sum) ?? 0) + 1);
      this.counts.set(page, known);
    }
  }

  remove(sums: PageSums): void {
    for (const [page, sum] of sums) {
      const known = this.counts.get(page)!;
      const left = known.get(sum)! - 1;
      if (left > 0) known.set(sum, left);
      else known.delete(sum);
      if (known.size === 0) this.counts.delete(page);
    }
  }

  /** True where a unikernel of the fleet has a page of this content at this address. */
  has(page: number, sum: number): boolean {
    return this.counts.get(page)?.has(sum) ?? false;
  }

  /** Different contents over all pages. */
  get distinct(): number {
    let count = 0;
    for (const known of this.counts.values()) count += known.size;
    return count;
  }
}

/** FNV-1a over the code units, finished so that sums of several hashes stay apart. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
