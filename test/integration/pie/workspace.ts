/** A workspace of position-independent images that gcc built, with the records of its links. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface PieOptions {
  /** Arguments of the link, as the driver gets them. */
  readonly link: readonly string[];
  /** Arguments of strip behind `-s`. */
  readonly strip?: readonly string[];
  /** A script that places linker-made sections, as Unikraft's libukreloc brings one. */
  readonly extra?: string;
  /** Further C of the application. */
  readonly source?: string;
}

const SCRIPT = `ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD FLAGS(6); }
SECTIONS
{
  . = 0x100000; _base_addr = .;
  absolute = 0x1234;
  .text : { KEEP(*(.text.boot)) *(.text) *(.text.*) } :text
  _etext = .;
  . = ALIGN(0x1000);
  .rodata : { *(.rodata) *(.rodata.*) } :rodata
  .eh_frame : { KEEP(*(.eh_frame)) }
  .init_array : { KEEP(*(.init_array)) }
  . = ALIGN(0x1000);
  .data : { *(.data) *(.data.*) } :data
  _edata = .;
  .bss : { *(.bss) *(.bss.*) *(COMMON) } :data
  _end = .;
  .comment 0 : { *(.comment) }
}
`;

/** As lib/ukreloc/reloc.lds.S of Unikraft 0.17: two INSERTs, and the last sections behind .bss. */
export const RELOC_SCRIPT = `PHDRS { dynamic PT_DYNAMIC; }
SECTIONS
{
  . = ALIGN(0x1000);
  .uk_reloc : { _uk_reloc_start = .; KEEP(*(.uk_reloc)) } :data
  .dynsym : { *(.dynsym) } :data
  .rela.dyn : { *(.rela) *(.rela.*) } :data
  _uk_reloc_end = .;
}
INSERT BEFORE .bss
SECTIONS
{
  .dynamic : { *(.dynamic) } :dynamic :data
  .dynstr : { *(.dynstr) } :data
}
INSERT AFTER .comment
`;

const BOOT = `.section .text.boot,"ax",@progbits
.globl _start
_start: call main
1: jmp 1b
 .quad _start, _end, table
.text
.globl loads
loads:
 push other@GOTPCREL(%rip)
 push hidden@GOTPCREL(%rip)
 push near@GOTPCREL(%rip)
 movq table@GOTPCREL(%rip), %xmm0
 mov other@GOTPCREL(%rip), %rax
 call *main@GOTPCREL(%rip)
 mov none@GOTPCREL(%rip), %rcx
 push none@GOTPCREL(%rip)
 push fixed@GOTPCREL(%rip)
 lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
near: ret
.weak none
.hidden hidden
.data
 .quad none, absolute, _edata, loads + 5, near
.section .uk_reloc,"a"
 .zero 24
.section .note.GNU-stack,"",@progbits
`;

const APPLICATION = (name: string): string =>
  `extern char _end[], _etext[]; extern int absolute; extern void loads(void);
   const char *const table[] = { "${name}", "two", "three" };
   char *ends[] = { _end, _etext, (char *)&absolute };
   int other = 3, hidden = 4; int zeros[100]; int common;
   static void setup(void) { common = other; }
   __attribute__((section(".init_array"), used)) static void (*start)(void) = setup;
   static int *inner[] = { &other, &zeros[7], 0, &common };
   int main(void) { loads(); return *inner[common & 1] + table[0][1] + ends[0][0]; }
   __asm__(".globl fixed\\n fixed = 0x777\\n");
`;

/** Builds `apps/NAME` in `root` and records how. */
export function buildPie(root: string, name: string, options: PieOptions): void {
  const build = path.join(root, 'apps', name, 'build');
  const image = path.join(build, `${name}_qemu-x86_64`);
  const put = (file: string, text: string): string => {
    mkdirSync(path.dirname(path.join(build, file)), { recursive: true });
    writeFileSync(path.join(build, file), text);
    return path.join(build, file);
  };
  const compile = (object: string, file: string): string => {
    const flags = ['-c', '-O1', '-fpie', '-ffreestanding', '-fno-stack-protector'];
    execFileSync('gcc', [...flags, file, '-o', path.join(build, object)]);
    return path.join(build, object);
  };
  const scripts = [`-Wl,-dT,${put('libkvmplat/link64.lds', SCRIPT)}`];
  if (options.extra !== undefined) scripts.push(`-Wl,-T,${put('reloc.lds', options.extra)}`);
  const source = `${APPLICATION(name)}${options.source ?? ''}`;
  const inputs = [
    compile('libkvmplat.o', put('boot.s', BOOT)),
    compile(`app${name}.o`, put('app.c', source)),
  ];
  const link = [...inputs, '-nostdlib', '-Wl,--build-id=none', ...options.link, ...scripts];
  record(`${image}.dbg`, `""gcc ${link.join(' ')} -o ${image}.dbg`);
  record(image, `""strip -s ${(options.strip ?? []).join(' ')} ${image}.dbg -o ${image}`);
}

function record(target: string, command: string): void {
  writeFileSync(`${target}.cmd`, `${command}\n`);
  execFileSync('sh', [`${target}.cmd`], { stdio: 'pipe' });
}
