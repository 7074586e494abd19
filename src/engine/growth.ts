/**
 * What an alignment may cost. A layout that shares more may load more pages of a single image; how
 * many more is limited, and a set must not end with more distinct pages than its own links have.
 */
import { PAGE_SIZE } from '../protocol/page-map.ts';
import { PT } from './elf/types.ts';
import { placesFor, type LayoutInput, type Layout } from './layout/plan.ts';
import type { LoadedUnikernel } from './loaded-unikernel.ts';
import { hashBytes } from './model/canonical.ts';

/** Pages of a set as its own links left them. */
export interface DefaultLink {
  /** Different contents among non-zero pages. */
  readonly distinct: number;
  /** Pages with file contents, by unikernel. */
  readonly loaded: readonly number[];
}

/** Counts the pages of the unstripped images. */
export function defaultLinkOf(set: readonly LoadedUnikernel[]): DefaultLink {
  const contents = new Set<string>();
  const loaded = set.map((unikernel) => {
    const pages = pagesOf(unikernel);
    for (const page of pages) if (page.some((byte) => byte !== 0)) contents.add(hashBytes(page));
    return pages.length;
  });
  return { distinct: contents.size, loaded };
}

function pagesOf({ debug }: LoadedUnikernel): Uint8Array[] {
  const pages = new Map<number, Uint8Array>();
  for (const { type, offset, virtualAddress, fileSize } of debug.segments) {
    if (type !== PT.LOAD) continue;
    for (let done = 0; done < fileSize;) {
      const inPage = (virtualAddress + done) % PAGE_SIZE;
      const count = Math.min(PAGE_SIZE - inPage, fileSize - done);
      const start = virtualAddress + done - inPage;
      const page = pages.get(start) ?? new Uint8Array(PAGE_SIZE);
      page.set(debug.bytes.subarray(offset + done, offset + done + count), inPage);
      pages.set(start, page);
      done += count;
    }
  }
  return [...pages.values()];
}

/** Images may load this much more than by their own link, and the set as a whole. */
const LIMITS = { image: 0.08, imageOfSplit: 0.1, set: 0.06 } as const;

const ROUNDING = 1e-9;

/**
 * Why a layout costs too much; undefined where it does not.
 * @param isSplit libraries stand in several places, so that more pages are begun
 */
export function objectionTo(
  layout: Layout,
  input: LayoutInput,
  before: DefaultLink,
  isSplit: boolean,
): string | undefined {
  const growth = growthOf(layout, input, before);
  const [worst, set] = [growth.worst, growth.set].map((share) => share - ROUNDING) as [
    number,
    number,
  ];
  const { distinct } = layout.cost;
  if (distinct > before.distinct)
    return `the images as they are need ${before.distinct} distinct pages`;
  if (worst > (isSplit ? LIMITS.imageOfSplit : LIMITS.image))
    return `an image would load ${percent(worst)} more`;
  return set > LIMITS.set ? `the set would load ${percent(set)} more` : undefined;
}

/** How far a layout is beyond the limits, as a share of the most that is exceeded; 0 where it is not. */
export function excessOf(
  layout: Layout,
  input: LayoutInput,
  before: DefaultLink,
  isSplit: boolean,
): number {
  const { worst, set } = growthOf(layout, input, before);
  const image = isSplit ? LIMITS.imageOfSplit : LIMITS.image;
  const pages = layout.cost.distinct / before.distinct - 1;
  return Math.max(0, pages, worst - image, set - LIMITS.set);
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** Growth of the loaded pages against the default link, as shares: 0.05 is five percent. */
interface Growth {
  /** Of the image that grows most. */
  readonly worst: number;
  readonly set: number;
}

function growthOf(layout: Layout, input: LayoutInput, before: DefaultLink): Growth {
  const after = loadedPages(layout, input);
  const sum = (list: readonly number[]) => list.reduce((total, n) => total + n, 0);
  return {
    worst: Math.max(...after.map((pages, u) => pages / before.loaded[u]! - 1)),
    set: sum(after) / sum(before.loaded) - 1,
  };
}

/** Pages that a layout loads, by unikernel. */
function loadedPages(layout: Layout, { slots, regions, unikernels }: LayoutInput): number[] {
  const addresses = Array.from({ length: unikernels }, (_, u) => placesFor(layout, u).addresses);
  const pages = Array.from({ length: unikernels }, () => new Set<number>());
  const empty = new Set(
    regions.filter(({ group }) => group === 'bss' || group === 'unloaded').map(({ name }) => name),
  );
  for (const { id, region, fillings } of slots) {
    if (empty.has(region) || region === '.tbss') continue;
    fillings.forEach((filling, u) => {
      if (!filling?.size) return;
      const start = addresses[u]![id]!;
      const end = start + filling.size;
      for (let page = Math.floor(start / PAGE_SIZE); page * PAGE_SIZE < end; page++)
        pages[u]!.add(page);
    });
  }
  return pages.map(({ size }) => size);
}
