/**
 * The common address axis, with its big holes folded.
 *
 * Unikernels use a few runs of addresses with large holes between them. Drawn to scale, the holes
 * would take nearly all the width. A hole that no unikernel fills at any stage becomes a narrow
 * gap instead: the axis is a list of runs, each page number in a run has a column, and a gap takes
 * a few columns of its own. All drawing and hit-testing is done in columns.
 */
export interface Run {
  firstPage: number;
  pages: number;
  firstColumn: number;
}

export interface AddressAxis {
  readonly runs: readonly Run[];
  readonly columns: number;
  /** Columns that a folded hole takes. */
  readonly gap: number;
}

/** Holes of up to this many pages are drawn to scale; they are part of a layout's picture. */
const SHORT_HOLE = 24;

export function buildAxis(pageNumbers: readonly Float64Array[]): AddressAxis {
  const spans = joinSpans(pageNumbers.flatMap(spansOf));
  const pages = spans.reduce((sum, [first, end]) => sum + end - first, 0);
  const gap = Math.max(2, Math.round(pages / 120));
  const longHole = Math.max(SHORT_HOLE, gap * 2);
  const runs: Run[] = [];
  for (const [first, end] of spans) {
    const last = runs.at(-1);
    if (last && first - (last.firstPage + last.pages) <= longHole) {
      last.pages = end - last.firstPage;
    } else {
      const firstColumn = last ? last.firstColumn + last.pages + gap : 0;
      runs.push({ firstPage: first, pages: end - first, firstColumn });
    }
  }
  const last = runs.at(-1);
  return { runs, columns: last ? last.firstColumn + last.pages : 0, gap };
}

type Span = [first: number, end: number];

/** Contiguous spans of one list of page numbers, which ascends within each unikernel. */
function spansOf(numbers: Float64Array): Span[] {
  const spans = new Map<number, number>();
  let first = numbers[0] ?? 0;
  let end = first;
  for (const page of numbers) {
    if (page !== end && page !== end - 1) {
      if (end > first) spans.set(first, Math.max(end, spans.get(first) ?? 0));
      first = page;
    }
    end = page + 1;
  }
  if (end > first) spans.set(first, Math.max(end, spans.get(first) ?? 0));
  return [...spans];
}

function joinSpans(spans: Span[]): Span[] {
  const joined: Span[] = [];
  for (const [first, end] of spans.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && first <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([first, end]);
  }
  return joined;
}

/** Column of a page that lies in one of the runs; a page in a hole gets the hole's first column. */
export function columnOf(axis: AddressAxis, page: number): number {
  const run = axis.runs[runBefore(axis, (candidate) => candidate.firstPage <= page)];
  if (!run) return 0;
  return run.firstColumn + Math.min(page - run.firstPage, run.pages);
}

export type Place = { page: number } | { hole: [firstPage: number, endPage: number] };

/** What stands at a column: a page number, or a folded hole. */
export function placeAt(axis: AddressAxis, column: number): Place | undefined {
  const index = runBefore(axis, (candidate) => candidate.firstColumn <= column);
  const run = axis.runs[index];
  if (!run) return undefined;
  const offset = Math.floor(column) - run.firstColumn;
  if (offset < run.pages) return { page: run.firstPage + offset };
  const next = axis.runs[index + 1];
  return next ? { hole: [run.firstPage + run.pages, next.firstPage] } : undefined;
}

function runBefore(axis: AddressAxis, before: (run: Run) => boolean): number {
  let low = 0;
  let high = axis.runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const run = axis.runs[middle];
    if (run && before(run)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Columns of ticks between two columns, on round page numbers, about `wanted` of them. */
export function tickColumns(axis: AddressAxis, from: number, to: number, wanted: number): number[] {
  const step = tickStep((to - from) / Math.max(1, wanted));
  const ticks: number[] = [];
  for (const run of axis.runs) {
    if (run.firstColumn > to || run.firstColumn + run.pages < from) continue;
    const firstVisible = run.firstPage + Math.max(0, Math.ceil(from) - run.firstColumn);
    const lastVisible = run.firstPage + Math.min(run.pages - 1, to - run.firstColumn);
    if (run.firstColumn >= from) ticks.push(run.firstColumn);
    let page = Math.ceil(firstVisible / step) * step;
    for (; page <= lastVisible; page += step) {
      const column = run.firstColumn + page - run.firstPage;
      if (column - (ticks.at(-1) ?? -Infinity) >= step * 0.75) ticks.push(column);
    }
  }
  return ticks;
}

/** The next power of two, or a half of a power of sixteen: round numbers in hexadecimal. */
function tickStep(least: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(least, 1))));
}
