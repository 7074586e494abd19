/**
 * A proof is worth what it notices: random single-byte and single-field changes of aligned images,
 * every one of which it must report. `SPACER_MUTATIONS=1000` asks for more of them, and
 * `SPACER_WORKSPACE=DIR` for those of another workspace.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { PT, type ElfFile } from '../../../src/engine/elf/types.ts';
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

describe('code that --aslr encoded otherwise', () => {
  it('is proven instruction by instruction', { timeout: 600_000 }, async () => {
    for (const request of await alignedForProof(given ?? 'default', { aslr: 2, seed: 'proof' })) {
      const { differences, unproven } = verifyUnikernel(request);
      expect(differences).toEqual([]);
      expect(unproven).toEqual([
        expect.stringMatching(/^\d+ sections of constants may be executed/),
      ]);
    }
  });

  it('is followed into thunk, slot and stub: each change of one is seen', async () => {
    const [request] = await alignedForProof(given ?? 'default', { aslr: 2, seed: 'proof' });
    // Without what is known of the link, so that nothing but the following itself can see it.
    const { prediction, ...rest } = request!;
    const alone = { ...rest, prediction: { ...prediction!, contents: contentsOf(rest.debug) } };
    const random = randomOf(SEED);
    const places = outOfLine(rest.debug, rest.recorded.debug);
    expect(places.length).toBeGreaterThan(50);
    const missed: string[] = [];
    for (let i = 0; i < Math.min(COUNT, 200); i++) {
      const { address, what } = places[random(places.length)]!;
      const bytes = Buffer.from(rest.debug.bytes);
      const segment = rest.debug.segments.find(
        (s) =>
          s.type === 1 && s.virtualAddress <= address && address < s.virtualAddress + s.fileSize,
      )!;
      const at = segment.offset + address - segment.virtualAddress;
      bytes[at] = bytes[at]! ^ (1 + random(255));
      const debug = readElf(rest.debug.path, bytes);
      const changed = {
        ...alone,
        debug,
        prediction: { ...prediction!, contents: contentsOf(debug) },
      };
      const kinds = verifyUnikernel({ ...changed, newImage: request!.newImage }).differences;
      if (!kinds.some(({ kind }) => ['instruction', 'pointer', 'reference'].includes(kind)))
        missed.push(`${what} at 0x${address.toString(16)}`);
    }
    expect(missed).toEqual([]);
  });
});

/** The bytes of an image as if they had been foretold. */
function contentsOf({ segments, bytes }: ElfFile): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (const { type, virtualAddress, offset, fileSize } of segments) {
    if (type !== PT.LOAD) continue;
    for (let at = 0; at < fileSize; at++) {
      const page = Math.floor((virtualAddress + at) / PAGE) * PAGE;
      const own = pages.get(page) ?? new Uint8Array(PAGE);
      pages.set(page, own);
      own[virtualAddress + at - page] = bytes[offset + at]!;
    }
  }
  return pages;
}

const PAGE = 4096;

/** Opcodes and fields of jumps that stand for code of the user's image. */
function outOfLine(image: ElfFile, user: ElfFile): { address: number; what: string }[] {
  const known = new Set(user.symbols.map(({ name }) => name));
  return image.symbols.flatMap(({ name, value, size }) => {
    if (known.has(name) || !/^__spacer_(stub|thunk)\./.test(name)) return [];
    return Array.from({ length: size || 3 }, (_, i) => ({ address: value + i, what: name }));
  });
}

describe('an unchanged image', () => {
  it('is what was read', async () => {
    const [request] = await alignedForProof('default');
    expect(readFileSync(request!.newImage.path).equals(request!.newImage.bytes)).toBe(true);
  });
});
