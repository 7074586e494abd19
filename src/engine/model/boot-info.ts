/**
 * Unikraft's table of memory regions. A step after the link fills it from the list of load
 * segments: behind a header stands an entry for each segment, and the last bytes of an entry are zero
 * (Unikraft, support/scripts/mkbootinfo.py). The section has room for 32 entries of 32 bytes up to
 * 0.13, for 128 up to 0.16, and for 128 of 48 bytes from 0.17 on.
 */
export const BOOT_INFO = '.uk_bootinfo';

const ZERO_TAIL = 5;

/** Bytes of the section that are written when so many segments are listed. */
export function writtenBootInfo(size: number, segments: number): number {
  const [room, entry] = size > 128 * 48 ? [128, 48] : size > 128 * 32 ? [128, 32] : [32, 32];
  const header = Math.max(0, size - room * entry);
  return Math.max(0, header + segments * entry - ZERO_TAIL);
}
