import { describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import {
  ABSOLUTE,
  absolute,
  evaluateExpression,
  parse,
  scopeOf,
} from '../../../src/engine/ldscript/index.ts';
import type { Base, Expression, Lookup, Value } from '../../../src/engine/ldscript/index.ts';
import { newDataSegment } from '../../../src/engine/ldscript/data-segment.ts';

const text: Base = { address: 0x1000 };
const data: Base = { address: 0x5000 };
const symbols: Record<string, Value> = {
  inText: { value: 0x10n, base: text },
  alsoInText: { value: 0x30n, base: text },
  inData: { value: 8n, base: data },
  fixed: { value: 0x40n, base: ABSOLUTE },
};

const lookup: Lookup = {
  symbol: (name) => symbols[name],
  isDefined: (name) => name in symbols,
  addressOf: (name) => (name === '.text' ? { value: 0n, base: text } : undefined),
  loadAddressOf: (name) => (name === '.text' ? 0x9000 : undefined),
  sizeOf: (name) => (name === '.text' ? 0x123 : undefined),
  alignmentOf: (name) => (name === '.text' ? 16 : undefined),
  region: (name) => (name === 'ram' ? { origin: 0x8000n, length: 0x100n } : undefined),
  segmentStart: (name) => (name === 'text-segment' ? 0x400000 : undefined),
  maxPageSize: 0x200000,
  commonPageSize: 0x1000,
  sizeofHeaders: 0x120,
  canAlign: true,
  dataSegment: newDataSegment(false),
};

function read(source: string): { node: Expression; script: ReturnType<typeof parse> } {
  const script = parse(`x = ${source};`, 'a.lds');
  const [statement] = script.statements;
  if (statement?.kind !== 'assignment') throw new Error('no assignment');
  return { node: statement.value, script };
}

function evaluate(source: string, context: Base = ABSOLUTE, dot = 0x1234): Value | undefined {
  const { node, script } = read(source);
  return evaluateExpression(node, scopeOf(lookup, script, context, dot));
}

/** Value and base: `a` absolute, `t` .text, `d` .data, `n` a plain number. */
function shape(value: Value | undefined): string {
  if (value === undefined) return 'none';
  const names = new Map<Base | undefined, string>([
    [ABSOLUTE, 'a'],
    [text, 't'],
    [data, 'd'],
    [undefined, 'n'],
  ]);
  return `${names.get(value.base) ?? '?'} ${value.value.toString(16)}`;
}

describe('between output sections', () => {
  it.each([
    ['0x10', 'a 10'],
    ['.', 'a 1234'],
    ['. + 4', 'a 1238'],
    ['inText', 't 10'],
    ['inText + 1', 'a 1011'],
    ['1 + inText', 'a 1011'],
    ['alsoInText - inText', 'a 20'],
    ['inData - inText', 'a 3ff8'],
    ['inText == inText', 'n 1'],
    ['inData > inText', 'n 1'],
    ['ALIGN(0x1000)', 'a 2000'],
    ['ALIGN(inText, 0x20)', 'a 1020'],
    ['ABSOLUTE(inText)', 'a 1010'],
    ['ADDR(.text) + SIZEOF(.text)', 't 123'],
    ['LOADADDR(.text)', 'a 9000'],
    ['ALIGNOF(.text)', 'n 10'],
    ['DEFINED(inText) ? 1 : nothing', 'a 1'],
    ['DEFINED(nothing) ? 1 : 2', 'a 2'],
    ['MAX(3, 9) + MIN(3, 9)', 'a c'],
    ['-1', 'a ffffffffffffffff'],
    ['~0xff & 0xffff', 'a ff00'],
    ['!5 + !0', 'a 1'],
    ['-8 / 2', 'a fffffffffffffffc'],
    ['-7 % 4', 'a fffffffffffffffd'],
    ['1 << 65', 'a 2'],
    ['0xffffffffffffffff + 2', 'a 1'],
    ['0xffffffffffffffff >> 60', 'a f'],
    ['6 | 3', 'a 7'],
    ['1 && 0 || 2', 'n 1'],
    ['LOG2CEIL(0) + LOG2CEIL(1) + LOG2CEIL(9)', 'a 4'],
    ['NEXT(0x100)', 'a 1300'],
    ['CONSTANT(MAXPAGESIZE) / CONSTANT(COMMONPAGESIZE)', 'a 200'],
    ['ORIGIN(ram) + LENGTH(ram)', 'a 8100'],
    ['SEGMENT_START("text-segment", 5)', 'a 400000'],
    ['SEGMENT_START("data-segment", 5)', 'a 5'],
    ['SIZEOF_HEADERS', 'n 120'],
    ['ASSERT(1, "yes")', 'a 1'],
    ['nothing', 'none'],
    ['nothing + 1', 'none'],
    ['ADDR(.nothing)', 'none'],
    ['LOADADDR(.nothing)', 'none'],
    ['SIZEOF(.nothing)', 'none'],
    ['ALIGN(nothing)', 'none'],
    ['nothing ? 1 : 2', 'none'],
  ])('%s', (source, expected) => {
    expect(shape(evaluate(source))).toBe(expected);
  });
});

describe('inside an output section', () => {
  it.each([
    ['0x10', 'n 10'],
    ['.', 't 234'],
    ['. + 4', 't 238'],
    ['ALIGN(0x1000)', 't 1000'],
    ['ALIGN(., 0x100)', 't 300'],
    ['fixed', 'n 40'],
    ['. + fixed', 't 274'],
    ['. - inText', 'n 224'],
    ['inData', 'd 8'],
    ['inData - .', 'n 3dd4'],
    ['ABSOLUTE(.)', 'a 1234'],
    ['ADDR(.text)', 't 0'],
    ['ORIGIN(ram)', 't 7000'],
  ])('%s', (source, expected) => {
    expect(shape(evaluate(source, text))).toBe(expected);
  });
});

describe('limits', () => {
  it('have no location counter outside of SECTIONS', () => {
    const { node, script } = read('. + ALIGN(4) + NEXT(4)');
    expect(evaluateExpression(node, scopeOf(lookup, script))).toBeUndefined();
  });

  it.each([
    ['1 / 0', 'division by zero'],
    ['5 % (2 - 2)', 'division by zero'],
    ['CONSTANT(PAGE)', 'there is no constant PAGE'],
    ['ORIGIN(rom)', 'there is no memory region rom'],
  ])('%s', (source, message) => {
    try {
      evaluate(source);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SpacerError);
      expect((error as SpacerError).code).toBe('script-evaluate');
      expect((error as SpacerError).text).toBe(message);
      expect((error as SpacerError).place).toMatchObject({ file: 'a.lds', line: 1 });
    }
  });

  it('turns values into addresses', () => {
    expect(absolute({ value: 0x10n, base: text })).toBe(0x1010n);
    expect(absolute({ value: -0x10n, base: text })).toBe(0xff0n);
    expect(absolute({ value: 5n, base: undefined })).toBe(5n);
  });
});
