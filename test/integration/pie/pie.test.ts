import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { align } from '../../../src/engine/align.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { rewriteScripts } from '../../../src/engine/ldscript/rewrite.ts';
import { pagesOfImage } from '../../../src/engine/pages/pages-of-image.ts';
import { planSet } from '../../../src/engine/plan-set.ts';
import { predict } from '../../../src/engine/predict.ts';
import { readUnikernel } from '../../../src/engine/read-unikernel.ts';
import { relinkWritten, writeInputs } from '../../../src/engine/relink-unikernel.ts';
import { discover } from '../../../src/engine/workspace/discover.ts';
import { DEFAULT_OPTIONS, type AlignOptions } from '../../../src/protocol/options.ts';
import { checkPageMap } from '../../../src/protocol/page-map-check.ts';
import { imageIn } from '../../support/images.ts';
import { buildPie, RELOC_SCRIPT, type PieOptions } from './workspace.ts';

const roots: string[] = [];
afterAll(() => roots.forEach((root) => rmSync(root, { recursive: true, force: true })));

/** Aligns two applications; returns where a predicted page differs from the linked image. */
async function differences(
  options: PieOptions,
  asked: AlignOptions = DEFAULT_OPTIONS,
): Promise<string[]> {
  const root = mkdtempSync(path.join(tmpdir(), 'spacer-pie-'));
  roots.push(root);
  buildPie(root, 'one', options);
  const more = 'int *more[] = { &other, &hidden };';
  buildPie(root, 'two', { ...options, source: `${options.source ?? ''}${more}` });
  const { unikernels, unusable } = await discover(root, { tools: {} });
  expect(unusable).toEqual([]);
  const set = await Promise.all(unikernels.map((unikernel) => readUnikernel(unikernel)));
  const found = [];
  for (const { loaded, input, placements } of planSet(set, asked).unikernels) {
    const directory = path.join(root, 'out', loaded.unikernel.name);
    const { texts } = rewriteScripts(loaded.scripts, input.outline, placements);
    writeInputs(directory, loaded, texts);
    const { image, debugImage } = await relinkWritten(directory, loaded, { tools: {} });
    const measured = new Map(
      pagesOfImage(readElf(image, readFileSync(image))).pages.map((p) => [p.address, p.bytes]),
    );
    for (const page of predict(loaded, input, texts).pages) {
      const real = measured.get(page.address);
      measured.delete(page.address);
      const name = `${loaded.unikernel.name} 0x${page.address.toString(16)}`;
      if (real === undefined) found.push(`${name} only predicted`);
      else if ('bytes' in page && page.bytes && Buffer.compare(page.bytes, real) !== 0)
        found.push(`${name} ${firstDifference(page.bytes, real)}`);
    }
    for (const address of measured.keys()) found.push(`0x${address.toString(16)} not predicted`);
    checkSections(debugImage);
  }
  return found;
}

function firstDifference(a: Uint8Array, b: Uint8Array): string {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return `+0x${at.toString(16)}: ${a[at]} for ${b[at]}`;
}

/** Zeros behind the data need no room in the file. */
function checkSections(debugImage: string): void {
  const { sections, segments } = readElf(debugImage, readFileSync(debugImage));
  const bss = sections.find(({ name }) => name === '.bss')!;
  for (const { type, virtualAddress, fileSize } of segments)
    if (type === 1) expect(virtualAddress + fileSize).toBeLessThanOrEqual(bss.address);
}

