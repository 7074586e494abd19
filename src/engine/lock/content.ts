/**
 * Names for contents that are the same on every machine and for every set: a digest of a slot's bytes
 * and of what they refer to, where a target is named by its key instead of by its number in one set.
 */
import { createHash } from 'node:crypto';
import { REFERENCE_COLUMNS, TO_SLOT, type SlotContent } from '../atoms/content.ts';
import type { Holding } from './ledger.ts';
import { compareText } from './order.ts';

/** Hexadecimal digits of a content's name: 64 bits tell the contents of a fleet apart. */
const DIGITS = 16;

/**
 * @param size bytes of the slot, which may be more than those with contents
 * @param keyOf key of a slot by its number
 */
export function contentName(
  content: SlotContent,
  size: number,
  keyOf: (slot: number) => string,
): string {
  const { bytes, references } = content;
  const hash = createHash('sha256');
  hash.update(`${size}\n`).update(bytes);
  const lines: string[] = [];
  for (let row = 0; row < references.length; row += REFERENCE_COLUMNS) {
    const [offset, type, kind, target = -1, addend] = references.subarray(
      row,
      row + REFERENCE_COLUMNS,
    );
    const name = kind === TO_SLOT && target >= 0 ? keyOf(target) : String(target);
    lines.push(`${offset} ${type} ${kind} ${name} ${addend}`);
  }
  hash.update(`\n${lines.join('\n')}`);
  return hash.digest('hex').slice(0, DIGITS);
}

/** Keys of the slots that a content refers to. */
export function targetsOf(
  { references }: SlotContent,
  keyOf: (slot: number) => string,
): Set<string> {
  const keys = new Set<string>();
  for (let row = 0; row < references.length; row += REFERENCE_COLUMNS) {
    const target = references[row + 3]!;
    if (references[row + 2] === TO_SLOT && target >= 0) keys.add(keyOf(target));
  }
  return keys;
}

/** SHA-256 of everything that a unikernel has, and where: equal for equal images. */
export function checksumOf(holdings: ReadonlyMap<string, Holding>): string {
  const lines = [...holdings].map(
    ([key, { slot, place }]) => `${key} ${place.address} ${slot.size} ${slot.content}`,
  );
  return createHash('sha256').update(lines.sort(compareText).join('\n')).digest('hex');
}
