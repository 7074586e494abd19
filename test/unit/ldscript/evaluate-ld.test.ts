import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { evaluate, keptSections, parse } from '../../../src/engine/ldscript/index.ts';
import type { InputSection } from '../../../src/engine/ldscript/index.ts';
import { check, compareOwners, link } from './ld.ts';

const START = '.text; .globl _start; _start: nop; ret;';
const base = (body: string) => `SECTIONS { . = 0x100000; ${body} }`;

/** One program, one script, everything compared. */
const CASES: Record<
  string,
  { sources?: Record<string, string>; script: string; flags?: string[] }
> = {
  'alignment and SUBALIGN': {
    sources: {
      'a.o': `${START} .section .a,"a"; .balign 2; .byte 1; .section .b,"a"; .balign 64; .byte 2`,
      'b.o': '.section .a,"a"; .balign 16; .byte 1,2,3; .section .b,"a"; .balign 4; .byte 2',
    },
    script: base(`.text : { *(.text) } .a : SUBALIGN(8) { *(.a) } .b : ALIGN(0x80) { *(.b) *(.b) }
      .c : SUBALIGN(128) { *(.data) BYTE(1) }`),
  },
  'addresses, types, load addresses': {
    sources: {
      'a.o': `${START} .section .r,"a"; .quad 1; .data; .quad 2; .section .n,"aw"; .skip 40; .section .i,"a"; .long 3`,
    },
    script: base(`.text 0x200000 : AT(0x300000) { *(.text) } .r : { *(.r) } x = LOADADDR(.r);
      .data 0x201000 : ALIGN(32) { *(.data) } .n (NOLOAD) : { *(.n) }
      .i (INFO) : { *(.i) } y = .; .late ADDR(.n) + 0x1000 : { LONG(SIZEOF(.n)) } z = ALIGNOF(.data);`),
  },
  'data and fills': {
    sources: { 'a.o': `${START} .data; .balign 16; .byte 1` },
    script: base(`.text : { *(.text) . = ALIGN(32); FILL(0xdeadbeef) . += 7; } =0x9090
      .d : { BYTE(1) SHORT(2) a = .; LONG(a) QUAD(b) SQUAD(-1) *(.data) b = .; . = . + 3; c = ABSOLUTE(.); } =0`),
  },
  sorts: {
    sources: {
      'a.o': `${START} .section .s.b,"a"; .balign 4; .byte 1; .section .s.a,"a"; .balign 8; .byte 2;
        .section .s.00300,"a"; .byte 3; .section .s.7,"a"; .byte 4; .section .s.z,"a"; .balign 16; .byte 5`,
      'b.o': `.section .s.c,"a"; .balign 8; .byte 1; .section .s.a,"a"; .balign 2; .byte 2; .section .t,"a"; .byte 9;
        .section .s.00020,"a"; .byte 3`,
    },
    script:
      base(`.text : { *(.text) } .n : { a.o(SORT(.s.[ab])) b.o(SORT_BY_NAME(SORT_BY_ALIGNMENT(.s.[ab]))) }
      .p : { *(SORT_BY_INIT_PRIORITY(.s.[0-9]*)) } .al : { *(.t SORT_BY_ALIGNMENT(.s.*)) }`),
  },
  'mixed sorts': {
    sources: Object.fromEntries(
      ['a.o', 'b.o', 'c.o'].map((name, index) => [
        name,
        `${index === 0 ? START : ''} .section .x.${3 - index},"a"; .byte 1; .section .y,"a"; .byte 2;
         .section .x.5,"a"; .byte 3; .section .z.${index},"a"; .balign ${2 ** (index + 1)}; .byte 4`,
      ]),
    ),
    script: base(
      `.text : { *(.text) } .m : { *(.y SORT(.x.*) SORT_NONE(.z.1) SORT_BY_ALIGNMENT(.z.*)) }`,
    ),
  },
  'files sorted by name, excluded files, patterns of files': {
    sources: {
      'zz.o': `${START} .section .d,"aw"; .byte 1; .section .e,"aw"; .byte 1`,
      'aa.o': '.section .d,"aw"; .byte 2; .section .e,"aw"; .byte 2',
      'mm-1.o': '.section .d,"aw"; .byte 3; .section .e,"aw"; .byte 3; .section .f,"aw"; .byte 3',
    },
    script: base(`.text : { *(.text) } .d1 : { SORT_BY_NAME(*.o)(SORT(.d)) }
      .e1 : { *(EXCLUDE_FILE(*mm* zz.o) .e) EXCLUDE_FILE(z?.o) *(.e) *z.o(.e) } .f1 : { mm-1.o }`),
  },
  archives: {
    sources: {
      'm.o': `${START} .section .d,"aw"; .byte 1; .section .e,"aw"; .byte 1; .section .g,"aw"; .byte 1`,
      'libq/one.o':
        '.section .d,"aw"; .byte 2; .section .e,"aw"; .byte 4; .section .g,"aw"; .byte 1',
      'libq/two.o':
        '.section .d,"aw"; .byte 3; .section .e,"aw"; .byte 5; .section .g,"aw"; .byte 1',
    },
    script: base(`.text : { *(.text) } .d1 : { *libq.a:two.o(.d) *(.d) }
      .e1 : { :m.o(.e) *libq*:(.e) } .g1 : { *(EXCLUDE_FILE(*libq.a:one.o) .g) *(.g) }`),
  },
  'flags of input sections, bracket form': {
    sources: {
      'a.o': `${START} .section .k,"aw"; .byte 1; .section .k2,"a"; .byte 2; .section .j,"a"; .byte 3`,
    },
    script: base(`.text : { *(.text) } .w : { INPUT_SECTION_FLAGS(SHF_WRITE) *(.k*) }
      .v : { INPUT_SECTION_FLAGS(SHF_ALLOC & !SHF_WRITE) *(.k*) } .l : { [ .j ] }`),
  },
  'first match wins, COMMON and lonely commons': {
    sources: {
      'a.o': `${START} .comm c1,40,32; .comm zeta,3,1; .comm alpha,100,8; .comm m,8,8; .bss; .skip 5`,
      'b.o':
        '.comm c1,60,8; .comm other,16,16; .bss; .skip 3; .section .bss.x,"aw",@nobits; .skip 1',
    },
    script: base(`.text : { *(.text) } .b1 : { *(.bss) } .b2 : { *(.bss.* COMMON) }`),
  },
  'commons without a statement': {
    sources: { 'a.o': `${START} .comm c1,40,32; .comm c2,4,4` },
    script: base(`.text : { *(.text) }`),
  },
  'empty sections': {
    sources: {
      'a.o': `${START} .section .e1,"a"; .section .e2,"a"; .section .e3,"aw"; .balign 64`,
    },
    script:
      base(`.text : { *(.text) } .e1 : { *(.e1) } a = .; .e2 : { KEEP(*(.e2)) } b = .; .e3 : { x = .; *(.e3) } c = .;
      .no : { *(.nothing) } d = .; .dot : { . = .; } .idle : { . = ALIGN(. != 0 ? 4 : 1); } .pad : { . = ALIGN(64); } e = .;
      .assigned : { f = .; } g = SIZEOF(.e1) + SIZEOF(.no); .address 0x180000 : { *(.nothing) } h = .; .after : { BYTE(1) }`),
  },
  'sections without allocation between others': {
    sources: { 'a.o': `${START} .section .com,"",@progbits; .skip 33; .data; .quad 5` },
    script: base(
      `.text : { *(.text) } .com 0 : { *(.com) } after = .; .data : { *(.data) } end = .;`,
    ),
  },
  'section-relative values': {
    sources: { 'a.o': `${START} .data; .quad 5, 6` },
    script:
      base(`abs = 0x40; .text : { *(.text) five = 5; here = . + 0; distance = here - five; sum = here + abs; aligned = ALIGN(., 16);
      max = MAX(., 100); cond = 1 ? . : 5; neg = -8 + . + 16; shifted = 1 << 4; at = ADDR(.text) + 4; size = SIZEOF(.text); k = abs; n = NEXT(64); }
      after = . + (here - five); same = here; ratio = here / 16; flag = here > five; both = here + at; inv = ~abs & 0xffff; lg = LOG2CEIL(100); mod = 100 % 7;
      x = 1; x += 2; x <<= 4; x |= 1; x -= 1; x *= 3; x /= 2; x >>= 1; x &= 0xff;
      .data : { *(.data) . += 8; . = 0x40; end = .; } c = CONSTANT(MAXPAGESIZE); d = DEFINED(_start) ? _start : 0; u = DEFINED(later); later = 3;
      forward = ahead + 1; ahead = 7; start2 = _start + 1; ASSERT(x < 1000, "x")`),
  },
  PROVIDE: {
    sources: { 'a.o': `${START} .data; .quad wanted, hidden; .globl own; own: .quad 1` },
    script:
      base(`.text : { *(.text) PROVIDE(wanted = .); PROVIDE(unwanted = .); PROVIDE_HIDDEN(hidden = . + 1); }
      .data : { *(.data) PROVIDE(own = .); } uses = chained; PROVIDE(chained = 5); PROVIDE(plain = 6); plain = 8; HIDDEN(h = 4);`),
  },
  constraints: {
    sources: { 'a.o': `${START} .section .q,"a"; .byte 1; .section .w,"aw"; .byte 2` },
    script: base(
      `.text : { *(.text) } .q : ONLY_IF_RW { *(.q) } .q : ONLY_IF_RO { *(.q) BYTE(7) } .w : ONLY_IF_RO { *(.w) } .w : ONLY_IF_RW { *(.w) }`,
    ),
  },
  'two sections of one name': {
    sources: {
      'a.o': `${START} .section .q,"a"; .byte 1; .section .q2,"a"; .byte 2; .section .t,"ax"; nop`,
    },
    script: base(`.text : { *(.text) } .q : { *(.q) } .text : { *(.t) } .q : { *(.q2) }`),
  },
  '/DISCARD/': {
    sources: { 'a.o': `${START} .section .gone,"a"; .byte 1; .section .stay,"a"; .byte 2` },
    script: base(`/DISCARD/ : { *(.gone) } .text : { *(.text) } .stay : { *(.gone) *(.stay) }`),
  },
  'SIZEOF_HEADERS without PHDRS': {
    sources: { 'a.o': `${START} .data; .quad 1; .section .tdata,"awT",@progbits; .quad 1` },
    script: `SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } . = ALIGN(0x1000); .data : { *(.data) } .tdata : { *(.tdata) } }`,
  },
  'headers in explicit segments': {
    sources: { 'a.o': `${START} .data; .quad 1` },
    script: `PHDRS { headers PT_PHDR PHDRS; text PT_LOAD FILEHDR PHDRS; data PT_LOAD AT(0x900000); none PT_NULL; }
      SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } :text . = ALIGN(0x1000); .data : { *(.data) } :data .x : { BYTE(1) } :NONE .y : { BYTE(2) } }`,
  },
  'regions of constants': {
    sources: { 'a.o': START },
    script: base(`.text : { *(.text) } s = SEGMENT_START("text-segment", 0x1234); b = BLOCK(16); `),
  },
};

