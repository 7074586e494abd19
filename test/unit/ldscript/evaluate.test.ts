import { describe, it } from 'vitest';
import { check, compareOwners } from './ld.ts';

const PHDRS = `PHDRS {
  text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); data PT_LOAD; tls PT_TLS; tls_load PT_LOAD;
  stack PT_GNU_STACK FLAGS(6);
}
`;

/** A kernel's script of the newer shape: program headers, tables, TLS, debug sections. */
const NEWER = `${PHDRS}
SECTIONS {
  . = 0x100000; _base = .; _text = .;
  .text : { KEEP (*(.data.boot)) KEEP (*(.data.boot.*)) *(.text.boot) *(.text) *(.text.*) } :text
  _etext = .; . = ALIGN((1 << 12)); _rodata = .;
  .rodata : { *(.rodata) *(.rodata.*) } :rodata
  _erodata = .;
  . = ALIGN((1 << 12)); eh_start = .; .eh_frame : { KEEP(*(.eh_frame)) } eh_end = .;
  . = ALIGN((1 << 12)); ctors_start = .; .ctortab : { KEEP(*(SORT_BY_NAME(.ctortab[0-9]))) } ctors_end = .;
  . = ALIGN(0x8); .eventtab : { KEEP(*(SORT_BY_NAME(.event_*))) }
  . = ALIGN(0x8); _ctors = .;
  .init_array : {
    PROVIDE_HIDDEN (__init_array_start = .);
    KEEP (*(SORT_BY_INIT_PRIORITY(.init_array.*) SORT_BY_INIT_PRIORITY(.ctors.*)))
    KEEP (*(.init_array .ctors))
    PROVIDE_HIDDEN (__init_array_end = .);
  }
  _ectors = .;
  . = ALIGN((1 << 12)); _tls_start = .; .tdata : { *(.tdata) *(.tdata.*) } :tls :tls_load _etdata = .;
  .tbss : { *(.tbss) *(.tbss.*) } _tls_end = . + SIZEOF(.tbss);
  . = ALIGN((1 << 12)); _data = .; .data : { *(.data) *(.data.*) } :data _edata = .;
  . = ALIGN((1 << 12)); __bss_start = .; .bss : { *(.bss) *(.bss.*) *(COMMON) . = ALIGN((1 << 12)); }
  _end = .;
  .comment 0 : { *(.comment) } .debug 0 : { *(.debug) } .debug_info 0 : { *(.debug_info) }
  /DISCARD/ : { *(.note.gnu.build-id) *(.note.gnu.property) }
}
`;

/** The older shape: no program headers, tables before .rodata, a stack of its own. */
const OLDER = `ENTRY(_start)
SECTIONS {
  . = 0x100000; _text = .;
  .text : { KEEP (*(.data.boot)) *(.text.boot) *(.text) *(.text.*) }
  _etext = .;
  . = ALIGN(4096); ctors_start = .; .ctortab : { KEEP(*(SORT_BY_NAME(.ctortab[0-9]))) } ctors_end = .;
  . = ALIGN(4096); _rodata = .; .rodata : { *(.rodata) *(.rodata.*) } _erodata = .;
  . = ALIGN(4096); _tls_start = .; .tdata : { *(.tdata) } _etdata = .; .tbss : { *(.tbss) } _tls_end = . + SIZEOF(.tbss);
  . = ALIGN(4096); _data = .; .data : { *(.data) *(.data.*) } _edata = .;
  . = ALIGN(4096); __bss_start = .; .bss : { *(.bss) *(.bss.*) *(COMMON) . = ALIGN(4096); }
  .intrstack : { *(.intrstack) . = ALIGN(4096); }
  _end = .;
  .comment 0 : { *(.comment) }
}
`;

const MAIN = `
  .section .data.boot,"aw"; .balign 16; .long 1,2,3
  .section .data.boot.hdr,"aw"; .long 4
  .section .text.boot,"ax"; .globl _start; _start: call work; ret
  .text; .balign 16; .globl main; main: nop; ret
  .section .text.unlikely,"ax"; .byte 1,2,3
  .section .rodata.str1.8,"a"; .balign 8; .asciz "hello"
  .section .rodata,"a"; .balign 32; .quad 7
  .data; .balign 8; .quad main
  .bss; .balign 64; .skip 100
  .section .tdata,"awT",@progbits; .balign 4; .long 9
  .section .tbss,"awT",@nobits; .balign 16; .skip 40
  .section .ctortab3,"aw"; .quad main
  .section .init_array.00200,"aw",@init_array; .quad main
  .section .event_b,"aw"; .balign 8; .quad 1
`;
const OTHER = `
  .text; .globl work; work: nop; nop; ret
  .section .text.work2,"ax"; .balign 64; nop
  .section .rodata.x,"a"; .byte 5
  .data; .byte 1
  .comm shared,24,16
  .section .ctortab1,"aw"; .quad work, work
  .section .init_array,"aw",@init_array; .quad work
  .section .ctors.65000,"aw"; .quad work
  .section .init_array.00101,"aw",@init_array; .quad work
  .section .event_a,"aw"; .quad 2
  .section .list_b,"a"; .quad 11
  .section .list_a,"a"; .quad 12
  .section .intrstack,"aw",@nobits; .balign 0x4000; .skip 0x8000
  .section .comment,"",@progbits; .asciz "made by hand"
`;
const sources = { 'a.o': MAIN, 'b.o': OTHER };
const REFERENCES = '.data; .quad __init_array_start, __init_array_end';

describe('kernel scripts', () => {
  it('evaluates the newer shape', () => {
    compareOwners(check({ sources: { ...sources, 'c.o': REFERENCES }, script: NEWER }));
  });

  it('evaluates the newer shape with extra scripts', () => {
    const extras = [
      'SECTIONS { .boot_info : { KEEP(*(.boot_info)) . = ALIGN(64); } } INSERT AFTER .rodata;',
      'SECTIONS { . = ALIGN(8); .list : { PROVIDE(list_start = .); KEEP(*(SORT_BY_NAME(.list_*))); PROVIDE(list_end = .); } } INSERT AFTER .data;',
      'SECTIONS { .trace : { trace_start = .; KEEP(*(.trace)); trace_end = .; } } INSERT AFTER .comment;',
      'SECTIONS { .early : { *(.text.unlikely) } } INSERT BEFORE .rodata',
    ];
    const references = '.data; .quad list_start, list_end; .section .boot_info,"a"; .long 5';
    compareOwners(check({ sources: { ...sources, 'c.o': references }, script: NEWER, extras }));
  });

  it('evaluates the older shape', () => {
    compareOwners(check({ sources, script: OLDER, flags: ['-z', 'norelro'] }));
  });
});
