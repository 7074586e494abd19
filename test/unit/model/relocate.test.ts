import { describe, expect, it } from 'vitest';
import { SHF, SHN, STB } from '../../../src/engine/elf/types.ts';
import { R } from '../../../src/engine/model/relocation-types.ts';
import { relocateSection, type RelocateRequest } from '../../../src/engine/model/relocate.ts';
import { elfOf, programOf, type RelocationSpec, type SymbolSpec } from './objects.ts';

const TEXT = {
  name: '.text',
  bytes: new Array<number>(16).fill(0xcc),
  flags: SHF.ALLOC | SHF.EXECINSTR,
};
const SYMBOLS: SymbolSpec[] = [
  { name: 'f', section: 1, value: 4, size: 12 },
  { name: 'abs', section: SHN.ABS, value: 0xffffffff },
  { name: 'missing' },
  { name: 'script' },
  { name: 'ifunc', section: 1, type: 10 },
];

function relocate(
  relocations: RelocationSpec[],
  request: Partial<RelocateRequest> = {},
  section = TEXT,
) {
  const program = programOf([elfOf('lib.o', [section], SYMBOLS, relocations)], {
    scriptSymbols: new Set(['script']),
  });
  return relocateSection({
    program,
    object: 0,
    section: 1,
    sectionAddress: 0x100000,
    addressOf: () => 0x100000,
    symbolValue: () => 0x200000,
    ...request,
  });
}

const hex = (bytes: Uint8Array, from: number, to: number) =>
  Buffer.from(bytes.subarray(from, to)).toString('hex');

