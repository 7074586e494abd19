/**
 * Bands whose cells are wide enough to be told apart.
 *
 * Neighbouring pages of one category are painted as one rectangle with one pattern; the lines
 * between cells are painted once for the whole group, in the background's colour.
 */
import { INDIRECTION, WRITABLE } from '../../src/protocol/packed/columns.ts';
import { CATEGORY, lowerBound, rowOf, type StageModel } from '../model/stage.ts';
import { DIM, type MapTheme } from './theme.ts';

export interface CellFrame {
  context: CanvasRenderingContext2D;
  theme: MapTheme;
  hatch: CanvasPattern | null;
  /** Left edge of a column, in CSS pixels. */
  x: (column: number) => number;
  cellWidth: number;
  cellHeight: number;
  firstColumn: number;
  lastColumn: number;
}

/** What is smaller than this carries no pattern. */
const PATTERN_WIDTH = 5;
const PATTERN_HEIGHT = 7;

export function paintBand(
  frame: CellFrame,
  model: StageModel,
  unikernel: number,
  mask: Uint8Array | undefined,
  y: number,
): void {
  const { from, to } = rowOf(model, unikernel);
  const { column, category } = model;
  const { flags } = model.packed;
  const look = (i: number): number =>
    lookOf(category[i] ?? 0, flags[i] ?? 0) + (mask && mask[i] === 1 ? LEFT_ASIDE : 0);
  let start = lowerBound(column, frame.firstColumn, from, to);
  while (start < to && (column[start] ?? 0) <= frame.lastColumn) {
    const kind = look(start);
    const first = column[start] ?? 0;
    let end = start + 1;
    while (end < to && column[end] === first + end - start && look(end) === kind) end += 1;
    const lastColumn = Math.min(first + end - start, frame.lastColumn + 1);
    paintRun(frame, kind, Math.max(first, frame.firstColumn), lastColumn, y);
    start = end;
  }
}

/** Bits of a look: what a run of cells has in common. */
const LEFT_ASIDE = 1;
const FOOT = 2;
const NOTCHES = 4;
const CATEGORY_SHIFT = 3;

function lookOf(category: number, flags: number): number {
  const marks = (flags & WRITABLE ? FOOT : 0) + (flags & INDIRECTION ? NOTCHES : 0);
  return (category << CATEGORY_SHIFT) + marks;
}

function paintRun(frame: CellFrame, look: number, first: number, end: number, y: number): void {
  const { context, theme, cellHeight } = frame;
  const category = look >> CATEGORY_SHIFT;
  const left = frame.x(first);
  const width = frame.x(end) - left;
  context.globalAlpha = look & LEFT_ASIDE ? DIM : 1;
  if (category === CATEGORY.zero) paintZero(frame, first, end, y);
  else {
    context.fillStyle = theme.fill[category] ?? theme.foreground;
    context.fillRect(left, y, width, cellHeight);
    paintPattern(frame, category, left, width, y);
  }
  if (look & FOOT) paintWritable(frame, left, width, y);
  if (look & NOTCHES) paintIndirection(frame, left, width, y);
  context.globalAlpha = 1;
}

/** One cell, where no band is painted as a whole. */
export function paintCell(frame: CellFrame, category: number, flags: number, column: number): void {
  paintRun(frame, lookOf(category, flags), column, column + 1, 0);
  if (frame.cellWidth >= 3) frame.context.clearRect(frame.x(column), 0, 1, frame.cellHeight);
}

