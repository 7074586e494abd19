/**
 * Aligned images at the places where they are run from, and the way back: what stood there before
 * is kept beside it, and a list of it all in the output folder.
 */
import { createHash } from 'node:crypto';
import {
  copyFile,
  lstat,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';

const LIST = 'used-images.json';
const SUFFIX = '.before-spacer';

/** `made`: what was put there, a link's target or the digest of a copy. */
const entry = v.object({
  target: v.string(),
  saved: v.optional(v.string()),
  made: v.string(),
});
type Entry = v.InferOutput<typeof entry>;

export type Way = 'copy' | 'link';

/**
 * Puts images into a folder.
 * @returns how many
 */
export async function placeImages(
  output: string,
  images: readonly string[],
  folder: string,
  way: Way,
): Promise<number> {
  const list = await readList(output);
  await mkdir(folder, { recursive: true });
  for (const image of images) {
    const target = path.join(folder, path.basename(image));
    const known = list.find((one) => one.target === target);
    const saved = known ? known.saved : await putAside(target);
    const made = way === 'copy' ? await digestOf(image) : image;
    list.splice(known ? list.indexOf(known) : list.length, 1, {
      target,
      made,
      ...(saved !== undefined && { saved }),
    });
    // The list is written first: whatever happens then can be undone.
    await writeList(output, list);
    await rm(target, { force: true });
    if (way === 'copy') await copyFile(image, target);
    else await symlink(image, target);
  }
  return images.length;
}

/**
 * Brings back what was there.
 * @returns how many images were taken away
 */
export async function restoreImages(output: string): Promise<number> {
  const list = await readList(output);
  for (const { target, saved, made } of list) {
    if (await isStillThere(target, made)) await rm(target);
    const isOurs = saved === `${target}${SUFFIX}` && (await exists(saved));
    if (isOurs && !(await exists(target))) await rename(saved, target);
  }
  await rm(path.join(output, LIST), { force: true });
  return list.length;
}

/** The list came with the workspace: what it did not put there is somebody else's. */
async function isStillThere(target: string, made: string): Promise<boolean> {
  const link = await readlink(target).catch(() => undefined);
  return (link ?? (await digestOf(target).catch(() => undefined))) === made;
}

const digestOf = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

async function putAside(target: string): Promise<string | undefined> {
  if (!(await exists(target))) return undefined;
  const saved = `${target}${SUFFIX}`;
  if (await exists(saved)) throw new Error(`${saved} is in the way; move it.`);
  await rename(target, saved);
  return saved;
}

const exists = (file: string) =>
  lstat(file).then(
    () => true,
    () => false,
  );

async function readList(output: string): Promise<Entry[]> {
  const text = await readFile(path.join(output, LIST), 'utf8').catch(() => '[]');
  return v.parse(v.array(entry), JSON.parse(text));
}

async function writeList(output: string, list: readonly Entry[]): Promise<void> {
  await writeFile(path.join(output, LIST), JSON.stringify(list, undefined, 2));
}

/**
 * A QEMU command line with another image: the argument of `-kernel`, or the word that is the path
 * of the original image. Nothing else of the line changes.
 */
export function withImage(line: string, original: string, image: string): string | undefined {
  const word = /^[\w@%+=:,./-]+$/.test(image) ? image : `'${image.replaceAll("'", `'\\''`)}'`;
  const kernel = /(\s-kernel[\s=]+)("[^"]*"|'[^']*'|\S+)/;
  if (kernel.test(line)) return line.replace(kernel, (_, option: string) => `${option}${word}`);
  if (line.includes(original)) return line.replace(original, () => word);
  return undefined;
}
