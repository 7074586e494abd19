/**
 * Bands whose cells are thinner than they could be told apart.
 *
 * Each pixel column of a band stands for several pages. They are counted by category; a band that
 * is high enough shows the counts as a stack (shared by all at the bottom, zero at the top), a
 * thinner one the category with most pages, the worse of two that tie. Unique pages keep their
 * diagonal lines and pages shared by some their level ones, drawn over the picture as a whole. The
 * work is one pass over the visible pages and one over the pixels, on typed arrays, whatever the
 * number of unikernels.
 */
import { INDIRECTION, WRITABLE } from '../../src/protocol/packed/columns.ts';
import { CATEGORY, lowerBound, rowOf, type StageModel } from '../model/stage.ts';

/** Counters of a pixel column: one a category, the last for what its pages are marked with. */
const SLOTS = 8;
const MARKS_SLOT = 7;
const MARKS = WRITABLE | INDIRECTION;
/** Where pages are left aside, their categories are counted apart, in as many slots more. */
const DIMMED = SLOTS;

/** From this height of a band on its pixel columns are stacks. */
export const STACK_HEIGHT = 5;

export interface Raster {
  pixels: Uint32Array;
  width: number;
  height: number;
}

/** `pixel = column * scale + offset`. */
export interface ColumnScale {
  scale: number;
  offset: number;
}

export interface RasterPalette {
  /** Bright categories from 0 on, dimmed ones from 8 on. */
  pixels: Uint32Array;
  /** The same, where a line of the pattern crosses. */
  lines: Uint32Array;
  writable: number;
  indirection: number;
  /** Device pixels to a CSS pixel. */
  ratio: number;
}

/** Distance of the lines of a pattern, in CSS pixels; 0 for none. */
const DIAGONAL = 6;
const LEVEL = 5;

/** The categories from the bottom of a stack to its top. */
const STACK = Uint8Array.from([
  CATEGORY.all,
  CATEGORY.all - 1,
  CATEGORY.all - 2,
  CATEGORY.all - 3,
  CATEGORY.some,
  CATEGORY.unique,
  CATEGORY.zero,
]);

export class PixelCounts {
  #counts: Uint16Array;
  /** The category with most pages so far, by pixel column, and how many they are. */
  readonly #best: Uint8Array;
  readonly #most: Uint16Array;
  #stride = SLOTS;

  constructor(readonly width: number) {
    this.#counts = new Uint16Array(width * SLOTS);
    this.#best = new Uint8Array(width);
    this.#most = new Uint16Array(width);
  }

  /** Starts anew; `masked` where some pages are left aside. */
  clear(masked: boolean): void {
    this.#stride = masked ? SLOTS * 2 : SLOTS;
    const needed = this.width * this.#stride;
    if (this.#counts.length < needed) this.#counts = new Uint16Array(needed);
    else this.#counts.fill(0);
    this.#most.fill(0);
  }

  /** Adds the pages of one unikernel that fall into the width. */
  add(model: StageModel, unikernel: number, mask: Uint8Array | undefined, x: ColumnScale): void {
    const { column, category } = model;
    const { flags } = model.packed;
    const { from, to } = rowOf(model, unikernel);
    const { scale, offset } = x;
    const { width } = this;
    const firstColumn = Math.max(0, Math.floor(-offset / scale) - 1);
    const span = Math.max(1, Math.ceil(scale));
    for (let i = lowerBound(column, firstColumn, from, to); i < to; i += 1) {
      const start = Math.floor((column[i] ?? 0) * scale + offset);
      if (start >= width) break;
      const slot = (category[i] ?? 0) + (mask !== undefined && mask[i] === 1 ? DIMMED : 0);
      const end = Math.min(width, start + span);
      for (let px = Math.max(0, start); px < end; px += 1) {
        this.#count(px, slot, (flags[i] ?? 0) & MARKS);
      }
    }
  }

  #count(px: number, slot: number, marks: number): void {
    const at = px * this.#stride;
    const counts = this.#counts;
    const now = (counts[at + slot] ?? 0) + 1;
    counts[at + slot] = now;
    if (marks !== 0) counts[at + MARKS_SLOT] = (counts[at + MARKS_SLOT] ?? 0) | marks;
    const most = this.#most[px] ?? 0;
    if (now > most || (now === most && slot === CATEGORY.unique)) {
      this.#most[px] = now;
      this.#best[px] = slot;
    }
  }

  /** Paints the counts between two rows of pixels. */
  paint(raster: Raster, top: number, bottom: number, palette: RasterPalette): void {
    const y0 = Math.max(0, top);
    const y1 = Math.min(raster.height, bottom);
    if (y1 <= y0) return;
    if (bottom - top >= STACK_HEIGHT) {
      for (let px = 0; px < this.width; px += 1) this.#stack(raster, px, top, bottom, palette);
    } else {
      for (let y = y0; y < y1; y += 1) this.#majorities(raster, y, palette);
    }
  }

