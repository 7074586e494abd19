import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse, print } from '../../../src/engine/ldscript/index.ts';
import type {
  BodyStatement,
  Expression,
  InputDescription,
  OutputSection,
  SectionsStatement,
} from '../../../src/engine/ldscript/index.ts';

/** The statements of the first SECTIONS command. */
function sections(text: string): readonly SectionsStatement[] {
  const found = parse(text).statements.find((statement) => statement.kind === 'sections');
  if (found?.kind !== 'sections') throw new Error('no SECTIONS');
  return found.statements;
}

function section(text: string): OutputSection {
  const found = sections(`SECTIONS { ${text} }`).find((node) => node.kind === 'output-section');
  if (found?.kind !== 'output-section') throw new Error('no output section');
  return found;
}

function body(text: string): readonly BodyStatement[] {
  return section(`.x : { ${text} }`).body;
}

function input(text: string): InputDescription {
  const [statement] = body(text);
  if (statement?.kind !== 'input') throw new Error(`not an input description: ${text}`);
  return statement;
}

/** Expressions in prefix form. */
function show(node: Expression): string {
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'symbol':
      return node.name;
    case 'unary':
      return `(${node.operator} ${show(node.operand)})`;
    case 'binary':
      return `(${node.operator} ${show(node.left)} ${show(node.right)})`;
    case 'conditional':
      return `(? ${show(node.condition)} ${show(node.whenTrue)} ${show(node.whenFalse)})`;
    case 'call':
      return `${node.function}(${node.arguments.map(show).join(' ')})`;
    case 'name-call':
      return `${node.function}(${node.name})`;
    case 'segment-start':
      return `SEGMENT_START(${node.segment} ${show(node.fallback)})`;
    case 'sizeof-headers':
      return 'SIZEOF_HEADERS';
    case 'assert-expression':
      return `ASSERT(${show(node.condition)} ${node.message})`;
  }
}

function expression(text: string): string {
  const [statement] = parse(`x = ${text};`).statements;
  if (statement?.kind !== 'assignment') throw new Error('not an assignment');
  return show(statement.value);
}

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3', '(+ 1 (* 2 3))'],
    ['1 - 2 - 3', '(- (- 1 2) 3)'],
    ['(1 - (2 - 3))', '(- 1 (- 2 3))'],
    [
      'a || b && c | d & e == f < g << h + i',
      '(|| a (&& b (| c (& d (== e (< f (<< g (+ h i))))))))',
    ],
    ['a ? b : c ? d : e', '(? a b (? c d e))'],
    ['-~!+a * b', '(* (- (~ (! (+ a)))) b)'],
    [
      '0x10 + $1f + 017 + 4K + 2M + 10h + 101b',
      '(+ (+ (+ (+ (+ (+ 16 31) 15) 4096) 2097152) 16) 5)',
    ],
    ['a-b', '(- a b)'],
    ['a/b', 'a/b'],
    ['a / b % 2', '(% (/ a b) 2)'],
    ['ALIGN(8) + ALIGN(., 16)', '(+ ALIGN(8) ALIGN(. 16))'],
    [
      'SIZEOF(.a-b) + ADDR(.text.x) - LOADADDR("my section")',
      '(- (+ SIZEOF(.a-b) ADDR(.text.x)) LOADADDR(my section))',
    ],
    ['DEFINED(foo) ? foo : SIZEOF_HEADERS', '(? DEFINED(foo) foo SIZEOF_HEADERS)'],
    [
      'DATA_SEGMENT_ALIGN (CONSTANT (MAXPAGESIZE), CONSTANT (COMMONPAGESIZE))',
      'DATA_SEGMENT_ALIGN(CONSTANT(MAXPAGESIZE) CONSTANT(COMMONPAGESIZE))',
    ],
    [
      'SEGMENT_START("text-segment", 0x400000) + SIZEOF_HEADERS',
      '(+ SEGMENT_START(text-segment 4194304) SIZEOF_HEADERS)',
    ],
    ['MAX(1, MIN(a, LOG2CEIL(9)))', 'MAX(1 MIN(a LOG2CEIL(9)))'],
    ['ASSERT(a < b, "too big")', 'ASSERT((< a b) too big)'],
    ['"a-b" + "ALIGN"', '(+ a-b ALIGN)'],
    ['0xffffffffffffffff', '18446744073709551615'],
  ])('%s', (text, expected) => {
    expect(expression(text)).toBe(expected);
  });
});

