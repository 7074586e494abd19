/** Fields one by one: what becomes of each form, and what is said of those that are not understood. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UnikernelInput } from '../../../src/engine/atoms/identify.ts';
import { FIXED } from '../../../src/engine/aslr/homes.ts';
import { redirect, type Redirected } from '../../../src/engine/aslr/redirect.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { liveSections } from '../../../src/engine/model/gc.ts';
import { createProgram } from '../../../src/engine/model/program.ts';
import { R } from '../../../src/engine/model/relocation-types.ts';

let directory: string;
beforeAll(() => (directory = mkdtempSync(path.join(tmpdir(), 'spacer-fields-'))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Redirects a piece of assembly of which `.text` moves and all else stays. */
function redirected(source: string): Redirected {
  const file = path.join(directory, 'libfields.o');
  execFileSync('as', ['--64', '-mrelax-relocations=yes', '-', '-o', file], { input: source });
  const elf = readElf(file, readFileSync(file));
  const objects = [{ index: 0, path: file, library: 'libfields', elf }];
  const program = createProgram(objects, { scriptSymbols: new Set(), provided: new Set() });
  const live = liveSections(program, { roots: [], keep: () => true, gcSections: false });
  const homeOf = (_: number, section: number) =>
    elf.sections[section]!.name === '.text' ? 0 : FIXED;
  return redirect({ program, live } as unknown as UnikernelInput, objects, homeOf);
}

/** Bytes of a section, and its relocations with the names that they refer to. */
function sectionOf({ objects }: Redirected, name: string) {
  const { elf } = objects[0]!;
  const section = elf.sections.find((one) => one.name === name)!;
  const relocations = (elf.relocations.get(section.index) ?? []).map(
    ({ offset, type, symbol, addend }) => ({
      ...{ offset, type, addend },
      name: elf.symbols[symbol]!.name,
    }),
  );
  return { bytes: Buffer.from(section.data).toString('hex'), relocations };
}

const FUNCTION = '.text\n.type f, @function\n.globl f\nf: nop\nret\n.size f, .-f\n';

describe('a field that is not understood is named with library, section, offset, symbol and bytes', () => {
  it.each([
    [
      'a pointer of 16 bits',
      `${FUNCTION}.data\n.short f\n`,
      /^libfields: \.data\+0x0 \(.*\) is too narrow/,
    ],
    [
      'a comparison with an entry of the global offset table',
      '.globl x\n.data\nx: .quad 0\n.text\n.globl g\n.type g, @function\ng: cmp x@GOTPCREL(%rip), %rax\nret\n.size g, .-g\n',
      /^libfields: \.text\+0x3, in g \(48 ?3b05.*\) goes through the global offset table/,
    ],
    [
      'an address among bytes that are no instruction',
      `.data\nx: .quad 0\n.text\n.globl g\n.type g, @function\ng: .byte 0x06\n.long x-.\n.size g, .-g\n`,
      /^libfields: \.text\+0x1, in g \(06.*\) is not a field of an instruction/,
    ],
  ])('%s', (_, source, message) => {
    expect(() => redirected(source)).toThrow(
      expect.objectContaining({
        code: 'aslr-field',
        text: expect.stringMatching(message) as string,
        place: expect.objectContaining({
          file: expect.stringMatching(/libfields\.o$/) as string,
        }) as object,
      }),
    );
  });
});

describe('forms of a field', () => {
  it('thread-local ones stay as they are, since offsets do not depend on where blocks lie', () => {
    const source =
      '.section .tbss,"awT",@nobits\nt: .zero 8\n.text\nmov %fs:t@tpoff, %rax\nmov t@gottpoff(%rip), %rcx\n';
    const { objects, counts } = redirected(source);
    expect(objects[0]!.copy).toBeUndefined();
    expect(Object.values(counts).every((n) => n === 0)).toBe(true);
  });

  it('a load from the global offset table becomes the address itself', () => {
    const one = redirected('.globl x\n.data\nx: .quad 0\n.text\nmov x@GOTPCREL(%rip), %rbx\n');
    const { bytes, relocations } = sectionOf(one, '.text');
    expect(bytes).toBe('48c7c300000000');
    expect(relocations).toEqual([{ offset: 3, type: R.ABS32S, addend: 0, name: 'x' }]);
  });

  it('a call through it becomes a call, padded in front', () => {
    const one = redirected(
      '.section .text.kept,"ax"\n.globl h\n.type h, @function\nh: ret\n.text\ncall *h@GOTPCREL(%rip)\n',
    );
    expect(sectionOf(one, '.text').bytes).toMatch(/^67e8/);
    expect(one.counts.farCalls).toBe(1);
  });

  it('a reference into the middle of a symbol keeps its distance', () => {
    const one = redirected(
      '.globl x\n.data\nx: .zero 64\n.text\nlea x+40(%rip), %rax\nmov x+24(%rip), %eax\n',
    );
    const { relocations } = sectionOf(one, '.text');
    expect(relocations.map(({ name, addend }) => [name, addend])).toEqual([
      ['x', 40],
      ['x', 24],
    ]);
    expect(one.counts.inPlace).toBe(2);
  });

  it('an entry of a jump table goes to the stub of its label', () => {
    const one = redirected(`${FUNCTION}.section .rodata\n.quad f, f+1\n`);
    const names = sectionOf(one, '.rodata').relocations.map(({ name }) => name);
    expect(names[0]).toBe('__spacer_stub.global.f');
    expect(names[1]).toMatch(/^__spacer_stub\.label\.libfields\.\.text\./);
    expect(one.counts.stubs).toBe(2);
  });

  it('an absolute operand of 32 bits that means code goes to its stub', () => {
    const one = redirected(`${FUNCTION}mov $f, %edi\ncmpq $f, (%rsi)\n`);
    const { relocations } = sectionOf(one, '.text');
    expect(relocations.map(({ name }) => name)).toEqual([
      '__spacer_stub.global.f',
      '__spacer_stub.global.f',
    ]);
  });

  it('a pointer in data to data that move is left, and counted', () => {
    const one = redirected('.text\n.globl d\n.type d, @object\nd: .quad 1\n.data\n.long d-.\n');
    expect(one.counts.left).toBe(1);
  });
});
