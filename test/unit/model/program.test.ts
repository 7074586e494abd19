import { describe, expect, it } from 'vitest';
import { SHF, SHN, SHT, STB, STT } from '../../../src/engine/elf/types.ts';
import {
  createProgram,
  isDiscarded,
  resolve,
  symbolName,
} from '../../../src/engine/model/program.ts';
import { elfOf, programOf, type SymbolSpec } from './objects.ts';

const TEXT = { name: '.text', bytes: [1, 2, 3, 4] };
const object = (path: string, ...symbols: SymbolSpec[]) => elfOf(path, [TEXT], symbols);
const strong = (value: number): SymbolSpec => ({ name: 'x', section: 1, value });
const weak = (value: number): SymbolSpec => ({ ...strong(value), binding: STB.WEAK });
const common = (size: number, alignment = 8): SymbolSpec => ({
  name: 'x',
  section: SHN.COMMON,
  size,
  value: alignment,
});
const wanted: SymbolSpec = { name: 'x' };
const wantedWeak: SymbolSpec = { name: 'x', binding: STB.WEAK };

function targetOf(...symbols: SymbolSpec[]) {
  const program = programOf(symbols.map((symbol, i) => object(`o${i}.o`, symbol)));
  return resolve(program, 0, 1);
}
const at = (object: number, offset: number) => ({ kind: 'section', object, section: 1, offset });

describe('symbol resolution', () => {
  it.each([
    ['a strong definition satisfies a reference', [wanted, strong(1)], at(1, 1)],
    ['strong beats weak before it', [wanted, weak(1), strong(2)], at(2, 2)],
    ['strong beats weak behind it', [wanted, strong(2), weak(1)], at(1, 2)],
    ['the first weak definition stays', [wanted, weak(1), weak(2)], at(1, 1)],
    ['strong beats common', [wanted, common(8), strong(2), common(16)], at(2, 2)],
    ['common beats weak', [wanted, weak(2), common(8)], { kind: 'common', name: 'x' }],
    ['common stays before weak', [wanted, common(8), weak(2)], { kind: 'common', name: 'x' }],
    [
      'a weak reference may stay open',
      [wantedWeak, wantedWeak],
      { kind: 'undefined-weak', name: 'x' },
    ],
    ['a weak reference is satisfied', [wantedWeak, weak(3)], at(1, 3)],
    [
      'an absolute symbol has a value',
      [wanted, { name: 'x', section: SHN.ABS, value: 7 }],
      { kind: 'absolute', value: 7 },
    ],
  ] as [string, SymbolSpec[], object][])('%s', (_, symbols, expected) => {
    expect(targetOf(...symbols)).toEqual(expected);
  });

  it('takes the largest common, with the largest alignment', () => {
    const program = programOf([
      object('a.o', common(8, 32)),
      object('b.o', common(64, 4)),
      object('c.o', common(9)),
    ]);
    expect(program.globalByName.get('x')).toMatchObject({ object: 1, size: 64, alignment: 32 });
  });

  it('one strong reference makes an undefined symbol an error for all', () => {
    const program = programOf([object('a.o', wantedWeak), object('b.o', wanted)]);
    expect(() => resolve(program, 0, 1, { section: 1, offset: 0x10 })).toThrow(
      'a.o at offset 0x1010: undefined reference to x from .text+0x10 of a',
    );
  });

  it('two strong definitions are an error that names both objects', () => {
    const make = () => programOf([object('a.o', strong(1)), object('b.o', strong(1))]);
    expect(make).toThrow(expect.objectContaining({ code: 'link-multiple-definition' }));
    expect(make).toThrow(/a\.o.*b/);
  });

  it('the same absolute value may be defined twice', () => {
    const five: SymbolSpec = { name: 'x', section: SHN.ABS, value: 5 };
    expect(targetOf(five, five)).toEqual({ kind: 'absolute', value: 5 });
    expect(() => targetOf(five, { ...five, value: 6 })).toThrow();
  });

  it("local symbols are their object's own", () => {
    const local: SymbolSpec = { ...strong(3), binding: STB.LOCAL };
    const program = programOf([object('a.o', local), object('b.o', strong(1))]);
    expect(resolve(program, 0, 1)).toEqual(at(0, 3));
    expect(resolve(program, 1, 1)).toEqual(at(1, 1));
  });

  it('symbol 0 and undefined local symbols are zero', () => {
    const program = programOf([object('a.o', { name: 'x', binding: STB.LOCAL, value: 9 })]);
    expect([0, 1].map((i) => resolve(program, 0, i))).toEqual([
      { kind: 'absolute', value: 0 },
      { kind: 'absolute', value: 0 },
    ]);
  });

  it('names section symbols after their sections', () => {
    const program = programOf([
      object('a.o', { name: '', section: 1, type: STT.SECTION, binding: STB.LOCAL }),
    ]);
    expect(symbolName(program, 0, 1)).toBe('.text');
    expect(symbolName(program, 7, 7)).toBe('');
  });
});

