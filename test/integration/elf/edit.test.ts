/** Changed copies of objects, held against the real linker, readelf and the running program. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { editObject, isEmptyEdit } from '../../../src/engine/elf/edit.ts';
import { writeContents } from '../../../src/engine/elf/contents.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SHF, SHT, STT } from '../../../src/engine/elf/types.ts';
import { prepareObjects } from '../../../src/engine/link/prepare.ts';
import type { InputObject } from '../../../src/engine/model/types.ts';

let directory: string;
beforeAll(() => (directory = mkdtempSync(path.join(tmpdir(), 'spacer-edit-'))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string) => path.join(directory, name);
const run = (tool: string, ...args: string[]) => execFileSync(tool, args, { encoding: 'utf8' });

function compile(name: string, source: string, ...flags: string[]): InputObject {
  writeFileSync(file(`${name}.c`), source);
  run('gcc', '-O1', '-c', '-fno-pic', ...flags, file(`${name}.c`), '-o', file(`${name}.o`));
  return { index: 0, path: file(`${name}.o`), library: name, elf: read(`${name}.o`) };
}

const read = (name: string) => readElf(file(name), readFileSync(file(name)));

test('an edit that changes nothing is known as such', () => {
  expect(isEmptyEdit({})).toBe(true);
  expect(isEmptyEdit({ clearFlags: new Map([[1, SHF.MERGE]]) })).toBe(false);
});

test('flags, names, sections and symbols change; all else stays as readelf saw it', () => {
  const { elf } = compile(
    'plain',
    'int kept(void) { return 3; } const char *text(void) { return "hello"; }',
  );
  const strings = elf.sections.find((s) => s.name.startsWith('.rodata.str'))!;
  const kept = elf.symbols.find((s) => s.name === 'kept')!;
  const data = Uint8Array.of(0xb8, 42, 0, 0, 0, 0xc3);
  const contents = editObject(elf, {
    clearFlags: new Map([[strings.index, SHF.MERGE | SHF.STRINGS]]),
    rename: new Map([[strings.index, '.rodata.other']]),
    addSections: [
      {
        name: '.text.new',
        type: SHT.PROGBITS,
        flags: SHF.ALLOC | SHF.EXECINSTR,
        size: 6,
        alignment: 16,
        data,
      },
    ],
    symbols: new Map([
      [kept.index, { section: elf.sections.length, value: 0, size: 6, type: STT.FUNC }],
    ]),
  });
  writeContents(file('edited.o'), contents);
  const edited = read('edited.o');
  expect(edited.sections[strings.index]!.name).toBe('.rodata.other');
  expect(edited.sections[strings.index]!.flags).toBe(SHF.ALLOC);
  expect(edited.sections[strings.index]!.data).toEqual(strings.data);
  expect(edited.symbols.map((s) => s.name)).toEqual(elf.symbols.map((s) => s.name));
  expect(run('readelf', '-SW', file('edited.o'))).not.toMatch(/Warning|Error/i);
  writeFileSync(file('main.c'), 'int kept(void); int main(void) { return kept(); }');
  run('gcc', file('main.c'), file('edited.o'), '-no-pie', '-o', file('program'));
  expect(exitStatus(file('program'))).toBe(42);
});

const CALLER = `
int shifted(int); extern const unsigned short id; int counter;
int main(void) { counter = 2; return shifted(5) + id + counter - 2; }`;
const DEFINER = `
__attribute__((noinline)) static int before(int x) { return x * 3; }
const unsigned short id = 7;
int shifted(int x) { return before(x) + id; }`;

test('calls through stubs, pinned constants and commons mean what they meant', () => {
  const objects = [compile('caller', CALLER, '-fcommon'), compile('definer', DEFINER)].map(
    (object, index) => ({ ...object, index }),
  );
  const indirection = { stubs: new Set(['shifted', 'absent']), pins: new Set(['id']) };
  const prepared = prepareObjects(objects, new Set(), indirection);
  expect(prepared.map((object) => object.library)).toEqual(['caller', 'definer', 'spacer-stubs']);
  const paths = prepared.map((object) => {
    const target = file(`prepared-${object.library}.o`);
    writeContents(target, object.copy ?? object.elf.bytes);
    return target;
  });
  run('gcc', ...objects.map((object) => object.path), '-no-pie', '-o', file('before'));
  run('gcc', ...paths, '-no-pie', '-o', file('after'));
  expect(exitStatus(file('after'))).toBe(exitStatus(file('before')));
  const caller = run('objdump', '-d', file('after'));
  expect(caller).toMatch(/call.*<__spacer_stub_shifted>/);
  expect(caller).toMatch(/<__spacer_stub_shifted>:\s+\S+:\s+e9 .*jmp.*<shifted>/);
  expect(caller).not.toContain('__spacer_stub_absent');
  expect(run('readelf', '-lW', file('after'))).toMatch(/GNU_STACK .* RW /);
  const definer = prepared[1]!.elf;
  const id = definer.symbols.find((symbol) => symbol.name === 'id')!;
  expect(definer.sections[id.section]!.name).toBe('.rodata.spacer.pin.id');
  expect([...definer.sections[id.section]!.data]).toEqual([7, 0]);
  const counter = prepared[0]!.elf.symbols.find((symbol) => symbol.name === 'counter')!;
  expect(prepared[0]!.elf.sections[counter.section]!.name).toBe('.bss.counter');
});

test('what cannot move is not pinned: pointers, writable data, and what another symbol overlaps', () => {
  const source = `
    int target; const int *const pointer = &target; int writable = 4;
    const unsigned short whole = 1; extern const unsigned short twin __attribute__((alias("whole")));
    int use(void) { return *pointer + writable + whole; }`;
  const object = compile('fixed', source);
  const names = ['pointer', 'writable', 'whole', 'twin'];
  const [prepared] = prepareObjects([object], new Set(), {
    stubs: new Set(),
    pins: new Set(names),
  });
  const names2 = prepared!.elf.sections.map((section) => section.name);
  expect(names2.filter((name) => name.includes('.pin.'))).toEqual([]);
});

function exitStatus(program: string): number {
  try {
    execFileSync(program);
    return 0;
  } catch (error) {
    return (error as { status: number }).status;
  }
}
