/**
 * Searched layouts, kept from run to run. A layout depends on nothing but the slots and the strategy,
 * so one that was found for the same of both is found again without a search. The key has all of them
 * and the version; what is kept has a checksum, and an image that it would spoil fails the proof.
 */
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { makeIgnoredFolder } from './folders.ts';
import { LIMITS } from './limits.ts';
import { planLayout, type Layout, type LayoutInput, type Strategy } from './layout/plan.ts';
import type { Blocks } from './layout/digest.ts';
import { VERSION } from './version.ts';

/** Plans a layout, or knows it. */
export type Planner = typeof planLayout;

export interface KnownLayouts {
  readonly planner: Planner;
  /** Keeps what this run used, for the next one; where nothing can be written, it searches again. */
  readonly keep: () => void;
}

/** Part of every key: another way of searching gets other keys. */
const FORMAT = 1;

const number = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const places = v.array(v.tuple([v.string(), number]));
const keptLayout = v.object({
  addresses: v.array(number),
  cost: v.object({ distinct: number, loaded: number }),
  pool: v.exactOptional(v.object({ start: number, end: number })),
  regionStarts: places,
  regionEnds: places,
});
type Kept = v.InferOutput<typeof keptLayout>;
/** The file comes with the workspace: it may hold anything. */
const keptLayouts = v.array(v.tuple([v.string(), keptLayout]));

/** @param cache folder of what is kept; absent: nothing is */
export function knownLayouts(cache: string | undefined): KnownLayouts {
  if (cache === undefined) return { planner: planLayout, keep: () => undefined };
  const file = path.join(cache, 'layouts.json');
  const known = readKept(file);
  const used = new Map<string, Kept>();
  const planner: Planner = (input, strategy) => {
    if (strategy.effort === 0) return planLayout(input, strategy);
    const key = keyOf(input, strategy);
    const kept = known.get(key);
    const isWhole = kept !== undefined && kept.addresses.length >= input.slots.length;
    const layout = isWhole ? layoutOf(kept, strategy) : planLayout(input, strategy);
    used.set(key, isWhole ? kept : keptOf(layout));
    return layout;
  };
  return { planner, keep: () => writeKept(cache, file, known, used) };
}

function layoutOf({ regionStarts, regionEnds, ...rest }: Kept, strategy: Strategy): Layout {
  const maps = { regionStarts: new Map(regionStarts), regionEnds: new Map(regionEnds) };
  return { ...rest, ...maps, strategy };
}

function keptOf({ addresses, regionStarts, regionEnds, cost, pool }: Layout): Kept {
  const maps = { regionStarts: [...regionStarts], regionEnds: [...regionEnds] };
  return { addresses: [...addresses], cost, ...maps, ...(pool && { pool }) };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Everything that a layout depends on. */
function keyOf({ slots, ...input }: LayoutInput, strategy: Strategy): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([VERSION, FORMAT, input, strategy, slots.length]));
  const numbers = new Map<Blocks, number>();
  for (const { fillings, ...slot } of slots) {
    const filled = fillings.map(
      (filling) =>
        filling && [filling.size, filling.variant, numberOf(filling.blocks, numbers, hash)],
    );
    hash.update(JSON.stringify([slot, filled]));
  }
  return hash.digest('hex');
}

/** Contents that several unikernels have are hashed once. */
function numberOf(blocks: Blocks, numbers: Map<Blocks, number>, hash: Hash): number {
  const known = numbers.get(blocks);
  if (known !== undefined) return known;
  for (const { buffer, byteOffset, byteLength } of [blocks.low, blocks.high])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  numbers.set(blocks, numbers.size);
  return numbers.size - 1;
}

function readKept(file: string): Map<string, Kept> {
  try {
    const { size } = statSync(file);
    if (size > LIMITS.bytes.document) return new Map();
    const [sum, text = ''] = readFileSync(file, 'utf8').split('\n');
    return new Map(sum === sha256(text) ? v.parse(keptLayouts, JSON.parse(text)) : []);
  } catch {
    return new Map();
  }
}

function writeKept(
  cache: string,
  file: string,
  known: ReadonlyMap<string, Kept>,
  used: ReadonlyMap<string, Kept>,
): void {
  if ([...used.keys()].every((key) => known.has(key))) return;
  const text = JSON.stringify([...used]);
  const aside = `${file}.${randomUUID()}.tmp`;
  try {
    makeIgnoredFolder(cache);
    writeFileSync(aside, `${sha256(text)}\n${text}`, { flag: 'wx' });
    renameSync(aside, file);
  } catch {
    // Not kept.
  }
}
