/**
 * A cursor over the bytes of `.eh_frame` and, beside it, over its relocations, which must come in
 * order. Every step that ld's parser would refuse throws `Unparsable`.
 */
import type { ElfRelocation } from '../elf/types.ts';

/** DW_EH_PE_*: how a pointer is encoded (LSB 10.5). */
export const DW_EH_PE = {
  ABSPTR: 0,
  UDATA2: 2,
  UDATA4: 3,
  UDATA8: 4,
  SIGNED: 8,
  PCREL: 0x10,
  TEXTREL: 0x20,
  DATAREL: 0x30,
  ALIGNED: 0x50,
  /** The bits that say what a pointer is relative to. */
  APPLICATION: 0x70,
  OMIT: 0xff,
} as const;

/** Bytes of an encoded pointer; 0 for encodings that ld does not know or that vary. */
export function pointerWidth(encoding: number): number {
  if ((encoding & 0x60) === 0x60) return 0;
  switch (encoding & 7) {
    case DW_EH_PE.UDATA2:
      return 2;
    case DW_EH_PE.UDATA4:
      return 4;
    case DW_EH_PE.UDATA8:
    case DW_EH_PE.ABSPTR:
      return 8;
    default:
      return 0;
  }
}

/** What ld's parser gives up on. Never leaves the parser. */
export class Unparsable extends Error {}

export class FrameReader {
  at = 0;
  /** Index of the next relocation. */
  relocation = 0;
  private readonly view: DataView;

  constructor(
    readonly data: Uint8Array,
    private readonly relocations: readonly ElfRelocation[],
  ) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  require(condition: boolean): void {
    if (!condition) throw new Unparsable();
  }

  skip(bytes: number, end: number): void {
    this.require(bytes >= 0 && this.at + bytes <= end);
    this.at += bytes;
  }

  u8(end: number): number {
    this.skip(1, end);
    return this.view.getUint8(this.at - 1);
  }

  u32(end = this.data.length): number {
    this.skip(4, end);
    return this.view.getUint32(this.at - 4, true);
  }

  /** An unsigned LEB128 number, in decimal digits: mostly it is only compared. */
  leb128(end: number): string {
    return this.leb(end).value.toString();
  }

  /** A signed LEB128 number, in decimal digits. */
  sleb128(end: number): string {
    const { value, bits } = this.leb(end);
    return BigInt.asIntN(bits, value).toString();
  }

  private leb(end: number): { value: bigint; bits: number } {
    let value = 0n;
    for (let bits = 0; ; bits += 7) {
      const byte = this.u8(end);
      value |= BigInt(byte & 0x7f) << BigInt(bits);
      if ((byte & 0x80) === 0) return { value, bits: bits + 7 };
    }
  }

  /** A string of fewer than `limit` bytes, and its end. */
  string(limit: number): string {
    const stop = this.data.indexOf(0, this.at);
    this.require(stop !== -1 && stop - this.at < limit);
    const text = String.fromCharCode(...this.data.subarray(this.at, stop));
    this.at = stop + 1;
    return text;
  }

  current(): ElfRelocation | undefined {
    return this.relocations[this.relocation];
  }

  hasRelocation(offset: number): boolean {
    return this.current()?.offset === offset;
  }

  /** ENSURE_NO_RELOCS of ld: nothing but R_X86_64_NONE up to here. */
  noRelocations(): void {
    for (
      let next = this.current();
      next !== undefined && next.offset < this.at;
      next = this.current()
    ) {
      this.require(next.type === 0 && next.symbol === 0);
      this.relocation++;
    }
  }

  skipRelocations(until = this.at): void {
    while ((this.current()?.offset ?? Infinity) < until) this.relocation++;
  }
}
