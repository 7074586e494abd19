import { afterAll, describe, expect, it } from 'vitest';
import { planEhFrame } from '../../../src/engine/model/eh-frame.ts';
import { Bench, SCRIPT, differences, gcDifferences, keepOf, KEPT, planFrames } from './ld.ts';

const bench = new Bench();
afterAll(() => bench.close());

/** A function in a section of its own, with call frame directives. */
function fn(name: string, directives: string, body = 'nop'): string {
  return `.section .text.${name},"ax",@progbits\n.globl ${name}\n.type ${name}, @function\n${name}: .cfi_startproc\n${directives}\n${body}\nret\n.cfi_endproc\n`;
}

const PUSH =
  'push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16\nmov %rsp, %rbp\n.cfi_def_cfa_register %rbp';
const LSDA = '.section .gcc_except_table,"a",@progbits\nlsda: .long 1, 2, other\n';
const PERSONALITY = '.text\n.globl personality\npersonality: ret\nlocal_personality: ret\n';

const KINDS: Record<string, string> = {
  plain: '',
  push: PUSH,
  signal: '.cfi_signal_frame\n' + PUSH,
  column: '.cfi_return_column %rbx',
  personalityU4: '.cfi_personality 0x3, personality',
  personalityRel: '.cfi_personality 0x1b, personality',
  personalityAbs8: '.cfi_personality 0x0, personality',
  personalityIndirect: '.cfi_personality 0x9b, pointer',
  personalityLocal: '.cfi_personality 0x3, local_personality',
  lsdaU4: '.cfi_personality 0x3, personality\n.cfi_lsda 0x3, lsda',
  lsdaRel: '.cfi_personality 0x9b, pointer\n.cfi_lsda 0x1b, lsda',
  lsdaAbs8: '.cfi_personality 0x0, personality\n.cfi_lsda 0x4, lsda',
};
const POINTER = '.data\npointer: .quad personality\n';

function everyKind(prefix: string): string {
  return Object.entries(KINDS)
    .map(([kind, directives]) => fn(`${prefix}_${kind}`, directives))
    .join('');
}

function link(sources: string[], options: { script?: string; args?: string[] } = {}) {
  const objects = sources.map((source, i) => bench.compile(`eh${i}.s`, source));
  return bench.link(objects, { ...options, args: ['-e', 'start', ...(options.args ?? [])] });
}

const START = '.globl start\n.text\nstart: nop\n.set other, 5\n';

