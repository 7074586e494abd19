/**
 * How an image was linked, asked from `make`: builds up to 0.10 record no commands.
 *
 * `make -n V=1` prints what it would run to make the image again. It is asked about a shadow of
 * the build folder in which only the image is missing, with the configuration of the last build,
 * so that it prints the link and what follows and nothing else. The user's folder is only read.
 */
import { accessSync, constants, rmSync, statfsSync } from 'node:fs';
import { copyFile, mkdtemp, realpath } from 'node:fs/promises';
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
import { recall, remember } from './answers.ts';
import { findCore } from './core.ts';
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
  /** Folder where answers are kept from run to run; absent: none is. */
  readonly cache?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly tools?: Tools | undefined;
}

/**
 * Asks make for the record of an image's link: the core's makefile as the build called it, or else
 * the application's own, which knows its core.
 *
 * @throws SpacerError `tool-missing`, `core-missing`, `link-record-unreadable`, `objects-missing`
 */
export async function readMakeRecord(place: MakePlace, options: MakeOptions): Promise<LinkRecord> {
  const known = recall(options.cache, place);
  if (known !== undefined) return readAnswer(known, place, options.tools);
  const scratch = await realpath(await mkdtemp(path.join(scratchParent(), 'spacer-make-')));
  try {
    const shadow = path.join(scratch, 'build');
    const without = path.basename(place.image);
    await makeShadow(place.buildDirectory, shadow, { signal: options.signal, without });
    const ask = async (args: readonly string[]): Promise<LinkRecord> => {
      const printed = await askMake(args, place, options);
      const answer = printed.replaceAll(shadow, place.buildDirectory);
      const record = await readAnswer(answer, place, options.tools);
      remember(options.cache, place, answer);
      return record;
    };
    try {
      return await ask(await coreArguments(place, scratch));
    } catch (error) {
      const own = await applicationArguments(place, scratch);
      if (own === undefined || !isWorthAnother(error)) throw error;
      return await ask(own);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A shadow is some hundred small files for a moment: in memory, where there is room for it. */
function scratchParent(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > MEMORY_NEEDED ? MEMORY : os.tmpdir();
  } catch {
    return os.tmpdir();
  }
}

/** tmpfs on Linux by convention of glibc, which keeps shared memory there. */
const MEMORY = '/dev/shm';
/** Builds seen copy less than 2 MB each, several at once. */
const MEMORY_NEEDED = 256 * 1024 * 1024;

/** make ran but did not know, or there was nothing to run it on. */
function isWorthAnother(error: unknown): boolean {
  if (!(error instanceof SpacerError)) return false;
  return error.code === 'core-missing' || error.code === 'link-record-unreadable';
}

async function askMake(
  args: readonly string[],
  place: MakePlace,
  options: MakeOptions,
): Promise<string> {
  checkWords(args, place);
  try {
    const command = { tool: 'make', args: ['-n', 'V=1', ...args], cwd: place.directory };
    return (await runTool(command, { signal: options.signal, tools: options.tools })).stdout;
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    const text = `make cannot tell how the image was linked: ${error.text}`;
    throw new SpacerError('link-record-unreadable', text, { file: place.image }, { cause: error });
  }
}

/** How a build calls its core. */
async function coreArguments(place: MakePlace, scratch: string): Promise<string[]> {
  const core = await findCore(place);
  const config = await configOf(place);
  if (config === undefined) {
    const text = 'The build recorded no commands, and its configuration is missing.';
    throw new SpacerError('link-record-unreadable', text, { file: place.image });
  }
  return [
    `-C${core.directory}`,
    `A=${place.directory}`,
    `L=${core.libraries.join(':')}`,
    ...(core.platforms.length === 0 ? [] : [`P=${core.platforms.join(':')}`]),
    `CONFIG_UK_NAME=${place.name}`,
    ...(await shadowArguments(place, scratch, config)),
  ];
}

/** How a user calls the application's own makefile; its core is told about the shadow by name. */
async function applicationArguments(
  place: MakePlace,
  scratch: string,
): Promise<string[] | undefined> {
  if (!(await isFile(path.join(place.directory, 'Makefile')))) return undefined;
  const config = await configOf(place);
  const shadow = path.join(scratch, 'build');
  return [`BUILD_DIR=${shadow}`, ...(await shadowArguments(place, scratch, config))];
}

/** make expands `$` in what it is told, `$(shell ...)` too, even when it only prints. */
function checkWords(args: readonly string[], place: MakePlace): void {
  const word = args.find((one) => one.includes('$'));
  if (word === undefined) return;
  const text = `The build recorded no commands, and make would run what ${word} says.`;
  throw new SpacerError('command-refused', text, { file: place.image });
}

async function shadowArguments(
  place: MakePlace,
  scratch: string,
  config: string | undefined,
): Promise<string[]> {
  const shadow = path.join(scratch, 'build');
  const copy = path.join(scratch, 'config');
  if (config !== undefined) await copyFile(config, copy);
  const goal = path.join(shadow, path.basename(place.image));
  return [`O=${shadow}`, ...(config === undefined ? [] : [`C=${copy}`]), goal];
}

/** The configuration of the last build; the application's own may have changed since. */
async function configOf(place: MakePlace): Promise<string | undefined> {
  const last = path.join(place.buildDirectory, 'config');
  if (await isFile(last)) return last;
  const own = path.join(place.directory, '.config');
  return (await isFile(own)) ? own : undefined;
}

/** @param answer what make printed, with the build folder for its shadow */
async function readAnswer(
  answer: string,
  place: MakePlace,
  tools: Tools | undefined,
): Promise<LinkRecord> {
  const commands = printedCommands(answer, place.image).map(
    ([tool = '', ...args]): ToolCommand => ({ tool, args, cwd: place.buildDirectory }),
  );
  const at = commands.findLastIndex((command) => makes(command, place.debugImage));
  const link = commands[at];
  if (link === undefined) {
    const text = 'make does not tell how the image was linked.';
    throw new SpacerError('link-record-unreadable', text, { file: place.image });
  }
  const postLink = commands.slice(at + 1).filter((command) => isStepTool(command.tool));
  for (const step of postLink) checkStep(step, place.image);
  const merges = mergeSteps(commands.slice(0, at));
  return finishRecord({ place, link, merges, postLink, origin: 'make', tools });
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
