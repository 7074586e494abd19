/**
 * How an image was linked, from the commands that the build recorded beside it.
 *
 * From 0.11 on, `TARGET.cmd` holds the command that made TARGET. The link's own record leads to
 * the others: merged objects of two-step links, and the steps after the link by the names of what
 * they make. The last step (ELF64 to the ELF32 that multiboot wants, or to an EFI program) has no
 * record in most releases; the image itself tells that it ran. Nothing is run to find this out.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { parseLinkCommand } from '../link/command.ts';
import { isDriver, isLinker } from '../link/pieces.ts';
import type { Tools } from '../link/run.ts';
import { checkStep } from '../link/steps.ts';
import { splitCommands } from '../link/words.ts';
import { finishRecord, mergeSteps } from './assemble.ts';
import type { MergeStep } from './assemble.ts';
import { isFile, readLimited } from './files.ts';
import { readPacking } from './images.ts';
import { pathMapper } from './mapping.ts';
import type { MapArgument } from './mapping.ts';
import { expandResponseFiles } from './response.ts';
import type { LinkRecord, ToolCommand } from './types.ts';

/** Where an image stands. */
export interface ImagePlace {
  /** What the user opened. */
  readonly root: string;
  readonly buildDirectory: string;
  readonly image: string;
  readonly debugImage: string;
}

/** Steps after the link in the order in which builds run them, by what follows IMAGE in the name. */
const STEP_ORDER = [
  '.dbg.uk_reloc.bin',
  '.dbg.bootinfo',
  '',
  '.bootinfo',
  '.multiboot',
  '.elf32',
  '.efi',
] as const;
/** Records of targets that are no part of the image. */
const NO_STEP = new Set(['.dbg', '.o', '.ld.o', '.sym', '.gz', '.dbg.gdb.py']);

/** Whether the build recorded the link. */
export async function hasRecord(place: ImagePlace): Promise<boolean> {
  return isFile(`${place.debugImage}.cmd`);
}

/**
 * Reads the record of an image's link.
 *
 * @throws SpacerError `link-record-unreadable`, `command-refused` or `objects-missing`
 */
export async function readRecord(place: ImagePlace, tools?: Tools): Promise<LinkRecord> {
  const recorded = await readLink(place);
  const map = pathMapper(recorded.output, place.debugImage, place.root);
  const read = (file: string): Promise<ToolCommand[]> => readCommands(file, place, map);
  const [link, ...rest] = await read(`${place.debugImage}.cmd`);
  if (link === undefined) throw unreadable('it is empty', `${place.debugImage}.cmd`);
  const merges = await readMerges(place, read);
  const postLink = [...rest, ...(await readSteps(place, read))];
  postLink.push(...(await unrecordedStep(place, postLink)));
  for (const step of postLink) checkStep(step, place.image);
  return finishRecord({ place, link, merges, postLink, origin: 'cmd', tools });
}

/** The link as recorded, before its paths are mapped: it says where the build stood. */
async function readLink(place: ImagePlace): Promise<{ output: string }> {
  const file = `${place.debugImage}.cmd`;
  const words =
    splitCommands((await readLimited(file, LIMITS.bytes.record)) ?? '', { file })[0] ?? [];
  const [tool = '', ...args] = words;
  if (!isDriver(tool) && !isLinker(tool)) throw unreadable(`"${tool}" does not link`, file);
  const output = outputOf(args);
  if (output === undefined) throw unreadable('it names no output', file);
  if (path.basename(output) !== path.basename(place.debugImage)) {
    throw unreadable(`it makes ${path.basename(output)}`, file);
  }
  return { output: path.resolve(place.buildDirectory, output) };
}

/** The output alone: response files are not expanded yet, so the rest cannot be read. */
function outputOf(args: readonly string[]): string | undefined {
  const at = args.lastIndexOf('-o');
  if (at >= 0) return args[at + 1];
  const plain = args.filter((word) => !word.startsWith('@'));
  return parseLinkCommand({ tool: 'gcc', args: plain, cwd: '/' }).output;
}

