/**
 * The sample is worth something as a proof only while it holds what makes real builds difficult. What
 * that is, is read here from its objects and images by binutils, not by this project's own readers.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtSample, root, sampleSource, SHAPES, type Shape } from '../../support/sample.ts';

interface Section {
  readonly name: string;
  readonly type: string;
  readonly flags: string;
  readonly size: number;
}

interface Build {
  readonly name: string;
  readonly folder: string;
  readonly image: string;
}

const run = (tool: string, ...args: string[]): string =>
  execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 27 });

/** Sections of each file, by path. */
function sectionsOf(files: readonly string[]): Map<string, Section[]> {
  const result = new Map<string, Section[]>();
  let list: Section[] = [];
  for (const line of run('readelf', '-SW', ...files).split('\n')) {
    const file = /^File: (.*)/.exec(line)?.[1];
    if (file !== undefined) result.set(file, (list = []));
    const found = /^ +\[ *\d+\] (\S+) +(\S+) +\w+ \w+ (\w+) \w+ ([A-Zxop ]*?) +\d/.exec(line);
    if (!found) continue;
    const [, name = '', type = '', size = '', flags = ''] = found;
    list.push({ name, type, flags: flags.trim(), size: parseInt(size, 16) });
  }
  return result;
}

/** Built applications, classic and kraft ones. */
function buildsIn(workspace: string): Build[] {
  const parts = [
    ...readdirSync(path.join(workspace, 'apps')).map((app) => ['apps', app, 'build']),
    ...readdirSync(path.join(workspace, 'kraft')).map((app) => ['kraft', app, '.unikraft/build']),
  ];
  return parts.map(([group = '', name = '', below = '']) => {
    const folder = path.join(workspace, group, name, below);
    const debug = readdirSync(folder).find((file) => file.endsWith('-x86_64.dbg'))!;
    return { name, folder, image: path.join(folder, debug) };
  });
}

const librariesIn = ({ folder }: Build): string[] =>
  readdirSync(folder)
    .filter((file) => /^lib\w+\.o$/.test(file))
    .map((file) => path.join(folder, file));
const libraryOf = (file: string) => path.basename(file, '.o');
const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const sum = (sections: readonly Section[], is: (section: Section) => boolean) =>
  sections.filter(is).reduce((all, { size }) => all + size, 0);

/** What makes 7 pages of tables in the platform's text. */
const PAGE_TABLES = 7 * 4096;

let builds: Build[];
/** Sections of the libraries' objects of the default shape. */
let objects: Map<string, Section[]>;
beforeAll(async () => {
  builds = buildsIn(await builtSample());
  objects = sectionsOf(builds.flatMap(librariesIn));
}, 300_000);

/** Libraries that have a section whose name is like this. */
const having = (name: RegExp) =>
  new Set(
    [...objects]
      .filter(([, sections]) => sections.some((s) => name.test(s.name) && s.size > 0))
      .map(([file]) => libraryOf(file)),
  );

