import { afterAll, describe, expect, it } from 'vitest';
import { planGot } from '../../../src/engine/model/got.ts';
import { symbolName } from '../../../src/engine/model/program.ts';
import { Bench, SCRIPT, SCRIPT_SYMBOLS, differences } from './ld.ts';

const bench = new Bench();
afterAll(() => bench.close());

const C_SOURCE = `
extern char _text[], _etext[], _end[];
extern int shared;
extern int helper(int), maybe(int) __attribute__((weak));
int common_int; long common_long; char common_array[100];
static int counter; static const char *names[] = {"one", "two", "three", "two"};
__attribute__((weak)) int chosen(void) { return 1; }
int table(int x) { switch (x) { case 0: return helper(1); case 1: return chosen(); case 2: return counter++;
  case 3: return common_int; case 4: return names[x & 3][0]; case 5: return shared; case 6: return 77; case 7: return _end - _text; default: return 9; } }
long ends(void) { return (long)_etext + (long)&common_array[7] + common_long; }
int tryit(int x) { return (maybe ? maybe(x) : 0); }
void *pointers[] = { table, ends, &counter, &names[2], tryit, &common_array[3], _end, (char *)&shared + 1000 };
int main(void) { return table(3) + tryit(1) + ends(); }
`;
const HELPER = `
#ifdef BOTH
char common_array[200];
#else
extern char common_array[];
#endif
extern int table(int); int shared = 5; int chosen(void) { return 2; }
static int twice(int x) { return x * 2; }
int helper(int x) { return twice(x) + table(x + 1) + common_array[3]; }
void start(void) __attribute__((section(".text.boot"))); int main(void); void start(void) { main(); for (;;); }
`;

describe('plain code', () => {
  const variants: string[][] = [
    ['-O2'],
    ['-O0', '-g'],
    ['-O2', '-ffunction-sections', '-fdata-sections', '-g3'],
    ['-O2', '-fcommon', '-DBOTH', '-g'],
    ['-Os', '-fPIC', '-fcommon', '-DBOTH'],
    ['-O2', '-fPIE', '-g', '-fno-plt'],
    ['-O2', '-fPIC', '-Wa,-mrelax-relocations=no'],
    ['-O2', '-mcmodel=kernel', '-fno-pie'],
    ['-O2', '-mcmodel=large', '-fno-pie'],
    ['-O2', '-gdwarf-4', '-fno-pie', '-ffunction-sections', '-mno-red-zone'],
  ];
  it.each(variants.map((flags) => ({ flags })))('is relocated as by ld: $flags', ({ flags }) => {
    const objects = [bench.compile('a.c', C_SOURCE, flags), bench.compile('b.c', HELPER, flags)];
    const linked = bench.link(objects, { args: ['-e', 'start'] });
    expect(linked.order.length).toBeGreaterThan(6);
    expect(differences(linked)).toEqual([]);
  });

  it('has no _DYNAMIC where nothing is dynamic, so weak references to it are zero', () => {
    const source =
      'extern const long _DYNAMIC[] __attribute__((weak, visibility("hidden")));\n' +
      'const long *found = _DYNAMIC; void start(void) { if (_DYNAMIC[0]) found = 0; }\n';
    const linked = bench.link([bench.compile('a.c', source, ['-O1', '-fno-pie'])], {
      args: ['-e', 'start'],
    });
    expect(differences(linked)).toEqual([]);
  });

  it('is relocated as by ld after partial links and localising', () => {
    const flags = ['-O2', '-g', '-fcommon', '-DBOTH', '-ffunction-sections', '-fno-pie'];
    const one = bench.library(
      'libone.o',
      [bench.compile('a.c', C_SOURCE, flags)],
      ['main', 'table', 'chosen'],
    );
    const two = bench.library('libtwo.o', [
      bench.compile('b.c', HELPER, flags),
      bench.compile('c.c', 'static int unused; int lonely(void) { return unused; }', flags),
    ]);
    expect(differences(bench.link([one, two], { args: ['-e', 'start'] }))).toEqual([]);
  });

  it('is relocated as by ld at sparse explicit addresses', () => {
    const script = `SECTIONS { . = 0x200000; .text : { *b-*.o(.text) . = 0x5000; *(.text .text.*) }
      .data 0x10000000 : { *(.data) } .rodata 0x7fff0000 : { *(.rodata .rodata.*) } .eh_frame 0x300000 : { *(.eh_frame) }
      .bss 0x400000 : { *(.bss) *(COMMON) } _text = 0x200000; _etext = ADDR(.text) + SIZEOF(.text); _end = 0x12345; }`;
    const flags = ['-O1', '-fno-pie', '-fno-jump-tables'];
    const objects = [bench.compile('a.c', C_SOURCE, flags), bench.compile('b.c', HELPER, flags)];
    expect(differences(bench.link(objects, { script, args: ['-e', 'start'] }))).toEqual([]);
  });
});

