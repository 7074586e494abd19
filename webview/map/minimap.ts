/** The whole map in one strip a stage, with a brush over the part that is in view. */
import { brushX, select, type BrushSelection, type D3BrushEvent } from 'd3';
import { el, svg, setAttributes } from '../dom.ts';
import type { StageModel } from '../model/stage.ts';
import { PixelCounts } from '../paint/raster.ts';
import { rasterPalette, type MapTheme } from '../paint/theme.ts';
import type { Viewport } from './viewport.ts';

const STRIP = 9;
const GAP = 2;

export class Minimap {
  readonly canvas = el('canvas', { class: 'minimap-canvas' });
  readonly #svg = svg({ class: 'minimap-brush' });
  readonly element = el('div', { class: 'minimap', 'aria-hidden': 'true' }, this.canvas, this.#svg);
  readonly #group = select(this.#svg).append('g');
  readonly #brush = brushX<unknown>();
  #painted: unknown[] = [];
  #extent = '';

  /** `moved` gets the columns that the user brushed. */
  constructor(moved: (fromX: number, toX: number) => void, reset: () => void) {
    this.#brush.on('brush end', (event: D3BrushEvent<unknown>) => {
      // Moves that the map makes itself have no source.
      if (!event.sourceEvent) return;
      if (!event.selection) {
        if (event.type === 'end') reset();
        return;
      }
      const [from, to] = event.selection as [number, number];
      if (to - from > 2) moved(from, to);
    });
  }

  draw(
    viewport: Viewport,
    theme: MapTheme,
    stages: StageModel[],
    mask: (stage: StageModel) => Uint8Array | undefined,
  ): void {
    const height = stages.length * (STRIP + GAP) + GAP;
    this.#size(viewport, height);
    const masks = stages.map(mask);
    const key = [
      viewport.size.width,
      viewport.gutter,
      viewport.size.ratio,
      theme,
      ...stages,
      ...masks,
    ];
    if (key.length !== this.#painted.length || key.some((part, i) => part !== this.#painted[i])) {
      this.#painted = key;
      this.#paint(viewport, theme, stages, masks);
    }
    this.#moveBrush(viewport, height);
  }

  #size(viewport: Viewport, height: number): void {
    const { width, ratio } = viewport.size;
    setAttributes(this.#svg, { width, height });
    this.element.style.height = `${height}px`;
    const pixels = [Math.round(width * ratio), Math.round(height * ratio)] as const;
    if (this.canvas.width !== pixels[0] || this.canvas.height !== pixels[1]) {
      [this.canvas.width, this.canvas.height] = pixels;
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
      this.#painted = [];
    }
  }

  #paint(
    viewport: Viewport,
    theme: MapTheme,
    stages: StageModel[],
    masks: (Uint8Array | undefined)[],
  ): void {
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const { ratio } = viewport.size;
    const width = Math.max(1, Math.round((viewport.right - viewport.left) * ratio));
    const height = Math.round(STRIP * ratio);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const counts = new PixelCounts(width);
    stages.forEach((stage, index) => {
      const image = new ImageData(width, height);
      const raster = { pixels: new Uint32Array(image.data.buffer), width, height };
      counts.clear(masks[index] !== undefined);
      const scale = viewport.fitCellWidth * ratio;
      const unikernels = stage.packed.rowStart.length - 1;
      for (let u = 0; u < unikernels; u += 1) {
        counts.add(stage, u, masks[index], { scale, offset: 0 });
      }
      counts.paint(raster, 0, height, rasterPalette(theme, ratio));
      const y = GAP + index * (STRIP + GAP);
      context.putImageData(image, Math.round(viewport.left * ratio), Math.round(y * ratio));
    });
  }

  #moveBrush(viewport: Viewport, height: number): void {
    const { left, right, base, scale } = viewport;
    const extent = `${left} ${right} ${height}`;
    if (extent !== this.#extent) {
      this.#extent = extent;
      this.#brush.extent([
        [left, 0],
        [right, height],
      ]);
      this.#group.call(this.#brush);
    }
    const selection: BrushSelection = [
      Math.max(left, base(scale.invert(left))),
      Math.min(right, base(scale.invert(right))),
    ];
    this.#group.call((group) => this.#brush.move(group, selection));
  }
}
