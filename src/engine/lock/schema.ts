/** What a lock file may hold, and what it means. Files come from outside: every part is bounded. */
import * as v from 'valibot';
import { GRANULARITIES } from '../../protocol/options.ts';
import { ARCHITECTURE, LOCK_FORMAT, LOCK_VERSION, type Lock, type Place } from './model.ts';

const MAX_TEXT = 4096;
const MAX_UNIKERNELS = 20_000;
const MAX_SLOTS = 5_000_000;
const MAX_REGIONS = 10_000;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const name = v.pipe(text, v.nonEmpty());
/** Names stand in lists where `*` and `-` have a meaning. */
const unikernel = v.pipe(name, v.regex(/^[^*-]/, 'is no name of a unikernel'));
const holder = v.pipe(name, v.regex(/^(\*|-?[^*-].*)$/s, 'is neither a name nor "*" nor "-NAME"'));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const address = v.pipe(
  text,
  v.regex(/^0x[0-9a-f]{1,13}$/, 'is not a hexadecimal address'),
  v.transform(Number),
  v.safeInteger(),
);
const alignment = v.pipe(
  count,
  v.check((n) => n >= 1 && Number.isInteger(Math.log2(n)), 'is not a power of two'),
);
const group = v.picklist(['text', 'readonly', 'tls', 'data', 'bss', 'unloaded']);
const list = <T extends v.GenericSchema>(item: T, max: number) =>
  v.pipe(v.array(item), v.maxLength(max));

const variant = v.strictObject({
  content: v.pipe(text, v.regex(/^[0-9a-f]{16}$/, 'is not a content')),
  size: count,
  in: list(holder, MAX_UNIKERNELS + 1),
});

const slot = v.strictObject({
  key: name,
  region: name,
  role: v.optional(v.picklist(['body', 'head', 'table']), 'body'),
  library: text,
  address,
  room: count,
  alignment,
  symbols: v.optional(list(name, MAX_SLOTS), []),
  variants: list(variant, MAX_UNIKERNELS),
});

/** Looked at first: a lock of another version may look like anything. */
export const header = v.object({
  format: v.literal(LOCK_FORMAT),
  version: v.literal(LOCK_VERSION),
  architecture: v.literal(ARCHITECTURE),
});

export const lockFile = v.strictObject({
  ...header.entries,
  granularity: v.picklist(GRANULARITIES),
  base: address,
  threadLocalSize: count,
  groups: list(v.strictObject({ group, start: address, limit: address }), MAX_REGIONS),
  regions: list(
    v.strictObject({
      name,
      kind: v.picklist(['bulk', 'table']),
      group,
      endAlignment: alignment,
      start: address,
      end: address,
    }),
    MAX_REGIONS,
  ),
  stubs: list(name, MAX_SLOTS),
  pins: list(name, MAX_SLOTS),
  unikernels: list(
    v.strictObject({
      name: unikernel,
      checksum: v.pipe(text, v.regex(/^[0-9a-f]{64}$/, 'is not a checksum')),
    }),
    MAX_UNIKERNELS,
  ),
  slots: list(slot, MAX_SLOTS),
});

export type LockFile = v.InferOutput<typeof lockFile>;

/** The lock that a valid file says. Names in lists are not checked here. */
export function lockOfFile({ slots, ...rest }: LockFile): Lock {
  const { architecture, granularity, base, threadLocalSize } = rest;
  const { groups, regions, stubs, pins, unikernels } = rest;
  const all = unikernels.map((one) => one.name);
  const places = slots.map(({ variants, ...place }): Place => ({
    ...place,
    variants: variants.map(({ in: holders, ...known }) => ({
      ...known,
      holders: expand(holders, all),
    })),
  }));
  const choices = { granularity, stubs, pins };
  return { architecture, base, threadLocalSize, ...choices, groups, regions, unikernels, places };
}

function expand(holders: readonly string[], all: readonly string[]): readonly string[] {
  if (holders[0] !== '*') return holders;
  const without = new Set(holders.slice(1).map((name) => name.slice(1)));
  return all.filter((name) => !without.has(name));
}
