/**
 * The real linker, for tests to hold the model against: compiles in a temporary directory, links
 * with ld and a script, and reads from the link map where each input section went.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SHF, type ElfFile, type ElfSection } from '../../../src/engine/elf/types.ts';
import { planEhFrame } from '../../../src/engine/model/eh-frame.ts';
import { liveSections, type GcOptions } from '../../../src/engine/model/gc.ts';
import { createProgram, isDiscarded, resolve } from '../../../src/engine/model/program.ts';
import { relocateSection, type Addresses } from '../../../src/engine/model/relocate.ts';
import { isInputSection } from '../../../src/engine/model/sections.ts';
import type { InputObject, Program } from '../../../src/engine/model/types.ts';

export interface Linked {
  program: Program;
  out: ElfFile;
  /** By flat section index. */
  places: Map<number, MapEntry>;
  order: { object: number; section: number; entry: MapEntry }[];
  addresses: Addresses;
  /** `file section` of what --print-gc-sections names. */
  removed: string[];
  stderr: string;
}

interface MapEntry {
  out: string;
  name: string;
  address: number;
  size: number;
  file: string;
}

export interface LinkOptions {
  script?: string;
  args?: string[];
  scriptSymbols?: string[];
  provided?: string[];
}

/** A plain script: everything, in one place each, KEEP where Unikraft has it. */
export const SCRIPT = `SECTIONS {
  . = 0x100000; _text = .;
  .text : { KEEP(*(.text.boot)) *(.text .text.*) }
  _etext = .;
  .rodata : { *(.rodata .rodata.*) }
  .eh_frame : { KEEP(*(.eh_frame)) }
  .eh_frame_hdr : { *(.eh_frame_hdr) }
  .gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) }
  .init_array : { KEEP(*(.init_array .init_array.*)) }
  .tdata : { *(.tdata .tdata.*) }
  .tbss : { *(.tbss .tbss.*) }
  .got : { *(.got) *(.got.plt) }
  .data : { *(.data .data.*) }
  _edata = .;
  .bss : { *(.bss .bss.*) *(COMMON) }
  _end = .;
}
`;
export const SCRIPT_SYMBOLS = ['_text', '_etext', '_edata', '_end'];

/** A temporary directory with the tools in it. */
export class Bench {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'spacer-model-'));
  private count = 0;

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  run(tool: string, args: readonly string[]): { status: number; stderr: string } {
    const result = spawnSync(tool, args, { cwd: this.directory, encoding: 'utf8' });
    if (result.error !== undefined) throw result.error;
    return { status: result.status ?? 1, stderr: result.stderr };
  }

  must(tool: string, args: readonly string[]): string {
    const { status, stderr } = this.run(tool, args);
    if (status !== 0) throw new Error(`${tool} ${args.join(' ')}\n${stderr}`);
    return stderr;
  }

  /** Compiles C, C++ or assembly, by the ending of the name; returns the object's name. */
  compile(name: string, source: string, flags: readonly string[] = []): string {
    const object = `${path.parse(name).name}-${this.count++}.o`;
    writeFileSync(path.join(this.directory, name), source);
    const tool = name.endsWith('.cc') ? 'g++' : 'gcc';
    this.must(tool, ['-c', '-ffreestanding', '-fno-stack-protector', ...flags, name, '-o', object]);
    return this.clearMerge(object);
  }

  /** Partial link, as Unikraft makes a library, with all but some symbols localised. */
  library(
    name: string,
    objects: readonly string[],
    exported?: readonly string[],
    flags: readonly string[] = ['-d'],
  ): string {
    this.must('ld', ['-r', ...flags, ...objects, '-o', name]);
    if (exported !== undefined)
      this.must('objcopy', [...exported.map((symbol) => `--keep-global-symbol=${symbol}`), name]);
    return this.clearMerge(name);
  }

  /** Clears SHF_MERGE and SHF_STRINGS, which the model does not merge. */
  private clearMerge(object: string): string {
    const file = path.join(this.directory, object);
    const bytes = readFileSync(file);
    const table = Number(bytes.readBigUInt64LE(40));
    for (let i = 0; i < bytes.readUInt16LE(60); i++) {
      const at = table + i * 64 + 8;
      bytes.writeUInt32LE((bytes.readUInt32LE(at) & ~(SHF.MERGE | SHF.STRINGS)) >>> 0, at);
    }
    writeFileSync(file, bytes);
    return object;
  }

  load(objects: readonly string[]): InputObject[] {
    return objects.map((name, index) => {
      const file = path.join(this.directory, name);
      const elf = readElf(file, readFileSync(file), { relocations: 'all' });
      return { index, path: name, library: path.parse(name).name, elf };
    });
  }

  program(objects: readonly string[], options: LinkOptions = {}): Program {
    return createProgram(this.load(objects), {
      scriptSymbols: new Set(options.scriptSymbols ?? SCRIPT_SYMBOLS),
      provided: new Set(options.provided ?? []),
    });
  }

  /** Links, and fails only if ld crashes or `mayFail` is not given. */
  link(objects: readonly string[], options: LinkOptions = {}): Linked {
    writeFileSync(path.join(this.directory, 'script.lds'), options.script ?? SCRIPT);
    const args = [
      '-static',
      '--build-id=none',
      '--eh-frame-hdr',
      '-T',
      'script.lds',
      '-Map',
      'map',
    ];
    const stderr = this.must('ld', [...args, ...(options.args ?? []), ...objects, '-o', 'out']);
    const file = path.join(this.directory, 'out');
    const out = readElf(file, readFileSync(file));
    const program = this.program(objects, options);
    const entries = parseMap(readFileSync(path.join(this.directory, 'map'), 'utf8'));
    const { places, order } = placeSections(program, objects, entries);
    const addresses = addressesOf(program, out, places);
    const removed = [
      ...stderr.matchAll(/removing unused section '([^']*)' in file '([^']*)'/g),
    ].map(([, section, from]) => `${from ?? ''} ${(section ?? '').replace(/\[.*\]$/, '')}`);
    return { program, out, places, order, addresses, removed, stderr };
  }
}

