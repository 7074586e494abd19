/** What was proven of an aligned image, in words. */
import type { Verification } from '../../src/protocol/page-map.ts';
import { bytes, count, plural } from '../format.ts';

/** Rows of names and values; none where nothing was linked. */
export function proofRows(verification: Verification | undefined): [string, string][] {
  if (!verification) return [];
  const { counts, unproven, images } = verification;
  const what = `${count(counts.atoms)} sections, ${count(counts.references)} references, ${bytes(counts.bytes)}`;
  const state =
    unproven.length === 0
      ? 'proven the same program'
      : `the same program but for ${plural(unproven.length, 'point')} not proven`;
  return [
    ['Aligned image', `${state} (${what})`],
    ['SHA-256', images.after.sha256],
  ];
}
