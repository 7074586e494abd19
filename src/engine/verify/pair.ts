/**
 * Proves any two images to be the same program, whoever linked the new one. The old image is looked
 * for among the builds of a workspace, since its objects say what it means. Of the new one all that
 * stands beside it is used: scripts and copies of objects, where an alignment wrote them, else only
 * its symbols. What is missing does not stop the comparison: it is said what stays unproven.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { inputOf } from '../atoms/input.ts';
import { readElf } from '../elf/read.ts';
import { SHT, type ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import type { Tools } from '../link/run.ts';
import { predict } from '../predict.ts';
import { readUnikernel, type LoadedUnikernel } from '../read-unikernel.ts';
import { hasWritten, readWritten } from '../relink-unikernel.ts';
import { discover, type Discovered } from '../workspace/discover.ts';
import type { Unikernel } from '../workspace/types.ts';
import { compareImages } from './images.ts';
import type { ImageFile, Proof } from './proof.ts';
import { verifyUnikernel, type VerifyRequest } from './verify.ts';

export interface PairRequest {
  /** The user's image: bootable, or its unstripped twin. */
  readonly old: string;
  /** The image that is to be the same program, likewise. */
  readonly new: string;
  /** Where the objects of the old one are; absent: a folder above it. */
  readonly workspace?: string | undefined;
  /** Where alignments left their outputs; absent: `.spacer` in the workspace. */
  readonly output?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What recorded commands may use beyond the known. */
  readonly tools?: Tools | undefined;
  /** What there is in a workspace, where that is known already. */
  readonly found?: (workspace: string) => Promise<Discovered>;
}

/** The unikernels of a workspace. @throws SpacerError `workspace-missing`, `cancelled` */
export const discoverAll = (
  root: string,
  { signal, tools = {} }: Pick<PairRequest, 'signal' | 'tools'>,
): Promise<Discovered> => discover(root, { tools, ...(signal && { signal }) });

export interface PairProof extends Proof {
  /** Of the unikernel, or else of the old image. */
  readonly name: string;
}

/**
 * Compares two images.
 * @throws SpacerError `file-unreadable`, `elf-*`, `workspace-missing`, `cancelled`
 */
export async function verifyPair(request: PairRequest): Promise<PairProof> {
  const old = await readTwins(request.old);
  const is = await readTwins(request.new);
  const sources = await sourcesOf(old.image.path, request);
  if ('missing' in sources) return withoutObjects(old, is, sources.missing);
  const { name } = sources.recorded.unikernel;
  const output = path.resolve(request.output ?? path.join(sources.root, '.spacer'));
  return { name, ...(await verifyLoaded(sources.recorded, is, old, output)) };
}

/** An image on disk with its unstripped twin, where that is known. */
interface Twins {
  readonly image: ImageFile;
  readonly debug: ElfFile | undefined;
  /** The unstripped image stands for the bootable one, which is not there. */
  readonly isUnfinished: boolean;
}

const DEBUG = '.dbg';

async function readTwins(given: string): Promise<Twins> {
  const file = path.resolve(given);
  const plain = file.endsWith(DEBUG) ? file.slice(0, -DEBUG.length) : file;
  const image = await readImage(existsSync(plain) ? plain : file);
  const twin = `${plain}${DEBUG}`;
  const debug = existsSync(twin) ? await readImage(twin) : image;
  const elf = elfWithSymbols(debug);
  return { image, debug: elf, isUnfinished: elf !== undefined && image.path.endsWith(DEBUG) };
}

