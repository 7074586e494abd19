/** What is different between two states of one unikernel in a lock. */
import type { Lock, Place } from './model.ts';
import { compareText } from './order.ts';

/** What happened to one slot of a unikernel. */
export interface SlotChange {
  readonly key: string;
  readonly library: string;
  readonly change: 'new' | 'gone' | 'content' | 'moved';
  /** Bytes before and after; 0 where it is not there. */
  readonly before: number;
  readonly after: number;
}

export interface Drift {
  readonly name: string;
  /** `new`: not in the lock; `absent`: in the lock, but not looked at. */
  readonly state: 'same' | 'changed' | 'new' | 'absent';
  readonly changes: readonly SlotChange[];
}

/**
 * Compares what a lock says with what a newer state of it says.
 * @param present names of the unikernels that the newer state was made with
 */
export function driftOf(old: Lock, now: Lock, present: readonly string[]): Drift[] {
  const known = new Map(old.unikernels.map(({ name, checksum }) => [name, checksum]));
  const current = new Map(now.unikernels.map(({ name, checksum }) => [name, checksum]));
  const names = [...new Set([...known.keys(), ...present])].sort(compareText);
  const [before, after] = [statesOf(old), statesOf(now)];
  return names.map((name): Drift => {
    if (!present.includes(name)) return { name, state: 'absent', changes: [] };
    if (!known.has(name)) return { name, state: 'new', changes: [] };
    if (known.get(name) === current.get(name)) return { name, state: 'same', changes: [] };
    return { name, state: 'changed', changes: changesOf(before.get(name), after.get(name)) };
  });
}

interface State {
  readonly place: Place;
  readonly size: number;
  readonly content: string;
}

type States = ReadonlyMap<string, State>;

/** By unikernel, by key. */
function statesOf(lock: Lock): Map<string, Map<string, State>> {
  const states = new Map<string, Map<string, State>>();
  for (const place of lock.places)
    for (const { content, size, holders } of place.variants)
      for (const name of holders) {
        const own = states.get(name) ?? new Map<string, State>();
        states.set(name, own.set(place.key, { place, size, content }));
      }
  return states;
}

function changesOf(before: States = new Map(), after: States = new Map()): SlotChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return keys.flatMap((key): SlotChange[] => {
    const [old, now] = [before.get(key), after.get(key)];
    const change = changeOf(old, now);
    if (change === undefined) return [];
    const { library } = (now ?? old)!.place;
    return [{ key, library, change, before: old?.size ?? 0, after: now?.size ?? 0 }];
  });
}

function changeOf(
  old: State | undefined,
  now: State | undefined,
): SlotChange['change'] | undefined {
  if (old === undefined) return 'new';
  if (now === undefined) return 'gone';
  if (old.place.address !== now.place.address) return 'moved';
  return old.content === now.content ? undefined : 'content';
}