describe('symbols of script and linker', () => {
  const script = (
    options: { scriptSymbols?: string[]; provided?: string[] },
    ...symbols: SymbolSpec[]
  ) =>
    resolve(
      programOf(
        symbols.map((symbol, i) => object(`o${i}.o`, symbol)),
        {
          scriptSymbols: new Set(options.scriptSymbols),
          provided: new Set(options.provided),
        },
      ),
      0,
      1,
    );

  it('assignments override objects', () => {
    expect(script({ scriptSymbols: ['x'] }, wanted, strong(1))).toEqual({
      kind: 'script',
      name: 'x',
    });
    expect(script({ scriptSymbols: ['x'] }, strong(1))).toEqual({ kind: 'script', name: 'x' });
  });

  it('PROVIDE fills what nobody defines', () => {
    expect(script({ provided: ['x'] }, wanted)).toEqual({ kind: 'script', name: 'x' });
    expect(script({ provided: ['x'] }, wantedWeak)).toEqual({ kind: 'script', name: 'x' });
    expect(script({ provided: ['x'] }, wanted, weak(1))).toEqual(at(1, 1));
    expect(script({ provided: ['x'] }, wanted, common(4))).toEqual({ kind: 'common', name: 'x' });
  });

  it('__start_ and __stop_ exist where a section of that name does', () => {
    const symbols = ['__start_tab', '__stop_tab', '__start_none', '__stop_.text'].map((name) => ({
      name,
      binding: STB.WEAK,
    }));
    const program = programOf([elfOf('a.o', [TEXT, { name: 'tab', bytes: [0] }], symbols)]);
    expect([1, 2, 3, 4].map((i) => resolve(program, 0, i).kind)).toEqual([
      'script',
      'script',
      'undefined-weak',
      'undefined-weak',
    ]);
    expect(program.globalByName.get('__start_tab')?.bounds).toBe('tab');
  });

  it('the linker defines the table base', () => {
    const program = programOf([elfOf('a.o', [TEXT], [{ name: '_GLOBAL_OFFSET_TABLE_' }])]);
    expect(resolve(program, 0, 1).kind).toBe('script');
  });
});

describe('sections of which one copy stays', () => {
  const grouped = (path: string, flags = 1) =>
    elfOf(
      path,
      [
        { name: '.group', type: SHT.GROUP, bytes: [flags, 0, 0, 0, 2, 0, 0, 0], info: 1, flags: 0 },
        { name: '.text.f', bytes: [9], flags: SHF.ALLOC | SHF.GROUP },
      ],
      [{ name: 'f', section: 2, binding: STB.WEAK }],
    );

  it('the first group of a signature wins, and references go there', () => {
    const program = programOf([grouped('a.o'), grouped('b.o')]);
    expect([
      isDiscarded(program, 0, 2),
      isDiscarded(program, 1, 2),
      isDiscarded(program, 1, 1),
    ]).toEqual([false, true, true]);
    expect(resolve(program, 1, 1)).toEqual({ kind: 'section', object: 0, section: 2, offset: 0 });
  });

  it('groups that are not COMDAT all stay', () => {
    const program = programOf([grouped('a.o', 0), grouped('b.o', 0)]);
    expect(isDiscarded(program, 1, 2)).toBe(false);
  });

  it('SHF_EXCLUDE keeps a section out', () => {
    const program = programOf([elfOf('a.o', [{ name: '.x', bytes: [1], flags: 0x80000000 }])]);
    expect(isDiscarded(program, 0, 1)).toBe(true);
  });
});

it('a program of nothing is empty', () => {
  const program = createProgram([], { scriptSymbols: new Set(), provided: new Set() });
  expect(program.globals).toEqual([]);
  expect(program.discarded.length).toBe(0);
});
