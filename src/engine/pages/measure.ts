/**
 * Reads an image and cuts it into attributed pages.
 *
 * What boots is what counts: the bootable image, after all post-link steps, is measured where it
 * is an ELF file; a flat binary or a missing one leaves the unstripped image. Names come from the
 * unstripped image in either case.
 */
import { readElfFile } from '../elf/read-parts.ts';
import type { ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { readText } from '../workspace/files.ts';
import { attribute, type PlacedSection } from './attribute.ts';
import type { StageInput } from './document.ts';
import { parseLinkMap } from './link-map.ts';
import { pagesOfImage } from './pages-of-image.ts';
import type { LinkObject } from './placement.ts';

/** Reads an unstripped image. @throws SpacerError `elf-*` */
export const readDebug = (file: string): ElfFile => readElfFile(file);

export interface MeasureSources {
  /** The unstripped image of the same link; measured itself where the image is no ELF file. */
  readonly debug?: ElfFile;
  /** Input sections placed by an alignment. */
  readonly placed?: readonly PlacedSection[];
  /** Path of the linker's map. */
  readonly map?: string;
  /** Objects of the recorded link, in its order. */
  readonly objects?: readonly LinkObject[];
}

/**
 * The pages of an image with their owners. The result names the image that was measured.
 * @throws SpacerError `file-unreadable`, `elf-*`, `map-invalid`
 */
export async function measureImage(image: string, sources: MeasureSources): Promise<StageInput> {
  const elf = readMeasured(image, sources.debug);
  const { pages, segments } = pagesOfImage(elf);
  const { map, ...known } = sources;
  const linkMap =
    map === undefined
      ? {}
      : { linkMap: parseLinkMap(await readText(map, LIMITS.bytes.linkMap), map) };
  return {
    image: elf.path,
    segments,
    pages,
    owners: attribute(pages, { image: elf, ...known, ...linkMap }),
  };
}

function readMeasured(image: string, debug: ElfFile | undefined): ElfFile {
  const elf = attempt(image);
  if (!(elf instanceof SpacerError)) return elf;
  const isAnother = elf.code === 'file-unreadable' || elf.code === 'elf-not-elf';
  if (debug === undefined || !isAnother) throw elf;
  return debug;
}

function attempt(image: string): ElfFile | SpacerError {
  try {
    return readElfFile(image);
  } catch (error) {
    if (error instanceof SpacerError) return error;
    const { code, message } = error as NodeJS.ErrnoException;
    return new SpacerError(
      'file-unreadable',
      code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}`,
      { file: image },
      { cause: error },
    );
  }
}
