import { describe, expect, it } from 'vitest';
import { SHF, SHT } from '../../../src/engine/elf/types.ts';
import {
  PLACE,
  describeSection,
  equalForms,
  hashBytes,
  hashForm,
  type Places,
} from '../../../src/engine/model/canonical.ts';
import { R } from '../../../src/engine/model/relocation-types.ts';
import { elfOf, programOf, type RelocationSpec, type SymbolSpec } from './objects.ts';

const PLACES: Places = {
  ofSection: (object, section) => object * 100 + section,
  ofName: (name) => 1000 + name.length,
};

function form(
  bytes: number[],
  symbols: SymbolSpec[],
  relocations: RelocationSpec[],
  places = PLACES,
) {
  const sections = [
    { name: '.text', bytes },
    { name: '.data', bytes: [0, 0, 0, 0] },
  ];
  return describeSection(programOf([elfOf('a.o', sections, symbols, relocations)]), 0, 1, places);
}

const F: SymbolSpec = { name: 'f', section: 2, value: 0 };
const G: SymbolSpec = { name: 'g', section: 2, value: 8 };

describe('describeSection', () => {
  it('zeroes what relocations overwrite and says what will stand there', () => {
    const described = form([0xe8, 1, 2, 3, 4, 0xc3], [G], [[1, 1, R.PC32, 1, -4]]);
    expect([...described.bytes]).toEqual([0xe8, 0, 0, 0, 0, 0xc3]);
    expect([...described.places]).toEqual([2]);
    expect([...described.values]).toEqual([4]);
    expect([...described.addends]).toEqual([0]);
  });

  it('takes f + 8 and g for the same where only the sum counts', () => {
    const one = form([0, 0, 0, 0, 0, 0, 0, 0], [F], [[1, 0, R.ABS64, 1, 8]]);
    const two = form([1, 1, 1, 1, 1, 1, 1, 1], [G], [[1, 0, R.ABS64, 1, 0]]);
    expect(equalForms(one, two)).toBe(true);
    expect(hashForm(one)).toBe(hashForm(two));
  });

  it('keeps apart what a table entry would keep apart', () => {
    const bytes = [0x48, 0x8b, 5, 0, 0, 0, 0];
    const one = form(bytes, [F], [[1, 3, R.REX_GOTPCRELX, 1, 4]]);
    const two = form(bytes, [G], [[1, 3, R.REX_GOTPCRELX, 1, -4]]);
    expect(equalForms(one, two)).toBe(false);
  });

  it.each([
    ['bytes', [9], [], []],
    ['places', [0], [{ ...F, section: 1 }], [[1, 0, R.ABS8, 1, 0]]],
    ['values', [0], [F], [[1, 0, R.ABS8, 1, 1]]],
    ['types', [0], [F], [[1, 0, R.PC8, 1, 0]]],
    ['no relocation', [0], [], []],
  ] as [string, number[], SymbolSpec[], RelocationSpec[]][])(
    'tells sections apart by %s',
    (_, bytes, symbols, relocations) => {
      const base = form([0], [F], [[1, 0, R.ABS8, 1, 0]]);
      const other = form(bytes, symbols, relocations);
      expect(equalForms(base, other)).toBe(false);
      expect(hashForm(base)).not.toBe(hashForm(other));
    },
  );

  it('has places for what no section holds, and sizes for sizes', () => {
    const symbols: SymbolSpec[] = [
      { name: 'abs', section: 0xfff1, value: 5 },
      { name: 'weak', binding: 2 },
      { name: 'none' },
      { name: '_GLOBAL_OFFSET_TABLE_' },
      { ...F, size: 77 },
    ];
    const rows = [1, 2, 3, 4].map((s): RelocationSpec => [1, s, R.ABS8, s]);
    const described = form([0, 0, 0, 0, 0, 0, 0, 0, 0], symbols, [...rows, [1, 5, R.SIZE32, 5, 1]]);
    expect([...described.places]).toEqual([
      PLACE.ABSOLUTE,
      PLACE.WEAK,
      PLACE.UNDEFINED,
      1021,
      PLACE.SIZE,
    ]);
    expect([...described.values]).toEqual([5, 0, 0, 0, 77]);
    expect(described.addends[4]).toBe(1);
  });

  it('describes sections without bytes by their size', () => {
    const bss = (size: number) =>
      describeSection(
        programOf([elfOf('a.o', [{ name: '.bss', type: SHT.NOBITS, flags: SHF.ALLOC, size }])]),
        0,
        1,
        PLACES,
      );
    expect(equalForms(bss(8), bss(8))).toBe(true);
    expect(equalForms(bss(8), bss(9))).toBe(false);
    expect(hashForm(bss(8))).not.toBe(hashForm(bss(9)));
  });

  it('says which section is missing', () => {
    expect(() => describeSection(programOf([]), 0, 1, PLACES)).toThrow(
      'there is no section 1 in object 0',
    );
  });
});

it('hashBytes is SHA-1', () => {
  expect(hashBytes(Buffer.from('abc'))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
});
