/** Links small programs with the real ld, and compares what the linker model says of them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SHN, STB } from '../../../src/engine/elf/types.ts';
import type { ElfFile } from '../../../src/engine/elf/types.ts';
import { evaluate, parse } from '../../../src/engine/ldscript/index.ts';
import type {
  EvaluateInput,
  Evaluation,
  InputObject,
  InputSection,
  LinkOptions,
} from '../../../src/engine/ldscript/index.ts';

export interface Case {
  /** Assembly by file name; a name with a slash is a member of the archive before the slash. */
  readonly sources: Readonly<Record<string, string>>;
  readonly script: string;
  readonly extras?: readonly string[];
  readonly flags?: readonly string[];
  readonly options?: LinkOptions;
  readonly live?: NonNullable<EvaluateInput['live']>;
  readonly sizeOf?: NonNullable<EvaluateInput['sizeOf']>;
}

export interface Linked {
  readonly image: ElfFile;
  readonly model: Evaluation;
  /** Addresses of input sections from ld's map: `file:section:size`, in order of appearance. */
  readonly map: readonly string[];
}

interface Built {
  readonly object: InputObject;
  readonly elf: ElfFile;
}

/** Assembles, links and evaluates. */
export function link(given: Case): Linked {
  const folder = mkdtempSync(join(tmpdir(), 'ldscript-'));
  try {
    return linkIn(folder, given);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function linkIn(
  folder: string,
  { sources, script, extras = [], flags = [], options, ...hooks }: Case,
): Linked {
  const run = (tool: string, ...args: string[]) =>
    execFileSync(tool, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const built = Object.entries(sources).map(([name, text]) => assemble(folder, name, text, run));
  const archives = archive(built, run);
  writeFileSync(join(folder, 'main.lds'), script);
  extras.forEach((text, index) => writeFileSync(join(folder, `extra${index}.lds`), text));
  const extraFlags = extras.map((_, index) => ['-T', `extra${index}.lds`]);
  const files = built.filter(({ object }) => object.archive === undefined);
  run(
    'ld',
    ...['-nostdlib', '--build-id=none', '-z', 'noexecstack', '-Map=out.map', '-o', 'out', ...flags],
    ...files.map(({ object }) => object.path),
    ...(archives.length > 0 ? ['--whole-archive', ...archives, '--no-whole-archive'] : []),
    ...['-dT', 'main.lds', ...extraFlags.flat()],
  );
  const image = readElf(join(folder, 'out'), readFileSync(join(folder, 'out')));
  const given: EvaluateInput = {
    script: parse(script, 'main.lds'),
    extras: extras.map((text, index) => parse(text, `extra${index}.lds`)),
    objects: built.map(({ object }) => object),
    ...symbolsOf(built),
    options: options ?? {},
    ...hooks,
  };
  return {
    image,
    model: evaluate(given),
    map: readMap(readFileSync(join(folder, 'out.map'), 'utf8')),
  };
}

function assemble(
  folder: string,
  name: string,
  text: string,
  run: (tool: string, ...args: string[]) => string,
): Built {
  mkdirSync(join(folder, dirname(name)), { recursive: true });
  writeFileSync(join(folder, `${name}.s`), text);
  run('as', '-o', name, `${name}.s`);
  const elf = readElf(name, readFileSync(join(folder, name)));
  const sections = elf.sections.map((section): InputSection => section);
  const commons = elf.symbols
    .filter(({ section }) => section === SHN.COMMON)
    .map((symbol) => ({ name: symbol.name, size: symbol.size, alignment: symbol.value }));
  const [library, member] = name.split('/');
  const place =
    member === undefined ? { path: name } : { path: member, archive: `${library ?? ''}.a` };
  return { object: { ...place, sections, commons }, elf };
}

function archive(
  built: readonly Built[],
  run: (tool: string, ...args: string[]) => string,
): string[] {
  const names = new Set(built.flatMap(({ object }) => object.archive ?? []));
  for (const name of names) {
    const members = built.filter(({ object }) => object.archive === name);
    run('ar', 'rcs', name, ...members.map(({ elf }) => elf.path));
  }
  return [...names];
}

function symbolsOf(built: readonly Built[]) {
  const symbols = built.flatMap(({ elf, object }) =>
    elf.symbols
      .filter(({ binding }) => binding !== STB.LOCAL)
      .map((symbol) => ({ symbol, sections: object.sections })),
  );
  const defined = new Map(
    symbols
      .filter(({ symbol }) => symbol.section !== SHN.UNDEF)
      .map(({ symbol, sections }) => [symbol.name, { symbol, section: sections[symbol.section] }]),
  );
  return {
    isDefined: (name: string) => defined.has(name),
    isReferenced: (name: string) =>
      symbols.some(({ symbol }) => symbol.name === name && symbol.section === SHN.UNDEF),
    placeOf: (name: string) => {
      const found = defined.get(name);
      if (found === undefined) return undefined;
      const { symbol, section } = found;
      return section === undefined ? { value: symbol.value } : { section, value: symbol.value };
    },
  };
}

const ENTRY = /^ (\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$/;

/** Input sections from ld's map; a long name stands on a line of its own. */
function readMap(text: string): string[] {
  const [, body = ''] = text.split('Linker script and memory map');
  return body
    .replace(/^( \S+)\n +(0x)/gm, '$1 $2')
    .split('\n')
    .flatMap((line) => {
      const [, name = '', address = '', size = '', file = ''] = ENTRY.exec(line) ?? [];
      return name === '' || size === '0' || name === '*fill*'
        ? []
        : [{ name, address, size, file }];
    })
    .map(
      ({ name, address, size, file }) =>
        `${file} ${name} ${address.replace(/^0+(?=.)/, '')} ${size}`,
    );
}

// --- comparison -----------------------------------------------------------------------------------

const hex = (value: number) => value.toString(16);
const GENERATED = new Set(['.symtab', '.strtab', '.shstrtab', '']);

/** What the linker did, in comparable lines. */
export function actual({ image, map }: Linked) {
  return {
    sections: image.sections
      .filter(({ name }) => !GENERATED.has(name))
      .map(
        ({ name, address, size, type, flags }) =>
          `${name} ${hex(address)} ${hex(size)} type ${type} flags ${flags}`,
      ),
    segments: image.segments.map(
      ({ type, flags, virtualAddress, physicalAddress, memorySize }) =>
        `${hex(type)} ${flags} ${hex(virtualAddress)} ${hex(physicalAddress)} ${hex(memorySize)}`,
    ),
    inputs: [...map].sort(),
  };
}

/** What the model says, in the same lines. */
export function predicted({ model }: Linked) {
  const fileOf = ({ path, archive: name }: InputObject) =>
    name === undefined ? path : `${name}(${path})`;
  return {
    sections: model.outputSections.map(
      ({ name, address, size, type, flags }) =>
        `${name} ${hex(address)} ${hex(size)} type ${type} flags ${flags}`,
    ),
    segments: model.segments.map(
      ({ type, flags, address, loadAddress, size }) =>
        `${hex(type)} ${flags} ${hex(address)} ${hex(loadAddress)} ${hex(size)}`,
    ),
    inputs: model.outputSections
      .flatMap(({ contents }) => contents)
      .flatMap((content) =>
        content.kind === 'input' && content.size > 0
          ? [
              `${fileOf(content.object)} ${content.section.name} ${hex(content.address)} ${hex(content.size)}`,
            ]
          : [],
      )
      .sort(),
  };
}

/** Every symbol that the model knows has the linker's value, and the linker knows no other. */
export function compareSymbols({ image, model }: Linked): void {
  const values = new Map(image.symbols.map(({ name, value }) => [name, value]));
  for (const [name, { value }] of model.symbols) {
    expect([name, hex(value)]).toEqual([name, hex(values.get(name) ?? -1)]);
  }
  for (const [name, address] of model.commons) {
    expect([name, hex(address)]).toEqual([name, hex(values.get(name) ?? -1)]);
  }
}

/** The symbol table's section of each script symbol. */
export function compareOwners({ image, model }: Linked): void {
  const owners = new Map(
    image.symbols.map(({ name, section }) => [name, image.sections[section]?.name]),
  );
  for (const [name, { section }] of model.symbols) {
    expect([name, section]).toEqual([name, owners.get(name)]);
  }
}

/** Links, evaluates and compares everything. */
export function check(given: Case): Linked {
  const linked = link(given);
  expect(predicted(linked)).toEqual(actual(linked));
  compareSymbols(linked);
  return linked;
}