describe('unwind tables', () => {
  it('of every kind of CIE, in two objects, equal those of ld', () => {
    const rest = LSDA + PERSONALITY.replace('.globl personality', '') + POINTER;
    const local = (source: string) =>
      source.replaceAll(/\bpersonality\b/g, 'local2').replace('local2: ', 'local2: ');
    const linked = link([
      START + everyKind('a') + LSDA + PERSONALITY + POINTER,
      everyKind('b') + LSDA + '.set other, 1\n.text\nlocal_personality: nop\n' + POINTER,
      local(everyKind('c') + rest) + '.set other, 2\n',
    ]);
    expect(differences(linked)).toEqual([]);
    expect(planFrames(linked).tableEntries).toBe(3 * Object.keys(KINDS).length);
  });

  it('of a partial link equal those of ld', () => {
    const one = bench.compile('r1.s', START + everyKind('a') + LSDA + PERSONALITY + POINTER);
    const two = bench.compile(
      'r2.s',
      everyKind('b') + LSDA + '.set other, 1\n.text\nlocal_personality: nop\n' + POINTER,
    );
    const library = bench.library('libr.o', [one, two], ['start']);
    const three = bench.compile(
      'r3.s',
      everyKind('d') + LSDA + PERSONALITY + POINTER + '.set other, 1\n',
    );
    expect(differences(bench.link([library, three], { args: ['-e', 'start'] }))).toEqual([]);
  });

  it('lose the entries of collected functions', () => {
    const a = START.replace('nop', 'call a_push; call a_lsdaU4; call b_signal; call b_lsdaRel');
    const objects = [
      bench.compile('g1.s', a + everyKind('a') + LSDA + PERSONALITY + POINTER),
      bench.compile(
        'g2.s',
        everyKind('b') + LSDA + '.set other, 1\n.text\nlocal_personality: nop\n' + POINTER,
      ),
    ];
    const linked = bench.link(objects, {
      args: ['-e', 'start', '--gc-sections', '--print-gc-sections'],
    });
    expect(differences(linked)).toEqual([]);
    expect(gcDifferences(linked, { entry: 'start', keep: keepOf(linked.program, KEPT) })).toEqual(
      [],
    );
    expect(planFrames(linked).tableEntries).toBe(4);
  });

  it('lose the entries of functions that the script discards', () => {
    const debug =
      '.section .debug_info,""\n.quad a_push, a_signal\n.section .debug_ranges,""\n.quad a_push, a_push + 1\n';
    const script = SCRIPT.replace(
      '.text :',
      '/DISCARD/ : { *(.text.a_push .text.a_lsda*) } .text :',
    );
    const linked = link([START + everyKind('a') + LSDA + PERSONALITY + POINTER + debug], {
      script,
    });
    expect(differences(linked)).toEqual([]);
    expect(planFrames(linked).tableEntries).toBe(Object.keys(KINDS).length - 4);
  });

  it('of C++ with exceptions equal those of ld', () => {
    const source = (
      name: string,
    ) => `struct E { int x; }; struct Guard { ~Guard(); }; void may(int);
      template <class T> T clean(T x) { Guard g; may(x); return x; }
      int ${name}(int x) { try { return clean(x) + clean((long)x); } catch (E &e) { return e.x; } catch (...) { may(2); throw; } }`;
    const rest = `extern "C" { void *__cxa_begin_catch; void *__cxa_end_catch; void *__cxa_rethrow; void *__gxx_personality_v0; void *_Unwind_Resume; void start() {} }
      struct Guard { ~Guard(); }; Guard::~Guard() {} void may(int) {} namespace __cxxabiv1 { struct __class_type_info { virtual void f(); }; void __class_type_info::f() {} }`;
    for (const flags of [['-fno-pie'], ['-fPIE'], ['-fno-pie', '-ffunction-sections', '-O2']]) {
      const compile = (name: string, text: string) =>
        bench.compile(name, text, [...flags, '-fexceptions', '-g']);
      const library = bench.library('libx.o', [
        compile('x2.cc', source('second')),
        compile('x3.cc', source('third')),
      ]);
      const linked = bench.link(
        [compile('x1.cc', source('first')), library, compile('x0.cc', rest)],
        { args: ['-e', 'start'] },
      );
      expect(differences(linked)).toEqual([]);
    }
  });
});

/** A CIE by hand. */
function cie(label: string, augmentation: string, data: string, rest = '', version = 1): string {
  return `${label}: .long ${label}_end - ${label}_id\n${label}_id: .long 0\n.byte ${version}\n.asciz "${augmentation}"\n${version === 4 ? '.byte 8, 0\n' : ''}.uleb128 1\n.sleb128 -8\n.byte 16\n${data}\n.byte 0xc, 7, 8, 0x90, 1\n${rest}\n.p2align 3,0\n${label}_end:\n`;
}

/** An FDE by hand: `start` is the assembler's way to write the pointer. */
function fde(label: string, of: string, start: string, range: string, rest = ''): string {
  return `${label}: .long ${label}_end - ${label}_id\n${label}_id: .long ${label}_id - ${of}\n${start}\n${range}\n${rest}\n.p2align 3,0\n${label}_end:\n`;
}

const FRAME = '.section .eh_frame,"a",@unwind\n';
const CODE =
  '.text\n.globl start\nstart: nop\nf: nop; ret\ng: nop; ret\n.section .text.h,"ax"\nh: ret\n';