describe('against ld', () => {
  it.each(Object.entries(CASES))('%s', (_, given) => {
    compareOwners(check({ sources: { 'a.o': START }, ...given }));
  });
});

const ORPHANS = {
  'a.o': `${START}
    .section .o_text,"ax"; nop; .section .o_ro,"a"; .byte 1; .section .o_data,"aw"; .byte 2
    .section .o_bss,"aw",@nobits; .skip 8; .section .o_none,"",@progbits; .byte 3
    .section .debug_o,"",@progbits; .byte 4; .section .tdata,"awT",@progbits; .byte 5
    .section .tbss,"awT",@nobits; .skip 6; .section .note.x,"a",@note; .balign 4; .long 0,0,1
    .section .o_wx,"awx"; .byte 6`,
  'b.o': `.section .o_ro,"a"; .balign 16; .byte 7; .section .o_data,"a"; .byte 8; .section .o_text2,"ax"; nop
    .section .note.y,"a",@note; .balign 8; .long 0,0,1; .section .o_ro2,"a"; .byte 9
    .section .init_array,"aw",@init_array; .quad 0; .section cname,"aw"; .quad __start_cname, __stop_cname; .data; .byte 1; .bss; .skip 3; .section .rodata,"a"; .byte 3`,
};

describe('orphans', () => {
  it.each([
    [
      'all anchors',
      '_t = .; .text : { *(.text) } _et = .; . = ALIGN(4096); _r = .; .rodata : { *(.rodata) } _er = .; . = ALIGN(4096); _d = .; .data : { *(.data) } _ed = .; . = ALIGN(64); .bss : { *(.bss) } _end = .; .comment 0 : { *(.comment) }',
    ],
    [
      'no anchors',
      '.code : { *(.text) } . = ALIGN(4096); .ro : { *(.rodata) } . = ALIGN(4096); .rw : { *(.data) } .zero : { *(.bss) }',
    ],
    [
      'empty anchors',
      '.text : { *(.nothing) } .rodata : { *(.nothing) } a = .; .data : { *(.nothing) } .bss : { *(.nothing) } .comment 0 : { *(.nothing) }',
    ],
    [
      'unused sections of the same name',
      '.text : { *(.text) } .o_ro : { *(.nothing) } .o_data : { x = .; } .rodata : { *(.rodata) }',
    ],
    ['only text', '.text : { *(.text) }'],
    ['nothing', ''],
    [
      'dots',
      '.text : { *(.text) } . = 0x200000; a = .; b = .; .data : { *(.data) } . = 0x300000; c = .; .com 0 : { *(.o_none) } . = 0x400000; .bss : { *(.bss) }',
    ],
    [
      'thread-local',
      '.text : { *(.text) } .data : { *(.data) } .tbss : { *(.tbss) } .bss : { *(.bss) }',
    ],
  ])('%s', (_, body) => {
    compareOwners(check({ sources: ORPHANS, script: base(body) }));
  });

  it('inherit program headers', () => {
    check({
      sources: ORPHANS,
      script: `PHDRS { t PT_LOAD FLAGS(5); r PT_LOAD FLAGS(4); d PT_LOAD; }
        ${base('.text : { *(.text) } :t . = ALIGN(4096); .rodata : { *(.rodata) } :r . = ALIGN(4096); .data : { *(.data) } :d .bss : { *(.bss) }')}`,
    });
  });
});