describe('the sample', () => {
  it('is no toy: six unikernels and more, over twenty libraries and more, each with 60 KiB of text', () => {
    expect(builds.length).toBeGreaterThanOrEqual(6);
    for (const [image, sections] of sectionsOf(builds.map((build) => build.image)))
      expect(
        sum(sections, ({ flags }) => flags.includes('X')) - PAGE_TABLES,
        image,
      ).toBeGreaterThan(60 * 1024);
    for (const build of builds)
      expect(librariesIn(build).length, build.name).toBeGreaterThanOrEqual(20);
  });

  it('has the programs of a server: their code is in the images', () => {
    const names = new Set(
      run('nm', '--defined-only', ...builds.map((build) => build.image))
        .split('\n')
        .map((line) => line.split(' ')[2]),
    );
    const parts = {
      console: 'uk_console_out',
      printf: 'vsnprintf',
      strings: 'memcpy',
      allocator: 'uk_allocbbuddy_init',
      scheduler: 'uk_sched_yield',
      threads: 'uk_sched_thread_create',
      timer: 'uk_timer_start',
      vfs: 'vfs_open',
      ramfs: 'ramfs__unlink',
      network: 'uk_netdev_register',
      hash: 'sha256_update',
      cipher: 'aes_encrypt',
      json: 'json_parse',
      http: 'http_parse_head',
      store: 'kv_execute',
      interpreter: 'lisp__eval',
    };
    const missing = Object.entries(parts).filter(([, name]) => !names.has(name));
    expect(missing).toEqual([]);
  });

  it('has libraries common to all, to some, and of one; one name in several variants', () => {
    const owners = new Map<string, { builds: number; variants: Set<string> }>();
    for (const file of builds.flatMap(librariesIn)) {
      const library = libraryOf(file);
      const known = owners.get(library) ?? { builds: 0, variants: new Set() };
      owners.set(library, { builds: known.builds + 1, variants: known.variants.add(digest(file)) });
    }
    const count = (is: (builds: number) => boolean) =>
      [...owners.values()].filter((owner) => is(owner.builds)).length;
    expect(count((n) => n === builds.length)).toBeGreaterThanOrEqual(15);
    expect(count((n) => n > 1 && n < builds.length)).toBeGreaterThanOrEqual(4);
    expect(count((n) => n === 1)).toBeGreaterThanOrEqual(6);
    const variants = (library: string) => owners.get(library)!.variants.size;
    expect(variants('libnolibc')).toBeGreaterThanOrEqual(3);
    expect(variants('libukboot')).toBeGreaterThanOrEqual(3);
    expect(variants('libkvmplat')).toBeGreaterThanOrEqual(2);
    expect(variants('libuklibid')).toBe(builds.length);
  });

  it('has objects that are partially linked and localised, and records of every command', () => {
    for (const { folder, image, name } of builds) {
      const before = run('nm', '-g', '--defined-only', path.join(folder, 'libnolibc.ld.o'));
      const after = run('nm', '-g', '--defined-only', path.join(folder, 'libnolibc.o'));
      expect(after.split('\n').length, name).toBeLessThan(before.split('\n').length);
      const base = image.slice(0, -'.dbg'.length);
      for (const target of [`${base}.dbg`, base, `${base}.bootinfo`, `${base}.multiboot`])
        expect(existsSync(`${target}.cmd`), target).toBe(true);
    }
  });

  it('has a library with tables only', () => {
    const only = [...objects].filter(([, sections]) => {
      const loaded = sections.filter(({ flags, size }) => flags.includes('A') && size > 0);
      return loaded.length > 0 && !loaded.some(({ flags }) => flags.includes('X'));
    });
    expect(new Set(only.map(([file]) => libraryOf(file))).size).toBeGreaterThanOrEqual(2);
  });

  it('has strings and constants that the linker merges, in many libraries', () => {
    for (const name of [/^\.rodata\.str1\.1$/, /^\.rodata\.str1\.8$/, /^\.rodata\.cst/])
      expect(having(name).size, String(name)).toBeGreaterThanOrEqual(3);
    const merged = [...objects.values()].flat().filter(({ flags }) => /M/.test(flags));
    expect(merged.length).toBeGreaterThan(100);
  });

  it('has thread-local data, common symbols, cold code, constructors and tables of every kind', () => {
    expect(having(/^\.tbss$/).size).toBeGreaterThanOrEqual(2);
    expect(having(/^\.tdata$/).size).toBeGreaterThanOrEqual(1);
    expect(having(/^\.text\.unlikely$/).size).toBeGreaterThanOrEqual(3);
    for (const table of [/^\.uk_ctortab\d/, /^\.uk_inittab\d/, /^\.uk_event_/, /^\.init_array/])
      expect(having(table).size, String(table)).toBeGreaterThanOrEqual(1);
    expect(having(/^\.uk_libinfo/).size).toBeGreaterThanOrEqual(1);
    const commons = run('nm', path.join(builds[0]!.folder, 'libuktimeconv.o'));
    expect(commons).toMatch(/ C \w+$/m);
    expect(having(/^\.eh_frame$/).size).toBeGreaterThanOrEqual(2);
  });

  it('has main in .text.startup of each application', () => {
    for (const { folder, name } of builds) {
      const file = path.join(folder, `app${name}.o`);
      const own = sectionsOf([file, path.join(folder, 'libnolibc.o')]).get(file)!;
      expect(own.some((section) => section.name === '.text.startup' && section.size > 0)).toBe(
        true,
      );
      expect(run('nm', file)).toMatch(/ T main$/m);
    }
  });

  it('has scripts with INSERT behind code, constants and data', () => {
    const inserts = new Set<string>();
    for (const { image } of builds)
      for (const [, script = ''] of readFileSync(`${image}.cmd`, 'utf8').matchAll(/-T,([^ ,]+)/g))
        for (const [, where = ''] of readFileSync(script, 'utf8').matchAll(
          /INSERT\s+AFTER\s+(\.\w+)/g,
        ))
          inserts.add(where);
    expect([...inserts]).toEqual(expect.arrayContaining(['.text', '.rodata', '.data']));
  });

  it('is all written for this project: every source says its licence', () => {
    const files = run('git', '-C', root, 'ls-files', path.relative(root, sampleSource))
      .trim()
      .split('\n')
      .filter((file) => /\.[chS]$/.test(file));
    expect(files.length).toBeGreaterThan(100);
    const silent = files.filter(
      (file) => !readFileSync(path.join(root, file), 'utf8').includes('BSD-3-Clause'),
    );
    expect(silent).toEqual([]);
  });
});

describe.each(SHAPES)('the shape %s', (shape: Shape) => {
  it('has what it is for', { timeout: 300_000 }, async () => {
    const [{ folder, image } = builds[0]!] = buildsIn(await builtSample(shape));
    const records = readdirSync(folder).filter((file) => file.endsWith('.cmd'));
    const sections = sectionsOf([path.join(folder, 'libnolibc.o'), image]);
    const own = sections.get(path.join(folder, 'libnolibc.o'))!;
    const functions = own.filter(({ name }) => name.startsWith('.text.')).length;
    if (shape === 'v08') {
      expect(records).toEqual([]);
      expect(path.basename(image)).toMatch(/_kvm-x86_64\.dbg$/);
      expect(existsSync(image.replace(/\.dbg$/, '.ld.o'))).toBe(true);
      expect(sections.get(image)!.some(({ name }) => name === '.intrstack')).toBe(true);
      return;
    }
    const link = readFileSync(`${image}.cmd`, 'utf8');
    expect(link.includes('--gc-sections')).toBe(shape === 'fsections');
    if (shape === 'fsections') expect(functions).toBeGreaterThan(50);
    else expect(functions).toBeLessThan(5);
  });
});
