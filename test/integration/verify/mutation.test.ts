/**
 * A proof is worth what it notices: random single-byte and single-field changes of aligned images,
 * every one of which it must report. `SPACER_MUTATIONS=1000` asks for more of them, and
 * `SPACER_WORKSPACE=DIR` for those of another workspace.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SpacerError } from '../../../src/engine/errors.ts';
import { verifyUnikernel, type VerifyRequest } from '../../../src/engine/verify/verify.ts';
import { alignedForProof } from '../../support/aligned.ts';
import { mutate, randomOf } from '../../support/mutations.ts';
import { SHAPES } from '../../support/sample.ts';

const COUNT = Number(process.env['SPACER_MUTATIONS'] ?? 100);
const SEED = Number(process.env['SPACER_SEED'] ?? 20250101);
const given = process.env['SPACER_WORKSPACE'];

describe.each(given === undefined ? SHAPES : [given])('aligned images of %s', (shape) => {
  it(`reports each of ${COUNT} random changes`, { timeout: 600_000 }, async () => {
    const requests = await alignedForProof(shape);
    const random = randomOf(SEED);
    const missed: string[] = [];
    for (const request of requests) expect(verifyUnikernel(request).differences).toEqual([]);
    for (let i = 0; i < COUNT; i++) {
      const request = requests[i % requests.length]!;
      const what = missedMutation(request, random);
      if (what !== undefined) missed.push(`${request.recorded.unikernel.name}: ${what}`);
    }
    expect(missed).toEqual([]);
  });
});

/** What was changed, if the proof does not see it. */
function missedMutation(
  request: VerifyRequest,
  random: (limit: number) => number,
): string | undefined {
  const { debug, newImage } = request;
  const inDebug = random(2) === 0;
  const image = inDebug ? debug : readElf(newImage.path, newImage.bytes);
  const { bytes, what } = mutate(image, random);
  const is = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (is.equals(image.bytes)) return undefined;
  try {
    const changed = inDebug
      ? { ...request, debug: readElf(debug.path, is) }
      : { ...request, newImage: { path: newImage.path, bytes: is } };
    const { differences } = verifyUnikernel(changed);
    return differences.length > 0 ? undefined : `${what} in ${image.path}`;
  } catch (error) {
    if (error instanceof SpacerError) return undefined;
    throw error;
  }
}

describe('an unchanged image', () => {
  it('is what was read', async () => {
    const [request] = await alignedForProof('default');
    expect(readFileSync(request!.newImage.path).equals(request!.newImage.bytes)).toBe(true);
  });
});