describe('INSERT', () => {
  const main = base(
    '_t = .; .text : { *(.text) } _et = .; . = ALIGN(4096); _r = .; .rodata : { *(.rodata) *(.o_ro) } _er = .; . = ALIGN(64); .data : { *(.data) } _ed = .; .bss : { *(.bss) }',
  );
  it.each([
    ['AFTER', ['SECTIONS { .n : { *(.o_ro) } } INSERT AFTER .rodata;']],
    ['BEFORE', ['SECTIONS { .n : { *(.o_ro) } } INSERT BEFORE .rodata;']],
    [
      'several, one behind another',
      [
        'SECTIONS { .n : { *(.o_ro) } } INSERT AFTER .rodata;',
        'SECTIONS { . = ALIGN(32); .m : { *(.o_data) e = .; } f = .; } INSERT AFTER .rodata;',
        'SECTIONS { .k : { *(.o_wx) } } INSERT AFTER .m;',
      ],
    ],
    [
      'two in one script',
      [
        'SECTIONS { .n : { *(.o_ro) } } INSERT AFTER .text; SECTIONS { .m : { *(.o_data) } } INSERT BEFORE .bss;',
      ],
    ],
    ['only symbols', ['SECTIONS { here = .; } INSERT AFTER .text;']],
    [
      'at the end',
      ['SECTIONS { . = ALIGN(4096); last = .; .z : { *(.o_bss) } } INSERT AFTER .bss;'],
    ],
  ])('%s', (_, extras) => {
    compareOwners(check({ sources: ORPHANS, script: main, extras }));
  });
});

