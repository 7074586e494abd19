/** Names of sections, libraries and symbols, at each zoom level where they fit. */
import { LINE } from '../model/bands.ts';
import { NOBODY, type MainOwners, type Named } from '../model/names.ts';
import type { PackedPageMap } from '../../src/protocol/packed/columns.ts';
import { lowerBound, rowOf, type StageModel } from '../model/stage.ts';
import type { MapTheme } from './theme.ts';

/** Measures each text once for each font. */
export class TextFitter {
  readonly #widths = new Map<string, number>();

  constructor(readonly context: CanvasRenderingContext2D) {}

  clear(): void {
    this.#widths.clear();
  }

  width(text: string): number {
    const key = `${this.context.font}\n${text}`;
    const known = this.#widths.get(key);
    if (known !== undefined) return known;
    const { width } = this.context.measureText(text);
    this.#widths.set(key, width);
    return width;
  }

  /** The text, or as much of it as fits with an ellipsis; empty where that says nothing. */
  clipped(text: string, room: number): string {
    if (this.width(text) <= room) return text;
    let end = text.length - 1;
    while (end > 2 && this.width(`${text.slice(0, end)}…`) > room) end -= 1;
    return end > 2 ? `${text.slice(0, end)}…` : '';
  }

  /** A library's name, without its `lib` or `app` if need be, or nothing. */
  library(name: string, room: number): string {
    if (this.width(name) <= room) return name;
    const short = name.replace(/^(lib|app)(?=.)/, '');
    return this.width(short) <= room ? short : '';
  }
}

export interface NamesFrame {
  context: CanvasRenderingContext2D;
  theme: MapTheme;
  fitter: TextFitter;
  x: (column: number) => number;
  firstColumn: number;
  lastColumn: number;
  left: number;
  right: number;
}

/** A lane of brackets: one stretch a section, with its name where it fits. */
export function paintLane(
  frame: NamesFrame,
  stretches: readonly Named[],
  text: (name: number) => string,
  y: number,
): void {
  const { context, theme } = frame;
  context.font = theme.smallFont;
  context.textBaseline = 'middle';
  for (const { from, to, name } of stretches) {
    if (to < frame.firstColumn || from > frame.lastColumn) continue;
    const left = Math.max(frame.left, frame.x(from) + 1);
    const right = Math.min(frame.right, frame.x(to) - 1);
    if (right - left < 9) continue;
    context.fillStyle = theme.line;
    context.fillRect(left, y + LINE - 2, right - left, 1);
    context.fillRect(left, y + LINE - 5, 1, 4);
    context.fillRect(right - 1, y + LINE - 5, 1, 4);
    const shown = frame.fitter.library(text(name), right - left - 4);
    if (shown === '') continue;
    context.fillStyle = theme.muted;
    context.fillText(shown, left + 2, y + LINE / 2 - 2);
  }
}

/** The libraries of one band, under its cells. */
export function paintLibraries(
  frame: NamesFrame,
  map: PackedPageMap,
  main: MainOwners,
  model: StageModel,
  unikernel: number,
  y: number,
): void {
  const { context, theme } = frame;
  context.font = theme.smallFont;
  context.textBaseline = 'middle';
  const { ownerList } = model.packed;
  const nameOf = (i: number): number => main.library[ownerList[i] ?? 0] ?? NOBODY;
  forEachStretch(frame, model, unikernel, nameOf, (name, first, end) => {
    const left = Math.max(frame.left, frame.x(first) + 1);
    const right = Math.min(frame.right, frame.x(end) - 1);
    const shown = frame.fitter.library(map.strings[name] ?? '', right - left - 4);
    if (shown === '') return;
    context.fillStyle = theme.line;
    context.fillRect(left, y + 2, 1, LINE - 4);
    context.fillStyle = theme.muted;
    context.fillText(shown, left + 3, y + LINE / 2 + 1);
  });
}

function forEachStretch(
  frame: NamesFrame,
  model: StageModel,
  unikernel: number,
  nameOf: (page: number) => number,
  visit: (name: number, firstColumn: number, endColumn: number) => void,
): void {
  const { column } = model;
  const { from, to } = rowOf(model, unikernel);
  let start = lowerBound(column, frame.firstColumn, from, to);
  // A stretch may have begun left of the view.
  while (start > from && nameOf(start - 1) === nameOf(start)) start -= 1;
  while (start < to && (column[start] ?? 0) <= frame.lastColumn) {
    const name = nameOf(start);
    const first = column[start] ?? 0;
    let end = start + 1;
    while (end < to && column[end] === first + end - start && nameOf(end) === name) end += 1;
    if (name !== NOBODY) visit(name, first, first + end - start);
    start = end;
  }
}

/** The first symbols of each page, where a page is wide enough for one. */
export function paintSymbols(
  frame: NamesFrame,
  map: PackedPageMap,
  model: StageModel,
  unikernel: number,
  y: number,
): void {
  const { context, theme, fitter } = frame;
  context.font = theme.smallFont;
  context.fillStyle = theme.muted;
  context.textBaseline = 'middle';
  const { column } = model;
  const { from, to } = rowOf(model, unikernel);
  for (let i = lowerBound(column, frame.firstColumn, from, to); i < to; i += 1) {
    const c = column[i] ?? 0;
    if (c > frame.lastColumn) break;
    const left = Math.max(frame.left, frame.x(c)) + 3;
    const shown = fitter.clipped(
      firstSymbols(map, model.packed.ownerList[i] ?? 0),
      Math.min(frame.right, frame.x(c + 1)) - left - 3,
    );
    context.fillText(shown, left, y + LINE / 2 + 1);
  }
}

function firstSymbols(map: PackedPageMap, list: number): string {
  const { owners, strings } = map;
  const from = owners.symbolStart[owners.start[list] ?? 0] ?? 0;
  const to = owners.symbolStart[owners.start[list + 1] ?? 0] ?? 0;
  return Array.from(owners.symbols.subarray(from, Math.min(to, from + 4)), (s) => strings[s]).join(
    ' ',
  );
}
