/**
 * What no lock may say, however well-formed: names that are not there or twice, addresses that no
 * linker would take, and two slots of one unikernel at one place.
 */
import type { Lock, Place } from './model.ts';

export interface LockProblem {
  /** Where in the file: names and indexes from the outside in. */
  readonly path: readonly (string | number)[];
  /** One sentence without the place. */
  readonly text: string;
}

/** The first problem; undefined for a sound lock. */
export function problemOf(lock: Lock): LockProblem | undefined {
  return namesProblem(lock) ?? rangesProblem(lock) ?? slotsProblem(lock) ?? overlapProblem(lock);
}

function namesProblem({ unikernels, regions }: Lock): LockProblem | undefined {
  const twice = (names: readonly string[]) => names.findIndex((name, i) => names.indexOf(name) < i);
  const unikernel = twice(unikernels.map(({ name }) => name));
  if (unikernel >= 0)
    return { path: ['unikernels', unikernel], text: 'this unikernel is listed twice.' };
  const region = twice(regions.map(({ name }) => name));
  if (region >= 0) return { path: ['regions', region], text: 'this region is listed twice.' };
  return undefined;
}

function rangesProblem({ groups, regions }: Lock): LockProblem | undefined {
  for (const [i, { start, limit }] of groups.entries())
    if (limit < start) return { path: ['groups', i], text: 'the group ends before it starts.' };
  for (const [i, region] of regions.entries()) {
    const range = groups.find(({ group }) => group === region.group);
    if (range === undefined)
      return { path: ['regions', i], text: `the region's group ${region.group} is not listed.` };
    if (region.start < range.start || region.end < region.start)
      return { path: ['regions', i], text: 'the region does not lie in its group.' };
  }
  return undefined;
}

function slotsProblem(lock: Lock): LockProblem | undefined {
  const names = new Set(lock.unikernels.map(({ name }) => name));
  const regions = new Set(lock.regions.map(({ name }) => name));
  for (const [i, place] of lock.places.entries()) {
    const text = slotProblem(place, names, regions);
    if (text !== undefined) return { path: ['slots', i], text };
  }
  return undefined;
}

function slotProblem(
  place: Place,
  names: ReadonlySet<string>,
  regions: ReadonlySet<string>,
): string | undefined {
  const { key, region, address, alignment, variants } = place;
  if (!regions.has(region)) return `${key} stands in ${region}, which is not listed.`;
  if (address % alignment !== 0)
    return `${key} is to be aligned to ${alignment}, and its address is not.`;
  const holders = variants.flatMap((variant) => variant.holders);
  const unknown = holders.find((name) => !names.has(name));
  if (unknown !== undefined) return `${key} is held by ${unknown}, which is not listed.`;
  const seen = new Set<string>();
  for (const name of holders) {
    if (seen.has(name)) return `${name} has two variants of ${key} at one place.`;
    seen.add(name);
  }
  return undefined;
}

interface Held {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** `.tbss` has addresses of its own: what follows it in memory has the same. */
function overlapProblem(lock: Lock): LockProblem | undefined {
  const groups = new Map(lock.regions.map(({ name, group }) => [name, group]));
  const held = new Map<string, Held[]>();
  lock.places.forEach(({ region, address, variants }, index) => {
    for (const { size, holders } of variants)
      for (const name of holders) {
        const space = `${groups.get(region) === 'tls' ? 'tls' : 'all'} ${name}`;
        const list = held.get(space) ?? [];
        held.set(space, list);
        if (size > 0) list.push({ index, start: address, end: address + size });
      }
  });
  for (const [space, list] of held) {
    const sorted = list.sort((a, b) => a.start - b.start);
    const at = sorted.findIndex(({ start }, i) => i > 0 && sorted[i - 1]!.end > start);
    if (at < 0) continue;
    const [before, after] = [sorted[at - 1]!, sorted[at]!];
    const [one, other] = [lock.places[before.index]!, lock.places[after.index]!];
    const name = space.slice(space.indexOf(' ') + 1);
    const text = `${other.key} overlaps ${one.key} in ${name}: it starts at 0x${after.start.toString(16)}, before 0x${before.end.toString(16)}.`;
    return { path: ['slots', after.index], text };
  }
  return undefined;
}