/** Zero pages are outlines. */
function paintZero(frame: CellFrame, first: number, end: number, y: number): void {
  const { context, theme, cellHeight, cellWidth } = frame;
  context.fillStyle = theme.fill[CATEGORY.zero] ?? theme.muted;
  if (cellWidth < PATTERN_WIDTH || cellHeight < PATTERN_HEIGHT) {
    const left = frame.x(first);
    context.fillRect(left, y + cellHeight - 2, frame.x(end) - left, 2);
    return;
  }
  for (let column = first; column < end; column += 1) {
    const left = frame.x(column) + 1;
    const width = frame.x(column + 1) - left;
    context.fillStyle = theme.fill[CATEGORY.zero] ?? theme.muted;
    context.fillRect(left, y, width, cellHeight);
    context.fillStyle = theme.zeroFill;
    context.fillRect(left + 1, y + 1, width - 2, cellHeight - 2);
  }
}

function paintPattern(
  frame: CellFrame,
  category: number,
  left: number,
  width: number,
  y: number,
): void {
  const { context, theme, cellHeight } = frame;
  if (width < PATTERN_WIDTH || cellHeight < PATTERN_HEIGHT) return;
  if (category === CATEGORY.unique && frame.hatch) {
    context.fillStyle = frame.hatch;
    context.fillRect(left, y, width, cellHeight);
    return;
  }
  if (category === CATEGORY.all) return;
  context.fillStyle = theme.pattern;
  const lines = CATEGORY.all - category;
  const drawn = cellHeight < 14 ? Math.min(2, lines) : lines;
  for (let line = 1; line <= drawn; line += 1) {
    context.fillRect(left, y + Math.round((cellHeight * line) / (drawn + 1)), width, 1);
  }
}

/** Writable pages carry a dotted foot in a colour of its own. */
function paintWritable(frame: CellFrame, left: number, width: number, y: number): void {
  const { context, theme, cellHeight, cellWidth } = frame;
  const foot = Math.max(2, Math.min(5, Math.round(cellHeight / 4)));
  const top = y + cellHeight - foot;
  context.fillStyle = theme.pattern;
  context.fillRect(left, top - 1, width, foot + 1);
  context.fillStyle = theme.writable;
  if (foot < 4 || cellWidth < PATTERN_WIDTH) {
    context.fillRect(left, top, width, foot);
    return;
  }
  for (let dot = left + 1; dot < left + width - 1; dot += 4) {
    context.fillRect(dot, top + 1, Math.min(3, left + width - 1 - dot), foot - 1);
  }
}

/** Pages with stubs or tables hang from a notched edge in a colour of its own. */
function paintIndirection(frame: CellFrame, left: number, width: number, y: number): void {
  const { context, theme, cellHeight, cellWidth } = frame;
  const edge = Math.max(2, Math.min(5, Math.round(cellHeight / 4)));
  context.fillStyle = theme.pattern;
  context.fillRect(left, y, width, edge + 1);
  context.fillStyle = theme.indirection;
  context.fillRect(left, y, width, edge < 4 || cellWidth < PATTERN_WIDTH ? edge : 2);
  if (edge < 4 || cellWidth < PATTERN_WIDTH) return;
  for (let notch = left + 2; notch < left + width - 2; notch += 6) {
    context.fillRect(notch, y + 2, Math.min(3, left + width - 1 - notch), edge - 2);
  }
}

/** The lines between cells of a whole group. */
export function paintSeparators(frame: CellFrame, top: number, bottom: number): void {
  const { context, theme, cellWidth } = frame;
  if (cellWidth < 3) return;
  context.fillStyle = theme.background;
  context.globalAlpha = Math.min(1, (cellWidth - 2) / 4);
  for (let column = frame.firstColumn; column <= frame.lastColumn + 1; column += 1) {
    context.fillRect(frame.x(column), top, 1, bottom - top);
  }
  context.globalAlpha = 1;
}

/** A tile of diagonal lines, in device pixels. */
export function makeHatch(theme: MapTheme, ratio: number): CanvasPattern | null {
  const size = Math.round(6 * ratio);
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const context = tile.getContext('2d');
  if (!context) return null;
  context.strokeStyle = theme.pattern;
  context.lineWidth = Math.max(1, 1.1 * ratio);
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 1, size + 1);
    context.lineTo(shift + size + 1, -1);
  }
  context.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
