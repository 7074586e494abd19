/** Two page maps beside each other: which pages came and which went, by unikernel and by library. */
import type { Page, PageMapDocument, Stage, Totals } from '../../protocol/page-map.ts';
import { compareText } from './order.ts';

export interface Row {
  readonly name: string;
  /** Absent where it is not in that document. */
  readonly before?: Totals;
  readonly after?: Totals;
}

export interface LibraryRow {
  readonly name: string;
  /** Different contents of pages that mostly belong to the library. */
  readonly before: number;
  readonly after: number;
}

export interface PageComparison {
  readonly totals: { readonly before?: Totals; readonly after?: Totals };
  readonly unikernels: readonly Row[];
  /** Those whose number of pages is another one, the largest differences first. */
  readonly libraries: readonly LibraryRow[];
}

/** Compares the aligned pages of two documents: measured where they are, else predicted. */
export function comparePages(base: PageMapDocument, now: PageMapDocument): PageComparison {
  const [old, fresh] = [alignedStage(base), alignedStage(now)];
  const names = [...base.unikernels, ...now.unikernels].map(({ name }) => name);
  const totalsIn = (document: PageMapDocument, stage: Stage, name: string) =>
    document.unikernels.find((unikernel) => unikernel.name === name)?.[stage]?.totals;
  return {
    totals: pair(base.totals[old], now.totals[fresh]),
    unikernels: [...new Set(names)]
      .sort(compareText)
      .map((name) => ({ name, ...pair(totalsIn(base, old, name), totalsIn(now, fresh, name)) })),
    libraries: libraryRows(libraryPages(base, old), libraryPages(now, fresh)),
  };
}

const pair = (before: Totals | undefined, after: Totals | undefined) => ({
  ...(before && { before }),
  ...(after && { after }),
});

/** The stage that shows the aligned images; that of the default link where there is no other. */
export function alignedStage({ totals }: PageMapDocument): Stage {
  return totals.after ? 'after' : totals.predicted ? 'predicted' : 'before';
}

function libraryRows(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): LibraryRow[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const change = ({ before: old, after: now }: LibraryRow) => Math.abs(now - old);
  return names
    .map((name) => ({ name, before: before.get(name) ?? 0, after: after.get(name) ?? 0 }))
    .filter((row) => change(row) > 0)
    .sort((a, b) => change(b) - change(a) || compareText(a.name, b.name));
}

/** Different contents by the library that has most of the page. */
function libraryPages({ unikernels }: PageMapDocument, stage: Stage): Map<string, number> {
  const owners = new Map<number, string>();
  for (const { [stage]: pages } of unikernels)
    for (const page of pages?.pages ?? [])
      if (page.contentClass >= 0 && !owners.has(page.contentClass))
        owners.set(page.contentClass, mainOwner(page));
  const counts = new Map<string, number>();
  for (const library of owners.values()) counts.set(library, (counts.get(library) ?? 0) + 1);
  return counts;
}

function mainOwner({ owners }: Page): string {
  const bytes = new Map<string, number>();
  for (const owner of owners)
    bytes.set(owner.library, (bytes.get(owner.library) ?? 0) + owner.bytes);
  const [most] = [...bytes].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0]));
  return most?.[0] ?? '[unknown]';
}