const HAND: Record<string, string> = {
  'no augmentation and absolute pointers':
    cie('c', '', '') + fde('d', 'c', '.quad f', '.quad 2') + fde('e', 'c', '.quad h', '.quad 1'),
  'pointers of 2, 4 and 8 bytes':
    cie('c', 'zR', '.uleb128 1\n.byte 4') +
    fde('d', 'c', '.quad f', '.quad 2', '.uleb128 0') +
    cie('c2', 'zR', '.uleb128 1\n.byte 3') +
    fde('d2', 'c2', '.long h', '.long 1', '.uleb128 0'),
  'pc-relative pointers of 8 bytes':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1c') +
    fde('d', 'c', '.quad f - .', '.quad 2', '.uleb128 0') +
    fde('d2', 'c', '.quad g - .', '.quad 2', '.uleb128 0\n.byte 0x41, 0xe, 16, 0x41'),
  'an empty function':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 0', '.uleb128 0') +
    fde('e', 'c', '.long g - .', '.long 2', '.uleb128 0'),
  DW_CFA_set_loc:
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    fde('x', 'c', '.long f - .', '.long 0', '.uleb128 0') +
    fde(
      'd',
      'c',
      '.long f - .',
      '.long 2',
      '.uleb128 0\n.byte 1\n.long f + 1 - .\n.byte 0xe, 16\n.byte 1\n.long 0',
    ),
  'every instruction':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    fde(
      'd',
      'c',
      '.long f - .',
      '.long 2',
      '.uleb128 0\n.byte 0x41, 2, 9, 3, 1, 1, 4, 1, 1, 1, 1, 5, 1, 2, 6, 1, 7, 1, 8, 1, 9, 1, 2, 0xa, 0xb, 0xc, 1, 2, 0xd, 1, 0xe, 0x81, 1, 0xf, 2, 0, 0, 0x10, 1, 2, 1, 1, 0x11, 1, 2, 0x12, 1, 2, 0x13, 1, 0x14, 1, 1, 0x15, 1, 1, 0x16, 1, 1, 9, 0x1d, 1, 1, 1, 1, 1, 1, 1, 1, 0x2d, 0x2e, 4, 0x2f, 1, 2, 0xc3, 0x83, 1, 0, 0, 0xa, 0',
    ),
  'long initial instructions':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b', '.fill 60, 1, 0xa') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0') +
    cie('c2', 'zR', '.uleb128 1\n.byte 0x1b', '.fill 60, 1, 0xa') +
    fde('d2', 'c2', '.long g - .', '.long 2', '.uleb128 0'),
  'an aligned personality':
    cie('c', 'zPR', '.uleb128 18\n.byte 0x50\n.p2align 3,0\n.quad h\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0') +
    fde('d2', 'c', '.long g - .', '.long 2', '.uleb128 0'),
  'version 3':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b', '', 3) +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0'),
  'version 4':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b', '', 4) +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0'),
  'B and S':
    cie('c', 'zRSB', '.uleb128 1\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0'),
  'an LSDA without z':
    cie('c', 'LR', '.byte 0x1b\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.long g - .'),
  'an LSDA of zero':
    cie('c', 'zLR', '.uleb128 2\n.byte 0x1b\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 4\n.long 0') +
    fde('e', 'c', '.long g - .', '.long 2', '.uleb128 4\n.long g - .'),
  'a terminator':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0') +
    '.long 0\n',
  'several terminators':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0') +
    '.long 0, 0, 0\n',
  'nothing but a terminator': '.long 0\n',
  'an unused CIE': cie('c', 'zR', '.uleb128 1\n.byte 0x1b'),
  'an unknown augmentation':
    cie('c', 'zRx', '.uleb128 1\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0'),
  'an unknown version':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b', '', 2) +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0'),
  'an unknown instruction':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0\n.byte 0x3f, 1'),
  'a function that is no relocation':
    cie('c', 'zR', '.uleb128 1\n.byte 3') + fde('d', 'c', '.long 0x1000', '.long 2', '.uleb128 0'),
  'a record that is too long': cie('c', 'zR', '.uleb128 1\n.byte 0x1b') + '.long 100\n.long 0\n',
  'the old eh kind': cie('c', 'eh', '.quad 0') + fde('d', 'c', '.quad f', '.quad 2'),
  'set_loc in a CIE':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b', '.byte 1\n.long 0') +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0'),
  'zeros in the middle':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    '.long 0\n' +
    fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0'),
  'a function of another object':
    cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
    fde('d', 'c', '.long elsewhere - .', '.long 2', '.uleb128 0'),
  'a weak function that is missing':
    cie('c', 'zR', '.uleb128 1\n.byte 3') +
    '.weak nowhere\n' +
    fde('d', 'c', '.long nowhere', '.long 2', '.uleb128 0'),
};