/** Different names of C, from a small generator of pseudo-random numbers. */
function randomNames(count: number, seed: number): string[] {
  let state = seed;
  const below = (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const letters = 'abcdefghijklmnopqrstuvwxyz_0123456789';
  const name = () => `v${Array.from({ length: 1 + below(24) }, () => letters[below(37)]).join('')}`;
  return [...new Set(Array.from({ length: count }, name))];
}

const STATIC = ['-static-pie', '-Wl,--no-dynamic-linker', '-z notext'];

describe('position-independent images are predicted byte for byte', () => {
  it('where the linker places its own sections', async () => {
    expect(await differences({ link: STATIC })).toEqual([]);
  });

  it('where a script places them, two of them behind .bss', async () => {
    expect(await differences({ link: STATIC, extra: RELOC_SCRIPT })).toEqual([]);
  });

  it('where a step after the link removes them', async () => {
    const strip = ['-R .dynamic', '-R .dynsym', '-R .dynstr', '--remove-section=.rela.dyn'];
    expect(await differences({ link: STATIC, extra: RELOC_SCRIPT, strip })).toEqual([]);
  });

  it("where a step after the link writes Unikraft's relocation table", async () => {
    const extra = RELOC_SCRIPT.replace('KEEP(*(.uk_reloc))', '. += 4; KEEP(*(.uk_reloc))');
    const strip = ['-R .dynamic', '-R .dynsym', '-R .dynstr', '-R .rela.dyn'];
    expect(await differences({ link: STATIC, extra, strip, relocates: true })).toEqual([]);
  });

  it('where only a table that is not loaded keeps code from being dropped', async () => {
    const extra = RELOC_SCRIPT.replace('KEEP(*(.uk_reloc))', '. += 4; KEEP(*(.uk_reloc))');
    const strip = ['-R .dynamic', '-R .dynsym', '-R .dynstr', '-R .rela.dyn'];
    const link = [...STATIC, '-Wl,--gc-sections', '-Wl,-u,gdt', '-Wl,-u,entry_table'];
    const source = `__asm__(".section .uk_reloc,\\"\\",@progbits\\n.quad hung\\n"
      ".section .text.hung,\\"ax\\",@progbits\\nhung: .fill 300, 1, 0x90\\n"
      ".section .text.dead,\\"ax\\",@progbits\\n.fill 500, 1, 0x90\\n.text\\n");`;
    expect(await differences({ link, extra, strip, relocates: true, source })).toEqual([]);
  });

  it('with both kinds of hash tables and immediate binding', async () => {
    const link = [...STATIC, '-Wl,--hash-style=both', '-Wl,-z,now'];
    expect(await differences({ link })).toEqual([]);
  });

  // ld's table of symbols grows at 3,039, 3,070 and 6,144 names; what it makes itself counts too.
  it.each([
    { count: 3037, seed: 1 },
    { count: 3500, seed: 2 },
    { count: 6800, seed: 9 },
    { count: 13_000, seed: 4 },
  ])("with $count symbols, more than ld's first hash table holds", async ({ count, seed }) => {
    const names = randomNames(count, seed);
    const source = `int ${names.join(', ')};
      __asm__(".text\\n${names.map((name) => `push ${name}@GOTPCREL(%rip)`).join('\\n')}\\n");`;
    expect(await differences({ link: STATIC, source })).toEqual([]);
  });

  it('with a global offset table at a fixed address', async () => {
    expect(await differences({ link: ['-static', '-no-pie'] })).toEqual([]);
  });
});

describe('position-independent images that are randomised', () => {
  const options = { ...DEFAULT_OPTIONS, aslr: 2, seed: 'pie' } as const;
  const step = {
    link: STATIC,
    extra: RELOC_SCRIPT.replace('KEEP(*(.uk_reloc))', '. += 4; KEEP(*(.uk_reloc))'),
    strip: ['-R .dynamic', '-R .dynsym', '-R .dynstr', '-R .rela.dyn'],
    relocates: true,
  };

  it('are predicted byte for byte', async () => {
    expect(await differences(step, options)).toEqual([]);
  });

  it('lie elsewhere as a whole, have the same pages of code, and name their base as before', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'spacer-pie-'));
    roots.push(root);
    const source = `__asm__(".text\\n.globl far\\nfar: .fill 20000, 1, 0x90\\nlea other(%rip), %rax\\nret\\n");`;
    for (const name of ['one', 'two']) buildPie(root, name, { ...step, source });
    const document = await align({ workspace: root, options });
    expect(document.failures).toEqual([]);
    const { blocks, window } = document.aslr!;
    expect(blocks).toHaveLength(1);
    expect(blocks[0]!.bits).toBeGreaterThan(13);
    expect(blocks[0]!.starts['one']).not.toBe(blocks[0]!.starts['two']);
    const classes = document.unikernels.map(({ name, after }) => {
      const shared = after!.pages.filter(({ executable, kind }) => executable && kind === 'shared');
      for (const { address } of shared)
        expect(address).toBeGreaterThanOrEqual(blocks[0]!.starts[name]!);
      return shared.map(({ contentClass }) => contentClass);
    });
    expect(classes[0]!.length).toBeGreaterThanOrEqual(2);
    expect(classes[1]).toEqual(classes[0]);
    for (const { name } of document.unikernels) {
      const image = imageIn(path.join(root, '.spacer'), name);
      const { symbols } = readElf(image, readFileSync(`${image}.dbg`));
      expect(symbols.find((symbol) => symbol.name === '_base_addr')?.value).toBe(window.start);
    }
  });

  it('are not mixed with others', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'spacer-pie-'));
    roots.push(root);
    buildPie(root, 'one', { link: STATIC });
    buildPie(root, 'two', { link: ['-static', '-no-pie'] });
    await expect(align({ workspace: root, options })).rejects.toThrow(
      /position-independent \(one\)/,
    );
  });

  it('have no blocks', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'spacer-pie-'));
    roots.push(root);
    buildPie(root, 'one', { link: STATIC });
    await expect(
      align({ workspace: root, options: { ...options, aslrBlocks: 'library' } }),
    ).rejects.toThrow(/--aslr-blocks/);
  });
});

describe('an image of which the model does not know all', () => {
  const source = '__attribute__((weak)) void nowhere(void); void reach(void) { nowhere(); }';

  it('is aligned and measured, and a note says why it was not predicted', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'spacer-pie-'));
    roots.push(root);
    buildPie(root, 'one', { link: STATIC, source });
    buildPie(root, 'two', { link: STATIC });
    const document = await align({ workspace: root, options: DEFAULT_OPTIONS });
    expect(document.failures).toEqual([]);
    const [one, two] = document.unikernels;
    expect(one?.notes).toEqual([expect.stringMatching(/nowhere.*procedure linkage table/)]);
    expect(one?.predicted).toBeUndefined();
    const owners = one?.after?.pages.flatMap((page) => page.owners.map(({ library }) => library));
    expect(owners).toContain('appone');
    expect(two?.notes).toBeUndefined();
    expect(two?.predicted?.totals.total).toBe(two?.after?.totals.total);
    expect(checkPageMap(JSON.parse(JSON.stringify(document))).ok).toBe(true);
  });

  it('fails a dry run', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'spacer-pie-'));
    roots.push(root);
    buildPie(root, 'one', { link: STATIC, source });
    const document = await align({
      workspace: root,
      options: { ...DEFAULT_OPTIONS, dryRun: true },
    });
    expect(document.failures).toEqual([expect.objectContaining({ reason: 'link-plt' })]);
  });
});
