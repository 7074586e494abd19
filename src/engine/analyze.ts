/** Page maps of images as they are, without a relink. */
import path from 'node:path';
import type { PageMapDocument, Unusable } from '../protocol/page-map.ts';
import type { ElfFile } from './elf/types.ts';
import { SpacerError } from './errors.ts';
import { mapParallel } from './link/parallel.ts';
import type { Tools } from './link/run.ts';
import { pageMapOf, type UnikernelInput } from './pages/document.ts';
import { measureImage, readDebug } from './pages/measure.ts';
import { readUnikernel } from './read-unikernel.ts';
import { VERSION } from './version.ts';
import { discover } from './workspace/discover.ts';
import { selectUnikernels } from './workspace/select.ts';
import type { Unikernel } from './workspace/types.ts';

export interface AnalyzeRequest {
  readonly unikernels?: readonly string[];
  readonly tools?: Tools;
  readonly signal?: AbortSignal;
}

/**
 * Analyses the images of a workspace as their builds left them.
 * @throws SpacerError `nothing-to-do`, ...
 */
export async function analyzeWorkspace(
  workspace: string,
  request: AnalyzeRequest = {},
): Promise<PageMapDocument> {
  const { signal, tools = {} } = request;
  const root = path.resolve(workspace);
  const found = await discover(root, { tools, ...(signal && { signal }) });
  const chosen = selectUnikernels(found, request.unikernels, undefined);
  const failures: Unusable[] = [];
  const read = await mapParallel(chosen, (unikernel) => readStage(unikernel, failures), request);
  const unikernels = read.flatMap((input) => input ?? []);
  return pageMapOf({
    spacer: VERSION,
    workspace: root,
    unikernels,
    unusable: found.unusable,
    failures,
  });
}

async function readStage(
  unikernel: Unikernel,
  failures: Unusable[],
): Promise<UnikernelInput | undefined> {
  const { name, directory, image, debugImage } = unikernel;
  try {
    const debug = readDebug(debugImage);
    const objects = await objectsOf(unikernel);
    return { name, stages: { before: await measureImage(image, { debug, ...objects }) } };
  } catch (error) {
    if (!(error instanceof SpacerError)) throw error;
    const { code: reason, message } = error;
    failures.push({ name, path: directory, reason, message });
    return undefined;
  }
}

/** Objects name the owners of pages; an image whose objects cannot be read still has pages. */
async function objectsOf(unikernel: Unikernel) {
  try {
    return { objects: (await readUnikernel(unikernel)).originals };
  } catch (error) {
    if (error instanceof SpacerError) return {};
    throw error;
  }
}

/**
 * Analyses image files.
 * @throws SpacerError `elf-*`, `file-unreadable`
 */
export async function analyzeImages(images: readonly string[]): Promise<PageMapDocument> {
  const files = images.map((image) => path.resolve(image));
  const names = imageNames(files);
  const unikernels = await mapParallel(files, async (file, i): Promise<UnikernelInput> => {
    const debug = debugBeside(file);
    return {
      name: names[i]!,
      stages: { before: await measureImage(file, debug ? { debug } : {}) },
    };
  });
  return pageMapOf({ spacer: VERSION, unikernels });
}

/** The unstripped image, if it is there and can be read. */
function debugBeside(image: string): ElfFile | undefined {
  try {
    return readDebug(`${image}.dbg`);
  } catch {
    return undefined;
  }
}

/** File names, with as much of the path before them as tells them apart. */
function imageNames(files: readonly string[]): string[] {
  for (let depth = 1; depth < 12; depth++) {
    const names = files.map((file) => file.split(path.sep).slice(-depth).join('/'));
    if (new Set(names).size === names.length) return names;
  }
  return files.map((file, i) => `${file}#${i + 1}`);
}
