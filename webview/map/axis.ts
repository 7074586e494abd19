/** The address axis: d3's axis over columns, with folded holes marked as breaks. */
import { axisTop, select } from 'd3';
import { PAGE_SIZE } from '../../src/protocol/page-map.ts';
import { setAttributes, svg } from '../dom.ts';
import { hex } from '../format.ts';
import { placeAt, tickColumns } from '../model/address-axis.ts';
import type { Viewport } from './viewport.ts';

const HEIGHT = 22;
const LABEL = 76;

export class AxisView {
  readonly element = svg({ class: 'axis', 'aria-hidden': 'true', height: HEIGHT });
  readonly #group = select(this.element)
    .append('g')
    .attr('transform', `translate(0.5,${HEIGHT - 1})`);
  readonly #breaks = select(this.element).append('g').attr('class', 'breaks');

  draw(viewport: Viewport): void {
    const { scale, left, right } = viewport;
    setAttributes(this.element, { width: viewport.size.width });
    const axis = viewport.model.axis;
    const ticks = tickColumns(
      axis,
      Math.max(0, scale.invert(left)),
      Math.min(axis.columns, scale.invert(right)),
      Math.max(2, (right - left) / LABEL),
    );
    this.#group.call(
      axisTop(scale.copy().range(scale.range()))
        .tickValues(spaced(ticks, scale, left, right))
        .tickSize(5)
        .tickSizeOuter(0)
        .tickPadding(3)
        .tickFormat((column) => {
          const place = placeAt(axis, Number(column));
          return place && 'page' in place ? hex(place.page * PAGE_SIZE) : '';
        }),
    );
    this.#group.select('.domain').attr('d', `M${left},0H${right}`);
    const middles = axis.runs
      .slice(1)
      .map((run) => Math.round(scale(run.firstColumn - axis.gap / 2)))
      .filter((x) => x > left && x < right);
    this.#breaks
      .selectAll('path')
      .data(middles)
      .join('path')
      .attr('d', (x) => `M${x - 4},${HEIGHT + 3}l4,-8M${x},${HEIGHT + 3}l4,-8`);
  }
}

/** Leaves out ticks whose labels would run into each other or out of the picture. */
function spaced(
  ticks: number[],
  scale: (column: number) => number,
  left: number,
  right: number,
): number[] {
  const kept: number[] = [];
  let last = -Infinity;
  for (const tick of ticks) {
    const x = scale(tick);
    if (x - last < LABEL || x < left || x > right) continue;
    kept.push(tick);
    last = x;
  }
  return kept;
}
