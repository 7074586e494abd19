/** What lights up over the cells: equals of the hovered page, the cursor, the pinned page. */
import type { StageModel } from '../model/stage.ts';
import { equalPages } from '../model/stage.ts';
import type { PageRef } from '../state.ts';
import type { MapTheme } from './theme.ts';

export interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface OverlayFrame {
  context: CanvasRenderingContext2D;
  theme: MapTheme;
  left: number;
  right: number;
  firstColumn: number;
  lastColumn: number;
  bottom: number;
  /** Rectangles of the pages' cells in the view. */
  cells: (model: StageModel) => (page: number) => Cell;
}

/** Lights up all pages with the content of this one. */
export function paintEquals(frame: OverlayFrame, model: StageModel, page: number): void {
  const { context, theme } = frame;
  context.fillStyle = theme.foreground;
  context.strokeStyle = theme.foreground;
  const cellOf = frame.cells(model);
  for (const equal of equalPages(model, page)) {
    const column = model.column[equal] ?? 0;
    if (column < frame.firstColumn || column > frame.lastColumn) continue;
    const cell = cellOf(equal);
    if (inView(frame, cell)) paintGlow(context, cell);
  }
}

function inView(frame: OverlayFrame, cell: Cell): boolean {
  return (
    cell.x + cell.width >= frame.left &&
    cell.x <= frame.right &&
    cell.y + cell.height >= 0 &&
    cell.y <= frame.bottom
  );
}

function paintGlow(context: CanvasRenderingContext2D, cell: Cell): void {
  if (cell.width < 5 || cell.height < 5) {
    context.fillRect(cell.x, cell.y, Math.max(1.5, cell.width), Math.max(1.5, cell.height));
    return;
  }
  context.globalAlpha = 0.22;
  context.fillRect(cell.x, cell.y, cell.width, cell.height);
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeRect(cell.x + 0.75, cell.y + 0.75, cell.width - 1.5, cell.height - 1.5);
}

/** A frame around one cell, in the colour of the focus, with a gap towards the cell. */
export function paintFrame(frame: OverlayFrame, model: StageModel, page: number): void {
  const { context, theme } = frame;
  const cell = frame.cells(model)(page);
  if (!inView(frame, cell)) return;
  const width = Math.max(cell.width, 4);
  const height = Math.max(cell.height, 4);
  context.lineWidth = 4;
  context.strokeStyle = theme.background;
  context.strokeRect(cell.x - 1, cell.y - 1, width + 2, height + 2);
  context.lineWidth = 2;
  context.strokeStyle = theme.focus;
  context.strokeRect(cell.x - 1, cell.y - 1, width + 2, height + 2);
}

/** The hovered page, in the foreground's colour. */
export function paintHover(frame: OverlayFrame, model: StageModel, page: number): void {
  const { context, theme } = frame;
  const cell = frame.cells(model)(page);
  context.lineWidth = 2;
  context.strokeStyle = theme.foreground;
  const width = Math.max(cell.width, 3);
  context.strokeRect(cell.x - 0.5, cell.y - 0.5, width + 1, Math.max(cell.height, 3) + 1);
}

/** Marks the band of a page in the gutter. */
export function paintBandMark(frame: OverlayFrame, model: StageModel, ref: PageRef): void {
  const { context, theme } = frame;
  const cell = frame.cells(model)(ref.page);
  if (!inView({ ...frame, left: -Infinity, right: Infinity }, cell)) return;
  context.fillStyle = theme.focus;
  context.fillRect(2, cell.y, 2, Math.max(2, cell.height));
}
