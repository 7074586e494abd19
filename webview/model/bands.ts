/**
 * Where the bands stand: one group a stage, one band a unikernel.
 *
 * All bands fit the height at first, however thin that makes them. Zooming in widens the cells and
 * heightens the bands together, until the bands have room for cell and names.
 */
import type { Stage } from '../../src/protocol/page-map.ts';

export interface BandGroup {
  stage: Stage;
  top: number;
  rowsTop: number;
  bottom: number;
}

export interface Bands {
  rows: number;
  rowHeight: number;
  cellHeight: number;
  /** Height of the names under the cells; 0 where there is no room. */
  namesHeight: number;
  groups: BandGroup[];
  contentHeight: number;
}

export const LINE = 13;
export const TITLE = 24;
const GROUP_GAP = 10;
const FULL_CELL = 24;
const ROW_GAP = 4;
const FULL_ROW = FULL_CELL + LINE + ROW_GAP;
/** From this cell width on there is a second line of names, for the symbols. */
export const WIDE_CELL = 90;
const FULL_AT_CELL = 22;

export interface BandsRequest {
  stages: readonly Stage[];
  rows: number;
  /** Height of the view. */
  height: number;
  /** Width of a cell when all columns fit. */
  fitCellWidth: number;
  zoom: number;
}

export function layoutBands(request: BandsRequest): Bands {
  const one = layoutWith(request, TITLE + LINE);
  // Where libraries have no room under the cells, they get a lane above them.
  return one.namesHeight > 0 ? one : layoutWith(request, TITLE + 2 * LINE);
}

function layoutWith(request: BandsRequest, heading: number): Bands {
  const { stages, rows, height } = request;
  const groupCount = Math.max(1, stages.length);
  const room = height - groupCount * (heading + GROUP_GAP);
  const fit = Math.min(FULL_ROW, Math.max(0.2, room / Math.max(1, rows * groupCount)));
  const rowHeight = zoomedRow(fit, request);
  const parts = splitRow(rowHeight);
  const groups: BandGroup[] = [];
  let top = 0;
  for (const stage of stages) {
    const rowsTop = top + heading;
    const bottom = rowsTop + rows * rowHeight;
    groups.push({ stage, top, rowsTop, bottom });
    top = bottom + GROUP_GAP;
  }
  return { rows, rowHeight, ...parts, groups, contentHeight: Math.max(0, top - GROUP_GAP) };
}

/** Height of a band: the cells' width and the bands' height reach their full size together. */
function zoomedRow(fit: number, { fitCellWidth, zoom }: BandsRequest): number {
  const wide = fitCellWidth * zoom >= WIDE_CELL ? LINE : 0;
  if (fit >= FULL_ROW) return FULL_ROW + wide;
  const fullZoom = Math.max(1.5, FULL_AT_CELL / Math.max(fitCellWidth, 1e-6));
  const power = Math.max(0.5, Math.log(FULL_ROW / fit) / Math.log(fullZoom));
  return Math.min(FULL_ROW, fit * zoom ** power) + wide;
}

function splitRow(rowHeight: number): { cellHeight: number; namesHeight: number } {
  if (rowHeight >= FULL_ROW + LINE)
    return { cellHeight: rowHeight - 2 * LINE - ROW_GAP, namesHeight: 2 * LINE };
  if (rowHeight >= LINE + ROW_GAP + 14)
    return { cellHeight: rowHeight - LINE - ROW_GAP, namesHeight: LINE };
  if (rowHeight >= 12) return { cellHeight: rowHeight - 3, namesHeight: 0 };
  if (rowHeight >= 4) return { cellHeight: rowHeight - 1, namesHeight: 0 };
  return { cellHeight: rowHeight, namesHeight: 0 };
}

/** The group and band at a height of the content. */
export function bandAt(bands: Bands, y: number): { group: BandGroup; row: number } | undefined {
  const group = bands.groups.find((g) => y >= g.rowsTop && y < g.bottom);
  return group && { group, row: Math.floor((y - group.rowsTop) / bands.rowHeight) };
}

/** Keeps the band that stands at `y` of the view there when the bands change their height. */
export function keepBand(from: Bands, to: Bands, scroll: number, y: number): number {
  const at = scroll + y;
  const index = Math.max(
    0,
    from.groups.findLastIndex((g) => g.top <= at),
  );
  const old = from.groups[index];
  const now = to.groups[index];
  if (!old || !now) return scroll;
  if (at < old.rowsTop) return now.top + at - old.top - y;
  return now.rowsTop + ((at - old.rowsTop) / from.rowHeight) * to.rowHeight - y;
}
