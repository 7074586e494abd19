import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import type { Host, PlanRequest, Prediction } from '../../../webview/host.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { fromBuffer, toBuffer } from '../../../src/protocol/packed/buffer.ts';
import type { Stage } from '../../../src/protocol/page-map.ts';
import { Planner, type Arrival, type PlannerStatus } from '../../../webview/planner.ts';
import { makeFleet } from './fleet.ts';

const packed = (stages: readonly Stage[]) =>
  toBuffer(packPageMap(makeFleet({ unikernels: 3, pages: 70, stages })));
const predicted = packed(['before', 'predicted']);
const measured = packed(['before', 'after']);

interface Call {
  request: PlanRequest;
  signal: AbortSignal;
  refined: (prediction: Prediction) => void;
  resolve: (prediction: Prediction) => void;
  reject: (error: Error) => void;
}

function fake() {
  const calls: Call[] = [];
  const arrivals: Arrival[] = [];
  const statuses: PlannerStatus[] = [];
  const pushes: ((payload: ArrayBuffer) => void)[] = [];
  const host: Host = {
    capabilities: {
      options: {},
      predict: { available: true },
      relink: { available: true },
      reveal: { available: false, reason: 'none' },
    },
    request: { options: DEFAULT_OPTIONS, unikernels: ['blk', 'debug', 'hanoi'] },
    candidates: ['blk', 'debug', 'hanoi'],
    predict: (request, signal, refined) =>
      new Promise((resolve, reject) => {
        calls.push({ request, signal, refined, resolve, reject });
      }),
    relink: (_, __, progress) => {
      progress({ text: 'Linking blk', done: 0.5 });
      return Promise.resolve(measured);
    },
    reveal: () => Promise.resolve(),
    onPageMap: (listener) => pushes.push(listener),
    load: () => undefined,
    save: () => undefined,
  };
  const planner = new Planner(host, {
    arrived: (arrival) => arrivals.push(arrival),
    status: (status) => statuses.push(status),
  });
  return { planner, calls, arrivals, statuses, pushes };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('the planner', () => {
  it('asks for a prediction with the changed option', async () => {
    const { planner, calls, arrivals, statuses } = fake();
    planner.setOptions({ group: true });
    expect(calls[0]?.request.options).toEqual({ ...DEFAULT_OPTIONS, group: true });
    calls[0]?.resolve({ pages: predicted, refining: true });
    await settled();
    expect(arrivals).toHaveLength(1);
    expect(arrivals[0]).toMatchObject({ predicted: true, refining: true });
    calls[0]?.refined({ pages: predicted, refining: false });
    expect(arrivals[1]?.refining).toBe(false);
    expect(statuses).toEqual([{ kind: 'predicting' }, { kind: 'idle' }]);
  });

  it('cancels the older request and drops what comes too late', async () => {
    const { planner, calls, arrivals } = fake();
    planner.setOptions({ group: true });
    planner.setOptions({ location: 0x130000 });
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[0]?.resolve({ pages: predicted, refining: false });
    calls[0]?.refined({ pages: predicted, refining: false });
    await settled();
    expect(arrivals).toHaveLength(0);
    expect(calls[1]?.request.options).toMatchObject({ group: true, location: 0x130000 });
    planner.setOptions({ location: undefined });
    expect(calls[2]?.request.options).not.toHaveProperty('location');
  });

  it('says what failed', async () => {
    const { planner, calls, statuses } = fake();
    planner.setUnikernels(['blk']);
    calls[0]?.reject(new Error('objects of blk are missing'));
    await settled();
    expect(statuses.at(-1)).toEqual({ kind: 'failed', message: 'objects of blk are missing' });
  });

  it('says so where a page map that arrives is malformed', async () => {
    const { planner, calls, statuses } = fake();
    planner.setOptions({ align: true });
    calls[0]?.resolve({ pages: new ArrayBuffer(3), refining: false });
    await settled();
    expect(statuses.at(-1)).toEqual({ kind: 'failed', message: 'this is not a packed page map' });
  });

  it('relinks with progress and takes what was measured', async () => {
    const { planner, arrivals, statuses } = fake();
    await planner.relink();
    expect(statuses.map((status) => status.kind)).toEqual(['relinking', 'relinking', 'idle']);
    expect(arrivals[0]?.predicted).toBe(false);
    expect(arrivals[0]?.model.map.head.totals.after).toEqual(
      fromBuffer(measured).head.totals.after,
    );
  });

  it('takes a page map that the host pushes', () => {
    const { arrivals, pushes } = fake();
    pushes[0]?.(measured);
    expect(arrivals).toHaveLength(1);
  });
});
