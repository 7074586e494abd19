/**
 * Owners of unwind tables (`.eh_frame`). The linker drops and joins their records, so sections
 * cannot be matched; but each record (FDE) names the code that it describes, and belongs to the
 * owner of that code. A common record (CIE) belongs to the record after it.
 * Source: LSB Core, chapter 10.6, "Exception Frames".
 */
import type { ElfSection } from '../elf/types.ts';
import type { ImageMemory } from './image-memory.ts';
import { coalesce, firstReaching, type OwnedRange } from './owner-map.ts';

/** Flat ranges of the unwind records whose code has a known owner. */
export function unwindRanges(memory: ImageMemory, known: readonly OwnedRange[]): OwnedRange[] {
  return memory.outputs
    .filter((output) => output.name === '.eh_frame' && output.data.length > 0)
    .flatMap((output) => coalesce(recordRanges(output, known)));
}

interface Item {
  readonly start: number;
  readonly end: number;
  library: string | undefined;
}

function recordRanges(output: ElfSection, known: readonly OwnedRange[]): OwnedRange[] {
  const items = recordsOf(output, known);
  for (let i = items.length - 2; i >= 0; i--) inherit(items[i], items[i + 1]);
  for (let i = 1; i < items.length; i++) inherit(items[i], items[i - 1]);
  return items.flatMap(({ start, end, library }) =>
    library === undefined ? [] : [{ start, end, library, section: output.name }],
  );
}

function inherit(item: Item | undefined, from: Item | undefined): void {
  if (item && from && item.library === undefined) item.library = from.library;
}

function recordsOf(output: ElfSection, known: readonly OwnedRange[]): Item[] {
  const { data, address } = output;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const items: Item[] = [];
  for (let at = 0; at + 4 <= data.length;) {
    const length = view.getUint32(at, true);
    const end = at + 4 + length;
    // 0xffffffff announces a 64-bit length, which no linker of this platform writes.
    if (length === 0xffffffff || end > data.length) break;
    items.push({
      start: address + at,
      end: address + end,
      library: ownerAt(view, at, output, known),
    });
    at = end;
  }
  return items;
}

/** The library of the code of the record at `at`; undefined for a CIE and for the terminator. */
function ownerAt(
  view: DataView,
  at: number,
  { address, data }: ElfSection,
  known: readonly OwnedRange[],
): string | undefined {
  if (at + 12 > data.length || view.getUint32(at, true) < 8) return undefined;
  if (view.getUint32(at + 4, true) === 0) return undefined;
  // All compilers of this platform write DW_EH_PE_pcrel | DW_EH_PE_sdata4.
  const code = address + at + 8 + view.getInt32(at + 8, true);
  const range = known[firstReaching(known, code)];
  return range && range.start <= code ? range.library : undefined;
}
