/**
 * Groups whose cells are painted pixel by pixel, and how they stay fluid while they move.
 *
 * A million pages take some fifteen milliseconds to count. While the map moves, the last picture
 * of a group is therefore shifted and stretched for a few frames, and painted exactly again every
 * now and then and at the end. Small maps are always painted exactly.
 */
import type { BandGroup } from '../model/bands.ts';
import type { StageModel } from '../model/stage.ts';
import { paintRows, PixelCounts, type Raster, type RasterPalette } from '../paint/raster.ts';
import type { Viewport } from './viewport.ts';

/** A picture that took longer than this is reused while the map moves. */
const COSTLY = 6;
/** For so many milliseconds. */
const REUSE = 60;

/** Where columns and rows stand in a picture, in its own pixels. */
interface Frame {
  scale: number;
  offset: number;
  top: number;
  rowHeight: number;
}

interface Picture {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  image: ImageData;
  raster: Raster;
  counts: PixelCounts;
  frame: Frame;
  mask: Uint8Array | undefined;
  palette: RasterPalette;
  paintedAt: number;
  cost: number;
}

export class CoarsePainter {
  readonly #pictures = new Map<StageModel, Picture>();

  forget(): void {
    this.#pictures.clear();
  }

  /** Paints a group; false where the picture is an older one, stretched. */
  paint(
    context: CanvasRenderingContext2D,
    viewport: Viewport,
    palette: RasterPalette,
    group: BandGroup,
    stage: StageModel,
    mask: Uint8Array | undefined,
  ): boolean {
    const { ratio, height: viewHeight } = viewport.size;
    const top = Math.max(0, viewport.rowY(group.rowsTop));
    const bottom = Math.min(viewHeight, viewport.rowY(group.bottom));
    const width = Math.round((viewport.right - viewport.left) * ratio);
    const height = Math.ceil((bottom - top) * ratio);
    if (width <= 0 || height <= 0) return true;
    const frame = {
      scale: viewport.cellWidth * ratio,
      offset: (viewport.scale(0) - viewport.left) * ratio,
      top: (group.rowsTop - viewport.scroll - top) * ratio,
      rowHeight: viewport.bands.rowHeight * ratio,
    };
    const x = Math.round(viewport.left * ratio);
    const y = Math.round(top * ratio);
    const known = this.#pictures.get(stage);
    if (known && reusable(known, mask, palette)) {
      drawStretched(context, known, frame, { x, y, width, height });
      return false;
    }
    const picture = this.#pictureOf(stage, width, height);
    if (!picture) return true;
    const started = performance.now();
    picture.raster.pixels.fill(0);
    const cellHeight = viewport.bands.cellHeight * ratio;
    const rows = {
      model: stage,
      mask,
      x: frame,
      top: frame.top,
      rowHeight: frame.rowHeight,
      cellHeight,
    };
    paintRows(picture.raster, picture.counts, rows, palette);
    picture.context.putImageData(picture.image, 0, 0);
    Object.assign(picture, { frame, mask, palette });
    picture.paintedAt = performance.now();
    picture.cost = picture.paintedAt - started;
    context.save();
    context.resetTransform();
    context.drawImage(picture.canvas, x, y);
    context.restore();
    return true;
  }

  /** The same buffers serve all frames of one size. */
  #pictureOf(stage: StageModel, width: number, height: number): Picture | undefined {
    const known = this.#pictures.get(stage);
    if (known?.raster.width === width && known.raster.height === height) return known;
    const canvas = known?.canvas ?? document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d');
    if (!context) return undefined;
    const image = new ImageData(width, height);
    const picture: Picture = {
      canvas,
      context,
      image,
      raster: { pixels: new Uint32Array(image.data.buffer), width, height },
      counts: known?.counts.width === width ? known.counts : new PixelCounts(width),
      frame: { scale: 1, offset: 0, top: 0, rowHeight: 1 },
      mask: undefined,
      palette: {
        pixels: new Uint32Array(),
        lines: new Uint32Array(),
        writable: 0,
        indirection: 0,
        ratio: 1,
      },
      paintedAt: 0,
      cost: 0,
    };
    this.#pictures.set(stage, picture);
    return picture;
  }
}

function reusable(picture: Picture, mask: Uint8Array | undefined, palette: RasterPalette): boolean {
  return (
    picture.cost > COSTLY &&
    performance.now() - picture.paintedAt < REUSE &&
    picture.mask === mask &&
    picture.palette === palette
  );
}

function drawStretched(
  context: CanvasRenderingContext2D,
  picture: Picture,
  frame: Frame,
  into: { x: number; y: number; width: number; height: number },
): void {
  const { canvas, frame: old } = picture;
  const wider = frame.scale / old.scale;
  const higher = frame.rowHeight / old.rowHeight;
  context.save();
  context.resetTransform();
  context.beginPath();
  context.rect(into.x, into.y, into.width, into.height);
  context.clip();
  context.imageSmoothingEnabled = false;
  context.drawImage(
    canvas,
    into.x + frame.offset - old.offset * wider,
    into.y + frame.top - old.top * higher,
    canvas.width * wider,
    canvas.height * higher,
  );
  context.restore();
}
