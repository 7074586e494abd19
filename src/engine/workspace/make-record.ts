/**
 * How an image was linked, asked from `make`: builds up to 0.10 record no commands.
 *
 * `make -n V=1` prints what it would run to make the image again. It is asked about a shadow of
 * the build folder in which only the image is missing, with the configuration of the last build,
 * so that it prints the link and what follows and nothing else. The user's folder is only read.
 */
import { copyFile, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { parseLinkCommand } from '../link/command.ts';
import { isDriver, isLinker } from '../link/pieces.ts';
import { runTool, ToolFailure } from '../link/run.ts';
import type { Tools } from '../link/run.ts';
import { checkStep, isStepTool } from '../link/steps.ts';
import { splitCommands } from '../link/words.ts';
import { finishRecord, mergeSteps } from './assemble.ts';
import { findCore } from './core.ts';
import type { Core } from './core.ts';
import { isFile } from './files.ts';
import type { ImagePlace } from './record.ts';
import { makeShadow } from './shadow.ts';
import type { LinkRecord, ToolCommand } from './types.ts';

export interface MakePlace extends ImagePlace {
  /** Folder of the application. */
  readonly directory: string;
  /** Name of the application as the image says it. */
  readonly name: string;
}

export interface MakeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly tools?: Tools | undefined;
}

/**
 * Asks make for the record of an image's link.
 *
 * @throws SpacerError `tool-missing`, `core-missing`, `link-record-unreadable`, `objects-missing`
 */
export async function readMakeRecord(place: MakePlace, options: MakeOptions): Promise<LinkRecord> {
  const core = await findCore(place);
  const scratch = await realpath(await mkdtemp(path.join(os.tmpdir(), 'spacer-make-')));
  try {
    const shadow = path.join(scratch, 'build');
    const without = path.basename(place.image);
    await makeShadow(place.buildDirectory, shadow, { signal: options.signal, without });
    const output = await askMake(place, core, scratch, options);
    return await readOutput(output, place, shadow);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function askMake(
  place: MakePlace,
  core: Core,
  scratch: string,
  options: MakeOptions,
): Promise<string> {
  const shadow = path.join(scratch, 'build');
  const config = path.join(scratch, 'config');
  await copyFile(await configOf(place), config);
  const args = [
    '-n',
    'V=1',
    `-C${core.directory}`,
    `A=${place.directory}`,
    `O=${shadow}`,
    `C=${config}`,
    `L=${core.libraries.join(':')}`,
    ...(core.platforms.length === 0 ? [] : [`P=${core.platforms.join(':')}`]),
    `CONFIG_UK_NAME=${place.name}`,
    path.join(shadow, path.basename(place.image)),
  ];
  try {
    const command = { tool: 'make', args, cwd: place.directory };
    return (await runTool(command, { signal: options.signal, tools: options.tools })).stdout;
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    const text = `make cannot tell how the image was linked: ${error.text}`;
    throw new SpacerError('link-record-unreadable', text, { file: place.image }, { cause: error });
  }
}

/** The configuration of the last build; the application's own may have changed since. */
async function configOf(place: MakePlace): Promise<string> {
  const candidates = [
    path.join(place.buildDirectory, 'config'),
    path.join(place.directory, '.config'),
  ];
  for (const file of candidates) if (await isFile(file)) return file;
  const text = 'The build recorded no commands, and its configuration is missing.';
  throw new SpacerError('link-record-unreadable', text, { file: candidates[0] ?? '' });
}

async function readOutput(output: string, place: MakePlace, shadow: string): Promise<LinkRecord> {
  const commands = printedCommands(output, path.join(shadow, path.basename(place.image)))
    .map((words) => words.map((word) => word.replaceAll(shadow, place.buildDirectory)))
    .map(([tool = '', ...args]): ToolCommand => ({ tool, args, cwd: place.buildDirectory }));
  const at = commands.findLastIndex((command) => makes(command, place.debugImage));
  const link = commands[at];
  if (link === undefined) {
    const text = 'make does not tell how the image was linked.';
    throw new SpacerError('link-record-unreadable', text, { file: place.image });
  }
  const postLink = commands.slice(at + 1).filter((command) => isStepTool(command.tool));
  for (const step of postLink) checkStep(step, place.image);
  const merges = mergeSteps(commands.slice(0, at));
  return finishRecord({ place, link, merges, postLink, origin: 'make' });
}

function makes(command: ToolCommand, file: string): boolean {
  if (!isDriver(command.tool) && !isLinker(command.tool)) return false;
  return parseLinkCommand({ ...command, args: command.args }).output === file;
}

/** Commands that make printed and that have to do with the image, in order. */
function printedCommands(output: string, image: string): string[][] {
  return output
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.includes(image))
    .flatMap((line) => {
      try {
        return splitCommands(line).map(withoutTimer);
      } catch {
        return []; // Messages, and steps such as compressing the image.
      }
    })
    .filter(([tool = '']) => isDriver(tool) || isLinker(tool) || isStepTool(tool));
}

/** A build can record its times: `time -f FORMAT -o FILE tool ...`, `liftoff -o FILE -- tool ...`. */
function withoutTimer(words: string[]): string[] {
  const tool = path.basename(words[0] ?? '');
  if (tool !== 'time' && tool !== 'liftoff') return words;
  const at = words.findIndex((word) => isDriver(word) || isLinker(word) || isStepTool(word));
  return at < 0 ? words : words.slice(at);
}
