/**
 * Random code through the rewriter, carried out by the processor: the changed program leaves the
 * same registers, flags and memory as the plain one, and its block is the same bytes wherever it
 * lies. `SPACER_ASLR_CASES` sets how many instructions are tried.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UnikernelInput } from '../../../src/engine/atoms/identify.ts';
import { makeCommonObject, numberEntries } from '../../../src/engine/aslr/common-object.ts';
import { FIXED } from '../../../src/engine/aslr/homes.ts';
import type { Counts } from '../../../src/engine/aslr/bench.ts';
import { redirect } from '../../../src/engine/aslr/redirect.ts';
import { writeContents } from '../../../src/engine/elf/contents.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { liveSections } from '../../../src/engine/model/gc.ts';
import { createProgram } from '../../../src/engine/model/program.ts';
import { randomProgram } from './random-code.ts';

const CASES = Number(process.env['SPACER_ASLR_CASES'] ?? 4_000);
const PER_PROGRAM = 1_000;

let directory: string;
beforeAll(() => (directory = mkdtempSync(path.join(tmpdir(), 'spacer-aslr-'))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string) => path.join(directory, name);
const run = (tool: string, ...args: string[]) => execFileSync(tool, args, { encoding: 'utf8' });

/** Sections that move together; all others stay. */
const MOVES = new Set(['.text', '.data.moving', '.rodata.near']);

function assemble(seed: number): string[] {
  const { code, rest } = randomProgram(seed, PER_PROGRAM);
  return Object.entries({ code, rest }).map(([name, text]) => {
    writeFileSync(file(`${name}.s`), text);
    run('as', '--64', file(`${name}.s`), '-o', file(`${name}.o`));
    return file(`${name}.o`);
  });
}

function rewrite(objects: readonly string[]): { files: string[]; counts: Counts } {
  const inputs = objects.map((name, index) => ({
    index,
    path: name,
    library: path.basename(name, '.o'),
    elf: readElf(name, readFileSync(name)),
  }));
  const program = createProgram(inputs, { scriptSymbols: new Set(), provided: new Set() });
  const live = liveSections(program, { roots: [], keep: () => true, gcSections: false });
  const homeOf = (object: number, section: number) =>
    MOVES.has(inputs[object]!.elf.sections[section]!.name) ? 0 : FIXED;
  const {
    objects: changed,
    needs,
    counts,
  } = redirect({ program, live } as unknown as UnikernelInput, inputs, homeOf);
  const numbering = numberEntries([needs]);
  const common = makeCommonObject(needs, numbering, numbering.sizes[0]!, inputs.length);
  const files = [...changed, common].map(({ copy, elf }, i) => {
    const name = file(`changed${i}.o`);
    writeContents(name, copy ?? elf.bytes);
    return name;
  });
  return { files, counts };
}

/** Links with the block at `base`; what moves has constant distances. */
function link(objects: readonly string[], output: string, base: number): string {
  const script = `ENTRY(_start) SECTIONS {
    .fixed 0x400000 : { *(.text.outside) *(.text.spacer.fixed) }
    .ro 0x800000 : { *(.rodata.constant) *(.rodata.tables) }
    .rw 0xa00000 : { *(.data) *(.data.staying) }
    .out 0xc00000 : { *(.bss.output) }
    .block ${base} : { *(.text) *(.text.spacer.far.0) *(.text.spacer.beside*) }
    .near ${base + 0x400000} : { *(.rodata.near) *(.text.spacer.constants.rodata.near) }
    .moving ${base + 0x600000} : { *(.data.moving) }
  }`;
  writeFileSync(file('script'), script);
  run(
    'ld',
    '-static',
    '--no-warn-rwx-segments',
    '-z',
    'noexecstack',
    '-T',
    file('script'),
    ...objects,
    '-o',
    file(output),
  );
  return file(output);
}

function outputOf(image: string): Buffer {
  const { status, signal, stdout } = spawnSync(image, { maxBuffer: 1 << 28 });
  expect({ status, signal }).toEqual({ status: 0, signal: null });
  return stdout;
}

function blockOf(image: string): Buffer[] {
  const { sections } = readElf(image, readFileSync(image));
  return ['.block', '.near', '.moving'].map((name) =>
    Buffer.from(sections.find((section) => section.name === name)!.data),
  );
}

test(`${CASES} random instructions do what they did, wherever they are`, () => {
  const seen: Partial<Counts> = {};
  for (let seed = 1; seed * PER_PROGRAM <= CASES; seed++) {
    const objects = assemble(seed);
    const { files, counts } = rewrite(objects);
    for (const key of Object.keys(counts) as (keyof Counts)[])
      seen[key] = (seen[key] ?? 0) + counts[key];
    const before = outputOf(link(objects, 'plain', 0x10000000));
    const after = outputOf(link(files, 'changed', 0x10000000));
    expect(firstDifference(before, after), `seed ${seed}`).toBe(-1);
    expect(before.length).toBeGreaterThan(PER_PROGRAM * 100);
    expect(blockOf(link(files, 'elsewhere', 0x23456000))).toEqual(blockOf(file('changed')));
  }
  for (const key of ['stubs', 'farCalls', 'inPlace', 'besideThunks', 'privateThunks'] as const)
    expect(seen[key], key).toBeGreaterThan(0);
}, 3_600_000);

function firstDifference(a: Buffer, b: Buffer): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  return a.findIndex((byte, i) => byte !== b[i]);
}
