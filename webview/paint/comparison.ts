/** Two bands on one address axis, and ribbons from each run of equal pages to its other place. */
import { comparedColumn, type Comparison } from '../model/compare.ts';
import { rowOf, type StageModel } from '../model/stage.ts';
import { makeHatch, paintCell, type CellFrame } from './cells.ts';
import type { MapTheme } from './theme.ts';

export interface ComparisonFrame {
  readonly stage: StageModel;
  readonly comparison: Comparison;
  readonly pair: readonly [number, number];
  readonly names: readonly string[];
  readonly theme: MapTheme;
  /** CSS pixels. */
  readonly width: number;
}

const LABEL = 18;
const BAND = 26;
const RIBBONS = 110;
const HEIGHT = 2 * (LABEL + BAND) + RIBBONS;

export function paintComparison(canvas: HTMLCanvasElement, frame: ComparisonFrame): void {
  const { width } = frame;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, HEIGHT);
  const lower = LABEL + BAND + RIBBONS;
  paintRibbons(context, frame, LABEL + BAND, lower);
  paintLayout(context, frame, 0, LABEL);
  paintLayout(context, frame, 1, lower);
  context.fillStyle = frame.theme.foreground;
  context.font = frame.theme.boldFont;
  context.textBaseline = 'middle';
  context.fillText(frame.names[0] ?? '', 0, LABEL / 2);
  context.fillText(frame.names[1] ?? '', 0, lower + BAND + LABEL / 2);
}

const scaleOf = ({ comparison, width }: ComparisonFrame) =>
  width / Math.max(1, comparison.axis.columns);

function paintLayout(
  context: CanvasRenderingContext2D,
  frame: ComparisonFrame,
  side: 0 | 1,
  y: number,
): void {
  const { stage, comparison, pair, theme } = frame;
  const scale = scaleOf(frame);
  const { from, to } = rowOf(stage, pair[side]);
  const cells: CellFrame = {
    context,
    theme,
    hatch: makeHatch(theme, window.devicePixelRatio || 1),
    x: (column) => Math.round(column * scale),
    cellWidth: scale,
    cellHeight: BAND,
    firstColumn: 0,
    lastColumn: comparison.axis.columns,
  };
  context.save();
  context.translate(0, y);
  for (let page = from; page < to; page += 1) {
    const column = comparedColumn(comparison, stage, page);
    paintCell(cells, stage.category[page] ?? 0, stage.packed.flags[page] ?? 0, column);
  }
  context.restore();
}

/** A ribbon is straight where the address is the same. */
function paintRibbons(
  context: CanvasRenderingContext2D,
  frame: ComparisonFrame,
  top: number,
  bottom: number,
): void {
  const { stage, comparison, theme } = frame;
  const scale = scaleOf(frame);
  const middle = (top + bottom) / 2;
  for (const run of comparison.runs) {
    const above = comparedColumn(comparison, stage, run.upper) * scale;
    const below = comparedColumn(comparison, stage, run.lower) * scale;
    const width = Math.max(1, run.length * scale);
    context.beginPath();
    context.moveTo(above, top);
    context.bezierCurveTo(above, middle, below, middle, below, bottom);
    context.lineTo(below + width, bottom);
    context.bezierCurveTo(below + width, middle, above + width, middle, above + width, top);
    context.closePath();
    context.fillStyle = theme.fill[stage.category[run.upper] ?? 0] ?? theme.muted;
    context.globalAlpha = 0.35;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = theme.background;
    context.lineWidth = 1;
    context.stroke();
  }
}
