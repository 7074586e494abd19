/** A proof as it is handed on: what was found, and which files it is about. */
import { createHash } from 'node:crypto';
import type { Verification } from '../../protocol/page-map.ts';
import { readElf } from '../elf/read.ts';
import type { ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import type { Difference, joinFindings } from './types.ts';

/** A bootable image as it is on disk. */
export interface ImageFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface Proof extends Verification {
  /** Empty where the images are the same program as far as is known. */
  readonly differences: readonly Difference[];
}

export function proofOf(
  findings: ReturnType<typeof joinFindings>,
  before: ImageFile,
  after: ImageFile,
): Proof {
  const summary = ({ path, bytes }: ImageFile) => ({ path, sha256: sha256(bytes) });
  return { ...findings, images: { before: summary(before), after: summary(after) } };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Undefined for a bootable image that is no ELF file (a flat binary). */
export function elfOf({ path, bytes }: ImageFile): ElfFile | undefined {
  try {
    return readElf(path, bytes);
  } catch (error) {
    if (error instanceof SpacerError && error.code === 'elf-not-elf') return undefined;
    throw error;
  }
}