async function readCommands(
  file: string,
  place: ImagePlace,
  map: MapArgument,
): Promise<ToolCommand[]> {
  const text = await readLimited(file, LIMITS.bytes.record);
  if (text === undefined) return [];
  const commands: ToolCommand[] = [];
  for (const words of splitCommands(text, { file })) {
    const [tool = '', ...args] = words.map(map);
    const expanded = await expandResponseFiles(args, place, map);
    commands.push({ tool, args: expanded, cwd: place.buildDirectory });
  }
  return commands;
}

type Read = (file: string) => Promise<ToolCommand[]>;

/** Records of `IMAGE.o` and `IMAGE.ld.o`: merged objects of two-step links. */
async function readMerges(place: ImagePlace, read: Read): Promise<MergeStep[]> {
  const merges: MergeStep[] = [];
  for (const suffix of ['.o', '.ld.o']) {
    merges.push(...mergeSteps(await read(`${place.image}${suffix}.cmd`)));
  }
  return merges;
}

async function readSteps(place: ImagePlace, read: Read): Promise<ToolCommand[]> {
  const base = path.basename(place.image);
  const suffixes = (await readdir(place.buildDirectory))
    .filter((name) => name.startsWith(base) && name.endsWith('.cmd'))
    .map((name) => name.slice(base.length, -'.cmd'.length))
    .filter((suffix) => (suffix === '' || suffix.startsWith('.')) && !NO_STEP.has(suffix));
  const unknown = suffixes.find((suffix) => rank(suffix) < 0);
  if (unknown !== undefined) {
    throw unreadable('a step of this name is not known', `${place.image}${unknown}.cmd`);
  }
  if (!suffixes.includes('')) {
    throw unreadable('the step that made the image left none', `${place.image}.cmd`);
  }
  suffixes.sort((a, b) => rank(a) - rank(b));
  const steps: ToolCommand[] = [];
  for (const suffix of suffixes) steps.push(...(await read(`${place.image}${suffix}.cmd`)));
  return steps;
}

function rank(suffix: string): number {
  return (STEP_ORDER as readonly string[]).indexOf(suffix);
}

/** Converters without a record, by the packing that they leave. */
const CONVERTERS = { elf32: ['multiboot.py', 'elf64_to_32.py'], efi: ['mkefi.py'] } as const;

/**
 * The step that turned the ELF64 image into what it is now, where no record tells it. Its script
 * stands beside the one that wrote the boot information.
 */
async function unrecordedStep(
  place: ImagePlace,
  steps: readonly ToolCommand[],
): Promise<ToolCommand[]> {
  const packing = await readPacking(place.image);
  if (packing === 'unknown') throw unreadable('the image is no ELF file', place.image);
  if (packing === 'elf64' || steps.some((step) => converts(step, packing))) return [];
  const neighbour = steps.find((step) => path.basename(step.tool) === 'mkbootinfo.py')?.tool;
  const scripts = path.dirname(neighbour ?? place.image);
  for (const name of CONVERTERS[packing]) {
    const tool = path.join(scripts, name);
    if (await isFile(tool)) return [{ tool, args: [place.image], cwd: place.buildDirectory }];
  }
  const names = CONVERTERS[packing].join(' or ');
  throw unreadable(`the step that packed the image is missing (${names})`, place.image);
}

function converts(step: ToolCommand, packing: 'elf32' | 'efi'): boolean {
  const names: readonly string[] = CONVERTERS[packing];
  if (names.includes(path.basename(step.tool))) return true;
  return packing === 'elf32' && /elf32-i386/.test(step.args.join(' '));
}

function unreadable(why: string, file: string): SpacerError {
  const text = `The record of the link cannot be used: ${why}.`;
  return new SpacerError('link-record-unreadable', text, { file });
}
