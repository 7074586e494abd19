/** Where symbols go whose output section is dropped from the file: to a kept neighbour. */
import { SEC } from './flags.ts';
import type { Output } from './model.ts';

/**
 * The kept output section that is most likely in the segment where `dropped` would have been: of the
 * one before and the one behind, the one that agrees with it; if both do, the one behind, unless the
 * symbol's address lies before that.
 */
export function keptNeighbour(
  outputs: readonly Output[],
  dropped: Output,
  address: number,
): Output | undefined {
  const at = outputs.indexOf(dropped);
  const kept = ({ created, removed, failed }: Output) => created && !removed && !failed;
  const before = outputs.slice(0, at).findLast(kept);
  const behind = outputs.slice(at + 1).find(kept);
  if (before === undefined || behind === undefined) return before ?? behind;
  return prefersBefore(before, behind, dropped, address) ? before : behind;
}

function prefersBefore(before: Output, behind: Output, dropped: Output, address: number): boolean {
  const differ = before.flags ^ behind.flags;
  const fromBehind = behind.flags ^ dropped.flags;
  if (differ & (SEC.ALLOC | SEC.TLS | SEC.LOAD)) {
    const onlyBeforeLoaded = (before.flags & ~behind.flags & SEC.LOAD) !== 0;
    return (fromBehind & (SEC.ALLOC | SEC.TLS)) !== 0 || onlyBeforeLoaded;
  }
  for (const flag of [SEC.READONLY, SEC.CODE]) {
    if (differ & flag) return (fromBehind & flag) !== 0;
  }
  return address < behind.address;
}