describe('relocation types', () => {
  const ASM = `
  .globl start, target, sized, absolute
  .set absolute, 0x1234
  .text
start: call target; jmp target; jne target; lea target(%rip), %rax; movabs $target, %rax; mov $target, %eax
  mov target, %eax; mov $target + 5, %rax; jmp .Lnear
.Lnear: jmp 1f + (target - target)
1: ret
target: nop; nop
  .data
sized: .quad target, target + 0x7fffffff, start - . , absolute
  .long target, target - ., absolute, absolute - 0x2000
  .value absolute, absolute - 0x2000, -absolute + 0
  .byte small, small - 0x80, -1
  .reloc ., R_X86_64_PC16, near16
  .value 0
  .reloc ., R_X86_64_PC8, near8
  .byte 0
  .reloc ., R_X86_64_16, small + 0xff00
  .value 0
  .reloc ., R_X86_64_PC64, start - 0x100000000000
  .quad 0
  .reloc ., R_X86_64_NONE, start
  .reloc ., R_X86_64_32S, absolute - 0x10000
  .long 0xaabbccdd
  .reloc ., R_X86_64_64, absolute - 0x10000
  .quad -1
  .long sized@SIZE, other@SIZE + 3
  .quad sized@SIZE, other@SIZE - 9, hole@SIZE
near16: near8: .size sized, . - sized
  .bss
other: .skip 99
  .size other, 99
  .globl hole
  .type hole, @object
hole: .skip 8
  .size hole, 0x12345
  .set small, 0x7f
  `;
  it('writes every plain type as ld', () => {
    const linked = bench.link([bench.compile('types.s', ASM)], { args: ['-e', 'start'] });
    expect(differences(linked)).toEqual([]);
  });

  it('resolves against the global offset table base', () => {
    const source = `.globl start\n.text\nstart: lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
      movabs $_GLOBAL_OFFSET_TABLE_, %r11; movabs $start@GOTOFF, %rax; movabs $here@GOTOFF + 4, %rax; movabs $start@PLTOFF, %rcx
      .data\nhere: .quad _GLOBAL_OFFSET_TABLE_ - ., 0\n`;
    const linked = bench.link([bench.compile('got.s', source)], { args: ['-e', 'start'] });
    expect(linked.addresses.got).toBeDefined();
    expect(differences(linked)).toEqual([]);
  });
});

const GOT_ASM = `.globl start, target\n .weak missing\n .text\nstart:\n${[
  'target',
  'local',
  'fixed',
  'missing',
  '_end',
  'outside',
  'common',
]
  .flatMap((symbol) => [
    `call *${symbol}@GOTPCREL(%rip)`,
    `jmp *${symbol}@GOTPCREL(%rip)`,
    ...['%rax', '%r9', '%rsp', '%r12', '%eax', '%r9d'].map(
      (r) => `mov ${symbol}@GOTPCREL(%rip), ${r}`,
    ),
    ...['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'].flatMap((op) =>
      ['%rcx', '%r15', '%edx', '%r8d'].map((r) => `${op} ${symbol}@GOTPCREL(%rip), ${r}`),
    ),
    ...['%rcx', '%r15', '%edx', '%r8d'].map((r) => `test ${r}, ${symbol}@GOTPCREL(%rip)`),
  ])
  .join('\n')}\ntarget: ret\nlocal: ret\n.comm common, 8\n`;
const OUTSIDE = '.globl outside, fixed\n.set fixed, 0x1234\n.data\noutside: .quad 0\n';