function parseMap(text: string): MapEntry[] {
  const lines = text.slice(text.indexOf('Linker script and memory map')).split('\n');
  const entries: MapEntry[] = [];
  let out = '';
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i] ?? '';
    const header = /^([^\s]+)(\s+0x|\s*$)/.exec(line)?.[1];
    if (header !== undefined) out = header;
    if (/^ [^\s*]+$/.test(line)) line += lines[++i] ?? '';
    const entry = /^ ([^\s*]+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$/.exec(line);
    if (entry === null) continue;
    const [, name = '', address = '', size = '', file = ''] = entry;
    entries.push({ out, name, address: parseInt(address, 16), size: parseInt(size, 16), file });
  }
  return entries;
}

/** The map names files and sections; equal names of one object come in their order. */
function placeSections(program: Program, objects: readonly string[], entries: readonly MapEntry[]) {
  const places = new Map<number, MapEntry>();
  const order: Linked['order'] = [];
  for (const entry of entries) {
    const object = objects.indexOf(entry.file);
    if (object < 0) continue;
    const base = program.sectionBase[object] ?? 0;
    const section = program.objects[object]?.elf.sections.find(
      (s) =>
        s.name === entry.name &&
        (s.size === entry.size || s.name === '.eh_frame') &&
        !isDiscarded(program, object, s.index) &&
        !places.has(base + s.index),
    );
    if (section === undefined) continue;
    places.set(base + section.index, entry);
    order.push({ object, section: section.index, entry });
  }
  return { places, order };
}

function addressesOf(
  program: Program,
  out: ElfFile,
  places: ReadonlyMap<number, MapEntry>,
): Addresses {
  const values = new Map(
    out.symbols.filter((s) => s.section !== 0 && s.name !== '').map((s) => [s.name, s.value]),
  );
  const tls = out.sections.filter((s) => (s.flags & SHF.TLS) !== 0);
  const [first, last] = [tls[0], tls[tls.length - 1]];
  const got = out.sections.find((s) => s.name === '.got');
  return {
    addressOf: (object, section) =>
      places.get((program.sectionBase[object] ?? 0) + section)?.address,
    symbolValue: (name) => values.get(name),
    ...(first !== undefined &&
      last !== undefined && {
        tls: {
          start: first.address,
          end: last.address + last.size,
          alignment: Math.max(...tls.map((s) => s.alignment)),
        },
      }),
    ...(values.has('_GLOBAL_OFFSET_TABLE_') &&
      got !== undefined && {
        got: {
          base: values.get('_GLOBAL_OFFSET_TABLE_') ?? 0,
          slotOf: (object, symbol) => slotOf(program, out, places, got, values, object, symbol),
        },
      }),
  };
}

/** The slot that holds the value of a symbol. */
function slotOf(
  program: Program,
  out: ElfFile,
  places: ReadonlyMap<number, MapEntry>,
  got: ElfSection,
  values: ReadonlyMap<string, number>,
  object: number,
  symbol: number,
): number | undefined {
  const target = resolve(program, object, symbol);
  const at = (o: number, s: number) => places.get((program.sectionBase[o] ?? 0) + s)?.address ?? 0;
  const value =
    target.kind === 'section'
      ? at(target.object, target.section) + target.offset
      : target.kind === 'absolute'
        ? target.value
        : target.kind === 'undefined-weak'
          ? 0
          : (values.get(target.name) ?? 0);
  const data = Buffer.from(got.data);
  for (let slot = 0; slot + 8 <= data.length; slot += 8)
    if (Number(data.readBigInt64LE(slot)) === value) return got.address + slot;
  return undefined;
}

