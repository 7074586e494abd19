/**
 * The steps after the link: what makes the bootable image of the linked one.
 *
 * Each step works on files beside the image, named after it (`IMAGE`, `IMAGE.dbg`,
 * `IMAGE.bootinfo`). So a step is replayed elsewhere by giving every such path another start. A
 * step that names any other file is refused: it could change a file of the user's.
 */
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import type { ToolCommand } from '../workspace/types.ts';

/** Scripts of Unikraft that run after the link, over its releases. */
const SCRIPTS = new Set([
  'sect-strip.py',
  'mkbootinfo.py',
  'multiboot.py',
  'elf64_to_32.py',
  'mkukreloc.py',
  'mkefi.py',
]);

/** Tells whether a tool copies an object with changes. */
export function isCopyTool(tool: string): boolean {
  return /^(.*-)?(strip|objcopy)$/.test(path.basename(tool));
}

/** Tells whether a tool is one that builds run after the link. */
export function isStepTool(tool: string): boolean {
  return isCopyTool(tool) || SCRIPTS.has(path.basename(tool));
}

/**
 * Throws unless a recorded step can be replayed on other files.
 *
 * @throws SpacerError `link-record-unreadable`
 */
export function checkStep(step: ToolCommand, image: string): void {
  if (!isStepTool(step.tool)) throw refused(step, `Spacer does not know "${step.tool}"`);
  const words = step.args.filter((word) => !word.startsWith('--with-objcopy='));
  const foreign = words.find((word) => pathsIn(word).some((file) => !belongs(file, image)));
  if (foreign !== undefined) throw refused(step, `it touches ${foreign}`);
}

/** The same step on the files of another image. */
export function redirectStep(step: ToolCommand, from: string, to: string): ToolCommand {
  return { ...step, args: step.args.map((word) => redirectWord(word, from, to)) };
}

function redirectWord(word: string, from: string, to: string): string {
  const at = word.indexOf(from);
  if (at < 0 || !pathsIn(word).some((file) => belongs(file, from))) return word;
  return word.slice(0, at) + to + word.slice(at + from.length);
}

/** `IMAGE` itself, or `IMAGE.` and more. */
function belongs(file: string, image: string): boolean {
  return file === image || (file.startsWith(`${image}.`) && !file.includes('/', image.length));
}

/** The absolute path that a word is, or that stands behind its first `=`. */
function pathsIn(word: string): string[] {
  if (word.startsWith('/')) return [word];
  const at = word.indexOf('=/');
  if (at >= 0) return [word.slice(at + 1)];
  const joined = /^-[A-Za-z](\/.*)$/.exec(word)?.[1];
  return joined === undefined ? [] : [joined];
}

function refused(step: ToolCommand, why: string): SpacerError {
  const name = path.basename(step.tool);
  const text = `The step "${name}" after the link cannot be replayed: ${why}.`;
  return new SpacerError('link-record-unreadable', text);
}