describe('loads through the global offset table', () => {
  it('are relaxed to the bytes of ld', () => {
    const objects = [bench.compile('gotx.s', GOT_ASM), bench.compile('outside.s', OUTSIDE)];
    expect(differences(bench.link(objects, { args: ['-e', 'start'] }))).toEqual([]);
  });

  it('are relaxed in a position-independent executable', () => {
    const objects = [
      bench.compile('gotpie.s', GOT_ASM.replace(/(call|jmp) .fixed.*\n/g, '')),
      bench.compile('outside.s', OUTSIDE),
    ];
    const script = SCRIPT.replace(
      '.data :',
      '.dynamic : { *(.dynamic) } .rela.dyn : { *(.rela*) } .dynsym : { *(.dynsym) } .dynstr : { *(.dynstr) } .hash : { *(.hash) } .gnu.hash : { *(.gnu.hash) } .data :',
    );
    const linked = bench.link(objects, {
      script,
      args: ['-e', 'start', '-pie', '--no-dynamic-linker'],
    });
    expect(differences(linked, { pic: true })).toEqual([]);
  });

  it('of the old kind become lea only for mov', () => {
    const source = `.globl start, far\n.text\nstart: mov start@GOTPCREL(%rip), %rax; mov far@GOTPCREL(%rip), %r10; .weak none; mov none@GOTPCREL(%rip), %rsi; far: ret\n`;
    const object = bench.compile('gotold.s', source, ['-Wa,-mrelax-relocations=no']);
    expect(differences(bench.link([object], { args: ['-e', 'start'] }))).toEqual([]);
  });

  it('that stay need as many slots as ld makes', () => {
    const extra =
      '.globl more\n.text\nmore: push target@GOTPCREL(%rip); push more@GOTPCREL(%rip); push here@GOTPCREL(%rip); push here@GOTPCREL(%rip)\nhere: .quad target@GOT, common@GOTPCREL\n';
    const objects = [
      bench.compile('gotx.s', GOT_ASM),
      bench.compile('more.s', extra),
      bench.compile('outside.s', OUTSIDE),
    ];
    const script = SCRIPT.replace(
      '.got : { *(.got) *(.got.plt) }',
      '.got : { *(.got) } .got.plt : { *(.got.plt) }',
    );
    const linked = bench.link(objects, { script, args: ['-e', 'start'] });
    const { entries } = planGot(linked.program, {
      pic: false,
      isLinked: () => true,
      scriptSymbols: new Set(SCRIPT_SYMBOLS),
      roots: [],
    });
    expect(
      entries.map(({ object, symbol }) => symbolName(linked.program, object, symbol)).sort(),
    ).toEqual(['common', 'here', 'more', 'target']);
    expect(linked.out.sections.find((s) => s.name === '.got')?.size).toBe(8 * entries.length);
    expect(differences(linked)).toEqual([]);
  });

  it('need a table where ld keeps it', () => {
    const source = `.globl start\n.text\nstart: push start@GOTPCREL(%rip)\n`;
    const object = bench.compile('gotpush.s', source);
    const linked = bench.link([object], { args: ['-e', 'start'] });
    const got = linked.out.sections.find((s) => s.name === '.got');
    const without = { ...linked, addresses: { ...linked.addresses } };
    delete without.addresses.got;
    expect(() => differences(without)).toThrow(/gotpush.*\.text\+0x2 .*global offset table/);
    const base = got?.address ?? 0;
    const with_ = {
      ...linked,
      addresses: { ...linked.addresses, got: { base, slotOf: () => base } },
    };
    expect(differences(with_)).toEqual([]);
  });
});

describe('thread-local variables', () => {
  const TLS = `
  __thread int first = 1; __thread long second; static __thread char third[40] __attribute__((aligned(32))); extern __thread int far;
  static __thread int fourth = 4;
  int *one(void) { return &first; } long two(void) { return second + far; } char *three(int i) { return &third[i]; }
  int sum(void) { return first + second + third[3] + fourth + far; } int start(void) { return sum() + *one() + two() + *three(1); }`;
  const variants = [
    ['-O2', '-fno-pie'],
    ['-O2', '-fPIE', '-g'],
    ['-O2', '-fPIC', '-g'],
    ['-O0', '-fPIC'],
    ['-O2', '-fPIC', '-fno-plt'],
    ['-O2', '-fPIC', '-ftls-model=local-dynamic'],
    ['-O2', '-fPIC', '-ftls-model=local-dynamic', '-fno-plt'],
    ['-O2', '-fPIC', '-ftls-model=initial-exec'],
    ['-O2', '-fPIC', '-mtls-dialect=gnu2'],
    ['-O1', '-fPIC', '-mcmodel=large'],
  ];
  it.each(variants.map((flags) => ({ flags })))(
    'become local-exec as in ld: $flags',
    ({ flags }) => {
      const objects = [
        bench.compile('tls.c', TLS, flags),
        bench.compile('tlsfar.c', '__thread int far = 9; __thread char odd[3];', flags),
      ];
      const linked = bench.link(objects, { args: ['-e', 'start'] });
      expect(linked.addresses.tls).toBeDefined();
      expect(differences(linked)).toEqual([]);
    },
  );

  it('loaded or added into any register become what ld makes', () => {
    const registers = [
      'rax',
      'rcx',
      'rdx',
      'rbx',
      'rsp',
      'rbp',
      'rsi',
      'rdi',
      'r8',
      'r9',
      'r10',
      'r11',
      'r12',
      'r13',
      'r14',
      'r15',
    ];
    const lines = registers.flatMap((r) => [
      `mov var@gottpoff(%rip), %${r}`,
      `add var@gottpoff(%rip), %${r}`,
      `lea var@tlsdesc(%rip), %${r}`,
    ]);
    const source = `.globl start\n.text\nstart: ${lines.join('\n')}\n movabs $var@tpoff, %rax; mov $var@tpoff + 4, %rax
      .section .tdata,"awT",@progbits\n .globl var\n .quad 1\nvar: .long 5\n.section .debug_x\n.quad var@dtpoff\n.long var@dtpoff\n`;
    const object = bench.compile('gottpoff.s', source);
    expect(differences(bench.link([object], { args: ['-e', 'start'] }))).toEqual([]);
  });
});

