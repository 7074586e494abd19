/**
 * Measures one unikernel: reads its image, cuts it into pages and tells their owners.
 *
 * What boots is what counts: the bootable image, after all post-link steps, is measured where it
 * is a readable ELF file; a flat binary (Unikraft 0.8) or a missing one leaves the unstripped
 * image. Names come from the unstripped image in either case.
 */
import { readFile } from 'node:fs/promises';
import { readElf } from '../elf/read.ts';
import type { ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { attribute, type AttributionSources } from './attribute.ts';
import type { StageInput } from './document.ts';
import { pagesOfImage } from './pages-of-image.ts';

export interface MeasureInput extends Pick<AttributionSources, 'placed' | 'linkMap' | 'objects'> {
  /** Path of the bootable image. */
  readonly image?: string;
  /** Path of the unstripped image; may be missing. */
  readonly debugImage?: string;
}

/**
 * Pages and owners of a unikernel, ready for `pageMapOf`.
 * @throws SpacerError `file-unreadable`, or of `readElf` and `pagesOfImage`, about the image
 */
export async function measureUnikernel(input: MeasureInput): Promise<StageInput> {
  const debug = await attempt(input.debugImage);
  const image = await attempt(input.image);
  const measured = image instanceof SpacerError ? debug : image;
  // The first failure is about the file that people know: the bootable image.
  if (measured instanceof SpacerError) throw image instanceof SpacerError ? image : measured;
  if (measured === undefined)
    throw new SpacerError('file-unreadable', 'there is no image to measure');
  const { segments, pages } = pagesOfImage(measured);
  const owners = attribute(pages, {
    ...input,
    image: measured,
    debug: debug === undefined || debug instanceof SpacerError ? measured : debug,
  });
  return { image: measured.path, segments, pages, owners };
}

async function attempt(path: string | undefined): Promise<ElfFile | SpacerError | undefined> {
  if (path === undefined) return undefined;
  try {
    return readElf(path, await readFile(path));
  } catch (error) {
    if (error instanceof SpacerError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new SpacerError(
      'file-unreadable',
      `cannot be read: ${reason}`,
      { file: path },
      { cause: error },
    );
  }
}