describe('relocateSection', () => {
  it('writes sums, distances and sizes, and nothing else', () => {
    const bytes = relocate([
      [1, 0, R.ABS32, 1, 1],
      [1, 4, R.PC32, 1, -4],
      [1, 8, R.SIZE32, 1, 1],
    ]);
    expect(hex(bytes, 0, 16)).toBe('05001000' + 'fcffffff' + '0d000000' + 'cccccccc');
  });

  it('writes negative and large 64-bit numbers', () => {
    expect(hex(relocate([[1, 0, R.ABS64, 0, -1]]), 0, 9)).toBe('ffffffffffffffffcc');
    expect(hex(relocate([[1, 0, R.ABS64, 0, -(2 ** 40) - 2]]), 0, 8)).toBe('fefffffffffeffff');
    expect(hex(relocate([[1, 0, R.ABS64, 0, 2 ** 52 + 1]]), 0, 8)).toBe('0100000000001000');
  });

  it('does not touch the object, even where its bytes are a Buffer', () => {
    const elf = elfOf('lib.o', [TEXT], SYMBOLS, [[1, 0, R.ABS32, 1, 0]]);
    const source = elf.sections[1];
    if (source === undefined) throw new Error('no section');
    const data = Buffer.from(source.data);
    const sections = [elf.sections[0] ?? source, { ...source, data }];
    const program = programOf([{ ...elf, sections }]);
    relocateSection({
      program,
      object: 0,
      section: 1,
      sectionAddress: 0,
      addressOf: () => 0,
      symbolValue: () => 0,
    });
    expect(data.every((byte) => byte === 0xcc)).toBe(true);
  });

  it('writes into the place it is given', () => {
    const into = new Uint8Array(20);
    const bytes = relocate([[1, 0, R.ABS8, 0, 5]], { into });
    expect(bytes.length).toBe(16);
    expect(into[0]).toBe(5);
  });

  it('asks for symbols of the script', () => {
    expect(hex(relocate([[1, 0, R.ABS32, 4, 2]]), 0, 4)).toBe('02002000');
  });

  it.each([
    [
      'link-relocation-overflow',
      [1, 2, R.ABS32, 2, 1],
      'lib: .text+0x2 needs 0x100000000 in R_X86_64_32',
    ],
    ['link-relocation-overflow', [1, 2, R.ABS32, 0, -1], 'needs -0x1 in R_X86_64_32'],
    ['link-relocation-overflow', [1, 2, R.ABS32S, 2, 0], 'R_X86_64_32S'],
    ['link-relocation-overflow', [1, 2, R.PC8, 2, 0], 'R_X86_64_PC8'],
    [
      'link-undefined-symbol',
      [1, 3, R.ABS32, 3, 0],
      'undefined reference to missing from .text+0x3 of lib',
    ],
    ['link-relocation-range', [1, 13, R.ABS32, 1, 0], '.text+0xd is relocated outside its bytes'],
    ['link-relocation-range', [1, 100, R.ABS8, 1, 0], 'outside'],
    ['link-relocation-type', [1, 0, 77, 1, 0], 'relocation type 77'],
    ['link-relocation-type', [1, 0, R.GOT64, 1, 0], 'global offset table'],
    ['link-relocation-type', [1, 0, R.ABS32, 5, 0], 'indirect function'],
    ['link-tls', [1, 4, R.GOTTPOFF, 1, -4], 'thread-local'],
    ['link-tls', [1, 4, R.TLSGD, 1, -4], 'thread-local'],
    ['link-tls', [1, 4, R.TLSLD, 1, -4], 'thread-local'],
    ['link-tls', [1, 4, R.GOTPC32_TLSDESC, 1, -4], 'thread-local'],
    ['link-tls', [1, 4, R.TLSDESC_CALL, 1, 0], 'thread-local'],
  ] as [string, RelocationSpec, string][])('%s %j', (code, relocation, text) => {
    expect(() => relocate([relocation])).toThrow(expect.objectContaining({ code }));
    expect(() => relocate([relocation])).toThrow(text);
  });

  it('refuses references to what is not in the output, but clears them in unwind and debugging data', () => {
    const gone = { addressOf: () => undefined };
    const reference: RelocationSpec[] = [[1, 0, R.ABS64, 1, 5]];
    expect(() => relocate(reference, gone)).toThrow(
      expect.objectContaining({ code: 'link-discarded' }),
    );
    const clear = (name: string, flags: number) =>
      hex(relocate(reference, gone, { ...TEXT, name, flags }), 0, 9);
    expect(clear('.eh_frame', SHF.ALLOC)).toBe('0000000000000000cc');
    expect(clear('.gcc_except_table', SHF.ALLOC)).toBe('0000000000000000cc');
    expect(clear('.debug_info', 0)).toBe('0000000000000000cc');
    expect(clear('.debug_ranges', 0)).toBe('0100000000000000cc');
    expect(hex(relocate(reference, { ...gone, lenient: true }), 0, 9)).toBe('0000000000000000cc');
  });

  it('measures thread-local variables from the aligned end of the template', () => {
    const tls = { start: 0x0ff000, end: 0x100011, alignment: 32 };
    expect(hex(relocate([[1, 0, R.TPOFF32, 1, 1]], { tls }), 0, 4)).toBe('e5ffffff');
    expect(hex(relocate([[1, 0, R.DTPOFF32, 1, 0]], { tls }), 0, 4)).toBe('e4ffffff');
    const data = { ...TEXT, flags: SHF.ALLOC };
    expect(hex(relocate([[1, 0, R.DTPOFF32, 1, 0]], { tls }, data), 0, 4)).toBe('04100000');
    expect(hex(relocate([[1, 0, R.TPOFF64, 1, 3]]), 0, 8)).toBe('0300000000000000');
  });

  it('says which section is missing', () => {
    const program = programOf([]);
    const request = {
      program,
      object: 0,
      section: 1,
      sectionAddress: 0,
      addressOf: () => 0,
      symbolValue: () => 0,
    };
    expect(() => relocateSection(request)).toThrow('there is no section 1 in object 0');
  });

  it('takes a missing weak symbol for zero', () => {
    const program = programOf([
      elfOf('a.o', [TEXT], [{ name: 'w', binding: STB.WEAK }], [[1, 0, R.PC32, 1, 0]]),
    ]);
    const bytes = relocateSection({
      program,
      object: 0,
      section: 1,
      sectionAddress: 0x1000,
      addressOf: () => 0x1000,
      symbolValue: () => undefined,
    });
    expect(hex(bytes, 0, 4)).toBe('00f0ffff');
  });
});
