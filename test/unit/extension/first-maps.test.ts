/** What answers a toggled flag first, and what is refused at once. */
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockPath } from '../../../src/engine/lock/file.ts';
import { formatLock } from '../../../src/engine/lock/text.ts';
import type { PreviewSet } from '../../../src/engine/preview.ts';
import { FirstMaps, type MapSource } from '../../../src/extension/engine/first-maps.ts';
import type { PlanRequest } from '../../../src/protocol/messages.ts';
import { DEFAULT_OPTIONS, type AlignOptions } from '../../../src/protocol/options.ts';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { emptyLock } from '../../support/lock-fleet.ts';
import { slotOf } from '../layout/slots.ts';
import { makeFleet } from '../webview/fleet.ts';

const predicted = makeFleet({ unikernels: 3, pages: 30, stages: ['before', 'predicted'] });
const built = makeFleet({ unikernels: 3, pages: 30, stages: ['before'] });
const names = built.unikernels.map(({ name }) => name);

/** Four slots that all have, and one for each alone. */
const set: PreviewSet = {
  names,
  regions: [{ name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 }],
  slots: [
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ].map((variants, id) => slotOf(id, { size: 4000, alignment: 16, variants })),
  base: 0x100000,
};

let workspace: string;
let asked: PlanRequest[];
const source: MapSource = {
  previewSet: () => Promise.resolve(set),
  predict: (request) => {
    asked.push(request);
    return Promise.resolve(predicted);
  },
};
const request = (change: Partial<AlignOptions> = {}, unikernels = names): PlanRequest => ({
  options: { ...DEFAULT_OPTIONS, ...change },
  unikernels,
});
const answer = (change?: Partial<AlignOptions>, unikernels?: string[]) =>
  new FirstMaps(workspace, source, built).answer(request(change, unikernels), built);

beforeEach(async () => {
  asked = [];
  workspace = await mkdtemp(path.join(os.tmpdir(), 'spacer-first-'));
});
afterEach(() => rmSync(workspace, { recursive: true }));

const starts = (document: PageMapDocument | undefined) =>
  document?.unikernels.map(({ predicted }) => predicted?.pages[0]?.address);

describe('the first map', () => {
  it('comes without an exact prediction, also before the slots are known', async () => {
    const map = await answer();
    expect(map?.totals.before?.total).toBe(built.totals.before?.total);
    expect(map?.totals.predicted?.shared).toBeGreaterThan(0);
    expect(asked).toEqual([]);
  });

  it('has another address for the code of each unikernel where those are random', async () => {
    const fixed = await answer();
    const random = await answer({ aslr: 2, seed: 'one' });
    expect(new Set(starts(fixed)).size).toBe(1);
    expect(new Set(starts(random)).size).toBe(3);
    expect(random?.totals.predicted).toEqual(fixed?.totals.predicted);
    expect(starts(await answer({ aslr: 2, seed: 'other' }))).not.toEqual(starts(random));
    expect(starts(await answer({ aslr: 2, seed: 'one' }))).toEqual(starts(random));
  });

  it('gives each instance an address of its own, and the pages of before to all', async () => {
    const map = await answer({ aslr: 2, seed: 'one', instances: 2 }, names.slice(0, 1));
    expect(map?.unikernels.map(({ name }) => name)).toEqual([`${names[0]}-1`, `${names[0]}-2`]);
    expect(new Set(starts(map)).size).toBe(2);
    const [first, second] = map?.unikernels ?? [];
    expect(first?.before?.pages.map(({ address }) => address)).toEqual(
      built.unikernels[0]?.before?.pages.map(({ address }) => address),
    );
    expect(second?.before?.totals.total).toBe(first?.before?.totals.total);
  });

  it('is refused with its reason where options exclude each other', async () => {
    await expect(answer({ aslr: 1, customLoader: true })).rejects.toThrow('cannot be combined');
    await expect(answer({ location: 0x1000 })).rejects.toThrow('lies below');
    await expect(answer({}, [])).rejects.toThrow('No unikernel takes part');
  });
});

describe('the first map by a lock', () => {
  const locked = () => writeFileSync(lockPath(workspace), formatLock(emptyLock()));

  it('shows those that take part, from one prediction of all', async () => {
    locked();
    const maps = new FirstMaps(workspace, source, built);
    const two = await maps.answer(request({}, names.slice(1)), built);
    expect(two?.unikernels.map(({ name }) => name)).toEqual(names.slice(1));
    await maps.answer(request({}, names.slice(2)), built);
    expect(asked.map(({ unikernels }) => unikernels)).toEqual([names]);
  });

  it('is made anew where the lock is another one', async () => {
    locked();
    const maps = new FirstMaps(workspace, source, built);
    await maps.answer(request(), built);
    utimesSync(lockPath(workspace), 1, 1);
    await maps.answer(request(), built);
    expect(asked).toHaveLength(2);
  });

  it('says at once what a lock does not allow', async () => {
    locked();
    await expect(answer({ group: true })).rejects.toThrow('--group cannot be combined');
    await expect(answer({ aslr: 2 })).rejects.toThrow('--aslr cannot be combined');
  });
});
