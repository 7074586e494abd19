/** Padding that the linker puts between sections, told from bytes whose owner is unknown. */
import { SHF, SHT, type ElfSection } from '../elf/types.ts';
import type { ImageMemory } from './image-memory.ts';
import { firstReaching, type OwnedRange } from './owner-map.ts';

/** Bytes of the no-operation instructions that ld and gas fill code with. */
const NOPS = new Set([0x00, 0x0f, 0x1f, 0x2e, 0x40, 0x44, 0x66, 0x80, 0x84, 0x90, 0xcc]);
const PAGE = 4096;

/** The holes between flat, known ranges that look like padding. */
export function paddingRanges(memory: ImageMemory, known: readonly OwnedRange[]): OwnedRange[] {
  return memory.outputs.flatMap((output) =>
    holes(output, known)
      .filter((hole) => isPadding(memory, output, hole))
      .map(({ start, end }) => ({ start, end, library: '[fill]', section: output.name })),
  );
}

interface Hole {
  readonly start: number;
  readonly end: number;
}

function holes(output: ElfSection, known: readonly OwnedRange[]): Hole[] {
  const end = output.address + output.size;
  const result: Hole[] = [];
  let start = output.address;
  for (let i = firstReaching(known, start); i < known.length; i++) {
    const range = known[i];
    if (range === undefined || range.start >= end) break;
    if (start < range.start) result.push({ start, end: range.start });
    start = range.end;
  }
  if (start < end && start > output.address) result.push({ start, end });
  return result;
}

/** Shorter than the alignment of what follows, and of bytes that a linker fills with. */
function isPadding(memory: ImageMemory, output: ElfSection, hole: Hole): boolean {
  const size = hole.end - hole.start;
  const isLast = hole.end === output.address + output.size;
  const limit = isLast ? PAGE : lowestBit(hole.end);
  if (size >= limit) return false;
  if (output.type === SHT.NOBITS) return true;
  const bytes = memory.bytesAt(hole.start, size);
  const isCode = (output.flags & SHF.EXECINSTR) !== 0;
  return bytes?.every((byte) => (isCode ? NOPS.has(byte) : byte === 0)) ?? false;
}

function lowestBit(address: number): number {
  let bit = 1;
  while (bit < PAGE && address % (bit * 2) === 0) bit *= 2;
  return bit;
}