  #majorities(raster: Raster, y: number, palette: RasterPalette): void {
    const { pixels, width } = raster;
    const textures = texturesOf(palette, y);
    const best = this.#best;
    const most = this.#most;
    const row = y * width;
    for (let px = 0; px < this.width; px += 1) {
      if (most[px] === 0) continue;
      const slot = best[px] ?? 0;
      pixels[row + px] =
        (slot & 7) === CATEGORY.unique ? diagonal(palette, slot, px, y) : (textures[slot] ?? 0);
    }
  }

  #stack(raster: Raster, px: number, top: number, bottom: number, palette: RasterPalette): void {
    if (this.#most[px] === 0) return;
    const counts = this.#counts;
    const at = px * this.#stride;
    let total = 0;
    for (let slot = 0; slot < this.#stride; slot += 1) {
      if ((slot & 7) !== MARKS_SLOT) total += counts[at + slot] ?? 0;
    }
    const height = bottom - top;
    let done = 0;
    let y = bottom;
    for (let dimmed = 0; dimmed < this.#stride; dimmed += DIMMED) {
      for (const category of STACK) {
        const count = counts[at + category + dimmed] ?? 0;
        if (count === 0) continue;
        done += count;
        const end = bottom - Math.round((height * done) / total);
        const slot = category + dimmed;
        for (; y > end; y -= 1) setPixel(raster, px, y - 1, textured(palette, slot, px, y - 1));
      }
    }
    const marks = counts[at + MARKS_SLOT] ?? 0;
    if (marks & WRITABLE) setPixel(raster, px, bottom - 1, palette.writable);
    if (marks & INDIRECTION) setPixel(raster, px, top, palette.indirection);
  }
}

/** The colours of all slots in one row of pixels; those of unique pages change along the row. */
function texturesOf(palette: RasterPalette, y: number): Uint32Array {
  return Uint32Array.from(palette.pixels, (_, slot) => textured(palette, slot, 1, y));
}

function diagonal(palette: RasterPalette, slot: number, x: number, y: number): number {
  const { ratio } = palette;
  const onLine = (x + y) % (DIAGONAL * ratio) < ratio;
  return (onLine ? palette.lines[slot] : palette.pixels[slot]) ?? 0;
}

/** The colour of a slot at a pixel: its own, or that of the pattern's line. */
function textured(palette: RasterPalette, slot: number, x: number, y: number): number {
  const category = slot & 7;
  if (category === CATEGORY.unique) return diagonal(palette, slot, x, y);
  if (category < CATEGORY.some || category >= CATEGORY.all) return palette.pixels[slot] ?? 0;
  const step = (LEVEL + category - CATEGORY.some) * palette.ratio;
  return (y % step < palette.ratio ? palette.lines[slot] : palette.pixels[slot]) ?? 0;
}

function setPixel(raster: Raster, x: number, y: number, color: number): void {
  if (y >= 0 && y < raster.height) raster.pixels[y * raster.width + x] = color;
}

export interface RasterRows {
  model: StageModel;
  mask: Uint8Array | undefined;
  x: ColumnScale;
  /** Pixel row of the top of unikernel 0; may be negative. */
  top: number;
  rowHeight: number;
  cellHeight: number;
}

/** Paints the bands of one group that are in view; bands thinner than a pixel are joined. */
export function paintRows(
  raster: Raster,
  counts: PixelCounts,
  rows: RasterRows,
  palette: RasterPalette,
): void {
  const { model, mask, x, top, rowHeight, cellHeight } = rows;
  const unikernels = model.packed.rowStart.length - 1;
  const first = Math.max(0, Math.floor(-top / rowHeight));
  const end = Math.min(unikernels, Math.ceil((raster.height - top) / rowHeight));
  let pixelRow: number | undefined;
  counts.clear(mask !== undefined);
  for (let u = first; u < end; u += 1) {
    const y = Math.round(top + u * rowHeight);
    if (pixelRow !== undefined && y !== pixelRow) {
      counts.paint(raster, pixelRow, bandBottom(pixelRow, cellHeight), palette);
      counts.clear(mask !== undefined);
    }
    pixelRow = y;
    counts.add(model, u, mask, x);
  }
  if (pixelRow !== undefined) {
    counts.paint(raster, pixelRow, bandBottom(pixelRow, cellHeight), palette);
  }
}

function bandBottom(top: number, cellHeight: number): number {
  return top + Math.max(1, Math.round(cellHeight));
}
