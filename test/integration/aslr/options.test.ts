/** What the options of address randomisation do, seen in the pages and positions that they give. */
import { describe, expect, it } from 'vitest';
import type { AslrReport, Page, PageMapDocument } from '../../../src/protocol/page-map.ts';
import { alignJson } from '../../support/cli.ts';
import { expectSameConsoles } from '../../support/images.ts';
import { builtSample, knowsShape } from '../../support/sample.ts';

const runs = new Map<string, Promise<PageMapDocument>>();

/** Aligns the sample with `--aslr 2`, a seed, and further arguments; each only once. */
function aligned(...args: string[]): Promise<PageMapDocument> {
  const key = args.join(' ');
  const run =
    runs.get(key) ??
    builtSample('default').then(
      async (root) =>
        (await alignJson(root, ['--aslr', '2', '--seed', 'options', ...args])).document,
    );
  runs.set(key, run);
  return run;
}

/** Pages of one unikernel that lie in a block, as bytes of each owner. */
const pagesIn = (document: PageMapDocument, unikernel: string, block: AslrReport['blocks'][0]) => {
  const { predicted } = document.unikernels.find(({ name }) => name === unikernel)!;
  const start = block.starts[unikernel]!;
  return predicted!.pages.filter(
    ({ address }) => address >= start && address < start + 4096 * block.pages,
  );
};

const isPadding = (library: string) => library.startsWith('[') || library === 'spacer-aslr';

/** Names of the blocks, in the order of their addresses. */
const orderIn = ({ blocks }: AslrReport, unikernel: string) =>
  [...blocks].sort((a, b) => a.starts[unikernel]! - b.starts[unikernel]!).map(({ name }) => name);

/** Addresses of a kind of page that are not the same in all unikernels that have its content. */
function moved(document: PageMapDocument, is: (page: Page) => boolean): number {
  const places = new Map<number, Set<number>>();
  for (const { predicted } of document.unikernels)
    for (const page of predicted!.pages.filter(is))
      places.set(page.contentClass, (places.get(page.contentClass) ?? new Set()).add(page.address));
  return [...places.values()].filter((all) => all.size > 1).length;
}

describe.runIf(knowsShape('default'))('address randomisation of the sample', () => {
  it('with a block a library has no page for jumps out of a library that is not there', async () => {
    const document = await aligned('--aslr-blocks', 'library', '--dry-run');
    const { blocks } = document.aslr!;
    expect(blocks.length).toBeGreaterThan(5);
    let absent = 0;
    for (const block of blocks)
      for (const { name } of document.unikernels) {
        const pages = pagesIn(document, name, block).filter(({ kind }) => kind !== 'zero');
        const owners = pages.flatMap((page) => page.owners.map(({ library }) => library));
        if (pages.length === 0) absent++;
        else
          expect(
            owners.some((one) => !isPadding(one)),
            `${block.name} in ${name}`,
          ).toBe(true);
      }
    expect(absent).toBeGreaterThan(0);
  });

  it('with a block a library boots, each library at an address of its own', async () => {
    const document = await aligned('--aslr-blocks', 'library');
    const names = document.unikernels.map(({ name }) => name);
    for (const { starts } of document.aslr!.blocks)
      expect(new Set(names.map((name) => starts[name])).size).toBe(names.length);
    await expectSameConsoles(document);
  });

  it('deals the libraries to as many blocks as are asked for', async () => {
    const four = (await aligned('--aslr-blocks', '4', '--dry-run')).aslr!;
    const one = (await aligned('--dry-run')).aslr!;
    expect(four.blocks).toHaveLength(4);
    expect(one.blocks).toHaveLength(1);
    expect(four.bits).toBeGreaterThan(3 * one.bits);
    expect(four.references.farCalls).toBeGreaterThan(one.references.farCalls);
  });

  it('keeps the order of the libraries with --aslr_same_mapping, and mixes it without', async () => {
    const args = ['--aslr-blocks', '4', '--dry-run'];
    const same = await aligned(...args, '--aslr_same_mapping');
    const mixed = await aligned(...args);
    const orders = ({ aslr, unikernels }: PageMapDocument) =>
      new Set(unikernels.map(({ name }) => orderIn(aslr!, name).join()));
    expect(orders(same)).toEqual(new Set([same.aslr!.blocks.map(({ name }) => name).join()]));
    expect(orders(mixed).size).toBeGreaterThan(1);
    expect(same.aslr!.bits).toBeLessThan(mixed.aslr!.bits);
    for (const { starts } of same.aslr!.blocks)
      expect(new Set(Object.values(starts)).size).toBe(same.unikernels.length);
  });

  it('moves read-only data with --aslr_map f, and keeps strings where they are without', async () => {
    const isStrings = ({ owners, kind }: Page) =>
      kind === 'shared' && owners.some(({ section }) => section.includes('.str1.'));
    expect(moved(await aligned('--dry-run'), isStrings)).toBe(0);
    expect(moved(await aligned('--aslr_map', 'f', '--dry-run'), isStrings)).toBeGreaterThan(0);
  });

  it('gives each instance of a program a layout of its own, which boots', async () => {
    const document = await aligned('--instances', '2');
    const { blocks } = document.aslr!;
    const names = document.unikernels.map(({ name }) => name);
    expect(new Set(names).size).toBe(2 * (await aligned('--dry-run')).unikernels.length);
    for (const { starts } of blocks)
      expect(new Set(names.map((name) => starts[name])).size).toBe(names.length);
    await expectSameConsoles(document);
  });

  it('names an image with --use-id, which is another place in the same window', async () => {
    const one = await aligned('--dry-run', '--use-id', '1');
    const two = await aligned('--dry-run', '--use-id', '2');
    const [a, b] = [one, two].map(({ aslr }) => aslr!.blocks[0]!.starts);
    expect(Object.keys(a!)).not.toEqual(Object.keys(b!));
    expect(Object.values(a!)).not.toEqual(Object.values(b!));
    expect(one.aslr!.window).toEqual(two.aslr!.window);
  });

  it.each(['library', 'unit'])(
    'at the granularity %s shares what it does without',
    async (size) => {
      const args = ['--granularity', size];
      const random = await aligned(...args);
      const root = await builtSample('default');
      const plain = (await alignJson(root, [...args, '--dry-run'])).document;
      expect(random.totals.after).toEqual(random.totals.predicted);
      expect(random.totals.after!.distinct).toBeLessThanOrEqual(
        1.35 * plain.totals.predicted!.distinct,
      );
    },
  );

  it('takes --group as a layout without randomisation does', async () => {
    const grouped = await aligned('--group', '--dry-run');
    const apart = await aligned('--align', '--group', 'f', '--dry-run');
    expect(grouped.aslr!.blocks[0]!.pages).toBeLessThan(apart.aslr!.blocks[0]!.pages);
  });

  it('with another seed lies elsewhere', async () => {
    const root = await builtSample('default');
    const other = (await alignJson(root, ['--aslr', '2', '--seed', 'other', '--dry-run'])).document;
    expect(other.aslr!.blocks[0]!.starts).not.toEqual(
      (await aligned('--dry-run')).aslr!.blocks[0]!.starts,
    );
  });
});
