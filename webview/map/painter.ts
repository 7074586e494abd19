/** Paints what the viewport shows: bands, names, gutter and breaks on one canvas. */
import type { Stage } from '../../src/protocol/page-map.ts';
import { LINE, TITLE, WIDE_CELL, type BandGroup } from '../model/bands.ts';
import { columnNames, mainOwners, type MainOwners, type Named } from '../model/names.ts';
import type { PageMapModel, StageModel } from '../model/stage.ts';
import { makeHatch, paintBand, paintSeparators, type CellFrame } from '../paint/cells.ts';
import {
  paintLane,
  paintLibraries,
  paintSymbols,
  TextFitter,
  type NamesFrame,
} from '../paint/names.ts';
import type { RasterPalette } from '../paint/raster.ts';
import { rasterPalette, type MapTheme } from '../paint/theme.ts';
import { CoarsePainter } from './coarse.ts';
import type { Viewport } from './viewport.ts';

export interface PaintRequest {
  theme: MapTheme;
  mask: (stage: StageModel) => Uint8Array | undefined;
  title: (stage: Stage) => { name: string; facts: string };
}

/** Narrower cells, or lower bands, are painted pixel by pixel. */
const LEAST_CELL = 3;
const LEAST_BAND = 6;

interface Lanes {
  sections: Named[];
  libraries: Named[];
}

export class Painter {
  readonly fitter: TextFitter;
  readonly #context: CanvasRenderingContext2D;
  #model: PageMapModel | undefined;
  #main: MainOwners | undefined;
  readonly #lanes = new Map<StageModel, Lanes>();
  #hatch: CanvasPattern | null = null;
  #hatchKey = '';
  readonly #coarse = new CoarsePainter();
  #palette: RasterPalette | undefined;
  #paletteTheme: MapTheme | undefined;
  #exact = true;

  constructor(readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('This browser has no 2D canvas.');
    this.#context = context;
    this.fitter = new TextFitter(context);
  }

