/** The loaded output sections of an image, and their bytes by address. */
import { SHF, SHT, type ElfFile, type ElfSection } from '../elf/types.ts';

export class ImageMemory {
  /** Loaded sections that take addresses, ascending; none overlaps the one before it. */
  readonly outputs: readonly ElfSection[];

  constructor(readonly elf: ElfFile) {
    let end = 0;
    this.outputs = elf.sections
      .filter(takesAddresses)
      .sort((a, b) => a.address - b.address)
      .filter((section) => {
        const apart = section.address >= end;
        if (apart) end = section.address + section.size;
        return apart;
      });
  }

  /** The output section that holds all of `[address, address + size)`. */
  outputOf(address: number, size: number): ElfSection | undefined {
    let low = 0;
    let high = this.outputs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.outputs[middle]?.address ?? Infinity) <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.outputs[low - 1];
    return found && address + size <= found.address + found.size ? found : undefined;
  }

  /** A view of the bytes at an address; undefined where they are not in the file. */
  bytesAt(address: number, size: number): Uint8Array | undefined {
    const output = this.outputOf(address, size);
    if (output === undefined || output.type === SHT.NOBITS) return undefined;
    const from = address - output.address;
    return output.data.subarray(from, from + size);
  }
}

/** Zeroed thread-local sections are templates: they take no place in memory. */
export function takesAddresses(section: Pick<ElfSection, 'type' | 'flags' | 'size'>): boolean {
  if ((section.flags & SHF.ALLOC) === 0 || section.size === 0) return false;
  return !(section.type === SHT.NOBITS && (section.flags & SHF.TLS) !== 0);
}
