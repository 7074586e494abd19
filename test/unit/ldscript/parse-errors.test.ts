import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { parse, print } from '../../../src/engine/ldscript/index.ts';

function failure(text: string): SpacerError {
  try {
    parse(text, '/w/a.lds');
  } catch (error) {
    if (error instanceof SpacerError) return error;
    throw error;
  }
  throw new Error(`parsed: ${text}`);
}

describe('errors', () => {
  it.each([
    ['SECTIONS { .text : { *(.text }', 'expected a pattern of sections', 1, 30],
    ['SECTIONS {\n  .text { }\n}', "expected ':' behind the name of an output section", 2, 9],
    ['x = 1', "expected ';' after an assignment, found the end of the script", 1, 6],
    ['x = ;', "expected an expression, found ';'", 1, 5],
    ['SECTIONS { .text : { *(.text) }', "expected '}' at the end of SECTIONS", 1, 32],
    ['SECTIONS { .text : { *(.text)', "expected '}' at the end of the output section .text", 1, 30],
    ['x = 1; /* open', 'this comment has no end', 1, 8],
    ['ENTRY("a', 'this quoted name has no end', 1, 7],
    ['x = 1 ^ 2;', 'the character "^" cannot stand here', 1, 7],
    ['INSERT .rodata', "expected 'BEFORE' or AFTER behind INSERT", 1, 8],
    ['SECTIONS { .t : { *(SORT_NONE(SORT(.a))) } }', 'cannot be nested in each other', 1, 35],
    ['PHDRS { a PT_LOAD FOO; }', "expected FILEHDR, PHDRS, AT, FLAGS or ';'", 1, 19],
    ['}', 'expected a command or a symbol', 1, 1],
    ['foo bar', "expected '=' after the symbol foo", 1, 5],
  ])('%s', (text, message, line, column) => {
    const error = failure(text);
    expect(error.code).toBe('script-syntax');
    expect(error.text).toContain(message);
    expect(error.place).toEqual({ file: '/w/a.lds', line, column });
  });

  it('names INCLUDE as unsupported', () => {
    for (const text of ['\n INCLUDE x.ld', 'SECTIONS { .a : { INCLUDE b } }']) {
      expect(failure(text).code).toBe('script-unsupported');
    }
  });

  it('holds its limits', () => {
    expect(failure(`x = ${'('.repeat(200)}1${')'.repeat(200)};`).text).toContain('nesting');
    expect(failure(`x = ${'-'.repeat(200)}1;`).text).toContain('nesting');
    expect(failure(`x = 1${' + 1'.repeat(2000)};`).text).toContain('operators');
    expect(failure(`INPUT(${'AS_NEEDED('.repeat(200)}`).text).toContain('nesting');
    expect(failure(' '.repeat(4 * 1024 * 1024 + 1)).text).toContain('4 MiB');
  });

  it('answers any text with a script or a typed error', () => {
    const words = fc.constantFrom(
      ...['SECTIONS', '{', '}', '(', ')', '.text', ':', '=', ';', '.', '*', 'KEEP', 'ALIGN', '8'],
      ...['SORT', 'x', ',', '/*', '*/', '"', '#', '\n', '>', 'AT', 'PHDRS', 'PT_LOAD', 'INSERT'],
      ...[
        'AFTER',
        'MEMORY',
        'VERSION',
        'PROVIDE',
        '?',
        '<<=',
        'EXCLUDE_FILE',
        '[',
        ']',
        'BYTE',
        '\\',
      ],
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 3 }))), (parts) => {
        const text = parts.join(' ');
        try {
          expect(print(parse(text))).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SpacerError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
