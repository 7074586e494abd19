/** ElfFile values made by hand, for tests that need shapes no linker makes. */
import {
  EM_X86_64,
  type ElfFile,
  type ElfSection,
  type ElfSegment,
  type ElfSymbol,
} from '../../../src/engine/elf/types.ts';

export function segment(part: Partial<ElfSegment>): ElfSegment {
  const virtualAddress = part.virtualAddress ?? part.physicalAddress ?? 0;
  return {
    type: 1,
    flags: 5,
    offset: 0,
    virtualAddress,
    physicalAddress: virtualAddress,
    fileSize: 0,
    memorySize: part.fileSize ?? 0,
    alignment: 4096,
    ...part,
  };
}

export function section(part: Partial<ElfSection>): ElfSection {
  return {
    index: 0,
    name: '.text',
    type: 1,
    flags: 6,
    address: 0,
    offset: 0,
    size: 0,
    link: 0,
    info: 0,
    alignment: 1,
    entrySize: 0,
    data: part.type === 8 ? new Uint8Array(0) : new Uint8Array(part.size ?? 0),
    ...part,
  };
}

export function symbol(part: Partial<ElfSymbol>): ElfSymbol {
  return {
    index: 0,
    name: 'f',
    value: 0,
    size: 0,
    type: 2,
    binding: 1,
    visibility: 0,
    section: 1,
    ...part,
  };
}

export function fakeElf(part: Partial<ElfFile>): ElfFile {
  return {
    path: '/image',
    bits: 64,
    type: 2,
    machine: EM_X86_64,
    entry: 0,
    sections: [],
    segments: [],
    symbols: [],
    relocations: new Map(),
    bytes: new Uint8Array(0),
    ...part,
  };
}