describe('output sections', () => {
  it('reads every attribute', () => {
    const node = section(
      `.data (. + 0x1000) (NOLOAD) : AT(ADDR(.data) + 8) ALIGN(16) ALIGN_WITH_INPUT SUBALIGN(4) ONLY_IF_RW
       { *(.data) } >ram AT>rom :data :tls =0x90909090,`,
    );
    expect(node.address && show(node.address)).toBe('(+ . 4096)');
    expect(node.type?.keyword).toBe('NOLOAD');
    expect(node.loadAddress && show(node.loadAddress)).toBe('(+ ADDR(.data) 8)');
    expect(node.align && show(node.align)).toBe('16');
    expect(node.alignWithInput).toBe(true);
    expect(node.subalign && show(node.subalign)).toBe('4');
    expect(node.constraint).toBe('ONLY_IF_RW');
    expect(node.region).toBe('ram');
    expect(node.loadRegion).toBe('rom');
    expect(node.phdrs).toEqual(['data', 'tls']);
    expect(node.fill && show(node.fill.value)).toBe('2425393296');
  });

  it.each([
    ['.a 0 : { }', undefined],
    ['.a (0x100) : { }', undefined],
    ['.a () : { }', ''],
    ['.a /* c */ ( /* d */ INFO ) : { }', 'INFO'],
    ['.a (READONLY) : { }', 'READONLY'],
    ['.a (READONLY (TYPE = SHT_NOTE)) : { }', 'READONLY'],
    ['.a 8 (TYPE = 1 + 2) : { }', 'TYPE'],
  ])('type of %s', (text, keyword) => {
    expect(section(text).type?.keyword).toBe(keyword);
  });

  it('reads several on one line, with fills before names that look like division', () => {
    const nodes = sections(
      'SECTIONS { .a : { *(.a) } :text =0 .b-c : {} _end = .; .d : { } =1 /DISCARD/ : { *(*) } }',
    );
    expect(nodes.map((node) => ('name' in node ? node.name : node.kind))).toEqual([
      '.a',
      '.b-c',
      'assignment',
      '.d',
      '/DISCARD/',
    ]);
  });

  it('reads the commands of a body', () => {
    const nodes = body(`
      a = .; . += 4; PROVIDE(b = .); PROVIDE_HIDDEN(c = 1), HIDDEN(d = 2); "q" = 3;
      BYTE(1) SHORT(2) LONG(3); QUAD(4) SQUAD(-1) FILL(0x1234)
      CONSTRUCTORS SORT(CONSTRUCTORS) CREATE_OBJECT_SYMBOLS LINKER_VERSION
      ASSERT(. < 5, "long") *(.text) ;`);
    expect(nodes.map((node) => node.kind)).toEqual([
      ...Array<string>(6).fill('assignment'),
      ...['data', 'data', 'data', 'empty', 'data', 'data', 'fill'],
      ...['attribute', 'attribute', 'attribute', 'attribute', 'assert', 'input', 'empty'],
    ]);
  });
});

describe('input descriptions', () => {
  const shape = (text: string) => {
    const { keep, flags, file, sections: list } = input(text);
    return {
      keep,
      flags,
      file: file && [file.pattern, file.sort, ...file.exclude],
      sections: list.map(({ pattern, sort, exclude }) => [pattern, sort, ...exclude]),
    };
  };
  const plain = { keep: false, flags: [] };

  it.each([
    [
      '*(.text .text.* )',
      {
        ...plain,
        file: ['*', 'unsorted'],
        sections: [
          ['.text', 'unsorted'],
          ['.text.*', 'unsorted'],
        ],
      },
    ],
    [
      'KEEP (*(SORT_BY_NAME(.uk_ctortab[0-9])))',
      { ...plain, keep: true, file: ['*', 'unsorted'], sections: [['.uk_ctortab[0-9]', 'name']] },
    ],
    [
      'KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) SORT(.ctors.*)))',
      {
        ...plain,
        keep: true,
        file: ['*', 'unsorted'],
        sections: [
          ['.init_array.*', 'init-priority'],
          ['.ctors.*', 'name'],
        ],
      },
    ],
    [
      '*(SORT_BY_NAME(SORT_BY_ALIGNMENT(.a*)) SORT_BY_ALIGNMENT(SORT(.b*)) SORT_NONE(.c))',
      {
        ...plain,
        file: ['*', 'unsorted'],
        sections: [
          ['.a*', 'name-alignment'],
          ['.b*', 'alignment-name'],
          ['.c', 'none'],
        ],
      },
    ],
    [
      '*(EXCLUDE_FILE (*crtend.o *a.o) .ctors EXCLUDE_FILE(b) .x)',
      {
        ...plain,
        file: ['*', 'unsorted'],
        sections: [
          ['.ctors', 'unsorted', '*crtend.o', '*a.o'],
          ['.x', 'unsorted', 'b'],
        ],
      },
    ],
    [
      'EXCLUDE_FILE (*a.o) *(.text)',
      { ...plain, file: ['*', 'unsorted', '*a.o'], sections: [['.text', 'unsorted']] },
    ],
    [
      'SORT_BY_NAME(EXCLUDE_FILE(x) lib*.o)(.text)',
      { ...plain, file: ['lib*.o', 'name', 'x'], sections: [['.text', 'unsorted']] },
    ],
    [
      '*libx.a:a.o(COMMON)',
      { ...plain, file: ['*libx.a:a.o', 'unsorted'], sections: [['COMMON', 'unsorted']] },
    ],
    [
      '/abs/path-1/~x+y:z.o(.text)',
      { ...plain, file: ['/abs/path-1/~x+y:z.o', 'unsorted'], sections: [['.text', 'unsorted']] },
    ],
    [
      '"with space.o"(.text "s p")',
      {
        ...plain,
        file: ['with space.o', 'unsorted'],
        sections: [
          ['.text', 'unsorted'],
          ['s p', 'unsorted'],
        ],
      },
    ],
    ['whole.o', { ...plain, file: ['whole.o', 'unsorted'], sections: [] }],
    [
      '[ .a .b ]',
      {
        ...plain,
        file: undefined,
        sections: [
          ['.a', 'unsorted'],
          ['.b', 'unsorted'],
        ],
      },
    ],
    [
      'INPUT_SECTION_FLAGS (SHF_MERGE & !SHF_STRINGS) *(.text)',
      {
        keep: false,
        flags: [
          { name: 'SHF_MERGE', negated: false },
          { name: 'SHF_STRINGS', negated: true },
        ],
        file: ['*', 'unsorted'],
        sections: [['.text', 'unsorted']],
      },
    ],
    ['"KEEP"(.text)', { ...plain, file: ['KEEP', 'unsorted'], sections: [['.text', 'unsorted']] }],
  ])('%s', (text, expected) => {
    expect(shape(text)).toEqual(expected);
  });
});

