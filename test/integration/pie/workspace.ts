/** A workspace of position-independent images that gcc built, with the records of its links. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface PieOptions {
  /** Arguments of the link, as the driver gets them. */
  readonly link: readonly string[];
  /** Arguments of strip behind `-s`. */
  readonly strip?: readonly string[];
  /** A script that places linker-made sections, as Unikraft's libukreloc brings one. */
  readonly extra?: string;
  /** A step after the link writes Unikraft's relocation table. */
  readonly relocates?: boolean;
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

/** Symbols that ask for entries of Unikraft's relocation table. */
export const REQUESTS = `.globl gdt, entry_table
.section .text.boot,"ax",@progbits
gdt_uk_reloc_data8_phys_1: .quad 0
entry_table_uk_reloc_imm4_7: .long 0
other_start16_uk_reloc_imm2_8: .short 0
.section .rodata,"a"
gdt: .quad 0
table_page_uk_reloc_data8_3: .quad gdt
table_page: .quad 0
.set table_page_uk_reloc_pte_attr0_4, 0x23
.data
entry_table: .quad gdt, entry_table
.section .uk_reloc,"a"
 .zero 24
.section .note.GNU-stack,"",@progbits
`;

/** What mkukreloc.py of Unikraft does, from the same tools. */
const TABLE_SCRIPT = `#!/usr/bin/env python3
import re, struct, subprocess, sys
image = sys.argv[1]
lines = lambda *words: subprocess.check_output(words).decode().splitlines()
symbols = [l.split() for l in lines("nm", image)]
symbols = [(int(s[0], 16), s[2]) for s in symbols if len(s) == 3]
value = lambda name: next(v for v, n in symbols if n == name)
base = value("_base_addr")
bss = next(int(l.split()[3], 16) for l in lines("objdump", "-h", image) if " .bss " in l)
relative = [l.split() for l in lines("readelf", "-rW", image) if "RELATIVE" in l]
table = [[int(r[0], 16) - base, int(r[3], 16) - base, 8, 0] for r in relative]
named = []
for kind in ("data", "imm", "pte_attr"):
    for v, n in symbols:
        m = re.fullmatch(r"(.+)_uk_reloc_" + kind + r"([0-9]{1,2})([_phys].*)", n)
        if m and "_start16" not in n:
            named.append((kind, v, m[1], int(m[2]), int("_phys" in m[3])))
for kind, v, target, size, physical in named:
    if kind == "pte_attr":
        continue
    extra = [p[1] for p in named if p[0] == "pte_attr" and p[2] == target]
    entry = [v - base, value(target) - base + sum(extra), size, int(bool(physical or extra))]
    table = [t for t in table if t[0] != entry[0]] + [entry]
table = [t for t in table if t[0] < bss - base] + [[0, 0, 0, 0]]
with open(image + ".uk_reloc.bin", "wb") as out:
    out.write(struct.pack("<I", 0x0BADB0B0))
    for t in table:
        out.write(struct.pack("<QqII", *t))
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
    ...(options.relocates ? [compile('libukreloc.o', put('requests.s', REQUESTS))] : []),
  ];
  const link = [...inputs, '-nostdlib', '-Wl,--build-id=none', ...options.link, ...scripts];
  record(`${image}.dbg`, `""gcc ${link.join(' ')} -o ${image}.dbg`);
  if (options.relocates) {
    const tool = put('mkukreloc.py', TABLE_SCRIPT);
    chmodSync(tool, 0o755);
    const table = `${image}.dbg.uk_reloc.bin`;
    const update = `""objcopy --update-section .uk_reloc=${table} ${image}.dbg`;
    record(table, `${tool} ${image}.dbg && ${update}`);
  }
  record(image, `""strip -s ${(options.strip ?? []).join(' ')} ${image}.dbg -o ${image}`);
}

function record(target: string, command: string): void {
  writeFileSync(`${target}.cmd`, `${command}\n`);
  execFileSync('sh', [`${target}.cmd`], { stdio: 'pipe' });
}
