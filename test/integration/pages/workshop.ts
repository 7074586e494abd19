/** A small build in the shape of Unikraft's: partially linked libraries, one script, one link. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readElf } from '../../../src/engine/elf/read.ts';
import type { ElfFile } from '../../../src/engine/elf/types.ts';
import { libraryOfFile, parseLinkMap, type LinkMap } from '../../../src/engine/pages/link-map.ts';
import type { LinkObject } from '../../../src/engine/pages/placement.ts';

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  libboot: [
    `extern int main(int); extern char _end[]; int common_word;
     __attribute__((section(".text.boot"))) void _start(void) { main(_end[0] + common_word); }
     __attribute__((section(".data.boot"))) int boot_data[4] = {1, 2, 3, 4};
     static const char *names[] = {"one", "two", "shared text"}; const char *name_of(int i) { return names[i & 3]; }`,
  ],
  libc: [
    `static char buffer[300]; static int used; int log_lines = 3;
     static int helper(int x) { switch (x) { case 1: return 17; case 2: return 4; case 3: return 99; case 4: return 31; case 5: return -8; default: return x; } }
     int append(const char *s) { while (*s && used < 299) buffer[used++] = *s++; return helper(used); }
     int unused_one(void) { return used * 3; }`,
    `static int helper(int x) { return x * 7; } extern int append(const char *);
     double scale(double x) { return x * 1.5 + 0.25; }
     int print_number(int n) { append("shared text"); return append("number ") + helper(n); }
     __thread int errno_value; int *errno_place(void) { return &errno_value; }`,
  ],
  libsched: [
    `extern int append(const char *); struct t { int (*run)(int); const char *name; };
     static int idle(int x) { return append("idle thread") + x; } static struct t threads[] = {{idle, "idle"}, {0, "none"}};
     static void (*const init)(void) __attribute__((section(".inittab3"), used)) = (void *)idle;
     int schedule(int n) { return threads[n & 1].run(n) + (int)(long)threads[n & 1].name; }
     static int unused_two(int x) { return x + 12345; } int (*unused_pointer)(int) = unused_two;`,
  ],
  appmain: [
    `extern int print_number(int), schedule(int), append(const char *); extern const char *name_of(int); extern double scale(double); extern int *errno_place(void);
     static int counters[40]; static const unsigned short table[] = {9, 8, 7, 6, 5, 4, 3, 2};
     int main(int n) { counters[n & 7]++; append("application says hello"); *errno_place() = n;
       return print_number(table[n & 7]) + schedule(n) + append(name_of(n)) + (int)scale(n); }`,
  ],
};

const SCRIPT = `SECTIONS {
 . = 0x100000;
 .text : { KEEP(*(.data.boot)) *(.text.boot) *(.text) *(.text.*) }
 . = ALIGN(4096);
 .rodata : { *(.rodata) *(.rodata.*) }
 .eh_frame : { *(.eh_frame) }
 . = ALIGN(4096);
 .inittab : { KEEP(*(SORT_BY_NAME(.inittab*))) }
 .tbss : { *(.tbss) }
 .data : { *(.data) *(.data.*) QUAD(0x1122334455667788) }
 .bss : { *(.bss) *(.bss.*) *(COMMON) . = ALIGN(4096); }
 _end = .;
 /DISCARD/ : { *(.comment) *(.note*) }
}
`;

export interface Build {
  readonly directory: string;
  readonly debug: ElfFile;
  readonly stripped: ElfFile;
  /** Stripped, as ELF32. */
  readonly bootable: ElfFile;
  readonly objects: readonly LinkObject[];
  readonly linkMap: LinkMap;
  dispose(): void;
}

/**
 * Compiles and links with these flags.
 * @param steps 2: all objects are joined into one first, as Unikraft did up to 0.11
 */
export function build(compile: readonly string[], link: readonly string[], steps = 1): Build {
  const directory = mkdtempSync(join(tmpdir(), 'spacer-pages-'));
  const run = (tool: string, ...args: string[]) =>
    execFileSync(tool, args, {
      cwd: directory,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const model = compile.includes('-fPIE') ? [] : ['-fno-pic', '-mcmodel=kernel'];
  const flags = ['-g', '-O2', ...model, '-ffreestanding', '-fcommon'];
  const objects = Object.entries(SOURCES).map(([library, sources]) => {
    const parts = sources.map((source, i) => {
      writeFileSync(join(directory, `${library}${i}.c`), source);
      run('gcc', ...flags, ...compile, '-c', `${library}${i}.c`, '-o', `${library}${i}.o`);
      return `${library}${i}.o`;
    });
    run('ld', '-r', ...parts, '-o', `${library}.ld.o`);
    run('objcopy', '--localize-symbol=append_private', `${library}.ld.o`, `${library}.o`);
    return `${library}.o`;
  });
  writeFileSync(join(directory, 'link.lds'), SCRIPT);
  if (steps === 2) run('ld', '-r', ...objects, '-o', 'joined.o');
  const inputs = steps === 2 ? ['joined.o'] : objects;
  run('ld', '-T', 'link.lds', '-e', '_start', '-Map=map', ...link, ...inputs, '-o', 'image.dbg');
  run('strip', '-s', 'image.dbg', '-o', 'image');
  run('objcopy', '-O', 'elf32-i386', 'image', 'image32');
  const read = (name: string) =>
    readElf(join(directory, name), readFileSync(join(directory, name)));
  return {
    directory,
    debug: read('image.dbg'),
    stripped: read('image'),
    bootable: read('image32'),
    objects: objects.map((name) => ({ library: libraryOfFile(name), elf: read(name) })),
    linkMap: parseLinkMap(readFileSync(join(directory, 'map'), 'utf8'), 'map'),
    dispose: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
