/** The colours and fonts of the map, taken from the theme's variables each time it changes. */
import { CATEGORIES, CATEGORY, SHARING_GRADES } from '../model/stage.ts';
import type { RasterPalette } from './raster.ts';
import { legible, mix, mostDistinct, over, parseColor, pixel, type Rgb } from './color.ts';

export interface MapTheme {
  background: string;
  foreground: string;
  muted: string;
  line: string;
  focus: string;
  /** By category. */
  fill: string[];
  /** By category, and again for pages that are left aside; `lines` where a pattern crosses. */
  pixels: Uint32Array;
  lines: Uint32Array;
  zeroFill: string;
  writable: string;
  writablePixel: number;
  indirection: string;
  indirectionPixel: number;
  /** Lines of patterns on a filled cell. */
  pattern: string;
  font: string;
  smallFont: string;
  boldFont: string;
}

/** How much of a page that is left aside remains visible. */
export const DIM = 0.2;

type Read = (...names: string[]) => Rgb;

export function readTheme(element: HTMLElement): MapTheme {
  const style = getComputedStyle(element);
  const own = parseColor(style.color);
  const find = (names: string[]): Rgb | undefined => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return parseColor(value);
    }
    return undefined;
  };
  const background = find(['editor-background']) ?? parseColor(style.backgroundColor);
  const read: Read = (...names) => over(find(names) ?? own, background);
  const foreground = read('editor-foreground', 'foreground');
  const fill = categoryColors(read, background, foreground);
  const dim = fill.map((color) => mix(background, color, DIM));
  // Seven categories and a filler, bright and dimmed: the slots of a raster.
  const slots = [...fill, background, ...dim, background];
  const writable = legible(read('charts-purple', 'charts-yellow'), background, foreground, 3);
  const indirection = markColor(read, [...fill, writable], (color) =>
    legible(color, background, foreground, 3),
  );
  const family = style.fontFamily;
  return {
    background: background.formatRgb(),
    foreground: foreground.formatRgb(),
    muted: legible(read('descriptionForeground'), background, foreground, 4.5).formatRgb(),
    line: read('editorIndentGuide-background1', 'panel-border', 'contrastBorder').formatRgb(),
    focus: legible(
      read('focusBorder', 'contrastActiveBorder'),
      background,
      foreground,
      3,
    ).formatRgb(),
    fill: fill.map((color) => color.formatRgb()),
    pixels: Uint32Array.from(slots, pixel),
    lines: Uint32Array.from(slots, (color) => pixel(mix(color, background, 0.45))),
    zeroFill: mix(background, foreground, 0.1).formatRgb(),
    writable: writable.formatRgb(),
    writablePixel: pixel(writable),
    indirection: indirection.formatRgb(),
    indirectionPixel: pixel(indirection),
    pattern: background.formatRgb(),
    font: `12px ${family}`,
    smallFont: `10px ${family}`,
    boldFont: `600 12px ${family}`,
  };
}

/** A colour for a mark that no kind of page has. */
function markColor(read: Read, taken: Rgb[], visible: (color: Rgb) => Rgb): Rgb {
  const candidates = [read('charts-red'), read('charts-yellow'), read('charts-orange')];
  return mostDistinct(candidates.map(visible), taken) ?? visible(read('charts-red'));
}

export function rasterPalette(theme: MapTheme, ratio: number): RasterPalette {
  const { pixels, lines, writablePixel: writable, indirectionPixel: indirection } = theme;
  return { pixels, lines, writable, indirection, ratio };
}

/** Green for all, blue that nears the foreground with more sharers, orange, and an outline. */
function categoryColors(read: Read, background: Rgb, foreground: Rgb): Rgb[] {
  const visible = (color: Rgb): Rgb => legible(color, background, foreground, 3);
  const all = visible(read('charts-green'));
  const some = visible(read('charts-blue'));
  const candidates = [read('charts-orange'), read('charts-red'), read('charts-yellow')];
  const unique = visible(mostDistinct(candidates, [all, some]) ?? read('charts-orange'));
  const fill: Rgb[] = [];
  fill[CATEGORY.zero] = visible(mix(background, foreground, 0.4));
  fill[CATEGORY.unique] = unique;
  for (let grade = 0; grade < SHARING_GRADES; grade += 1) {
    fill[CATEGORY.some + grade] = mix(some, foreground, grade * 0.14);
  }
  fill[CATEGORY.all] = all;
  return fill.slice(0, CATEGORIES);
}

/** Calls back when the theme changes: VS Code swaps classes and styles of the document. */
export function watchTheme(changed: () => void): void {
  const observer = new MutationObserver(changed);
  const attributes = ['class', 'style', 'data-vscode-theme-id'];
  observer.observe(document.body, { attributes: true, attributeFilter: attributes });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: attributes });
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
    matchMedia(query).addEventListener('change', changed);
  }
}
