/**
 * What `make` answered about links, kept from run to run. An image was linked once, so the answer
 * holds as long as the image and its unstripped twin are the ones it was asked about. What is kept
 * is make's own text: it is read and checked each time as if make had just printed it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeIgnoredFolder } from '../folders.ts';
import { VERSION } from '../version.ts';
import type { ImagePlace } from './record.ts';

/** The answer of an earlier run. */
export function recall(folder: string | undefined, place: ImagePlace): string | undefined {
  if (folder === undefined) return undefined;
  try {
    const [key, ...lines] = readFileSync(fileOf(folder, place), 'utf8').split('\n');
    return key === keyOf(place) ? lines.join('\n') : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps an answer; where nothing can be written, make is asked again the next time. */
export function remember(folder: string | undefined, place: ImagePlace, answer: string): void {
  if (folder === undefined) return;
  const file = fileOf(folder, place);
  const aside = `${file}.${randomUUID()}.tmp`;
  try {
    makeIgnoredFolder(folder);
    writeFileSync(aside, `${keyOf(place)}\n${answer}`, { flag: 'wx' });
    renameSync(aside, file);
  } catch {
    // Not kept.
  }
}

function fileOf(folder: string, { debugImage }: ImagePlace): string {
  return path.join(folder, `${createHash('sha256').update(debugImage).digest('hex')}.txt`);
}

function keyOf({ image, debugImage }: ImagePlace): string {
  const files = [image, debugImage].map((file) => {
    const { mtimeNs, ctimeNs, size, ino } = statSync(file, { bigint: true });
    return [file, mtimeNs, ctimeNs, size, ino].join(' ');
  });
  return JSON.stringify([VERSION, ...files]);
}
