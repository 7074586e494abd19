/**
 * Links a unikernel again: its recorded link with another script, then every recorded step after
 * the link on the new files.
 *
 * All work happens in a scratch folder beside the outputs (one file system) and under the image's
 * own name, because one step writes that name into the image. Outputs are renamed into place when
 * all of them are whole; nothing of the user's build is opened for writing.
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import type { ToolCommand, Unikernel } from '../workspace/types.ts';
import { withScript } from './command.ts';
import { linkFailure } from './messages.ts';
import { makeBootable } from './multiboot.ts';
import { runTool, ToolFailure } from './run.ts';
import type { RunResult, Tools } from './run.ts';
import { redirectStep } from './steps.ts';

export interface RelinkRequest {
  readonly unikernel: Unikernel;
  readonly script: string;
  /** Scripts in place of the recorded `-T` ones. */
  readonly extraScripts: readonly string[];
  /** Copies to link, by the path of the original. */
  readonly objects: ReadonlyMap<string, string>;
  /** Archives of which all members are linked, by the path or `-lNAME` of the original. */
  readonly archives?: ReadonlyMap<string, string>;
  /** Objects beyond the recorded ones. */
  readonly extraObjects?: readonly string[];
  /** Options for the linker beyond the recorded ones, one word each. */
  readonly extraLinkerArgs?: readonly string[];
  readonly outputDirectory: string;
  readonly signal?: AbortSignal | undefined;
  readonly tools?: Tools | undefined;
}

export interface Relinked {
  readonly debugImage: string;
  readonly image: string;
  /** The linker's map. */
  readonly map: string;
  /** What the tools said without failing. */
  readonly warnings: readonly string[];
}

/**
 * Relinks one unikernel into `outputDirectory`.
 *
 * @throws SpacerError `link-failed`, `post-link-failed`, `tool-missing`, `cancelled`, ...
 */
export async function relink(request: RelinkRequest): Promise<Relinked> {
  const directory = path.resolve(request.outputDirectory);
  // In one go, so that the linker runs before this returns for the first time.
  mkdirSync(directory, { recursive: true });
  const scratch = mkdtempSync(path.join(directory, '.link-'));
  try {
    const image = path.join(scratch, path.basename(request.unikernel.image));
    const warnings = [...(await link(request, image)), ...(await finish(request, image))];
    return { ...(await putInPlace(image, directory)), warnings };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function link(request: RelinkRequest, image: string): Promise<string[]> {
  const { unikernel, script, extraScripts } = request;
  const command = withScript(unikernel.link.command, {
    script,
    extraScripts,
    inputsMap: request.objects,
    archivesMap: request.archives ?? new Map(),
    output: `${image}.dbg`,
    map: `${image}.map`,
    extraInputs: request.extraObjects ?? [],
    extraLinkerArgs: request.extraLinkerArgs ?? [],
  });
  try {
    return said(await run(request, command, image));
  } catch (error) {
    throw error instanceof ToolFailure ? linkFailure(error, unikernel.name) : error;
  }
}

async function finish(request: RelinkRequest, image: string): Promise<string[]> {
  const { unikernel } = request;
  const warnings: string[] = [];
  for (const step of unikernel.link.postLink) {
    const command = redirectStep(step, unikernel.image, image);
    try {
      warnings.push(...said(await run(request, command, image)));
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      const text = `${unikernel.name} was linked, but a step after the link failed: ${error.text}`;
      throw new SpacerError('post-link-failed', text, {}, { cause: error });
    }
  }
  await checkOutputs(image);
  await makeBootable(image);
  return warnings;
}

function run(request: RelinkRequest, command: ToolCommand, image: string): Promise<RunResult> {
  const { signal, tools } = request;
  return runTool({ ...command, cwd: path.dirname(image) }, { signal, tools });
}

/** What linkers remark on every Unikraft image; builds filter some of these lines themselves. */
const EXPECTED =
  /Empty loadable segment detected|section .* lma .* adjusted to|requires executable stack|LOAD segment with RWX permissions|NOTE: This behaviour is deprecated|missing \.note\.GNU-stack|allocated section `\.(dyn\w+|rela\.dyn|gnu\.hash|hash|interp)' not in segment/;

function said(result: RunResult): string[] {
  const lines = result.stderr.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !EXPECTED.test(line));
}

/** The map, the linked image, and the bootable one last: where it is new, all of them are. */
const OUTPUTS = ['.map', '.dbg', ''] as const;

/** Renames the outputs into place. */
async function putInPlace(
  image: string,
  directory: string,
): Promise<{ image: string; debugImage: string; map: string }> {
  for (const suffix of OUTPUTS) {
    await rename(`${image}${suffix}`, path.join(directory, `${path.basename(image)}${suffix}`));
  }
  const base = path.join(directory, path.basename(image));
  return { image: base, debugImage: `${base}.dbg`, map: `${base}.map` };
}

/** A link or a step can end well without having made anything. */
async function checkOutputs(image: string): Promise<void> {
  for (const suffix of OUTPUTS) {
    const found = await stat(`${image}${suffix}`).catch(() => undefined);
    if (found?.isFile() === true && found.size > 0) continue;
    const name = `${path.basename(image)}${suffix}`;
    throw new SpacerError(
      'link-failed',
      `The link ended without an error but did not make ${name}.`,
    );
  }
}
