/** A small workspace of applications whose libraries a real compiler built, each from its own source. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readUnikernel, type LoadedUnikernel } from '../../../src/engine/read-unikernel.ts';
import { discover } from '../../../src/engine/workspace/discover.ts';

/** What every application links: `_start` calls `main`. */
const PLATFORM =
  'int main(void); __attribute__((section(".text.boot"))) void _start(void) { main(); for (;;); }\n';
const APPLICATION = 'int small(int); int main(void) { return small(3); }\n';

const SCRIPT = `ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); }
SECTIONS
{
  . = 0x100000;
  .text : { KEEP(*(.text.boot)) *(.text .text.*) } :text
  . = ALIGN(0x1000);
  .rodata : { *(.rodata .rodata.*) } :rodata
  .kept : { KEEP(*(.kept)) }
  .inittab : { inittab_start = .; *(SORT(.inittab*)) inittab_end = .; }
  .init_array : { KEEP(*(.init_array)) }
  .eh_frame : { *(.eh_frame) }
  .eh_frame_hdr : { *(.eh_frame_hdr) }
  . = ALIGN(0x1000);
  .data : { *(.data .data.*) } :data
  .bss : { *(.bss .bss.* COMMON) } :data
  PROVIDE(asked_by_script = 7);
}
`;

export interface Application {
  readonly name: string;
  /** C source of `libone`, which the applications may have in variants. */
  readonly library: string;
  readonly main?: string;
  /** Function and data sections, and garbage collection of what nobody uses. Default: true. */
  readonly sections?: boolean;
  /** Further arguments of the link. */
  readonly link?: readonly string[];
  /** Symbols of `libone` that are made local. */
  readonly hidden?: readonly string[];
}

export class Fleet {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'spacer-fleet-'));

  constructor(applications: readonly Application[]) {
    for (const application of applications) build(this.root, application);
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** All applications, read, in order of name. */
  async load(): Promise<LoadedUnikernel[]> {
    const { unikernels, unusable } = await discover(this.root, { tools: {} });
    if (unusable.length > 0) throw new Error(JSON.stringify(unusable));
    return Promise.all(unikernels.map((unikernel) => readUnikernel(unikernel)));
  }
}

function build(root: string, application: Application): void {
  const { name, library, main = APPLICATION, sections = true } = application;
  const folder = path.join(root, 'apps', name, 'build');
  mkdirSync(folder, { recursive: true });
  const put = (file: string, text: string): string => {
    writeFileSync(path.join(folder, file), text);
    return path.join(folder, file);
  };
  const split = sections ? ['-ffunction-sections', '-fdata-sections'] : [];
  const object = (target: string, source: string): string => {
    const file = path.join(folder, `${target}.o`);
    const flags = ['-O1', '-g', '-fno-pic', '-mcmodel=kernel', '-fno-inline', '-ffreestanding'];
    execFileSync('gcc', ['-c', ...flags, ...split, put(`${target}.c`, source), '-o', file]);
    return file;
  };
  const objects = [object('libkvmplat', PLATFORM), object('libone', library)];
  for (const symbol of application.hidden ?? [])
    execFileSync('objcopy', [`--localize-symbol=${symbol}`, path.join(folder, 'libone.o')]);
  objects.push(object(`app${name}`, main));
  const image = path.join(folder, `${name}_qemu-x86_64`);
  const gc = sections ? ['-Wl,--gc-sections'] : [];
  const link = [
    ...['-Wl,-m,elf_x86_64', ...objects, '-nostdlib', '-Wl,--build-id=none', '-no-pie', ...gc],
    ...(application.link ?? []),
    ...[`-Wl,-dT,${put('link64.lds', SCRIPT)}`, '-o', `${image}.dbg`],
  ];
  record(`${image}.dbg`, `""gcc ${link.join(' ')}`);
  record(image, `""strip -s ${image}.dbg -o ${image}`);
}

function record(target: string, command: string): void {
  writeFileSync(`${target}.cmd`, `${command}\n`);
  execFileSync('sh', [`${target}.cmd`], { stdio: 'pipe' });
}
