/** Puts recorded commands together to one link in one step, and checks that its files are there. */
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Tools } from '../link/run.ts';
import { admit } from './admit.ts';
import { changeInputs, composeLinks, parseLinkCommand } from '../link/command.ts';
import type { LinkCommand } from '../link/command.ts';
import { isDriver, isLinker } from '../link/pieces.ts';
import { isFile } from './files.ts';
import { checkInput } from './images.ts';
import type { LinkRecord, ToolCommand } from './types.ts';

/** A command that made an object out of others before the final link. */
export interface MergeStep {
  readonly output: string;
  /** `-r` of several objects, or a copy of one with other symbols. */
  readonly command: ToolCommand;
  readonly copyOf?: string;
}

export interface Parts {
  readonly place: {
    readonly root: string;
    readonly buildDirectory: string;
    readonly image: string;
    readonly debugImage: string;
  };
  readonly link: ToolCommand;
  readonly merges: readonly MergeStep[];
  readonly postLink: readonly ToolCommand[];
  readonly origin: LinkRecord['origin'];
  readonly tools?: Tools | undefined;
}

/** Commands of a list that merge or copy objects. */
export function mergeSteps(commands: readonly ToolCommand[]): MergeStep[] {
  return commands.flatMap((command): MergeStep[] => {
    if (isDriver(command.tool) || isLinker(command.tool)) {
      const { partial, output } = parseLinkCommand(command);
      return partial ? [{ output, command }] : [];
    }
    if (!/objcopy$/.test(command.tool)) return [];
    const [copyOf, output] = command.args.slice(-2);
    return copyOf === undefined || output === undefined ? [] : [{ output, command, copyOf }];
  });
}

/**
 * The record of a link in one step, all paths absolute.
 *
 * @throws SpacerError `command-refused`, `objects-missing`, `damaged-object`, `other-architecture` or
 *   `link-record-unreadable`
 */
export async function finishRecord(parts: Parts): Promise<LinkRecord> {
  const { place, merges, postLink, origin, tools } = parts;
  const direct = unmerge(parts.link, merges);
  const absolute = (file: string): string => path.resolve(place.buildDirectory, file);
  const command = changeInputs(direct, absolute);
  await admit({ link: command, postLink }, place, tools);
  const parsed = parseLinkCommand(command);
  const { script, extraScripts } = checkedScripts(parsed, absolute);
  const inputs = [...new Set(parsed.inputs)];
  await checkFiles([...inputs, script, ...extraScripts]);
  for (const input of inputs) await checkInput(input);
  return {
    command,
    inputs,
    script,
    extraScripts,
    debugImage: place.debugImage,
    postLink,
    origin,
    composed: direct !== parts.link,
  };
}

/** Replaces merged objects by their members until none is left. */
function unmerge(link: ToolCommand, merges: readonly MergeStep[]): ToolCommand {
  let command = link;
  for (let depth = 0; depth < LIMITS.depth.merges; depth++) {
    const inputs = new Set(parseLinkCommand(command).inputs);
    const step = merges.find((merge) => inputs.has(merge.output));
    if (step === undefined) return command;
    command = inPlace(command, step);
  }
  throw unreadable('its merged objects contain each other');
}

function inPlace(command: ToolCommand, step: MergeStep): ToolCommand {
  const { copyOf } = step;
  if (copyOf === undefined) return composeLinks(command, step.command, step.output);
  return changeInputs(command, (input) => (input === step.output ? copyOf : input));
}

function checkedScripts(
  link: LinkCommand,
  absolute: (file: string) => string,
): { script: string; extraScripts: string[] } {
  if (link.partial) throw unreadable('it makes an object, not an image');
  if (link.script === undefined) throw unreadable('it names no linker script');
  if (link.inputs.length === 0) throw unreadable('it has no objects');
  return { script: absolute(link.script), extraScripts: link.extraScripts.map(absolute) };
}

async function checkFiles(files: readonly string[]): Promise<void> {
  const there = await Promise.all(files.map(isFile));
  const missing = files.filter((_, index) => there[index] !== true);
  if (missing.length === 0) return;
  const shown = missing.slice(0, 3).map((file) => path.basename(file));
  const more = missing.length > shown.length ? ` and ${missing.length - shown.length} more` : '';
  const text = `Files of the link are missing: ${shown.join(', ')}${more}. Build the application again.`;
  throw new SpacerError('objects-missing', text, { file: missing[0] ?? '' });
}

function unreadable(why: string): SpacerError {
  return new SpacerError('link-record-unreadable', `The recorded link cannot be used: ${why}.`);
}
