/** Types of elfy 1.0.0, which ships none: only what the adapter uses. */
declare module 'elfy' {
  export interface Header {
    class: '32' | '64';
    endian: 'lsb' | 'msb';
    entry: number;
    phoff: number;
    phnum: number;
    phentsize: number;
    shoff: number;
    shnum: number;
    shentsize: number;
    shstrndx: number;
  }
  export interface Program {
    offset: number;
    vaddr: number;
    paddr: number;
    filesz: number;
    memsz: number;
    align: number;
  }
  export interface Section {
    name: number;
    addr: number;
    off: number;
    size: number;
    link: number;
    info: number;
  }
  export class Parser {
    parseHeader(bytes: Buffer): Header;
    parsePrograms(bytes: Buffer, header: Header): Program[];
    parseSections(bytes: Buffer, header: Header): Section[];
  }
}
