/**
 * Content classes over a set of images: which pages have equal contents, and who shares them.
 *
 * A hash finds candidates; two pages are equal only when their bytes are. Predicted pages have no
 * bytes yet: the plan gives each a key instead, and equal keys promise equal contents.
 */
import type { ContentClass, PageKind, Totals } from '../../protocol/page-map.ts';
import { hashPage } from './page-hash.ts';

/** What is known of a page's content: its bytes, or a key (`null`: all zero). */
export type PageContent = { readonly bytes: Uint8Array } | { readonly key: string | null };

export interface ClassifiedImage {
  /** By page, in the order given. */
  readonly kinds: PageKind[];
  /** Index into `contentClasses` by page; -1 for zero pages. */
  readonly classes: number[];
  readonly totals: Totals;
}

export interface Classified {
  readonly contentClasses: ContentClass[];
  readonly images: ClassifiedImage[];
  /** Of the whole set. */
  readonly totals: Totals;
}

const ZERO = -1;

/**
 * Sorts the pages of a set of images into classes of equal content. Classes are numbered by first
 * appearance, image by image, so that equal input gives an equal document.
 */
export function classify(images: readonly (readonly PageContent[])[]): Classified {
  const contentClasses: ContentClass[] = [];
  const finder = new ClassFinder();
  const classes = images.map((pages, image) =>
    pages.map((page) => {
      const found = finder.find(page);
      if (found !== ZERO) enter(contentClasses, found, image);
      return found;
    }),
  );
  const results = classes.map((list) => describeImage(list, contentClasses));
  return {
    contentClasses,
    images: results,
    totals: { ...sumTotals(results), distinct: contentClasses.length },
  };
}

function enter(contentClasses: ContentClass[], found: number, image: number): void {
  const known = contentClasses[found];
  if (known === undefined) {
    contentClasses.push({ sharers: [image], pages: 1 });
    return;
  }
  known.pages += 1;
  if (known.sharers[known.sharers.length - 1] !== image) known.sharers.push(image);
}

function describeImage(
  classes: number[],
  contentClasses: readonly ContentClass[],
): ClassifiedImage {
  const kinds = classes.map((index): PageKind => {
    if (index === ZERO) return 'zero';
    return (contentClasses[index]?.sharers.length ?? 0) > 1 ? 'shared' : 'unique';
  });
  const count = (kind: PageKind) => kinds.filter((other) => other === kind).length;
  const zero = count('zero');
  const distinct = new Set(classes).size - (zero > 0 ? 1 : 0);
  const totals = {
    total: kinds.length,
    zero,
    distinct,
    shared: count('shared'),
    unique: count('unique'),
  };
  return { kinds, classes, totals };
}

function sumTotals(images: readonly ClassifiedImage[]): Totals {
  const sum: Totals = { total: 0, zero: 0, distinct: 0, shared: 0, unique: 0 };
  for (const { totals } of images) {
    sum.total += totals.total;
    sum.zero += totals.zero;
    sum.shared += totals.shared;
    sum.unique += totals.unique;
  }
  return sum;
}

/** Numbers contents by first appearance. */
class ClassFinder {
  private count = 0;
  private readonly byKey = new Map<string, number>();
  /** Classes by hash: mostly one; a list only where hashes collide. */
  private readonly byHash = new Map<number, Candidate>();

  find(page: PageContent): number {
    return 'bytes' in page ? this.findBytes(page.bytes) : this.findKey(page.key);
  }

  private findKey(key: string | null): number {
    if (key === null) return ZERO;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    this.byKey.set(key, this.count);
    return this.count++;
  }

  private findBytes(bytes: Uint8Array): number {
    const hash = hashPage(bytes);
    if (hash === 0) return ZERO;
    const first = this.byHash.get(hash);
    for (let at = first; at !== undefined; at = at.next)
      if (Buffer.compare(at.bytes, bytes) === 0) return at.index;
    const index = this.count++;
    this.byHash.set(hash, { bytes, index, next: first });
    return index;
  }
}

interface Candidate {
  readonly bytes: Uint8Array;
  readonly index: number;
  readonly next: Candidate | undefined;
}
