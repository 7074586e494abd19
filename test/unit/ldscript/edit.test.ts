import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apply,
  insertAfter,
  insertAfterToken,
  insertBefore,
  insertBeforeToken,
  parse,
  print,
  remove,
  replace,
  replaceRange,
} from '../../../src/engine/ldscript/index.ts';
import type { OutputSection, SectionsCommand } from '../../../src/engine/ldscript/index.ts';

const TEXT = `/* top */ SECTIONS
{
  . = 0x100000; /* base */ .text : { *(.text) /* t */ *(.text.*) } :text .rodata : { *(.rodata) } =0
  _end = .; # 9 "x.lds"
}
`;
const script = parse(TEXT);
const command = script.statements[0] as SectionsCommand;
const [base, text, rodata, end] = command.statements as [
  never,
  OutputSection,
  OutputSection,
  never,
];

describe('edits', () => {
  it('changes only what is edited', () => {
    const result = apply(script, [
      replace(rodata, '.ro : { *(.rodata) }'),
      insertBefore(text, 'a = .; '),
      insertAfter(text, ' b = .;'),
      remove(end),
      insertBeforeToken(script, command.close, '  z = 1;\n'),
      insertAfterToken(script, text.open, ' KEEP(*(.boot))'),
    ]);
    expect(result).toBe(
      TEXT.replace('.rodata : { *(.rodata) } =0', '.ro : { *(.rodata) }')
        .replace('.text : {', 'a = .; .text : { KEEP(*(.boot))')
        .replace('} :text', '} :text b = .;')
        .replace('_end = .;', '')
        .replace(/}\n$/, '  z = 1;\n}\n'),
    );
    expect(print(parse(result))).toBe(result);
  });

  it('replaces runs of nodes, and parts of nodes', () => {
    expect(apply(script, [replaceRange(base, rodata, 'x = 1;')])).toBe(
      '/* top */ SECTIONS\n{\n  x = 1;\n  _end = .; # 9 "x.lds"\n}\n',
    );
    const first = text.body[0];
    expect(first && apply(script, [remove(first)])).toBe(TEXT.replace('*(.text) ', ' '));
  });

  it('keeps insertions at one place in order, before a replacement there', () => {
    const edits = [insertBefore(text, '1'), replace(text, 'T'), insertBefore(text, '2')];
    expect(apply(script, edits)).toContain('/* base */ 12T .rodata');
  });

  it('refuses overlaps and places outside the text', () => {
    const inner = text.body[0];
    if (inner === undefined) throw new Error('no body');
    expect(() => apply(script, [remove(text), remove(inner)])).toThrow('two edits overlap');
    expect(() => apply(script, [remove(text), remove(text)])).toThrow('two edits overlap');
    const outside = { start: TEXT.length, end: TEXT.length + 1 };
    expect(() => apply(script, [remove(outside)])).toThrow('outside');
    expect(() => insertAfterToken(script, 10_000, 'x')).toThrow('no token');
  });

  it('makes no change without edits', () => {
    expect(apply(script, [])).toBe(TEXT);
  });
});

// --- random scripts -----------------------------------------------------------------------------

const trivia = fc.constantFrom(
  ' ',
  '\n',
  '\t ',
  ' /* c */ ',
  ' /* { " } */\n',
  '\n# 12 "a b.h" 3 4\n',
);
const symbol = fc.constantFrom('.', '_end', 'a_b', '"q-1"', '$x');
const sectionName = fc.constantFrom('.text', '.text.a-b', '.data$x', '"my sec"', '.rodata.str1.1');
const glued = (...parts: fc.Arbitrary<string>[]) =>
  fc.tuple(...parts.map((part) => fc.tuple(part, trivia))).map((all) => all.flat().join(''));
const literal = (text: string) => fc.constant(text);

const expression: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1', '0x10', '4K', '.', '_end', 'SIZEOF_HEADERS'),
    glued(literal('('), tie('tree'), literal(')')),
    glued(fc.constantFrom('-', '~', '!', '+'), tie('tree')),
    glued(tie('tree'), fc.constantFrom('+', '-', '*', '<<', '&&', '==', '|'), tie('tree')),
    glued(literal('ALIGN'), literal('('), tie('tree'), literal(','), tie('tree'), literal(')')),
    glued(
      literal('('),
      tie('tree'),
      literal('?'),
      tie('tree'),
      literal(':'),
      tie('tree'),
      literal(')'),
    ),
    glued(literal('ADDR'), literal('('), sectionName, literal(')')),
  ),
})).tree;
const assignment = glued(symbol, fc.constantFrom('=', '+=', '<<='), expression, literal(';'));
const provide = glued(
  fc.constantFrom('PROVIDE', 'PROVIDE_HIDDEN', 'HIDDEN'),
  ...[literal('('), symbol, literal('='), expression, literal(')'), literal(';')],
);
const pattern = fc.oneof(
  fc.constantFrom('.text', '.text.*', '.uk_[0-9]?', '*', 'COMMON', '"a b"', '.x,y', '[!a]*'),
  glued(literal('SORT_BY_NAME'), literal('('), literal('.a*'), literal(')')),
  glued(literal('EXCLUDE_FILE'), literal('('), literal('*x.o'), literal(')'), literal('.t')),
);
const file = fc.constantFrom('*', '*lib.a:x-1.o', '/p/a~b+c.o', '"a b.o"', 'SORT(*.o)');
const input = glued(file, literal('('), pattern, pattern, literal(')'));
const statement = fc.oneof(
  assignment,
  provide,
  input,
  glued(literal('KEEP'), literal('('), input, literal(')')),
  glued(fc.constantFrom('BYTE', 'QUAD', 'FILL'), literal('('), expression, literal(')')),
);
const outputSection = glued(
  sectionName,
  fc.oneof(literal(''), expression),
  fc.constantFrom('', '(NOLOAD)', '(INFO)'),
  ...[literal(':'), fc.constantFrom('', 'AT(4)', 'ALIGN(8)', 'SUBALIGN(2)'), literal('{')],
  fc.array(statement, { maxLength: 4 }).map((all) => all.join(' ')),
  ...[literal('}'), fc.constantFrom('', ':text', ': a : b'), fc.constantFrom('', '=0', '= 0x90')],
);
const wholeScript = glued(
  trivia,
  literal('SECTIONS'),
  literal('{'),
  fc
    .array(fc.oneof(outputSection, assignment, provide), { maxLength: 6 })
    .map((all) => all.join(' ')),
  literal('}'),
);

describe('random scripts', () => {
  it('print as they were read, and an edit of one statement keeps all others', () => {
    fc.assert(
      fc.property(wholeScript, fc.nat(), (source, pick) => {
        const parsed = parse(source);
        expect(print(parsed)).toBe(source);
        const sections = parsed.statements[0] as SectionsCommand;
        const chosen = sections.statements[pick % Math.max(1, sections.statements.length)];
        if (chosen === undefined) return;
        const edited = apply(parsed, [replace(chosen, 'marker = 1;')]);
        expect(edited).toBe(
          `${source.slice(0, chosen.start)}marker = 1;${source.slice(chosen.end)}`,
        );
        expect((parse(edited).statements[0] as SectionsCommand).statements).toHaveLength(
          sections.statements.length,
        );
      }),
      { numRuns: 500 },
    );
  });
});
