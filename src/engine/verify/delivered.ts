/** Proves again what an alignment delivered, from the files as they are now. */
import path from 'node:path';
import type { PageMapDocument, UnikernelEntry, Verification } from '../../protocol/page-map.ts';
import { SpacerError } from '../errors.ts';
import type { Tools } from '../link/run.ts';
import { readReport } from '../report/read.ts';
import { discoverAll, verifyPair, type PairProof } from './pair.ts';
import type { Difference } from './types.ts';

export interface DeliveredRequest {
  readonly workspace: string;
  /** Folder of the outputs; absent: `.spacer` in the workspace. */
  readonly output?: string | undefined;
  /** Absent: all that were delivered. */
  readonly unikernels?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What recorded commands may use beyond the known. */
  readonly tools?: Tools | undefined;
}

/**
 * Compares each delivered image with the user's own, and both with the checksums of the report.
 * @throws SpacerError `report-missing`, `report-invalid`, `unikernel-unknown`, `nothing-to-do`,
 *   `file-unreadable`, `elf-*`, `cancelled`
 */
export async function verifyDelivered(request: DeliveredRequest): Promise<PairProof[]> {
  const { workspace, signal, tools } = request;
  const output = path.resolve(request.output ?? path.join(workspace, '.spacer'));
  const report = await readReport(path.join(output, 'report.json'));
  const all = discoverAll(path.resolve(workspace), request);
  const found = () => all;
  const proofs: PairProof[] = [];
  for (const { name, images } of chosen(report, request.unikernels)) {
    const { before, after } = images;
    const proof = await verifyPair({
      old: before.path,
      new: after.path,
      workspace,
      output,
      signal,
      tools,
      found,
    });
    const changed = changedFiles(images, proof.images);
    proofs.push({ ...proof, name, differences: [...changed, ...proof.differences] });
  }
  return proofs;
}

type Delivered = Pick<UnikernelEntry, 'name'> & Pick<Verification, 'images'>;

function chosen(
  { unikernels }: PageMapDocument,
  names: readonly string[] | undefined,
): readonly Delivered[] {
  const linked = unikernels.flatMap(({ name, verification }): Delivered[] =>
    verification ? [{ name, images: verification.images }] : [],
  );
  const unknown = names?.find((name) => !linked.some((one) => one.name === name));
  const known = linked.map(({ name }) => name).join(', ') || 'none';
  if (unknown !== undefined)
    throw new SpacerError(
      'unikernel-unknown',
      `No image of ${unknown} was delivered, only of: ${known}.`,
    );
  if (linked.length === 0)
    throw new SpacerError('nothing-to-do', 'The last alignment linked no image.');
  return names ? linked.filter(({ name }) => names.includes(name)) : linked;
}

/** Files that are not what the report says. */
function changedFiles(was: Verification['images'], is: Verification['images']): Difference[] {
  return (['before', 'after'] as const).flatMap((which): Difference[] => {
    if (was[which].sha256 === is[which].sha256) return [];
    const text = `${is[which].path} has changed since the alignment (SHA-256 ${is[which].sha256} instead of ${was[which].sha256})`;
    return [{ kind: 'checksum', text }];
  });
}
