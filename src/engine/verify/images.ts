/**
 * What can be said of two images without the objects that they were linked from: the same names,
 * nothing overlaps, and they boot alike. It refutes, and proves nothing of code and data.
 */
import type { ElfFile } from '../elf/types.ts';
import { checkBoot } from './boot.ts';
import { elfOf, proofOf, type ImageFile, type Proof } from './proof.ts';
import { overlapsOf } from './segments.ts';
import { checkNames } from './symbols.ts';
import { joinFindings } from './types.ts';

export interface ImagePair {
  readonly old: ImageFile;
  readonly new: ImageFile;
  /** The unstripped ones, where there are both. */
  readonly twins: { readonly old: ElfFile; readonly new: ElfFile } | undefined;
}

/** Compares two bootable images. @throws SpacerError `elf-*` */
export function compareImages({ old, new: is, twins }: ImagePair): Proof {
  const image = elfOf(is);
  const findings = joinFindings([
    { differences: image ? overlapsOf(image) : [] },
    ...(twins
      ? [
          checkNames(twins.old, undefined, twins.new, false),
          checkBoot({
            old: elfOf(old),
            oldDebug: twins.old,
            image,
            debug: twins.new,
            isRemoved: () => false,
          }),
        ]
      : [{ unproven: ['names and entry: an unstripped image is missing'] }]),
  ]);
  return proofOf(findings, old, is);
}
