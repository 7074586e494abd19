/** Reads images back with tools that are not ours: the linker's map, readelf, QEMU. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { boot, inParallel } from '../../scripts/lib/qemu.mjs';
import type { PageMapDocument } from '../../src/protocol/page-map.ts';

/** One input section as the linker placed it. */
export interface Placed {
  /** `libukboot`; objects of the tools by their file names. */
  readonly library: string;
  readonly section: string;
  readonly start: number;
  readonly end: number;
}

const INPUT = /^ (\.[\w.$-]+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$/gm;

/** Input sections that take room, by the linker's own map, in the order of their addresses. */
export function placedInputs(output: string, name: string): Placed[] {
  const folder = path.join(output, name);
  const map = readdirSync(folder).find((file) => file.endsWith('.map'));
  const text =
    readFileSync(path.join(folder, map ?? ''), 'utf8').split('Linker script and memory map')[1] ??
    '';
  // Names that are long stand on a line of their own.
  const joined = text.replace(/^( \.\S+)\n\s+/gm, '$1 ');
  return [...joined.matchAll(INPUT)]
    .map(([, section = '', address = '', size = '', file = '']) => ({
      library: path.basename(file, '.o'),
      section,
      start: parseInt(address, 16),
      end: parseInt(address, 16) + parseInt(size, 16),
    }))
    .filter(({ start, end }) => end > start && start >= 0x100000)
    .sort((a, b) => a.start - b.start);
}

/** Code of the libraries, without what has to stand first for booting. */
export const libraryText = (output: string, name: string): Placed[] =>
  placedInputs(output, name).filter(
    ({ section, library }) =>
      /^\.text(?!\.boot|\.32\.boot)/.test(section) && !/stub|spacer/.test(library),
  );

export interface ElfSection {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly flags: string;
}

/** Sections that are loaded, by readelf. */
export function sectionsOf(image: string): ElfSection[] {
  const lines = execFileSync('readelf', ['-SW', image]).toString().split('\n');
  return lines.flatMap((line) => {
    const row =
      /^\s*\[\s*\d+\] (\S+)\s+\S+\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) \S+\s+(\S*A\S*)\s/.exec(line);
    if (row === null) return [];
    const [, name = '', address = '', size = '', flags = ''] = row;
    return [{ name, address: parseInt(address, 16), size: parseInt(size, 16), flags }];
  });
}

/**
 * Boots both images of every unikernel: the same console, and not an empty one. QEMU may end before
 * it has written the last line's end.
 */
export async function expectSameConsoles(
  document: PageMapDocument,
  options: { args?: (name: string) => readonly string[]; mask?: (text: string) => string } = {},
): Promise<void> {
  const { args = () => [], mask = (text: string) => text } = options;
  const consoles = await inParallel(document.unikernels, 2, async ({ name, before, after }) => {
    const [image = '', aligned = ''] = [before?.image, after?.image];
    const original = await boot(image, { args: args(name) });
    const result = await boot(aligned, { args: args(name) });
    const masked = ({ ended, status, console }: typeof result) => ({
      name,
      ended: ended || `QEMU ended with ${status}`,
      console: mask(console).trimEnd(),
    });
    return { original: masked(original), aligned: masked(result) };
  });
  for (const { original, aligned } of consoles) {
    expect(original.ended).toBe(true);
    expect(original.console).not.toBe('');
    expect(aligned).toEqual(original);
  }
}

/** Name of the image in a unikernel's output folder. */
export function imageIn(output: string, name: string): string {
  const folder = path.join(output, name);
  const debug = readdirSync(folder).find((file) => file.endsWith('.dbg'));
  return path.join(folder, (debug ?? '').replace(/\.dbg$/, ''));
}