/** Sections whose bytes differ from ld's; `.eh_frame` and its header are compared as a whole. */
export function differences(linked: Linked, eh: { pic?: boolean } = {}): string[] {
  const different: string[] = [];
  for (const { object, section, entry } of linked.order) {
    if (entry.out === '.eh_frame') continue;
    const input = linked.program.objects[object] as InputObject;
    const source = input.elf.sections[section] as ElfSection;
    const target = linked.out.sections.find((s) => s.name === entry.out);
    if (source.data.length === 0 || target === undefined || entry.size === 0) continue;
    const bytes = relocateSection({
      ...linked.addresses,
      ...eh,
      program: linked.program,
      object,
      section,
      sectionAddress: entry.address,
    });
    const at = entry.address - target.address;
    const real = target.data.subarray(at, at + bytes.length);
    if (Buffer.compare(bytes, real) !== 0)
      different.push(`${input.path} ${source.name}: ${firstDifference(bytes, real)}`);
  }
  return [...different, ...frameDifferences(linked)];
}

function firstDifference(a: Uint8Array, b: Uint8Array): string {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  const show = (bytes: Uint8Array) =>
    Buffer.from(bytes.subarray(Math.max(0, at - 4), at + 12)).toString('hex');
  return `+0x${at.toString(16)} model ${show(a)} ld ${show(b)}`;
}

export function planFrames(linked: Linked) {
  const inputs = linked.order.filter((x) => x.entry.out === '.eh_frame');
  const { program } = linked;
  return planEhFrame(
    program,
    inputs,
    (object, section) =>
      !isDiscarded(program, object, section) &&
      linked.places.has((program.sectionBase[object] ?? 0) + section),
  );
}

function frameDifferences(linked: Linked): string[] {
  const frame = linked.out.sections.find((s) => s.name === '.eh_frame');
  const header = linked.out.sections.find((s) => s.name === '.eh_frame_hdr');
  const plan = planFrames(linked);
  if (frame === undefined) return plan.totalSize === 0 ? [] : ['.eh_frame is not in the output'];
  const built = plan.build({
    ...linked.addresses,
    frameAddress: frame.address,
    headerAddress: header?.address ?? 0,
  });
  const real = new Uint8Array(frame.data);
  for (const { offset, size } of plan.uncertain) real.fill(0, offset, offset + size);
  // Without any record ld leaves the last four bytes of the header to chance.
  const sure = frame.size === 0 ? 8 : undefined;
  return [
    ...compare('.eh_frame', plan.totalSize, frame.size, built.frame, real),
    ...compare(
      '.eh_frame_hdr',
      plan.headerSize,
      header?.size ?? 0,
      built.header.subarray(0, sure),
      header?.data.subarray(0, sure) ?? built.header,
    ),
  ];
}

function compare(
  name: string,
  size: number,
  realSize: number,
  bytes: Uint8Array,
  real: Uint8Array,
): string[] {
  if (size !== realSize) return [`${name} size ${size}, ld ${realSize}`];
  return Buffer.compare(bytes, real) === 0 ? [] : [`${name} ${firstDifference(bytes, real)}`];
}

/** What the model and ld collect differently, with a sign: - only the model, + only ld. */
export function gcDifferences(linked: Linked, options: Partial<GcOptions>): string[] {
  const live = liveSections(linked.program, {
    roots: [],
    keep: () => false,
    gcSections: true,
    ...options,
  });
  const counts = new Map<string, number>();
  const add = (key: string, by: number) => counts.set(key, (counts.get(key) ?? 0) + by);
  for (const name of linked.removed) add(name, 1);
  for (const { object, section } of live.removed) {
    const input = linked.program.objects[object] as InputObject;
    add(`${input.path} ${input.elf.sections[section]?.name ?? ''}`, -1);
  }
  // ld names sections of lost groups too, if nothing marked them on the way.
  const lost = new Map<string, number>();
  for (const input of linked.program.objects)
    for (const section of input.elf.sections) {
      const name = `${input.path} ${section.name}`;
      if (isDiscarded(linked.program, input.index, section.index))
        lost.set(name, (lost.get(name) ?? 0) + 1);
    }
  return [...counts]
    .filter(([name, by]) => by < 0 || by > (lost.get(name) ?? 0))
    .filter(([name]) => !/ (\.group|COMMON)$/.test(name))
    .map(([name, by]) => `${by < 0 ? '-' : '+'} ${name}`);
}

/** KEEP by section names, as SCRIPT has it. */
export function keepOf(program: Program, names: readonly string[]): GcOptions['keep'] {
  return (object, section) => {
    const source = program.objects[object]?.elf.sections[section];
    return (
      source !== undefined &&
      isInputSection(source) &&
      names.some((n) =>
        n.endsWith('*') ? source.name.startsWith(n.slice(0, -1)) : source.name === n,
      )
    );
  };
}

export const KEPT = ['.text.boot', '.eh_frame', '.init_array', '.init_array.*'];