describe("ld's own script", () => {
  const verbose = execFileSync('ld', ['--verbose'], { encoding: 'utf8' });
  const script = verbose.split(/^={10,}$/m)[1] ?? '';
  const sources = {
    'a.o': `${START} .data; .quad 1; .section .tdata,"awT",@progbits; .quad 1; .section .data.rel.ro,"aw"; .quad 2;
      .bss; .skip 77; .section .rodata,"a"; .skip 99; .section .init_array.5,"aw",@init_array; .quad 1`,
  };
  it.each([
    ['relro', ['-z', 'relro'], { relro: true }],
    ['no relro', ['-z', 'norelro'], { relro: false }],
    [
      'no separate code',
      ['-z', 'norelro', '-z', 'noseparate-code'],
      { relro: false, separateCode: false },
    ],
    [
      'large pages',
      ['-z', 'norelro', '-z', 'max-page-size=0x200000'],
      { relro: false, maxPageSize: 0x200000 },
    ],
  ])('%s', (_, flags, options) => {
    const { model } = check({ sources, script, flags, options });
    expect(model.failedAsserts).toEqual([]);
  });
});

describe('contents', () => {
  it('follow each other without holes, and carry fills and data', () => {
    const { model } = link({
      sources: { 'a.o': `${START} .data; .balign 16; .byte 1` },
      script: base(
        '.text : { *(.text) BYTE(0x17) . = ALIGN(8); FILL(0x12) . += 2; LONG(-2) } =0x9090 .data : { *(.data) . += 2; }',
      ),
    });
    const [text, data] = model.outputSections;
    expect(text?.contents.map(({ kind, size }) => `${kind} ${size}`)).toEqual([
      ...['input 2', 'data 1', 'gap 5', 'gap 2', 'data 4'],
    ]);
    expect(text?.contents[1]).toMatchObject({ value: 0x17n });
    expect(text?.contents[2]).toMatchObject({ fill: Uint8Array.of(0x90, 0x90) });
    expect(text?.contents[3]).toMatchObject({ fill: Uint8Array.of(0x12) });
    expect(text?.contents[4]).toMatchObject({ value: 0xfffffffen });
    expect(data?.contents[1]).toMatchObject({ kind: 'gap', size: 2, fill: undefined });
  });
});

