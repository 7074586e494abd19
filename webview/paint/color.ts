/** Colours as numbers, read from the theme; nothing here names a colour. */
import { interpolateLab, lab, rgb, type RGBColor } from 'd3';

export type Rgb = RGBColor;

const probe = document.createElement('canvas');
probe.width = 1;
probe.height = 1;
const probeContext = probe.getContext('2d', { willReadFrequently: true });

/** What a browser paints for any CSS colour, over nothing. */
export function parseColor(css: string): Rgb {
  if (!probeContext) return rgb(css);
  probeContext.clearRect(0, 0, 1, 1);
  probeContext.fillStyle = css;
  probeContext.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, a = 0] = probeContext.getImageData(0, 0, 1, 1).data;
  return rgb(r, g, b, a / 255);
}

/** `part` of the way from one colour to the other, as the eye sees it. */
export function mix(from: Rgb, to: Rgb, part: number): Rgb {
  return rgb(interpolateLab(from, to)(part));
}

/** A translucent colour as it looks on a background. */
export function over(color: Rgb, background: Rgb): Rgb {
  const a = color.opacity;
  const blend = (c: number, b: number): number => c * a + b * (1 - a);
  return rgb(
    blend(color.r, background.r),
    blend(color.g, background.g),
    blend(color.b, background.b),
  );
}

/** The contrast ratio of WCAG. */
export function contrast(a: Rgb, b: Rgb): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: Rgb): number {
  const linear = (value: number): number => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b);
}

/** The colour, moved towards the foreground just so far that it stands out from the background. */
export function legible(color: Rgb, background: Rgb, foreground: Rgb, ratio: number): Rgb {
  for (let part = 0; part < 1; part += 0.05) {
    const moved = mix(color, foreground, part);
    if (contrast(moved, background) >= ratio) return moved;
  }
  return foreground;
}

/** The first candidate that differs well from the others, or the one that differs most. */
export function mostDistinct(candidates: readonly Rgb[], others: readonly Rgb[]): Rgb | undefined {
  const ranked = candidates.map((color) => ({
    color,
    distance: Math.min(...others.map((other) => hueDistance(color, other))),
  }));
  return (
    ranked.find(({ distance }) => distance >= 40)?.color ??
    ranked.sort((a, b) => b.distance - a.distance)[0]?.color
  );
}

/** Distance of two colours without their lightness. */
function hueDistance(a: Rgb, b: Rgb): number {
  const [x, y] = [lab(a), lab(b)];
  return Math.hypot(x.a - y.a, x.b - y.b);
}

/** A colour as one word of image data (little-endian RGBA). */
export function pixel(color: Rgb): number {
  const channel = (value: number): number => Math.round(Math.min(255, Math.max(0, value)));
  return (
    ((255 << 24) | (channel(color.b) << 16) | (channel(color.g) << 8) | channel(color.r)) >>> 0
  );
}
