/** A workspace with one library of several compile units, built and recorded as Unikraft does; its image runs here. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readUnikernel, type LoadedUnikernel } from '../../../src/engine/read-unikernel.ts';
import { discover } from '../../../src/engine/workspace/discover.ts';

/** Units of `libx`, in the order of the merge. `boot` is called like the boot sections. */
export const UNITS: Readonly<Record<string, string>> = {
  'entry.S': `
    .section .text.boot, "ax"
    .globl _start
_start: xor %ebp, %ebp
    call main
    mov %eax, %edi
    mov $60, %eax
    syscall
    .text
    .globl step
step: lea 1(%rdi), %eax
    ret
step_end:
    .globl step_length
    .data
step_length: .quad step_end - step
    .section .note.GNU-stack, "", @progbits
  `,
  'boot.c': `
    int boot_value = 11; static int calls; const char *boot_name(void) { calls++; return "boot unit\\n"; }
    __attribute__((section(".data.boot"))) int first_word = 0x1234;
    __attribute__((section(".data.boot_argv"))) int argv_word = 5;
  `,
  'deep/alpha.c': `
    extern int step(int), beta(int); int shared_common; __thread int each;
    static int helper(int x) { switch (x) { case 1: return 17; case 2: return 4; case 3: return 99; case 4: return 31; case 5: return 8; default: return x; } }
    __attribute__((section(".table"), used)) static int (*const entry)(int) = helper;
    __attribute__((weak)) int maybe(int x) { return x; } __attribute__((cold)) int rare(int x) { return x * 77; }
    static volatile char odd[3]; char wide_common[40] __attribute__((aligned(32))); char *wide(void) { odd[0]++; return wide_common; }
    static volatile int counters[9] = {3, 2, 1}; const char *alpha_name(void) { return "shared text\\n"; }
    int alpha(int x) { return helper(x & 7) + step(x) + beta(counters[x & 3]) + maybe(shared_common++) + (x > 90 ? rare(x) : 0); }
  `,
  'beta.c': `
    int shared_common; static int helper(int x) { return x * 7; }
    double scale(double x) { return x * 1.5 + 0.25; } const char *beta_name(void) { return "shared text\\n"; }
    int beta(int x) { return helper(x) + (int)scale(x); }
  `,
  'empty.c': 'typedef int nothing;\n',
};

const MAIN = `
  extern int alpha(int), beta(int), argv_word, first_word, boot_value; extern long step_length;
  extern const char *boot_name(void), *alpha_name(void), *beta_name(void);
  extern int (*const table_start[])(int), (*const table_end[])(int);
  static void print(const char *s) { long n = 0, r; while (s[n]) n++;
    asm volatile("syscall" : "=a"(r) : "a"(1L), "D"(1L), "S"(s), "d"(n) : "rcx", "r11", "memory"); }
  static void number(int n) { char t[12]; int at = 11; t[at] = 0; t[--at] = 10; do { t[--at] = '0' + n % 10; n /= 10; } while (n); print(t + at); }
  int main(void) { print(boot_name()); print(alpha_name()); print(beta_name()); number(alpha(3)); number(alpha(95)); number(beta(9));
    number((int)(table_end - table_start)); number(table_start[0](2)); number(first_word + argv_word + boot_value + (int)step_length); return 7; }
`;

const SCRIPT = `ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); }
SECTIONS
{
  . = 0x400000 + SIZEOF_HEADERS;
  .text : { KEEP(*(.data.boot)) KEEP(*(.text.boot)) *(.text .text.*) } :text
  . = ALIGN(0x1000);
  .rodata : { *(.rodata .rodata.*) } :rodata
  .eh_frame : { *(.eh_frame) }
  .eh_frame_hdr : { *(.eh_frame_hdr) }
  .table : { table_start = .; KEEP(*(.table)) table_end = .; }
  .tbss : { *(.tbss) }
  . = ALIGN(0x1000);
  .percpu : { *(.data.percpu) } :data
  .data : { *(.data .data.*) } :data
  .bss : { *(.bss .bss.* COMMON) } :data
}
`;

export class UnitsWorkshop {
  root = path.join(mkdtempSync(path.join(os.tmpdir(), 'spacer-units-')), 'workspace');
  readonly units: readonly string[];

  /** @param more further units, or others of the same name */
  constructor(more: Readonly<Record<string, string>> = {}) {
    const sources = { ...UNITS, ...more };
    this.units = Object.keys(sources).map((name) => name.replace(/\.\w$/, ''));
    for (const [name, source] of Object.entries(sources)) this.compile(`libx/${name}`, source);
    this.compile('appone.c', MAIN);
    this.merge();
    const script = this.write('libx/link64.lds', SCRIPT);
    const image = this.path('one_qemu-x86_64');
    const objects = `${this.path('libx.o')} ${this.path('appone.o')}`;
    const options = '-nostdlib -Wl,--build-id=none -no-pie -Wl,-m,elf_x86_64';
    this.record(`${image}.dbg`, `""gcc ${options} ${objects} -Wl,-dT,${script} -o ${image}.dbg`);
    this.record(image, `""strip -s ${image}.dbg -o ${image}`);
  }

  get build(): string {
    return path.join(this.root, 'apps', 'one', 'build');
  }

  get cache(): string {
    return path.join(this.root, '.spacer', 'cache');
  }

  path(name: string): string {
    return path.join(this.build, name);
  }

  write(name: string, text: string): string {
    mkdirSync(path.dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Compiles a source of the build folder. */
  compile(name: string, source: string): void {
    const object = this.path(name).replace(/\.\w$/, '.o');
    const flags = ['-O2', '-g', '-fno-pic', '-mcmodel=kernel', '-ffreestanding', '-fcommon'];
    const more = ['-fno-inline', '-fno-ipa-icf', '-fno-stack-protector'];
    execFileSync('gcc', ['-c', ...flags, ...more, this.write(name, source), '-o', object]);
  }

  /** The library of its units, with records. */
  private merge(): void {
    const units = this.units.map((unit) => this.path(`libx/${unit}.o`)).join(' ');
    const [merged, library] = [this.path('libx.ld.o'), this.path('libx.o')];
    const groups = '-Wl,--start-group -Wl,--end-group';
    this.record(
      merged,
      `""gcc -nostdlib -Wl,-r -Wl,-d -Wl,--build-id=none -no-pie ${units} ${groups} -o ${merged}`,
    );
    const exports =
      '_start step_length alpha alpha_name beta beta_name boot_name boot_value argv_word first_word';
    const list = this.write('libx/exportsyms.uk', `${exports.split(' ').join('\n')}\n`);
    this.record(library, `""objcopy --keep-global-symbols=${list} ${merged} ${library}`);
  }

  record(target: string, command: string): void {
    writeFileSync(`${target}.cmd`, `${command}\n`);
    execFileSync('sh', [`${target}.cmd`], { stdio: 'pipe' });
  }

  async load(): Promise<LoadedUnikernel> {
    const { unikernels, unusable } = await discover(this.root, { tools: {} });
    const [unikernel] = unikernels;
    if (unikernel === undefined) throw new Error(JSON.stringify(unusable));
    return readUnikernel(unikernel);
  }

  dispose(): void {
    rmSync(path.dirname(this.root), { recursive: true, force: true });
  }
}