describe('KEEP', () => {
  it('names the roots of garbage collection, wherever they are placed', () => {
    const section = (name: string): InputSection => ({
      name,
      type: 1,
      flags: 2,
      size: 4,
      alignment: 1,
    });
    const objects = [
      { path: 'a.o', sections: [section('.text'), section('.tab1'), section('.boot')] },
      { path: 'b.o', sections: [section('.tab2'), section('.text')] },
    ];
    const script = parse(
      base('.text : { *(.text .tab2) KEEP(*(.boot)) } .t : { KEEP(*(SORT(.tab*))) }'),
    );
    const extras = [parse('SECTIONS { .e : { KEEP(b.o(.text)) } } INSERT AFTER .t;')];
    const kept = keptSections({ script, extras, objects });
    expect(kept.map(({ object, section: { name } }) => `${object.path} ${name}`)).toEqual([
      ...['b.o .text', 'a.o .boot', 'a.o .tab1', 'b.o .tab2'],
    ]);
  });
});

describe('garbage collection and sizes', () => {
  it('leaves out what is dead, and takes the sizes that it is given', () => {
    const { model } = link({
      sources: {
        'a.o': `${START} .section .text.dead,"ax"; .skip 100; .section .text.live,"ax"; .skip 10`,
      },
      script: base('.text : { *(.text .text.*) }'),
      live: ({ name }) => name !== '.text.dead',
      sizeOf: ({ name }) => (name === '.text.live' ? 7 : undefined),
    });
    expect(model.outputSections.map(({ name, size }) => `${name} ${size}`)).toEqual(['.text 9']);
    expect(model.discarded).toEqual([]);
    expect(model.orphans).toEqual([]);
  });
});

describe('what is refused', () => {
  const refuse = (body: string, extras: string[] = []) => {
    try {
      evaluate({
        script: parse(base(body), 'm.lds'),
        extras: extras.map((text) => parse(text, 'x.lds')),
        objects: [],
      });
    } catch (error) {
      if (error instanceof SpacerError) return `${error.code}: ${error.message}`;
    }
    return 'accepted';
  };

  it.each([
    [
      '.a : { . = 16; . = 8; }',
      'script-evaluate: m.lds:1:41: the location counter cannot move backwards',
    ],
    ['x = nothing;', 'script-evaluate: m.lds:1:26: x has no value: nothing is not known'],
    ['x = SIZEOF(.no);', 'script-evaluate: m.lds:1:26: x has no value: .no is not known'],
    [
      '. = nothing;',
      'script-evaluate: m.lds:1:26: this assignment to the location counter has no value',
    ],
    [
      '.a ADDR(.b) : { BYTE(1) } .b : { BYTE(2) }',
      'script-evaluate: m.lds:1:29: the address of .a is not known yet',
    ],
    ['PROVIDE(. = 5);', "script-evaluate: m.lds:1:26: '.' cannot be provided"],
    ['.a : { BYTE(1 / 0) }', 'script-evaluate: m.lds:1:42: division by zero'],
    [
      '.a : { } >ram',
      'script-unsupported: m.lds:1:26: evaluating output sections in memory regions is not supported',
    ],
    [
      'OVERLAY : { .a { *(.a) } }',
      'script-unsupported: m.lds:1:26: evaluating OVERLAY is not supported',
    ],
    [
      '. = 0xffffffff80000000;',
      "script-range: m.lds:1:26: '.' is 0xffffffff80000000, above what can be handled",
    ],
  ])('%s', (body, expected) => {
    expect(refuse(body)).toBe(expected);
  });

  it('names an INSERT without its section', () => {
    expect(refuse('', ['SECTIONS { .a : { } } INSERT AFTER .none;'])).toBe(
      'script-evaluate: x.lds: INSERT: there is no .none',
    );
  });

  it('reports ASSERTs that do not hold', () => {
    const script = parse(
      base(
        '.t : { BYTE(1) ASSERT(. < 1, "inner") } ASSERT(SIZEOF(.t) == 1, "fine") ASSERT(. < 5, "outer")',
      ),
    );
    expect(evaluate({ script, objects: [] }).failedAsserts).toEqual(['inner', 'outer']);
  });
});