  /** Paints everything; false where a part is to be painted more exactly soon. */
  paint(viewport: Viewport, request: PaintRequest): boolean {
    this.#use(viewport.model);
    this.#exact = true;
    const { width, height, ratio } = viewport.size;
    const context = this.#context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    for (const group of viewport.bands.groups) {
      const stage = viewport.model.stages[group.stage];
      if (stage) this.#paintGroup(viewport, request, group, stage);
    }
    this.#paintBreaks(viewport, request.theme);
    return this.#exact;
  }

  #use(model: PageMapModel): void {
    if (this.#model === model) return;
    this.#model = model;
    this.#main = mainOwners(model.map);
    this.#lanes.clear();
    this.#coarse.forget();
  }

  #paletteOf(theme: MapTheme, ratio: number): RasterPalette {
    if (!this.#palette || this.#paletteTheme !== theme || this.#palette.ratio !== ratio) {
      this.#palette = rasterPalette(theme, ratio);
      this.#paletteTheme = theme;
    }
    return this.#palette;
  }

  #paintGroup(
    viewport: Viewport,
    request: PaintRequest,
    group: BandGroup,
    stage: StageModel,
  ): void {
    if (group.bottom < viewport.scroll) return;
    if (group.top > viewport.scroll + viewport.size.height) return;
    const mask = request.mask(stage);
    const coarse = viewport.cellWidth < LEAST_CELL || viewport.bands.rowHeight < LEAST_BAND;
    if (coarse) {
      const palette = this.#paletteOf(request.theme, viewport.size.ratio);
      const exact = this.#coarse.paint(this.#context, viewport, palette, group, stage, mask);
      if (!exact) this.#exact = false;
    } else this.#paintCells(viewport, request.theme, group, stage, mask);
    this.#paintGutter(viewport, request.theme, group);
    this.#paintHeading(viewport, request, group, stage);
  }

  #paintCells(
    viewport: Viewport,
    theme: MapTheme,
    group: BandGroup,
    stage: StageModel,
    mask: Uint8Array | undefined,
  ): void {
    const context = this.#context;
    const { cellHeight, rowHeight } = viewport.bands;
    const { first, last } = viewport.columns();
    const frame: CellFrame = {
      context,
      theme,
      hatch: this.#hatchOf(theme, viewport.size.ratio),
      x: viewport.edge(),
      cellWidth: viewport.cellWidth,
      cellHeight,
      firstColumn: first,
      lastColumn: last,
    };
    context.save();
    this.#clip(viewport);
    const rows = visibleRows(viewport, group);
    for (let u = rows.first; u < rows.end; u += 1) {
      paintBand(frame, stage, u, mask, viewport.rowY(group.rowsTop + u * rowHeight));
    }
    paintSeparators(frame, viewport.rowY(group.rowsTop), viewport.rowY(group.bottom));
    this.#paintNames(viewport, theme, group, stage, rows);
    context.restore();
  }

  #clip(viewport: Viewport): void {
    const { left, right } = viewport;
    this.#context.beginPath();
    this.#context.rect(left, 0, right - left + 1, viewport.size.height);
    this.#context.clip();
  }

  #namesFrame(viewport: Viewport, theme: MapTheme): NamesFrame {
    const { first, last } = viewport.columns();
    return {
      context: this.#context,
      theme,
      fitter: this.fitter,
      x: viewport.edge(),
      firstColumn: first,
      lastColumn: last,
      left: viewport.left,
      right: viewport.right,
    };
  }

  #paintNames(
    viewport: Viewport,
    theme: MapTheme,
    group: BandGroup,
    stage: StageModel,
    rows: { first: number; end: number },
  ): void {
    const { cellHeight, rowHeight, namesHeight } = viewport.bands;
    if (namesHeight === 0 || !this.#main) return;
    const frame = this.#namesFrame(viewport, theme);
    const { map } = viewport.model;
    for (let u = rows.first; u < rows.end; u += 1) {
      const y = viewport.rowY(group.rowsTop + u * rowHeight) + cellHeight;
      paintLibraries(frame, map, this.#main, stage, u, y);
      if (namesHeight > LINE && viewport.cellWidth >= WIDE_CELL) {
        paintSymbols(frame, map, stage, u, y + LINE - 2);
      }
    }
  }

  #paintHeading(
    viewport: Viewport,
    { theme, title }: PaintRequest,
    group: BandGroup,
    stage: StageModel,
  ): void {
    const context = this.#context;
    const y = headingY(viewport, group);
    if (y > viewport.rowY(group.top)) {
      context.fillStyle = theme.background;
      context.fillRect(0, y, viewport.size.width, group.rowsTop - group.top);
    }
    const { name, facts } = title(group.stage);
    context.textBaseline = 'middle';
    context.font = theme.boldFont;
    context.fillStyle = theme.foreground;
    context.fillText(name, 8, y + 13);
    const after = 8 + this.fitter.width(name) + 10;
    context.font = theme.font;
    context.fillStyle = theme.muted;
    context.fillText(this.fitter.clipped(facts, viewport.size.width - after - 8), after, y + 13);
    const frame = this.#namesFrame(viewport, theme);
    const lanes = this.#lanesOf(viewport.model, stage);
    const { strings } = viewport.model.map;
    const sections = this.#main?.sections ?? [];
    const lane = (index: number): number => y + TITLE + index * LINE;
    paintLane(frame, lanes.sections, (id) => sections[id] ?? '', lane(0));
    if (viewport.bands.namesHeight === 0) {
      paintLane(frame, lanes.libraries, (id) => strings[id] ?? '', lane(1));
    }
  }

  #lanesOf(model: PageMapModel, stage: StageModel): Lanes {
    const known = this.#lanes.get(stage);
    if (known) return known;
    const main = this.#main ?? mainOwners(model.map);
    const lanes = {
      sections: columnNames(stage, model.axis.columns, main.section),
      libraries: columnNames(stage, model.axis.columns, main.library),
    };
    this.#lanes.set(stage, lanes);
    return lanes;
  }

  #paintGutter(viewport: Viewport, theme: MapTheme, group: BandGroup): void {
    const context = this.#context;
    const { rowHeight, cellHeight } = viewport.bands;
    context.font = theme.font;
    context.textBaseline = 'middle';
    context.fillStyle = theme.foreground;
    const step = Math.max(1, Math.ceil(14 / rowHeight));
    const rows = visibleRows(viewport, group);
    for (let u = Math.ceil(rows.first / step) * step; u < rows.end; u += step) {
      const name = viewport.model.map.head.unikernels[u]?.name ?? '';
      const y = viewport.rowY(group.rowsTop + u * rowHeight) + Math.max(cellHeight, 2) / 2;
      context.fillText(this.fitter.clipped(name, viewport.gutter - 16), 8, y);
    }
  }

  /** Folded holes: two torn lines across all bands, below their titles. */
  #paintBreaks(viewport: Viewport, theme: MapTheme): void {
    const context = this.#context;
    const { axis } = viewport.model;
    const parts = viewport.bands.groups.map((group) => [
      headingY(viewport, group) + TITLE,
      Math.min(viewport.size.height, viewport.rowY(group.bottom)),
    ]);
    context.save();
    this.#clip(viewport);
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.setLineDash([3, 3]);
    for (const run of axis.runs.slice(1)) {
      const right = viewport.scale(run.firstColumn);
      const left = viewport.scale(run.firstColumn - axis.gap);
      const middle = Math.round((left + right) / 2);
      if (middle < viewport.left || middle > viewport.right) continue;
      context.beginPath();
      for (const [top = 0, bottom = 0] of parts) {
        for (const x of [middle - 1.5, middle + 1.5]) {
          context.moveTo(x, top);
          context.lineTo(x, Math.max(top, bottom));
        }
      }
      context.stroke();
    }
    context.restore();
  }

  #hatchOf(theme: MapTheme, ratio: number): CanvasPattern | null {
    const key = `${theme.pattern} ${ratio}`;
    if (this.#hatchKey !== key) {
      this.#hatch = makeHatch(theme, ratio);
      this.#hatchKey = key;
    }
    return this.#hatch;
  }
}

/** A heading stays in view as long as bands of its group do. */
function headingY(viewport: Viewport, group: BandGroup): number {
  const height = group.rowsTop - group.top;
  return Math.min(Math.max(0, viewport.rowY(group.top)), viewport.rowY(group.bottom) - height);
}

function visibleRows(viewport: Viewport, group: BandGroup): { first: number; end: number } {
  const { rowHeight, rows } = viewport.bands;
  const { scroll } = viewport;
  return {
    first: Math.max(0, Math.floor((scroll - group.rowsTop) / rowHeight)),
    end: Math.min(rows, Math.ceil((scroll + viewport.size.height - group.rowsTop) / rowHeight)),
  };
}
