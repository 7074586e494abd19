import { PAGE_SIZE } from '../../protocol/page-map.ts';

/** Numbers of the pages that `size` bytes at an address touch; none for no bytes. */
export function pagesOf(address: number, size: number): number[] {
  if (size === 0) return [];
  const first = Math.floor(address / PAGE_SIZE);
  const last = Math.floor((address + size - 1) / PAGE_SIZE);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
