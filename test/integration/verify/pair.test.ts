/** `spacer verify` as its users call it, on images that were linked for real. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { parseLinkCommand } from '../../../src/engine/link/command.ts';
import { discover } from '../../../src/engine/workspace/discover.ts';
import type { Unikernel } from '../../../src/engine/workspace/types.ts';
import { alignJson, expectClear, spacer } from '../../support/cli.ts';
import { freshFolder } from '../../support/once.ts';
import { builtSample } from '../../support/sample.ts';

interface Verified {
  readonly proofs: {
    readonly name: string;
    readonly verdict: string;
    readonly differences: { readonly kind: string; readonly text: string }[];
    readonly unproven: string[];
    readonly counts: Record<string, number>;
  }[];
}

let workspace: string;
let output: string;
let own: Unikernel;
beforeAll(async () => {
  workspace = await builtSample();
  ({ output } = await alignJson(workspace, ['-u', 'hashfn', 'sched']));
  const { unikernels } = await discover(workspace, { tools: {} });
  own = unikernels.find(({ name }) => name === 'hashfn')!;
});

const aligned = (name = 'hashfn') => path.join(output, name, `${name}_qemu-x86_64`);

async function verify(...args: string[]) {
  const result = await spacer(['verify', '--json', ...args]);
  expect(result.stderr).toBe('');
  const { proofs } = JSON.parse(result.stdout) as Verified;
  return { status: result.status, proofs, first: proofs[0]! };
}

/** A copy of an image and its unstripped twin, in a folder of their own. */
function copyOf(image: string, folder = freshFolder('pair')): string {
  for (const end of ['', '.dbg'])
    copyFileSync(`${image}${end}`, path.join(folder, `${path.basename(image)}${end}`));
  return path.join(folder, path.basename(image));
}

/** Turns one bit of a byte in both images: that at an offset of a symbol. */
function damage(image: string, symbol: string, offset: number): void {
  const { value } = readElf(image, readFileSync(`${image}.dbg`)).symbols.find(
    ({ name }) => name === symbol,
  )!;
  for (const file of [image, `${image}.dbg`]) {
    const bytes = readFileSync(file);
    const segment = readElf(file, bytes).segments.find(
      (s) => s.virtualAddress <= value && value < s.virtualAddress + s.fileSize,
    )!;
    const at = segment.offset + value + offset - segment.virtualAddress;
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(file, bytes);
  }
}

/** Links the user's own objects anew, some of them in another order. */
function linkByHand(order: (objects: readonly string[]) => string[]): string {
  const { tool, args, cwd } = own.link.command;
  const { inputs } = parseLinkCommand(own.link.command);
  const moved = new Map(inputs.map((input, i) => [input, order(inputs)[i]!]));
  const image = path.join(freshFolder('hand'), 'mine');
  const changed = args.map((arg) => (arg === own.debugImage ? `${image}.dbg` : arg));
  execFileSync(
    tool,
    changed.map((arg) => moved.get(arg) ?? arg),
    { cwd, stdio: 'pipe' },
  );
  return `${image}.dbg`;
}

const LIBRARIES = ['encode', 'hash', 'json', 'lz', 'regex', 'sha2'].map((name) => `lib${name}.o`);
/** Those that no table but the list of libraries has an entry of. */
function plainOnesReversed(objects: readonly string[]): string[] {
  const isPlain = (file: string) => LIBRARIES.includes(path.basename(file));
  const reversed = objects.filter(isPlain).reverse();
  return objects.map((file) => (isPlain(file) ? reversed.shift()! : file));
}

describe('what was delivered', () => {
  it('is the same program', async () => {
    const { status, proofs } = await verify('-w', workspace, '--output', output);
    expect(status).toBe(0);
    expect(proofs.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['hashfn', 'same'],
      ['sched', 'same'],
    ]);
    for (const { counts } of proofs)
      for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(0);
  });

  it('is another one where it was changed since, and only that image is', async () => {
    const again = await alignJson(workspace, ['-u', 'hashfn', 'sched']);
    damage(path.join(again.output, 'sched/sched_qemu-x86_64'), 'main', 4);
    const { status, proofs } = await verify('-w', workspace, '--output', again.output);
    expect(status).toBe(1);
    expect(proofs.map(({ verdict }) => verdict)).toEqual(['same', 'different']);
    const kinds = proofs[1]!.differences.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['checksum', 'bytes']));
  });
});

