/**
 * Every loaded byte of the aligned image, headers and padding included, is what the model of the
 * link says: scripts evaluated, relocations applied, unwind tables and the linker's own sections
 * built without the linker. Beyond the bytes of a segment's file there are zeros, by its headers.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { PT, SHF, type ElfFile } from '../elf/types.ts';
import type { Prediction } from '../predict.ts';
import { REGIONS } from './boot-regions.ts';
import { PROPERTIES } from './inputs.ts';
import { hex, type Difference, type Finding } from './types.ts';

/** More of them say nothing that the first ones do not. */
const SHOWN = 20;

/** @param removed output sections that a step after the link has taken out of the prediction */
export function checkBytes(
  { contents, placed }: Prediction,
  debug: ElfFile,
  removed: (name: string) => boolean,
): Finding {
  const differences: Difference[] = [];
  const unproven = new Set<string>();
  const gone = debug.sections.filter(
    ({ flags, name }) => flags & SHF.ALLOC && (removed(name) || name === REGIONS),
  );
  let bytes = 0;
  for (const { type, virtualAddress, offset, fileSize } of debug.segments) {
    if (type !== PT.LOAD) continue;
    const file = debug.bytes.subarray(offset, offset + fileSize);
    bytes += file.length;
    for (let at = 0; at < file.length;) {
      const address = virtualAddress + at;
      const inPage = address % PAGE_SIZE;
      const size = Math.min(PAGE_SIZE - inPage, file.length - at);
      const expected =
        contents.get(address - inPage)?.subarray(inPage, inPage + size) ?? ZEROS.subarray(0, size);
      const found = file.subarray(at, at + size);
      at += size;
      if (Buffer.compare(found, expected) === 0) continue;
      found.forEach((byte, i) => {
        if (byte === expected[i] || differences.length >= SHOWN) return;
        if (gone.some((s) => s.address <= address + i && address + i < s.address + s.size)) return;
        const owner = placed.find(
          (p) => p.address <= address + i && address + i < p.address + p.size,
        );
        if (owner?.section === PROPERTIES) {
          unproven.add(`${PROPERTIES}: how the linker merges it is not known`);
          return;
        }
        const where = owner
          ? `${owner.library} ${owner.section}+${hex(address + i - owner.address)}`
          : 'no input section';
        const text = `the byte at ${hex(address + i)} (${where}) is ${hex(byte)} instead of ${hex(expected[i]!)}`;
        differences.push({ kind: 'bytes', text });
      });
    }
  }
  return { counts: { bytes }, differences, unproven: [...unproven] };
}

const ZEROS = new Uint8Array(PAGE_SIZE);
