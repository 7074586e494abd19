import { describe, expect, it } from 'vitest';
import { moveByKey, type KeyContext } from '../../../webview/map/keys.ts';
import { dimMask } from '../../../webview/model/filter.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { buildModel, rowOf, unikernelOf, type StageModel } from '../../../webview/model/stage.ts';
import type { PageRef } from '../../../webview/state.ts';
import { makeFleet } from './fleet.ts';

const model = buildModel(packPageMap(makeFleet({ unikernels: 4, pages: 70 })));
const before = model.stages.before as StageModel;
const after = model.stages.after as StageModel;

function press(key: string, cursor: PageRef | undefined, extra: Partial<KeyContext> = {}) {
  return moveByKey(key, {
    model,
    stages: ['before', 'after'],
    cursor,
    mask: () => undefined,
    ...extra,
  });
}

describe('the keyboard', () => {
  it('starts at the first page', () => {
    expect(press('ArrowRight', undefined)).toEqual({ stage: 'before', page: 0 });
  });

  it('moves along a band and stops at its ends', () => {
    const { to } = rowOf(before, 0);
    expect(press('ArrowRight', { stage: 'before', page: 0 })).toEqual({ stage: 'before', page: 1 });
    expect(press('ArrowLeft', { stage: 'before', page: 0 })).toBeUndefined();
    expect(press('End', { stage: 'before', page: 0 })).toEqual({ stage: 'before', page: to - 1 });
    expect(press('ArrowRight', { stage: 'before', page: to - 1 })).toBeUndefined();
    expect(press('Home', { stage: 'before', page: to - 1 })).toEqual({ stage: 'before', page: 0 });
  });

  it('moves between unikernels, on into the next stage', () => {
    const down = press('ArrowDown', { stage: 'after', page: 0 });
    expect(down?.stage).toBe('after');
    expect(after.column[down?.page ?? -1]).toBe(after.column[0]);
    expect(unikernelOf(after, down?.page ?? -1)).toBe(1);
    const last = rowOf(before, 3).from;
    expect(press('PageDown', { stage: 'before', page: last })).toEqual({ stage: 'after', page: 0 });
    expect(press('PageUp', { stage: 'before', page: 0 })).toBeUndefined();
  });

  it('skips pages that a filter leaves aside', () => {
    const mask = (stage: StageModel) => dimMask(stage, new Set(['unique']), undefined);
    const next = press('Home', { stage: 'after', page: 3 }, { mask });
    expect(after.category[next?.page ?? -1]).toBe(1);
  });

  it('goes round the equals of a page', () => {
    const first = press('e', { stage: 'after', page: 0 });
    expect(after.packed.contentClass[first?.page ?? -1]).toBe(after.packed.contentClass[0]);
    expect(press('E', first)).toEqual({ stage: 'after', page: 0 });
  });

  it('knows no other key', () => {
    expect(press('x', { stage: 'after', page: 0 })).toBeUndefined();
  });
});
