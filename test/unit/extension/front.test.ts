/** Several who ask for one workspace at once. */
import { describe, expect, it } from 'vitest';
import type { EngineProgress } from '../../../src/extension/engine/contract.ts';
import { frontHandlers, type Reader } from '../../../src/extension/engine/front.ts';
import { READER_METHODS, readerHandlers } from '../../../src/extension/engine/reader.ts';
import { Peer, type Channel } from '../../../src/protocol/rpc.ts';
import { makeFleet } from '../webview/fleet.ts';

const document = makeFleet({ unikernels: 2, pages: 10, stages: ['before'] });
const place = { workspace: '/nowhere', output: '/nowhere/.spacer', tools: null };

/** Two channels that are each other's ends. */
function channels(): [Channel, Channel] {
  const ends: ((message: unknown) => void)[] = [];
  const end = (own: number): Channel => ({
    post: (message) => queueMicrotask(() => ends[1 - own]?.(message)),
    listen: (listener) => (ends[own] = listener),
  });
  return [end(0), end(1)];
}

describe('a workspace that is being read', () => {
  it('is read once, and tells all who wait how far it is', async () => {
    const [near, far] = channels();
    let opened = 0;
    let goOn: (() => void) | undefined;
    new Peer(far, {
      serves: READER_METHODS,
      handlers: {
        ...readerHandlers,
        open: async (_, { update }) => {
          opened++;
          await new Promise<void>((resolve) => (goOn = resolve));
          update({ phase: 'read', unikernel: 'blk', done: 0.5 });
          return { document };
        },
      },
      calls: {},
      problem: () => undefined,
    });
    const reader: Reader = new Peer(near, {
      serves: {},
      handlers: {},
      calls: READER_METHODS,
      problem: () => undefined,
    });
    const front = frontHandlers(reader);
    const heard: EngineProgress[][] = [[], []];
    const { signal } = new AbortController();
    const views = heard.map((list) =>
      front.open(place, { signal, update: (value) => void list.push(value) }),
    );
    while (!goOn) await new Promise((resolve) => setTimeout(resolve, 1));
    goOn();
    for (const view of views) expect((await view).summary.unikernels).toHaveLength(2);
    expect(opened).toBe(1);
    expect(heard.map((list) => list.map(({ done }) => done))).toEqual([[0.5], [0.5]]);
  });
});
