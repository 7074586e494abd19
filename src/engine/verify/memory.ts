/** Guest memory of an image as its program headers load it: file bytes, then zeros. */
import { PT, type ElfFile, type ElfSegment } from '../elf/types.ts';

/** More than an image of a unikernel takes: what a damaged header asks for is not made. */
const MAX_READ = 2 ** 30;

export class LoadedMemory {
  private readonly segments: readonly ElfSegment[];

  /** @param addressOf the address that counts: virtual, or physical for what a loader copies */
  constructor(
    private readonly elf: ElfFile,
    private readonly addressOf: (segment: ElfSegment) => number = (s) => s.virtualAddress,
  ) {
    this.segments = elf.segments.filter(
      ({ type, memorySize }) => type === PT.LOAD && memorySize > 0,
    );
  }

  /**
   * The bytes at an address: a view of the file where all of them are in it, a copy where zeros
   * follow; undefined where they are not all loaded.
   */
  read(address: number, size: number): Uint8Array | undefined {
    if (size > MAX_READ) return undefined;
    const segment = this.segments.find((s) => {
      const start = this.addressOf(s);
      return start <= address && address + size <= start + s.memorySize;
    });
    if (segment === undefined) return undefined;
    const from = address - this.addressOf(segment);
    const inFile = Math.max(0, Math.min(size, segment.fileSize - from));
    const file = this.elf.bytes.subarray(
      segment.offset + from,
      segment.offset + from + (inFile > 0 ? inFile : 0),
    );
    if (inFile === size) return file;
    const bytes = new Uint8Array(size);
    bytes.set(file);
    return bytes;
  }
}
