/** Zoom and pan of the map by d3: wheel, drag, touch and calls. */
import {
  select,
  zoom,
  zoomIdentity,
  type D3ZoomEvent,
  type Selection,
  type ZoomTransform,
} from 'd3';
import { reducedMotion } from '../dom.ts';
import type { Viewport } from './viewport.ts';

/** Cells grow to this width at most. */
const WIDEST_CELL = 220;

export interface ZoomChange {
  transform: ZoomTransform;
  /** Height of the pointer, where there is one. */
  focusY: number | undefined;
  /** How far a drag went down. */
  dragY: number;
}

export class MapZoom {
  readonly #canvas: Selection<HTMLCanvasElement, unknown, null, undefined>;
  readonly #zoom = zoom<HTMLCanvasElement, unknown>();
  readonly #viewport: Viewport;
  #lastY = 0;

  constructor(
    canvas: HTMLCanvasElement,
    viewport: Viewport,
    changed: (change: ZoomChange) => void,
  ) {
    this.#canvas = select(canvas);
    this.#viewport = viewport;
    this.#zoom
      .filter((event: Event) => this.#handles(event))
      .clickDistance(4)
      .on('start', (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        this.#lastY = event.transform.y;
      })
      .on('zoom', (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        changed(this.#change(event));
      });
    this.#canvas.call(this.#zoom).on('dblclick.zoom', null);
    canvas.addEventListener('wheel', (event) => this.#panSideways(event), { passive: false });
  }

  resize(): void {
    const { left, right, size, fitCellWidth } = this.#viewport;
    this.#zoom
      .extent([
        [left, 0],
        [right, size.height],
      ])
      .translateExtent([
        [left, -Infinity],
        [right, Infinity],
      ])
      .scaleExtent([1, Math.max(1, WIDEST_CELL / fitCellWidth)]);
    this.#canvas.call((canvas) => this.#zoom.transform(canvas, this.#viewport.transform));
  }

  /** Zooms around a place of the picture, or around its middle. */
  by(factor: number, aroundX?: number): void {
    const { left, right, size } = this.#viewport;
    const x = aroundX === undefined || aroundX < left || aroundX > right ? undefined : aroundX;
    const point: [number, number] = [x ?? (left + right) / 2, size.height / 2];
    this.#animated().call((t) => this.#zoom.scaleBy(t, factor, point));
  }

  fit(): void {
    this.#animated().call((t) => this.#zoom.transform(t, zoomIdentity));
  }

  restore(k: number, x: number): void {
    this.#canvas.call((c) => this.#zoom.transform(c, zoomIdentity.translate(x, 0).scale(k)));
  }

  pan(pixels: number): void {
    this.#canvas.call((c) => this.#zoom.translateBy(c, pixels / this.#viewport.transform.k, 0));
  }

  /** Shows the part between two places of the picture that shows everything. */
  show(fromX: number, toX: number): void {
    const { left, right } = this.#viewport;
    const k = (right - left) / Math.max(1e-9, toX - fromX);
    const next = zoomIdentity.translate(left - fromX * k, 0).scale(k);
    this.#canvas.call((c) => this.#zoom.transform(c, next));
  }

  /** Moves just so far that a column is in view. */
  reveal(column: number): void {
    const { scale, left, right } = this.#viewport;
    const x = scale(column);
    const width = scale(column + 1) - x;
    const margin = Math.min(40, (right - left) / 6);
    if (x < left + margin && scale(0) < left) this.pan(left + margin - x);
    else if (x + width > right - margin) this.pan(right - margin - x - width);
  }

  #animated() {
    return this.#canvas.transition().duration(reducedMotion() ? 0 : 160);
  }

  /** At the widest view, a turn that would zoom out scrolls the page instead. */
  #handles(event: Event): boolean {
    if (event instanceof WheelEvent) {
      if (sideways(event)) return false;
      return !(event.deltaY > 0 && this.#viewport.transform.k <= 1 && !event.ctrlKey);
    }
    return !(event instanceof MouseEvent && (event.button !== 0 || event.ctrlKey));
  }

  #panSideways(event: WheelEvent): void {
    if (!sideways(event) || this.#viewport.transform.k <= 1) return;
    event.preventDefault();
    this.pan(-(event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX));
  }

  #change(event: D3ZoomEvent<HTMLCanvasElement, unknown>): ZoomChange {
    const { transform } = event;
    const source: unknown = event.sourceEvent;
    const wheel = source instanceof WheelEvent;
    const dragY = source && !wheel ? transform.y - this.#lastY : 0;
    this.#lastY = transform.y;
    return { transform, focusY: wheel ? source.offsetY : undefined, dragY };
  }
}

function sideways(event: WheelEvent): boolean {
  return event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
}
