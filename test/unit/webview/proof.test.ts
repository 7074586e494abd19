/** Bound and proof on their way into the page, and the proof in words. */
import { describe, expect, it } from 'vitest';
import { fromBuffer, toBuffer } from '../../../src/protocol/packed/buffer.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { proofRows } from '../../../webview/view/proof.ts';
import { verified } from '../../support/verified.ts';
import { makeFleet } from './fleet.ts';

const fleet = makeFleet({ unikernels: 2, pages: 10 });
const headOf = (document: typeof fleet) => fromBuffer(toBuffer(packPageMap(document))).head;

describe('the packed page map', () => {
  it('carries the bound and what was proven', () => {
    const bound = { pages: 9, ratio: 1.5, how: 'of made-up pages' };
    const document = { ...verified(fleet), bound };
    const head = headOf(document);
    expect(head.bound).toEqual(bound);
    expect(head.unikernels.map(({ verification }) => verification)).toEqual(
      document.unikernels.map(({ verification }) => verification),
    );
  });

  it('has neither where the document has none', () => {
    const head = headOf(fleet);
    expect(head.bound).toBeUndefined();
    expect(head.unikernels.every(({ verification }) => verification === undefined)).toBe(true);
  });

  it('refuses a bound and a proof that are none', () => {
    expect(() => packPageMap({ ...fleet, bound: { pages: -1, how: '' } })).toThrow('bound.pages');
    const [entry] = verified(fleet).unikernels;
    const broken = { ...entry, verification: { ...entry!.verification, unproven: 'all' } };
    expect(() => packPageMap({ ...fleet, unikernels: [broken] })).toThrow('unproven');
  });
});

describe('a proof in words', () => {
  const proofOf = (unproven: string[]) => verified(fleet, unproven).unikernels[0]?.verification;
  const words = (unproven: string[]) => proofRows(proofOf(unproven)).map((row) => row.join(': '));

  it('says what was proven, with the checksum', () => {
    expect(words([])).toEqual([
      'Aligned image: proven the same program (100 sections, 2,000 references, 8 KiB)',
      `SHA-256: ${'0'.repeat(64)}`,
    ]);
  });

  it('does not call proven what is in part', () => {
    expect(words(['one', 'two'])[0]).toMatch(/but for 2 points not proven/);
  });

  it('says nothing where nothing was linked', () => {
    expect(proofRows(undefined)).toEqual([]);
  });
});
