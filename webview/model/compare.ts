/**
 * Two layouts over each other: which pages of two unikernels have the same content, and where they
 * lie. Equal pages that follow each other on both sides form one run, so that a library, or a whole
 * block of code, is one run whose two addresses can be compared.
 */
import { buildAxis, columnOf, type AddressAxis } from './address-axis.ts';
import { equalPages, rowOf, type StageModel } from './stage.ts';

export interface EqualRun {
  /** First page of each side; the following ones are equal too. */
  readonly upper: number;
  readonly lower: number;
  readonly length: number;
  /** Pages by which the lower side lies higher in memory. */
  readonly shift: number;
}

export interface Comparison {
  readonly axis: AddressAxis;
  /** By address of the upper side. */
  readonly runs: readonly EqualRun[];
  /** Non-zero pages of the upper side, those that the lower side has too, and those at another address. */
  readonly pages: number;
  readonly equal: number;
  readonly moved: number;
}

/** Each page is matched once; zero pages, which say nothing about a layout, are left out. */
export function compareLayouts(model: StageModel, upper: number, lower: number): Comparison {
  const { pageNumber, contentClass } = model.packed;
  const taken = new Set<number>();
  const runs: EqualRun[] = [];
  const { from, to } = rowOf(model, upper);
  let pages = 0;
  let last = -2;
  for (let page = from; page < to; page += 1) {
    if ((contentClass[page] ?? -1) < 0) continue;
    pages += 1;
    const match = matchOf(model, page, lower, taken, last + 1);
    if (match === undefined) {
      last = -2;
      continue;
    }
    taken.add(match);
    const shift = (pageNumber[match] ?? 0) - (pageNumber[page] ?? 0);
    const run = runs.at(-1);
    const goesOn = run?.shift === shift && run.upper + run.length === page && match === last + 1;
    if (run && goesOn) runs[runs.length - 1] = { ...run, length: run.length + 1 };
    else runs.push({ upper: page, lower: match, length: 1, shift });
    last = match;
  }
  const count = (of: readonly EqualRun[]) => of.reduce((sum, { length }) => sum + length, 0);
  const rows = [upper, lower].map((unikernel) => rowOf(model, unikernel));
  return {
    axis: buildAxis(rows.map((row) => pageNumber.subarray(row.from, row.to))),
    runs,
    pages,
    equal: count(runs),
    moved: count(runs.filter(({ shift }) => shift !== 0)),
  };
}

/** An equal page of a unikernel that is not taken: the one that goes on with the run, or the first. */
function matchOf(
  model: StageModel,
  page: number,
  unikernel: number,
  taken: ReadonlySet<number>,
  next: number,
): number | undefined {
  const { from, to } = rowOf(model, unikernel);
  const candidates = equalPages(model, page).filter(
    (equal) => equal >= from && equal < to && !taken.has(equal),
  );
  return candidates.includes(next) ? next : candidates[0];
}

/** Column of a page on the axis of a comparison. */
export const comparedColumn = ({ axis }: Comparison, model: StageModel, page: number): number =>
  columnOf(axis, model.packed.pageNumber[page] ?? 0);
