import { afterAll, describe, expect, it } from 'vitest';
import { SHN } from '../../../src/engine/elf/types.ts';
import { liveSections, type GcOptions } from '../../../src/engine/model/gc.ts';
import { Bench, KEPT, SCRIPT, differences, gcDifferences, keepOf } from './ld.ts';

const bench = new Bench();
afterAll(() => bench.close());

const section = (name: string, body: string, flags = '"ax"', rest = '') =>
  `.section ${name},${flags}${rest}\n${body}\n`;
const fn = (name: string, body = '') =>
  section(`.text.${name}`, `.globl ${name}\n${name}: ${body}\nret`);
const data = (name: string, body: string) =>
  section(`.data.${name}`, `.globl ${name}\n${name}: ${body}`, '"aw"');

interface Case {
  sources: string[];
  script?: string;
  args?: string[];
  options?: Partial<GcOptions>;
  scriptSymbols?: string[];
  provided?: string[];
  keep?: string[];
}

const CASES: Record<string, Case> = {
  'references by symbol, section symbol and data': {
    sources: [
      fn('start', 'call a; lea d(%rip), %rax') + fn('a', 'jmp b') + fn('unused', 'call only'),
      fn('b', 'call 1f') +
        section('.text.priv', '1: nop') +
        data('d', '.quad e + 8') +
        data('e', '.quad 1, 2') +
        fn('only') +
        data('dead', '.quad start'),
    ],
  },
  'weak references and definitions': {
    sources: [
      '.weak w, none, v\n' + fn('start', 'call w; call none') + section('.text.w1', 'w: ret'),
      section('.text.w2', '.globl w\nw: call x\nret') +
        fn('x') +
        section('.text.v', '.weak v\nv: ret'),
    ],
  },
  'names given with -u, and _init and _fini': {
    sources: [
      fn('start') +
        fn('u1', 'call u2') +
        fn('u2') +
        fn('u3') +
        fn('_init') +
        fn('_fini') +
        data('u4', '.quad 0'),
    ],
    args: ['-u', 'u1', '-u', 'u4', '-u', 'missing'],
    options: { roots: ['u1', 'u4', 'missing'] },
  },
  'notes, alone, grouped and tied': {
    sources: [
      fn('start') +
        fn('n1') +
        fn('n2') +
        section('.note.a', '.long 0, 8, 1\n.quad n1', '"a"', ',@note') +
        section('.note.b', '.long 0, 8, 1\n.quad n2', '"aG"', ',@note,grp') +
        section('.note.c', '.long 0, 4, 1, 2', '""', ',@note'),
      section('.note.only', '.long 0, 4, 1, 2', '"a"', ',@note') +
        fn('other') +
        section('.debug_info', '.quad other', '""'),
    ],
  },
  'retained sections': {
    sources: [
      fn('start') +
        fn('r1') +
        section('.data.keep', '.quad r1', '"awR"') +
        section('.data.nokeep', '.quad r1', '"aw"'),
      section('.text.gone', '.long 1'),
    ],
  },
  'start and stop symbols': {
    sources: [
      fn(
        'start',
        '.reloc ., R_X86_64_NONE, __start_tab\nlea __start_tab(%rip), %rax; lea __stop_other(%rip), %rcx',
      ) +
        section('tab', '.quad t1', '"a"') +
        fn('t1'),
      section('tab', '.quad t2', '"a"') +
        fn('t2') +
        section('other', '.quad t3', '"aw"') +
        fn('t3') +
        section('third', '.quad t4', '"aw"') +
        fn('t4') +
        '.weak __start_third\n' +
        fn('dead', 'lea __start_third(%rip), %rax'),
    ],
  },
  'start symbols that the script defines': {
    sources: [
      fn('start', 'lea __start_tab(%rip), %rax') + section('tab', '.quad t1', '"a"') + fn('t1'),
      section('tab', '.quad t2', '"a"') + fn('t2'),
    ],
    script: SCRIPT.replace('_edata = .;', '_edata = .; .tab : { __start_tab = .; *(tab) }'),
    scriptSymbols: ['__start_tab', '_text', '_etext', '_edata', '_end'],
  },
  'start symbols that the script provides': {
    sources: [
      fn('start', 'lea __start_tab(%rip), %rax') + section('tab', '.quad t1', '"a"') + fn('t1'),
      section('tab', '.quad t2', '"a"') + fn('t2'),
    ],
    script: SCRIPT.replace(
      '_edata = .;',
      '_edata = .; .tab : { PROVIDE(__start_tab = .); *(tab) }',
    ),
    provided: ['__start_tab'],
  },
  'symbols that the script equates': {
    sources: [
      fn('start', 'call alias; lea moved(%rip), %rax; call prov') +
        fn('real') +
        fn('far', '.quad 0') +
        fn('lone') +
        fn('given'),
    ],
    script: SCRIPT.replace(
      '_edata = .;',
      '_edata = .; alias = real; moved = far + 4; deadalias = lone; PROVIDE(prov = given);',
    ),
    scriptSymbols: ['alias', 'moved', 'deadalias', '_text', '_etext', '_edata', '_end'],
    provided: ['prov'],
    options: {
      aliases: new Map([
        ['alias', 'real'],
        ['deadalias', 'lone'],
        ['prov', 'given'],
      ]),
    },
  },
  'an entry that the script equates': {
    sources: [fn('begin', 'call a') + fn('a') + fn('b')],
    script: SCRIPT.replace('_edata = .;', '_edata = .; start = begin;'),
    scriptSymbols: ['start', '_text', '_etext', '_edata', '_end'],
    options: { aliases: new Map([['start', 'begin']]) },
  },
  groups: {
    sources: [
      fn('start', 'call g1') +
        section('.text.g1', '.weak g1\ng1: ret', '"axG"', ',@progbits,g1,comdat') +
        section('.data.g1', '.quad h1', '"awG"', ',@progbits,g1,comdat') +
        fn('h1') +
        section('.text.g2', '.weak g2\ng2: ret', '"axG"', ',@progbits,g2,comdat') +
        section('.debug_macro', '.byte 1', '"G"', ',@progbits,m1,comdat'),
      section('.text.g1', '.weak g1\ng1: call priv; ret', '"axG"', ',@progbits,g1,comdat') +
        section('.text.priv', 'priv: ret') +
        section('.text.g2', '.weak g2\ng2: ret', '"axG"', ',@progbits,g2,comdat') +
        fn('x', 'call g2') +
        section('.debug_macro', '.byte 1', '"G"', ',@progbits,m1,comdat'),
    ],
  },
  'kept sections of a group that lost': {
    sources: [
      fn('start') +
        section('.init_array.1', '.quad i1', '"awG"', ',@init_array,ia,comdat') +
        fn('i1'),
      section('.init_array.1', '.quad i2', '"awG"', ',@init_array,ia,comdat') +
        section('.text.i2', 'i2: call i3; ret') +
        fn('i3'),
    ],
  },
  'groups without COMDAT': {
    sources: [
      fn('start', 'call p') +
        section('.text.p', '.globl p\np: ret', '"axG"', ',@progbits,pg') +
        section('.data.p', '.quad q', '"awG"', ',@progbits,pg') +
        fn('q') +
        section('.data.z', '.quad q', '"awG"', ',@progbits,zg'),
    ],
  },
  'sections ordered after others': {
    sources: [
      fn('start', 'call a') +
        fn('a') +
        fn('b') +
        section('.meta.a', '.quad ma', '"ao"', ',@progbits,.text.a') +
        section('.meta.b', '.quad mb', '"ao"', ',@progbits,.text.b') +
        fn('ma') +
        fn('mb') +
        section('.meta2', '.quad mc', '"ao"', ',@progbits,.meta.a') +
        fn('mc'),
    ],
  },
  'debugging and other unloaded sections': {
    sources: [
      fn('start', 'call used') +
        section('.debug_info', '.quad start, dbg', '""') +
        section('.comment2', '.byte 1', '""') +
        section('.unloaded', '.quad f2', '""') +
        fn('f2') +
        fn('dbg'),
      fn('used') +
        fn('gone') +
        section('.debug_line', '.quad used', '""') +
        section('.debug_line.text.used', '.quad used', '""') +
        section('.debug_line.text.gone', '.quad gone', '""'),
      fn('nobody') +
        section('.debug_info', '.quad nobody', '""') +
        section('.comment2', '.byte 1', '""'),
    ],
  },
  'sections kept by the script': {
    sources: [
      fn('start') +
        section('.text.boot', '.quad k1', '"ax"') +
        fn('k1', 'call k2') +
        section('.init_array', '.quad k3', '"aw"', ',@init_array') +
        fn('k2') +
        fn('k3') +
        section('.fini_array', '.quad k4', '"aw"', ',@fini_array') +
        fn('k4'),
    ],
  },
  'excluded sections': {
    sources: [fn('start', 'call a') + section('.drop', '.quad b', '"e"') + fn('a') + fn('b')],
  },
  'thread-local and zeroed sections': {
    sources: [
      fn('start', 'mov %fs:t@tpoff, %rax; mov z, %eax') +
        section('.tdata.t', 't: .quad 1', '"awT"') +
        section('.tbss.u', 'u: .quad 0', '"awT"', ',@nobits') +
        section('.bss.z', 'z: .quad 0', '"aw"', ',@nobits') +
        section('.bss.y', 'y: .quad 0', '"aw"', ',@nobits'),
    ],
  },
  'absolute and undefined things': {
    sources: [
      '.weak nix\n.set five, 5\n' +
        fn('start', 'mov $five, %eax; mov $nix, %eax; mov $_end, %eax') +
        fn('a'),
    ],
  },
};

