/** Which calls go through stubs: objects made by a real assembler. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { prepareObjects, STUBS } from '../../../src/engine/link/prepare.ts';
import type { InputObject } from '../../../src/engine/model/types.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'spacer-stubs-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function assemble(index: number, library: string, source: string): InputObject {
  const file = path.join(scratch, `${library}.o`);
  execFileSync('gcc', ['-c', '-x', 'assembler', '-', '-o', file], { input: source });
  return { index, path: file, library, elf: readElf(file, readFileSync(file)) };
}

const FIRST = `
  .section .text.one,"ax"
  .globl one
one: call two
     call one
  .section .text.two,"ax"
  .globl two
two: call two
     movl $two, %eax
     ret
`;

test('calls into other sections are redirected, of the same library too; addresses are not', () => {
  const objects = [
    assemble(0, 'liba', FIRST),
    assemble(1, 'libb', '.globl main\nmain: call two\njmp one\n'),
  ];
  const prepared = prepareObjects(objects, new Set(), {
    stubs: new Set(['one', 'two']),
    pins: new Set(),
  });
  expect(prepared.map(({ library }) => library)).toEqual(['liba', 'libb', STUBS]);
  const targets = (object: number, section: string) => {
    const { elf } = prepared[object]!;
    const { index } = elf.sections.find(({ name }) => name === section)!;
    return (elf.relocations.get(index) ?? []).map(({ symbol }) => elf.symbols[symbol]!.name);
  };
  const stub = (name: string) => expect.stringMatching(new RegExp(`stub.*${name}$`)) as string;
  expect(targets(0, '.text.one')).toEqual([stub('two'), 'one']);
  expect(targets(0, '.text.two')).toEqual(['two', 'two']);
  expect(targets(1, '.text')).toEqual([stub('two'), stub('one')]);
});