describe('top level', () => {
  it('reads every command', () => {
    const script = parse(`
      # 1 "/w/link.lds.S"
      ENTRY(_start) OUTPUT_FORMAT("elf64-x86-64", "a", "b") OUTPUT_ARCH(i386:x86-64)
      SEARCH_DIR("=/usr/lib"); INPUT(a.o , b.o -lc AS_NEEDED(c.so)) GROUP(-lc libm.a) STARTUP(crt.o)
      EXTERN(a b, c) FORCE_COMMON_ALLOCATION x += 4;
      PHDRS { text PT_LOAD FILEHDR PHDRS AT(0x100) FLAGS(5); stack PT_GNU_STACK; n 4 FLAGS(4 | 2); }
      VERSION { V1 { global: a*; extern "C++" { "f(int)"; }; local: *; }; }
      MEMORY { rom (rx!w) : ORIGIN = 0, LENGTH = 4K ram : org = 0x100 len = 5M }
      ASSERT(1, "no") SECTIONS { OVERLAY 0x100 : NOCROSSREFS AT (0x4) { .o1 { a/*.o(.text) } .o2 { *(.x) } } >ram =4 }
      INSERT AFTER .rodata; INSERT BEFORE .text`);
    expect(script.statements.map((node) => ('keyword' in node ? node.keyword : node.kind))).toEqual(
      [
        ...[
          'entry',
          'OUTPUT_FORMAT',
          'OUTPUT_ARCH',
          'SEARCH_DIR',
          'empty',
          'INPUT',
          'GROUP',
          'STARTUP',
        ],
        ...[
          'EXTERN',
          'FORCE_COMMON_ALLOCATION',
          'assignment',
          'phdrs',
          'version',
          'memory',
          'assert',
        ],
        ...['sections', 'insert', 'empty', 'insert'],
      ],
    );
    expect(script.statements.find((node) => node.kind === 'inputs')).toMatchObject({
      files: [
        { name: 'a.o', asNeeded: false },
        { name: 'b.o', asNeeded: false },
        { name: '-lc', asNeeded: false },
        { name: 'c.so', asNeeded: true },
      ],
    });
    expect(script.statements.find((node) => node.kind === 'phdrs')).toMatchObject({
      headers: [
        { name: 'text', filehdr: true, phdrs: true },
        { name: 'stack', type: { name: 'PT_GNU_STACK' } },
        { name: 'n', filehdr: false },
      ],
    });
    expect(script.statements.find((node) => node.kind === 'memory')).toMatchObject({
      regions: [{ name: 'rom' }, { name: 'ram', length: { value: 5n << 20n } }],
    });
  });

  it("reads ld's own script", () => {
    const verbose = execFileSync('ld', ['--verbose'], { encoding: 'utf8' });
    const text = verbose.split(/^={10,}$/m)[1] ?? '';
    const script = parse(text);
    expect(print(script)).toBe(text);
    expect(script.statements.some((node) => node.kind === 'sections')).toBe(true);
  });

  it('knows where every node stands', () => {
    const text = 'SECTIONS { /* a */ x = 1 ; /* b */ .t : { *(.a) } :p /* c */ }';
    const script = parse(text);
    const spans = sections(text).map((node) => text.slice(node.start, node.end));
    expect(spans).toEqual(['x = 1 ;', '.t : { *(.a) } :p']);
    expect(script.tokens.at(-1)?.kind).toBe('end');
  });
});
