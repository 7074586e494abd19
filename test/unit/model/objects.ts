/** ELF objects made of values, for tests that need no tools. */
import {
  SHF,
  SHN,
  SHT,
  STB,
  type ElfFile,
  type ElfRelocation,
} from '../../../src/engine/elf/types.ts';
import { createProgram } from '../../../src/engine/model/program.ts';
import type { InputObject, Program, ProgramOptions } from '../../../src/engine/model/types.ts';

export interface SectionSpec {
  name: string;
  bytes?: number[];
  type?: number;
  flags?: number;
  size?: number;
  alignment?: number;
  link?: number;
  info?: number;
}

export interface SymbolSpec {
  name: string;
  /** Index into the specs plus one, or SHN.* */
  section?: number;
  value?: number;
  size?: number;
  binding?: number;
  type?: number;
}

export type RelocationSpec = [
  section: number,
  offset: number,
  type: number,
  symbol: number,
  addend?: number,
];

/** Section `i` of the specs has index `i + 1`, and so has symbol `i`. */
export function elfOf(
  path: string,
  sections: readonly SectionSpec[],
  symbols: readonly SymbolSpec[] = [],
  relocations: readonly RelocationSpec[] = [],
): ElfFile {
  const all = [{ name: '', type: SHT.NULL }, ...sections];
  const map = new Map<number, ElfRelocation[]>();
  for (const [section, offset, type, symbol, addend = 0] of relocations)
    map.set(section, [...(map.get(section) ?? []), { offset, type, symbol, addend }]);
  return {
    path,
    bits: 64,
    type: 1,
    machine: 62,
    entry: 0,
    segments: [],
    bytes: new Uint8Array(64),
    relocations: map,
    sections: all.map((spec: SectionSpec, index) => {
      const data = Uint8Array.from(spec.bytes ?? []);
      return {
        index,
        name: spec.name,
        type: spec.type ?? SHT.PROGBITS,
        flags: spec.flags ?? SHF.ALLOC,
        address: 0,
        offset: 0x1000 * index,
        size: spec.size ?? data.length,
        link: spec.link ?? 0,
        info: spec.info ?? 0,
        alignment: spec.alignment ?? 1,
        entrySize: 0,
        data,
      };
    }),
    symbols: [{ name: '' }, ...symbols].map((spec: SymbolSpec, index) => ({
      index,
      name: spec.name,
      value: spec.value ?? 0,
      size: spec.size ?? 0,
      type: spec.type ?? 0,
      binding: spec.binding ?? (index === 0 ? STB.LOCAL : STB.GLOBAL),
      visibility: 0,
      section: spec.section ?? SHN.UNDEF,
    })),
  };
}

/** A program of such objects. */
export function programOf(
  elfs: readonly ElfFile[],
  options: Partial<ProgramOptions> = {},
): Program {
  const objects: InputObject[] = elfs.map((elf, index) => ({
    index,
    path: elf.path,
    library: elf.path.replace(/\.o$/, ''),
    elf,
  }));
  return createProgram(objects, { scriptSymbols: new Set(), provided: new Set(), ...options });
}