function linkCase({ sources, script, args, scriptSymbols, provided }: Case) {
  const objects = sources.map((source, i) => bench.compile(`gc${i}.s`, source));
  return bench.link(objects, {
    ...(script !== undefined && { script }),
    ...(scriptSymbols && { scriptSymbols }),
    ...(provided && { provided }),
    args: ['-e', 'start', '--gc-sections', '--print-gc-sections', ...(args ?? [])],
  });
}

describe('garbage collection', () => {
  it.each(Object.keys(CASES).map((name) => ({ name })))(
    'collects what ld does: $name',
    ({ name }) => {
      const test = CASES[name] as Case;
      const linked = linkCase(test);
      const keep = keepOf(linked.program, test.keep ?? KEPT);
      expect(gcDifferences(linked, { entry: 'start', keep, ...test.options })).toEqual([]);
      expect(differences(linked)).toEqual([]);
    },
  );

  it('collects common symbols by the object that holds them', () => {
    const objects = [
      bench.compile('c1.s', fn('start', 'mov small, %eax') + '.comm small, 4\n.comm dead1, 4\n'),
      bench.compile('c2.s', '.comm small, 400\n.comm dead2, 8\n' + fn('f', 'mov dead2, %eax')),
    ];
    const linked = bench.link(objects, {
      args: ['-e', 'start', '--gc-sections', '--print-gc-sections'],
    });
    const live = liveSections(linked.program, {
      entry: 'start',
      roots: [],
      keep: () => false,
      gcSections: true,
    });
    expect([0, 1].map((object) => live.has(object, SHN.COMMON))).toEqual([false, true]);
    expect(linked.removed.filter((name) => name.endsWith('COMMON'))).toEqual([
      'c1-' + objects[0]?.slice(3, -2) + '.o COMMON',
    ]);
  });

  it('without --gc-sections keeps all but lost groups', () => {
    const test = CASES['groups'] as Case;
    const objects = test.sources.map((source, i) => bench.compile(`all${i}.s`, source));
    const program = bench.program(objects);
    const live = liveSections(program, { roots: [], keep: () => false, gcSections: false });
    const names = (object: number) =>
      program.objects[object]?.elf.sections
        .filter((s) => live.has(object, s.index))
        .map((s) => s.name);
    expect(names(0)).toContain('.text.g1');
    expect(names(1)).not.toContain('.text.g1');
    expect(names(1)).toContain('.text.priv');
    expect(live.removed).toEqual([]);
  });

  it('is the same with C compiled into sections and linked in parts', () => {
    const flags = ['-O2', '-ffunction-sections', '-fdata-sections', '-fno-pie', '-g'];
    const source = (
      n: number,
    ) => `extern int f${n + 1}(int); static int s${n}; int d${n}[4] = {${n}}; extern int d${n + 1}[4];
      static int keepme${n} __attribute__((used, retain, section(".data.r${n}"))) = 3;
      __attribute__((noinline)) static int inner${n}(int x) { return x + s${n}++ + d${n}[1]; }
      int f${n}(int x) { switch (x) { case 1: return inner${n}(2); case 2: return 5; case 3: return x * x; case 4: return d${n}[2]; case 5: return 9; default: return ${n % 2 ? `f${n + 1}(x)` : '0'}; } }
      int g${n}(int x) { return f${n}(x) + d${n + 1}[2]; }`;
    const make = (n: number) => bench.compile(`part${n}.c`, source(n), flags);
    const main = bench.compile(
      'main.c',
      'int g1(int), f3(int); int d9[4]; int f9(int x) { return x; } int start(void) { return g1(2) + f3(1); }',
      flags,
    );
    const libraries = [
      bench.library('l1.o', [make(1), make(2)], ['f1', 'g1', 'd1', 'f2', 'd2']),
      bench.library('l2.o', [make(3), make(4), make(5), make(6), make(7), make(8)]),
    ];
    const linked = bench.link([main, ...libraries], {
      args: ['-e', 'start', '--gc-sections', '--print-gc-sections'],
    });
    expect(linked.removed.length).toBeGreaterThan(10);
    expect(gcDifferences(linked, { entry: 'start', keep: keepOf(linked.program, KEPT) })).toEqual(
      [],
    );
    expect(differences(linked)).toEqual([]);
  });
});
