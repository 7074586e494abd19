/** Builds that went on after their image was linked: the image is not what the objects make. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { LinkRecord } from './types.ts';

/**
 * Inputs of a link that are newer than the image that was linked from them.
 * @returns their paths, in link order
 */
export async function newerInputs({ inputs, debugImage }: LinkRecord): Promise<string[]> {
  const linked = await timeOf(debugImage);
  const times = await Promise.all(inputs.map(timeOf));
  return inputs.filter((_, i) => times[i]! > linked);
}

/** A note and no refusal: the files of a copied workspace may have the times of the copying. */
export function staleNote(newer: readonly string[]): string {
  const [first = '', ...others] = newer.map((file) => path.basename(file));
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return (
    `${first}${more} changed after the image was linked (stale-build): build again; ` +
    'an image that is another program than its objects make is not aligned.'
  );
}

const timeOf = async (file: string): Promise<number> =>
  (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
