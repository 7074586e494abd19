/** Reads the images of one new link and proves them; what is not proven is not delivered. */
import type { Verification } from '../../protocol/page-map.ts';
import { readElfFile } from '../elf/read-parts.ts';
import type { ElfFile } from '../elf/types.ts';
import type { Relinked } from '../link/replay.ts';
import type { LoadedUnikernel } from '../loaded-unikernel.ts';
import type { Prediction } from '../predict.ts';
import { notTheSame, verifyUnikernel } from './verify.ts';
import { readBinary } from '../workspace/files.ts';

export interface ProvenLink {
  /** The unstripped image of the new link, read. */
  readonly debug: ElfFile;
  readonly verification: Verification;
}

/**
 * Proves that the images of a new link are the same program.
 * @throws SpacerError `not-the-same-program`, `elf-*`
 */
export async function proveLink(
  recorded: LoadedUnikernel,
  aligned: LoadedUnikernel,
  prediction: Prediction | undefined,
  relinked: Pick<Relinked, 'image' | 'debugImage'>,
): Promise<ProvenLink> {
  const { image } = recorded.unikernel;
  const [oldBytes, newBytes] = await Promise.all([image, relinked.image].map(readBinary));
  const debug = readElfFile(relinked.debugImage);
  const { differences, ...verification } = verifyUnikernel({
    recorded,
    aligned,
    prediction,
    debug,
    oldImage: { path: image, bytes: oldBytes! },
    newImage: { path: relinked.image, bytes: newBytes! },
  });
  if (differences.length > 0) throw notTheSame(recorded.unikernel.name, differences);
  return { debug, verification };
}