describe('unwind sections by hand', () => {
  const GENERATED = `${CODE.replaceAll(/\bstart\b/g, 'elsewhere')}.text\nk: .cfi_startproc\nnop\n.cfi_endproc\n`;
  it.each(Object.keys(HAND).map((name) => ({ name })))(
    'are treated as by ld: $name',
    ({ name }) => {
      const hand = CODE + FRAME + (HAND[name] ?? '');
      for (const position of ['first', 'alone', 'last'] as const) {
        const object = bench.compile('hand.s', hand);
        const other = bench.compile('other.s', GENERATED);
        const objects =
          position === 'first'
            ? [object, other]
            : position === 'last'
              ? [other, object]
              : [object, bench.compile('none.s', '.globl elsewhere\n.text\nelsewhere: nop\n')];
        const linked = bench.link(objects, { args: ['-e', 'start'] });
        expect({ position, different: differences(linked) }).toEqual({ position, different: [] });
      }
    },
  );

  it.each(Object.keys(HAND).map((name) => ({ name })))(
    'are collected as by ld: $name',
    ({ name }) => {
      const objects = [
        bench.compile('hand.s', CODE + FRAME + (HAND[name] ?? '')),
        bench.compile('other.s', GENERATED),
      ];
      for (const script of [SCRIPT, SCRIPT.replace('KEEP(*(.eh_frame))', '*(.eh_frame)')]) {
        const kept = script === SCRIPT ? KEPT : KEPT.filter((k) => k !== '.eh_frame');
        const linked = bench.link(objects, {
          script,
          args: ['-e', 'start', '--gc-sections', '--print-gc-sections'],
        });
        expect(
          gcDifferences(linked, { entry: 'start', keep: keepOf(linked.program, kept) }),
        ).toEqual([]);
        expect(differences(linked)).toEqual([]);
      }
    },
  );

  it('that are odd and not last are padded with what follows them in the file', () => {
    const odd = bench.compile(
      'odd.s',
      CODE + FRAME + '.byte 9, 0, 0, 0, 1, 2, 3\n.section .after,"a"\n.fill 16, 1, 0xee\n',
    );
    const other = bench.compile('other.s', '.text\nk: .cfi_startproc\nnop\n.cfi_endproc\n');
    const linked = bench.link([odd, other], { args: ['-e', 'start'] });
    expect(linked.stderr).toContain('no .eh_frame_hdr table will be created');
    expect(differences(linked)).toEqual([]);
  });

  it('are aligned by the most aligned of them', () => {
    const at = (n: number) => FRAME + `.p2align ${n}\n` + (HAND['an empty function'] ?? '');
    const objects = [2, 4, 3].map((n, i) =>
      bench.compile(`al${i}.s`, (i === 0 ? CODE : CODE.replace('.globl start', '')) + at(n)),
    );
    expect(differences(bench.link(objects, { args: ['-e', 'start'] }))).toEqual([]);
  });

  it('with absolute pointers are refused for position-independent images', () => {
    const program = bench.program([
      bench.compile('abs.s', CODE + FRAME + (HAND['no augmentation and absolute pointers'] ?? '')),
    ]);
    const section =
      program.objects[0]?.elf.sections.find((s) => s.name === '.eh_frame')?.index ?? 0;
    const plan = (pic: boolean) =>
      planEhFrame(program, [{ object: 0, section }], () => true, { pic });
    expect(plan(false).tableEntries).toBe(2);
    expect(() => plan(true)).toThrow(expect.objectContaining({ code: 'link-eh-frame' }));
  });

  it('that overlap or lie too far away are refused, as by ld', () => {
    const twice =
      CODE +
      FRAME +
      cie('c', 'zR', '.uleb128 1\n.byte 0x1b') +
      fde('d', 'c', '.long f - .', '.long 2', '.uleb128 0') +
      fde('e', 'c', '.long f + 1 - .', '.long 2', '.uleb128 0');
    const object = bench.compile('twice.s', twice);
    const ld = bench.run('ld', [
      '-T',
      'script.lds',
      '--eh-frame-hdr',
      '-e',
      'start',
      object,
      '-o',
      'twice.out',
    ]);
    expect(ld.stderr).toContain('.eh_frame_hdr refers to overlapping FDEs');
    const program = bench.program([object]);
    const section =
      program.objects[0]?.elf.sections.find((s) => s.name === '.eh_frame')?.index ?? 0;
    const build = (headerAddress: number) =>
      planEhFrame(program, [{ object: 0, section }], () => true).build({
        addressOf: () => 0x1000,
        symbolValue: () => 0,
        frameAddress: 0x2000,
        headerAddress,
      });
    expect(() => build(0x3000)).toThrow('two unwind entries cover 0x1002');
    expect(() => build(0x200000000)).toThrow('too far');
  });

  it('without --eh-frame-hdr or in tiny size have no header', () => {
    const linked = link([CODE + FRAME + '.long 0\n']);
    expect(planFrames(linked).headerSize).toBe(0);
    expect(differences(linked)).toEqual([]);
  });
});