describe('symbols', () => {
  it('resolve weak, strong, common and script definitions as ld', () => {
    const a = bench.compile(
      'ra.s',
      `.globl start\n.weak w, ww\n.text\nstart: .quad w, ww, c, d, _end, prov, both, __start_mine, __stop_mine, __start_none, viaabs
      w: .byte 1\nww: .byte 2\n.comm c, 4, 4\n.comm d, 16, 32\n.weak __start_none\n.section mine,"a"\n.quad 7\n`,
    );
    const b = bench.compile(
      'rb.s',
      `.globl w, d, _end, both\n.text\n.quad w, ww, c, d, _end, both, prov\nw: .byte 3\n.weak ww\nww: .byte 4\n.comm c, 64, 16\n.data\n.skip 8\nd: .quad 1\n_end: .quad 2\nboth: .quad 3
      .section mine,"a"\n.quad 8, __start_mine\n.globl viaabs\n.set viaabs, 0x4444\n`,
    );
    const script = SCRIPT.replace(
      '_edata = .;',
      '_edata = .; PROVIDE(prov = . + 16); PROVIDE(both = 1); PROVIDE(unused = 2); mine : { *(mine) }',
    );
    const linked = bench.link([a, b], {
      script,
      args: ['-e', 'start'],
      provided: ['prov', 'both', 'unused'],
      scriptSymbols: SCRIPT_SYMBOLS,
    });
    expect(differences(linked)).toEqual([]);
  });
});

describe('sections of which one copy stays', () => {
  const INLINE = `template <class T> struct Box { T value; static int made; __attribute__((noinline)) T get(T x) { made++; return value + x; } };
    template <class T> int Box<T>::made = 3; inline int twice(int x) { static int calls; return calls++ + x; }`;
  it.each([
    ['-O0', '-g'],
    ['-O1', '-g3', '-ffunction-sections'],
    ['-O2', '-gdwarf-4', '-fdebug-types-section'],
  ])('are discarded as by ld: %s %s %s', (...flags) => {
    const compile = (name: string, body: string) =>
      bench.compile(name, INLINE + body, [
        ...flags.filter((f) => f !== ''),
        '-fno-exceptions',
        '-fno-pie',
      ]);
    const objects = [
      compile(
        'm1.cc',
        'int other(int); extern "C" int start() { return Box<int>{1}.get(2) + twice(3) + other(1); }',
      ),
      compile(
        'm2.cc',
        'int other(int x) { return Box<int>{4}.get(x) + twice(x) + Box<long>{2}.get(1); }',
      ),
    ];
    const library = bench.library('libcc.o', [
      compile('m3.cc', 'int third(int x) { return Box<int>{4}.get(x) + Box<long>{2}.get(1); }'),
    ]);
    expect(differences(bench.link([...objects, library], { args: ['-e', 'start'] }))).toEqual([]);
  });

  it('of .gnu.linkonce kind are discarded as by ld', () => {
    const once =
      '.section .gnu.linkonce.t.f,"ax",@progbits\n.weak f\nf: nop; ret\n.section .debug_info\n.quad f, .gnu.linkonce.t.f + 1\n.section .debug_ranges\n.quad .gnu.linkonce.t.f, 5\n';
    const objects = [
      bench.compile('o1.s', `.globl start\n.text\nstart: call f\n${once}`),
      bench.compile('o2.s', `.text\ncall f\n${once}`),
      bench.compile('o3.s', `.text\ncall f\n${once.replace('nop;', 'nop; nop;')}`),
    ];
    const script = SCRIPT.replace('*(.text .text.*)', '*(.text .text.* .gnu.linkonce.t.*)');
    expect(differences(bench.link(objects, { script, args: ['-e', 'start'] }))).toEqual([]);
  });
});