describe('a pair of images', () => {
  it('is proven in full beside its scripts and objects', async () => {
    const { status, first } = await verify(own.image, aligned());
    expect({ status, ...first }).toMatchObject({ status: 0, verdict: 'same', unproven: [] });
  });

  it('is proven in full from another folder, by the outputs that have the same image', async () => {
    const { status, first } = await verify(own.image, copyOf(aligned()), '--output', output);
    expect({ status, verdict: first.verdict }).toEqual({ status: 0, verdict: 'same' });
  });

  it('is said not to be proven in all where nobody knows how it was linked', async () => {
    const { status, first } = await verify(own.image, copyOf(aligned()));
    expect({ status, differences: first.differences }).toEqual({ status: 4, differences: [] });
    expect(first.unproven.join()).toMatch(/bytes between the input sections/);
  });

  it('needs the objects of the old one, and says so', async () => {
    const alone = copyOf(own.image);
    const { status, first } = await verify(alone, aligned());
    expect({ status, differences: first.differences }).toEqual({ status: 4, differences: [] });
    expect(first.unproven[0]).toMatch(/that code and data mean the same.*no build of/);
    expect((await verify(alone, aligned(), '-w', workspace)).status).toBe(0);
  });

  it('is different where it is of another unikernel', async () => {
    const { status, first } = await verify(own.image, aligned('sched'));
    expect({ status, verdict: first.verdict }).toEqual({ status: 1, verdict: 'different' });
  });

  it('may have been linked by hand, with its objects in another order', async () => {
    const { status, first } = await verify(own.image, linkByHand(plainOnesReversed));
    expect({ status, differences: first.differences }).toEqual({ status: 4, differences: [] });
    expect(first.unproven.join()).toMatch(/whether the order of \.uk_libinfo matters/);
    expect(first.counts['references']).toBeGreaterThan(3000);
  });

  it('is different where a hand-linked one calls its constructors in another order', async () => {
    const { status, first } = await verify(
      own.image,
      linkByHand((files) => [...files].reverse()),
    );
    expect(status).toBe(1);
    expect(first.differences.map(({ text }) => text).join()).toMatch(/\.uk_ctortab/);
    expect(new Set(first.differences.map(({ kind }) => kind))).toEqual(new Set(['order']));
  });

  it('is different where one bit of a hand-linked one is', async () => {
    const image = linkByHand((files) => [...files]);
    const bytes = readFileSync(image);
    const elf = readElf(image, bytes);
    const { value } = elf.symbols.find(({ name }) => name === 'vsnprintf')!;
    const text = elf.segments.find((s) => value - s.virtualAddress < s.fileSize)!;
    const at = text.offset + value - text.virtualAddress;
    bytes[at] = bytes[at]! ^ 0x40;
    writeFileSync(image, bytes);
    const { status, first } = await verify(own.image, image);
    expect(status).toBe(1);
    expect(first.differences.map((d) => d.text).join()).toMatch(/vsnprintf\+0x0/);
  });
});

describe('a wrong call', () => {
  it.each([
    [['only-one'], /Give two images/],
    [['a', 'b'], /a: cannot be read/],
    [['-w', 'WORKSPACE', '--output', '/nonexistent'], /report\.json: does not exist/],
  ])('%j says what is wrong', async (args, text) => {
    const result = await spacer([
      'verify',
      ...args.map((a) => (a === 'WORKSPACE' ? workspace : a)),
    ]);
    expectClear(result);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(text);
  });

  it('knows no image of a unikernel that was not aligned', async () => {
    const result = await spacer(['verify', '-w', workspace, '--output', output, '-u', 'files']);
    expectClear(result);
    expect(result.stderr).toMatch(/No image of files was delivered, only of: hashfn, sched/);
  });
});
