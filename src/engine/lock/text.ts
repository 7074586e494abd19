/**
 * The lock file. JSON that is made to be read in a diff: sorted, one line a slot, addresses in
 * hexadecimal, and unikernels that have the same thing named together. `"in": ["*"]` is all of them,
 * `["*", "-a"]` all but `a`, so that a library which everybody has is one short line that stays as it is
 * when another unikernel comes.
 */
import type { Lock, Place, Variant } from './model.ts';
import { LOCK_FORMAT, LOCK_VERSION } from './model.ts';

/** The text of a lock: the same for the same lock. */
export function formatLock(lock: Lock): string {
  const all = lock.unikernels.map(({ name }) => name);
  const { groups, regions, unikernels, places } = lock;
  const lines = [
    '{',
    `"format": ${JSON.stringify(LOCK_FORMAT)},`,
    `"version": ${LOCK_VERSION},`,
    `"architecture": ${JSON.stringify(lock.architecture)},`,
    `"granularity": ${JSON.stringify(lock.granularity)},`,
    `"base": ${JSON.stringify(hex(lock.base))},`,
    `"threadLocalSize": ${lock.threadLocalSize},`,
    ...list(
      'groups',
      groups.map(({ group, start, limit }) => ({ group, start: hex(start), limit: hex(limit) })),
    ),
    ...list(
      'regions',
      regions.map((region) => ({ ...region, start: hex(region.start), end: hex(region.end) })),
    ),
    ...list('stubs', lock.stubs),
    ...list('pins', lock.pins),
    ...list('unikernels', unikernels),
    ...list(
      'slots',
      places.map((place) => slotOf(place, all)),
    ),
  ];
  return `${lines.join('\n').replace(/,$/, '')}\n}\n`;
}

function list(name: string, items: readonly unknown[]): string[] {
  if (items.length === 0) return [`${JSON.stringify(name)}: [],`];
  const rows = items.map((item, i) => `${JSON.stringify(item)}${i + 1 < items.length ? ',' : ''}`);
  return [`${JSON.stringify(name)}: [`, ...rows, '],'];
}

function slotOf(place: Place, all: readonly string[]) {
  const { key, region, role, library, address, room, alignment, symbols } = place;
  return {
    key,
    region,
    ...(role !== 'body' && { role }),
    library,
    address: hex(address),
    room,
    alignment,
    ...(symbols.length > 0 && { symbols }),
    variants: place.variants.map((variant) => variantOf(variant, all)),
  };
}

const variantOf = ({ content, size, holders }: Variant, all: readonly string[]) => ({
  content,
  size,
  in: shorten(holders, all),
});

function shorten(holders: readonly string[], all: readonly string[]): readonly string[] {
  if (holders.length * 2 <= all.length) return holders;
  const has = new Set(holders);
  return ['*', ...all.filter((name) => !has.has(name)).map((name) => `-${name}`)];
}

const hex = (value: number): string => `0x${value.toString(16)}`;
