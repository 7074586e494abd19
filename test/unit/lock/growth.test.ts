/** A thousand things that happen to a fleet: nothing that is locked moves, nothing overlaps. */
import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/engine/lock/check.ts';
import { place } from '../../../src/engine/lock/extend.ts';
import { Ledger } from '../../../src/engine/lock/ledger.ts';
import type { Lock, Member } from '../../../src/engine/lock/model.ts';
import { formatLock } from '../../../src/engine/lock/text.ts';
import { emptyLock, FleetMaker } from '../../support/lock-fleet.ts';

const STEPS = 1000;

describe.each(['library', 'function'] as const)('a fleet at %s sections', (build) => {
  it('grows, changes and shrinks, and no slot of another unikernel moves', () => {
    const maker = new FleetMaker(build);
    const ledger = new Ledger(emptyLock());
    const given = new Map<string, ReadonlyMap<string, number>>();
    for (let i = 0; i < STEPS; i++) {
      const { name, member } = maker.step();
      if (member) {
        const { addresses } = place(ledger, member);
        expectPlaced(member, addresses);
        given.set(name, addresses);
      } else {
        remove(ledger, name);
        given.delete(name);
      }
      if (i % 200 === 199) {
        expectUnmoved(ledger, given);
        expect(problemOf(ledger.toLock())).toBeUndefined();
      }
    }
    const members = maker.members();
    expect(ledger.unikernels.length).toBe(members.length);
    expect(members.length).toBeGreaterThan(STEPS / 2);
  }, 120_000);
});

describe('a unikernel and its lock', () => {
  const grown = (): { lock: Lock; members: Member[] } => {
    const maker = new FleetMaker('function', 7);
    const ledger = new Ledger(emptyLock());
    for (let i = 0; i < 40; i++) {
      const { name, member } = maker.step();
      if (member) place(ledger, member);
      else remove(ledger, name);
    }
    return { lock: ledger.toLock(), members: maker.members() };
  };

  it('gets the same addresses again, whatever else is placed with it', () => {
    const { lock, members } = grown();
    const together = new Ledger(lock);
    for (const member of members) {
      const alone = place(new Ledger(lock), member).addresses;
      expect(place(together, member).addresses).toEqual(alone);
    }
    expect(formatLock(together.toLock())).toBe(formatLock(lock));
  });

  it('shares what it has in common with one that came before', () => {
    const { lock, members } = grown();
    const ledger = new Ledger(lock);
    const twin = { ...members[0]!, name: 'twin' };
    const { addresses, added } = place(ledger, twin);
    expect(added).toEqual([]);
    expect(addresses).toEqual(place(new Ledger(lock), members[0]!).addresses);
    expect(ledger.pages.distinct).toBe(new Ledger(lock).pages.distinct);
  });

  it('gets the space of one that is gone, and of no other', () => {
    const { lock, members } = grown();
    const last = members.at(-1)!;
    const ledger = new Ledger(lock);
    remove(ledger, last.name);
    const held = new Set(ledger.toLock().places.map(({ key, address }) => `${key} ${address}`));
    place(ledger, { ...last, name: 'heir' });
    for (const one of ledger.toLock().places)
      if (held.has(`${one.key} ${one.address}`)) held.delete(`${one.key} ${one.address}`);
    expect([...held]).toEqual([]);
  });

  it('leaves the place of the others where its own content outgrew the room', () => {
    const { lock, members } = grown();
    const [first] = members;
    const shared = first!.slots.find(
      ({ key, region }) =>
        region === '.text' &&
        lock.places.some(
          (one) => one.key === key && one.variants.some((v) => v.holders.length > 5),
        ),
    )!;
    const known = lock.places.find(({ key }) => key === shared.key)!;
    const larger = { ...shared, size: known.room + 4096, content: 'f'.repeat(16) };
    const slots = first!.slots.map((slot) => (slot === shared ? larger : slot));
    const ledger = new Ledger(lock);
    const { outgrown } = place(ledger, { ...first!, slots });
    expect(outgrown.length).toBeGreaterThan(0);
    const others = ledger.toLock().places.filter(({ key }) => key === shared.key);
    expect(others).toContainEqual(expect.objectContaining({ address: known.address }));
    expect(problemOf(ledger.toLock())).toBeUndefined();
  });

  it('is refused where there is no room, with the slot and the group', () => {
    const [member] = grown().members;
    expect(() => place(new Ledger(emptyLock(8192)), member!)).toThrow(
      /no room left for .* of unikernel.*: \d+ bytes in \.(text|rodata|data)/,
    );
  });
});

/** Everything of every unikernel is where it was put when the unikernel was last placed. */
function expectUnmoved(
  ledger: Ledger,
  given: ReadonlyMap<string, ReadonlyMap<string, number>>,
): void {
  expect([...given.keys()].sort()).toEqual([...ledger.unikernels].sort());
  for (const [name, addresses] of given) {
    const held = ledger.holdingsOf(name);
    expect(held.size).toBe(addresses.size);
    for (const [key, address] of addresses)
      if (held.get(key)?.place.address !== address) throw new Error(`${key} of ${name} moved`);
  }
}

/** Every slot stands somewhere, aligned, in its region's group, and over no other one. */
function expectPlaced(member: Member, addresses: ReadonlyMap<string, number>): void {
  const ranges = member.slots
    .filter(({ size }) => size > 0)
    .map(({ key, size, alignment }) => {
      const start = addresses.get(key);
      if (start === undefined || start % alignment !== 0) throw new Error(`${key} is at ${start}`);
      return { key, start, end: start + size };
    })
    .sort((a, b) => a.start - b.start);
  ranges.forEach(({ key, start }, i) => {
    const before = ranges[i - 1];
    if (before && before.end > start) throw new Error(`${key} overlaps ${before.key}`);
  });
}

function remove(ledger: Ledger, name: string): void {
  ledger.release(name);
  ledger.settle();
}
