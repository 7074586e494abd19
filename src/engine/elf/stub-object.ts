/**
 * Makes a relocatable object of jumps: for each symbol, a section of its own that holds
 * `jmp SYMBOL` and a global symbol that names it. Layouts: System V gABI chapter 4; the jump is
 * `e9 rel32` (Intel SDM, JMP near relative) with R_X86_64_PLT32, addend -4 (x86-64 psABI, 4.4.1).
 */
import { EM_X86_64, ET_REL, SHF, SHT, STB, STT } from './types.ts';

/** Bytes of one jump. */
const JUMP = Uint8Array.of(0xe9, 0, 0, 0, 0);
const R_X86_64_PLT32 = 4;

/** Section of the jump to a symbol. */
export const stubSection = (symbol: string): string => `.text.spacer.stub.${symbol}`;
/** Name of the jump to a symbol. */
export const stubSymbol = (symbol: string): string => `__spacer_stub_${symbol}`;

/** The object's bytes. The order of the symbols is kept. */
export function makeStubObject(symbols: readonly string[]): Uint8Array {
  const count = symbols.length;
  const names = new Strings();
  const strings = new Strings();
  const sections = symbols.map((symbol) => ({
    jump: names.add(stubSection(symbol)),
    rela: names.add(`.rela${stubSection(symbol)}`),
  }));
  const symbolTable = writeSymbols(symbols, strings);
  const stack = names.add('.note.GNU-stack');
  const tables = [names.add('.symtab'), names.add('.strtab'), names.add('.shstrtab')] as const;
  const body = new Body();
  const symtabIndex = 2 + 2 * count;
  const headers: number[][] = [new Array<number>(10).fill(0)];
  sections.forEach(({ jump }) => {
    headers.push([jump, SHT.PROGBITS, SHF.ALLOC | SHF.EXECINSTR, 0, body.add(JUMP), 5, 0, 0, 4, 0]);
  });
  sections.forEach(({ rela }, i) => {
    const offset = body.add(relocation(1 + count + i));
    headers.push([rela, SHT.RELA, SHF.INFO_LINK, 0, offset, 24, symtabIndex, 1 + i, 8, 24]);
  });
  // Without this section ld takes the object for one that needs an executable stack.
  headers.push([stack, SHT.PROGBITS, 0, 0, 64, 0, 0, 0, 1, 0]);
  headers.push([
    tables[0],
    SHT.SYMTAB,
    0,
    0,
    body.add(symbolTable),
    symbolTable.length,
    symtabIndex + 1,
    1,
    8,
    24,
  ]);
  headers.push([tables[1], SHT.STRTAB, 0, 0, body.add(strings.bytes()), strings.size, 0, 0, 1, 0]);
  headers.push([tables[2], SHT.STRTAB, 0, 0, body.add(names.bytes()), names.size, 0, 0, 1, 0]);
  return body.finish(headers);
}

/** The null symbol, the jumps (defined), then the targets (undefined). */
function writeSymbols(symbols: readonly string[], strings: Strings): Uint8Array {
  const table = new Uint8Array((1 + 2 * symbols.length) * 24);
  const view = new DataView(table.buffer);
  symbols.forEach((symbol, i) => {
    const jump = (1 + i) * 24;
    view.setUint32(jump, strings.add(stubSymbol(symbol)), true);
    view.setUint8(jump + 4, (STB.GLOBAL << 4) | STT.FUNC);
    view.setUint16(jump + 6, 1 + i, true);
    view.setUint32(jump + 16, JUMP.length, true);
    const target = (1 + symbols.length + i) * 24;
    view.setUint32(target, strings.add(symbol), true);
    view.setUint8(target + 4, STB.GLOBAL << 4);
  });
  return table;
}

function relocation(symbol: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(8, R_X86_64_PLT32, true);
  view.setUint32(12, symbol, true);
  view.setBigInt64(16, -4n, true);
  return bytes;
}

class Strings {
  private text = '\0';

  get size(): number {
    return this.text.length;
  }

  add(name: string): number {
    const offset = this.text.length;
    this.text += `${name}\0`;
    return offset;
  }

  bytes(): Uint8Array {
    return Buffer.from(this.text, 'latin1');
  }
}

/** File contents behind the ELF header. */
class Body {
  private readonly parts: Uint8Array[] = [];
  private length = 64;

  add(bytes: Uint8Array): number {
    const padding = (8 - (this.length % 8)) % 8;
    const offset = this.length + padding;
    this.parts.push(new Uint8Array(padding), bytes);
    this.length = offset + bytes.length;
    return offset;
  }

  /** Adds the section headers (ten numbers each, in the order of Elf64_Shdr) and the ELF header. */
  finish(headers: readonly (readonly number[])[]): Uint8Array {
    const table = new Uint8Array(headers.length * 64);
    const view = new DataView(table.buffer);
    headers.forEach((fields, i) => {
      const widths = [4, 4, 8, 8, 8, 8, 4, 4, 8, 8];
      let at = i * 64;
      fields.forEach((value, f) => {
        if (widths[f] === 4) view.setUint32(at, value, true);
        else view.setBigUint64(at, BigInt(value), true);
        at += widths[f]!;
      });
    });
    const offset = this.add(table);
    return Buffer.concat([elfHeader(offset, headers.length), ...this.parts]);
  }
}

function elfHeader(sectionHeaders: number, count: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, ET_REL, true);
  view.setUint16(18, EM_X86_64, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(40, BigInt(sectionHeaders), true);
  view.setUint16(52, 64, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, count, true);
  view.setUint16(62, count - 1, true);
  return bytes;
}
