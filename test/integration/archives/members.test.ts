/** Archives that GNU ar makes, and the members that ld takes from them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SpacerError } from '../../../src/engine/errors.ts';
import { isArchive, readArchive, writeArchive } from '../../../src/engine/link/archive.ts';
import { takeMembers, type LinkItem } from '../../../src/engine/link/members.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'spacer-archive-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (tool: string, ...args: string[]) =>
  execFileSync(tool, args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
const read = (name: string) => readFileSync(path.join(directory, name));

function compile(name: string, source: string): string {
  writeFileSync(path.join(directory, `${name}.c`), source);
  run('gcc', '-c', '-O1', '-fcommon', '-fno-pic', '-ffreestanding', `${name}.c`, '-o', `${name}.o`);
  return `${name}.o`;
}

const LONG = 'a_name_that_is_longer_than_fifteen_bytes';
const objects = [
  compile('one', 'int two(void); int one(void) { return two(); }'),
  compile('two', 'extern int shared; int two(void) { return shared; }'),
  compile('three', 'int three(void) { return 3; }'),
  compile(LONG, 'int four(void); int far(void) { return four(); }'),
  compile('common', 'int pending; int six(void) { return pending; }'),
  compile('initial', 'int pending = 7;'),
];
compile('four', 'int one(void); int four(void) { return one(); }');
compile('shared', 'int three(void); int shared = 1; int back(void) { return three(); }');
run('ar', 'rcs', 'liba.a', ...objects);
run('ar', 'rcs', 'libb.a', 'four.o', 'shared.o');
run('ar', 'rcT', 'libthin.a', 'one.o');

describe('archives of GNU ar', () => {
  it('are read with long names and index', () => {
    const archive = readArchive('liba.a', read('liba.a'));
    expect(archive.members.map(({ name }) => name)).toEqual(objects);
    for (const { name, data } of archive.members) expect(Buffer.compare(data, read(name))).toBe(0);
    const shown = run('nm', '-s', 'liba.a').split('\n\n')[0] ?? '';
    const index = [...shown.matchAll(/^(\w+) in (\S+)$/gm)].map(([, a, b]) => [a, b]);
    expect(archive.index.map(({ symbol, member }) => [symbol, member.name])).toEqual(index);
  });

  it('are written so that ar reads them', () => {
    const members = objects.map((name) => ({ name, data: read(name) }));
    writeFileSync(path.join(directory, 'written.a'), writeArchive(members));
    expect(run('ar', 't', 'written.a').trim().split('\n')).toEqual(objects);
    expect(run('ar', 'p', 'written.a', `${LONG}.o`).length).toBeGreaterThan(0);
    expect(readArchive('w', read('written.a')).members.map(({ name }) => name)).toEqual(objects);
  });

  it('are refused where they are thin', () => {
    expect(isArchive(read('libthin.a'))).toBe(true);
    expect(() => readArchive('libthin.a', read('libthin.a'))).toThrow(/thin archive/);
  });

  it('end in a typed error where they are damaged', () => {
    const whole = new Uint8Array(read('liba.a'));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, size) => {
        const bytes = whole.slice(0, size);
        if (at < size) bytes[at] = byte;
        try {
          readArchive('x.a', bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SpacerError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The members that ld links, in its order, by its map. */
function linkedMembers(args: readonly string[]): string[] {
  run('ld', '-r', '-Map', 'map', '-o', 'out', ...args);
  const text = read('map').toString();
  const loads = [...text.matchAll(/^LOAD (\S+)/gm)].map(([, file]) => file ?? '');
  const placed = [...text.matchAll(/ \.text +0x\w+ +0x\w+ (\S+)$/gm)].map(([, file]) => file ?? '');
  expect(loads.length).toBeGreaterThan(0);
  return placed.flatMap((file) => /\(([^()]*)\)$/.exec(file)?.[1] ?? []);
}

const a = readArchive('liba.a', read('liba.a'));
const b = readArchive('libb.a', read('libb.a'));
const archive = (which: typeof a, whole = false): LinkItem => ({
  kind: 'archive',
  archive: which,
  whole,
});
const object = (name: string): LinkItem => ({ kind: 'object', elf: readElf(name, read(name)) });

/** All members taken, in the order in which they are taken. */
function takenMembers(items: readonly LinkItem[], roots: readonly string[]): string[] {
  const order: string[] = [];
  const taken = takeMembers(items, roots, (_, { name, data }) => readElf(name, data));
  for (const members of taken.values()) order.push(...members.map(({ member }) => member.name));
  return order.sort();
}

describe('members', () => {
  const main = compile('main', 'int one(void); int main(void) { return one(); }');
  const weak = compile(
    'weak',
    '__attribute__((weak)) int three(void); int w(void) { return three(); }',
  );
  const six = compile(
    'needs6',
    'int six(void); int pending; int n(void) { return six() + pending; }',
  );
  const far = compile('needsfar', 'int far(void); int n2(void) { return far(); }');
  it.each([
    ['by what is undefined', [main, 'liba.a'], [object(main), archive(a)], []],
    [
      'from a second archive',
      [main, 'liba.a', 'libb.a'],
      [object(main), archive(a), archive(b)],
      [],
    ],
    ['never for a weak reference', [weak, 'liba.a'], [object(weak), archive(a)], []],
    [
      'from a group until nothing is asked for',
      [far, '-(', 'liba.a', 'libb.a', '-)'],
      [object(far), { kind: 'group', items: [archive(a), archive(b)] }],
      [],
    ],
    [
      'once only without a group',
      [far, 'liba.a', 'libb.a'],
      [object(far), archive(a), archive(b)],
      [],
    ],
    ['for names given with -u', ['-u', 'three', 'liba.a'], [archive(a)], ['three']],
    ['that define what is common so far', [six, 'liba.a'], [object(six), archive(a)], []],
    ['all, if that is asked for', ['--whole-archive', 'libb.a'], [archive(b, true)], []],
  ] as [string, string[], LinkItem[], string[]][])(
    'are taken as by ld: %s',
    (_, args, items, roots) => {
      expect(takenMembers(items, roots)).toEqual(linkedMembers(args).sort());
    },
  );
});
