/** The same programs in two trust domains: whatever their images have in common shows here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { alignJson, type Aligned } from '../../support/cli.ts';
import { builtSample } from '../../support/sample.ts';
import { expectSameConsoles } from '../../support/images.ts';

const APPS = ['hashfn', 'jsonfn', 'sched', 'files'];
const inDomain = (name: string, n: number) => `${name}=${APPS.map((one) => `${one}-${n}`).join()}`;

let aligning: Promise<Aligned> | undefined;
const aligned = () =>
  (aligning ??= builtSample().then((root) =>
    alignJson(root, [
      ...['--uks', ...APPS, '--instances', '2', '--effort', '500'],
      ...['--domain', inDomain('red', 1), '--domain', inDomain('blue', 2)],
    ]),
  ));

describe('unikernels of two trust domains', () => {
  it('are aligned within each, and proven', async () => {
    const { unikernels, domains, totals } = (await aligned()).document;
    expect(domains!.domains.map(({ name, unikernels: own }) => [name, own.length])).toEqual([
      ['red', 4],
      ['blue', 4],
    ]);
    expect(unikernels.flatMap(({ verification }) => verification!.unproven)).toEqual([]);
    expect(totals.after!.shared).toBeGreaterThan(0.3 * (totals.after!.total - totals.after!.zero));
    expect(totals.predicted).toEqual(totals.after);
  });

  it('have no page in common but what must begin a page', async () => {
    const { document } = await aligned();
    const { before = [], after = [] } = document.domains!.common;
    expect(before.length).toBeGreaterThan(50);
    expect(after).toEqual(commonPages(document));
    for (const page of after) expect(ownersOf(document, page)).toSatisfy(beginsAPage);
  });

  it('boot, and print what the original printed', async () => {
    await expectSameConsoles((await aligned()).document);
  });
});

/** Contents that stand in images of both domains, from the bytes of the images alone. */
function commonPages(document: PageMapDocument): number[] {
  const found = new Map<string, Set<string>>();
  const classes = new Map<string, number>();
  for (const { name, after } of document.unikernels) {
    const bytes = readFileSync(after!.image!);
    const elf = readElf(after!.image!, bytes);
    for (const { address, contentClass } of after!.pages) {
      const page = Buffer.alloc(4096);
      for (const { type, virtualAddress, fileSize, offset } of elf.segments) {
        if (type !== 1) continue;
        const from = Math.max(virtualAddress, address);
        const to = Math.min(virtualAddress + fileSize, address + 4096);
        const at = offset + from - virtualAddress;
        if (from < to) page.set(bytes.subarray(at, at + to - from), from - address);
      }
      const key = page.toString('latin1');
      if (contentClass < 0) continue;
      found.set(key, (found.get(key) ?? new Set()).add(name.slice(-1)));
      classes.set(key, contentClass);
    }
  }
  return [...found]
    .flatMap(([key, domains]) => (domains.size > 1 ? [classes.get(key)!] : []))
    .sort((a, b) => a - b);
}

/** Symbols on the first page with a content. */
function ownersOf({ unikernels }: PageMapDocument, index: number): string[] {
  const pages = unikernels.flatMap(({ after }) => after!.pages);
  const page = pages.find(({ contentClass }) => contentClass === index);
  return page!.owners.flatMap(({ symbols }) => symbols);
}

/** Page tables of the boot code, which the processor wants on pages of their own. */
const beginsAPage = (symbols: string[]) => symbols.every((name) => /^(x86_)?bpt_/.test(name));
