/** Which part of the map is in view, and where things stand in it: between d3's zoom and paint. */
import { scaleLinear, zoomIdentity, type ScaleLinear, type ZoomTransform } from 'd3';
import type { Stage } from '../../src/protocol/page-map.ts';
import { bandAt, keepBand, layoutBands, type Bands } from '../model/bands.ts';
import { pageAt, unikernelOf, type PageMapModel, type StageModel } from '../model/stage.ts';
import type { PageRef } from '../state.ts';

export interface Size {
  width: number;
  height: number;
  ratio: number;
}

export interface CellBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Space at the right end of the bands. */
const MARGIN = 12;

export class Viewport {
  size: Size = { width: 300, height: 200, ratio: 1 };
  gutter = 60;
  scroll = 0;
  transform: ZoomTransform = zoomIdentity;
  stages: Stage[] = [];
  bands: Bands = layoutBands({ stages: [], rows: 0, height: 0, fitCellWidth: 1, zoom: 1 });
  model: PageMapModel;

  constructor(model: PageMapModel) {
    this.model = model;
  }

  get left(): number {
    return this.gutter;
  }

  get right(): number {
    return Math.max(this.gutter + 40, this.size.width - MARGIN);
  }

  /** Columns to pixels with all columns in view. */
  get base(): ScaleLinear<number, number> {
    return scaleLinear()
      .domain([0, Math.max(1, this.model.axis.columns)])
      .range([this.left, this.right]);
  }

  /** Columns to pixels as zoomed. */
  get scale(): ScaleLinear<number, number> {
    return this.transform.rescaleX(this.base);
  }

  get fitCellWidth(): number {
    return (this.right - this.left) / Math.max(1, this.model.axis.columns);
  }

  get cellWidth(): number {
    return this.fitCellWidth * this.transform.k;
  }

  /** A left edge of a cell on the grid of device pixels. */
  edge(): (column: number) => number {
    const { scale } = this;
    const { ratio } = this.size;
    return (column) => Math.round(scale(column) * ratio) / ratio;
  }

  /** Lays the bands out anew; the band at `focusY` of the view stays there. */
  layout(focusY = 0): void {
    const before = this.bands;
    this.bands = layoutBands({
      stages: this.stages,
      rows: this.model.unikernels,
      height: this.size.height,
      fitCellWidth: this.fitCellWidth,
      zoom: this.transform.k,
    });
    if (before.rowHeight !== this.bands.rowHeight) {
      this.scroll = keepBand(before, this.bands, this.scroll, focusY);
    }
    this.clampScroll();
  }

  clampScroll(): void {
    const most = Math.max(0, this.bands.contentHeight - this.size.height);
    this.scroll = Math.min(most, Math.max(0, this.scroll));
  }

  /** The columns in view, with a little on both sides. */
  columns(): { first: number; last: number } {
    const { scale } = this;
    return {
      first: Math.max(0, Math.floor(scale.invert(this.left)) - 1),
      last: Math.min(this.model.axis.columns, Math.ceil(scale.invert(this.right))),
    };
  }

  /** The place of any page of a stage; ask once for many pages. */
  cells(stage: StageModel): (page: number) => CellBox {
    const group = this.bands.groups.find((g) => g.stage === stage.stage);
    const edge = this.edge();
    const gap = this.cellWidth >= 3 ? 1 : 0;
    const { rowHeight, cellHeight } = this.bands;
    return (page) => {
      const column = stage.column[page] ?? 0;
      const x = edge(column);
      return {
        x: x + gap,
        y: this.rowY((group?.rowsTop ?? 0) + unikernelOf(stage, page) * rowHeight),
        width: edge(column + 1) - x - gap,
        height: cellHeight,
      };
    };
  }

  /** A height of the content as a height of the view, on the grid of device pixels. */
  rowY(contentY: number): number {
    const { ratio } = this.size;
    return Math.round((contentY - this.scroll) * ratio) / ratio;
  }

  /** The page under a point of the view; a cell thinner than a pixel is found within one. */
  hit(x: number, y: number): PageRef | undefined {
    if (x < this.left || x > this.right) return undefined;
    const band = bandAt(this.bands, y + this.scroll);
    const stage = band && this.model.stages[band.group.stage];
    if (!stage) return undefined;
    const column = this.scale.invert(x);
    const page = pageAt(stage, band.row, column, 1 / this.cellWidth);
    return page === undefined ? undefined : { stage: stage.stage, page };
  }
}