async function readImage(file: string): Promise<ImageFile> {
  try {
    return { path: file, bytes: await readFile(file) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SpacerError('file-unreadable', `cannot be read: ${message}`, { file }, { cause });
  }
}

function elfWithSymbols({ path: file, bytes }: ImageFile): ElfFile | undefined {
  const elf = readElf(file, bytes);
  return elf.sections.some(({ type }) => type === SHT.SYMTAB) ? elf : undefined;
}

type Sources =
  { readonly recorded: LoadedUnikernel; readonly root: string } | { readonly missing: string };

/** The objects of an image, or why there are none. */
async function sourcesOf(image: string, request: PairRequest): Promise<Sources> {
  const { signal, workspace, tools } = request;
  const limits = { ...(signal && { signal }), ...(tools && { tools }) };
  const roots = workspace === undefined ? await foldersAbove(image) : [path.resolve(workspace)];
  let missing = `no build of ${image} was found in ${roots.at(-1) ?? path.dirname(image)}`;
  for (const root of roots) {
    const found = await (request.found?.(root) ?? discoverAll(root, request));
    const own = await ownerOf(found, image);
    if (own === undefined) continue;
    try {
      return { root, recorded: await readUnikernel(own, limits) };
    } catch (error) {
      if (!(error instanceof SpacerError) || error.code === 'cancelled') throw error;
      missing = error.message;
    }
  }
  return { missing };
}

/** Applications stand at most so deep in a workspace: `apps/NAME/build`, `NAME/.unikraft/build`. */
const LEVELS = 3;

/** Folders that may be the workspace of an image, if it stands in a folder of a build at all. */
async function foldersAbove(image: string): Promise<string[]> {
  const folder = path.dirname(image);
  const isBuild = (await readdir(folder)).some((name) => name.endsWith('.o'));
  const folders: string[] = [];
  for (let above = folder; isBuild && folders.length < LEVELS;) {
    above = path.dirname(above);
    folders.push(above);
  }
  return folders;
}

/** The unikernel that an image is of: at its place, or else a copy of it. */
async function ownerOf({ unikernels }: Discovered, image: string): Promise<Unikernel | undefined> {
  const real = await realpath(image);
  for (const one of unikernels)
    for (const file of [one.image, one.debugImage]) if ((await realpath(file)) === real) return one;
  const bytes = await readFile(image);
  for (const one of unikernels) if (bytes.equals(await readFile(one.image))) return one;
  return undefined;
}

async function verifyLoaded(
  recorded: LoadedUnikernel,
  is: Twins,
  old: Twins,
  output: string,
): Promise<Proof> {
  const { debug, image, isUnfinished } = is;
  if (debug === undefined) return withoutSymbols(old, is);
  const { link, unproven } = await knownLink(recorded, await folderOf(image, output));
  const oldImage = isUnfinished ? await readImage(recorded.unikernel.debugImage) : old.image;
  const proof = verifyUnikernel({ recorded, ...link, debug, oldImage, newImage: image });
  const steps = isUnfinished ? [UNFINISHED] : [];
  return { ...proof, unproven: [...unproven, ...steps, ...proof.unproven] };
}

const UNFINISHED =
  'what the steps after the link make of the image: only the unstripped one is there';

/** Where scripts and objects of an image are: beside it, or where an alignment left the same image. */
async function folderOf({ path: file, bytes }: ImageFile, output: string): Promise<string> {
  const own = path.dirname(file);
  if (hasWritten(own)) return own;
  const entries = await readdir(output).catch(() => []);
  for (const entry of entries) {
    const folder = path.join(output, entry);
    const twin = await readFile(path.join(folder, path.basename(file))).catch(() => undefined);
    if (twin?.equals(bytes) === true) return folder;
  }
  return own;
}

interface KnownLink {
  readonly link: Partial<Pick<VerifyRequest, 'aligned' | 'prediction'>>;
  readonly unproven: readonly string[];
}

/** What an image was linked from, where an alignment wrote that beside it. */
async function knownLink(recorded: LoadedUnikernel, folder: string): Promise<KnownLink> {
  if (!hasWritten(folder)) return { link: {}, unproven: [] };
  try {
    const { loaded, texts } = await readWritten(folder, recorded);
    const prediction = predict(loaded, inputOf(loaded), texts);
    return { link: { aligned: loaded, prediction }, unproven: [] };
  } catch (error) {
    if (!(error instanceof SpacerError)) throw error;
    return { link: {}, unproven: [`how the new image was linked: ${error.message}`] };
  }
}

function withoutObjects(old: Twins, is: Twins, why: string): PairProof {
  const unproven = [
    `that code and data mean the same, the order of tables and the unwind tables: ${why}`,
  ];
  const name = path.basename(old.image.path);
  const twins = old.debug && is.debug ? { old: old.debug, new: is.debug } : undefined;
  const proof = compareImages({ old: old.image, new: is.image, twins });
  return { name, ...proof, unproven: [...unproven, ...proof.unproven] };
}

function withoutSymbols(old: Twins, is: Twins): Proof {
  const why = `${is.image.path} has no symbols, and no ${path.basename(is.image.path)}${DEBUG} is beside it`;
  const proof = compareImages({ old: old.image, new: is.image, twins: undefined });
  return { ...proof, unproven: [`that code and data mean the same: ${why}`, ...proof.unproven] };
}
