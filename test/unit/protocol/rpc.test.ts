/** Both ends of the protocol over a fake channel. */
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import {
  method,
  Peer,
  PROTOCOL_VERSION,
  type Channel,
  type RemoteError,
} from '../../../src/protocol/rpc.ts';

const METHODS = {
  double: method(v.object({ value: v.number() }), v.number()),
  slow: method(v.object({}), v.string(), v.number()),
  fails: method(v.object({ known: v.boolean() }), v.null()),
  lies: method(v.object({}), v.number()),
};

/** Two channels that are each other's other end. Messages cross as they do between threads. */
function wire(): [Channel & { raw: (message: unknown) => void }, Channel] {
  const ends = [0, 1].map(() => new Set<(message: unknown) => void>());
  const end = (own: number) => ({
    post: (message: unknown) => {
      const copy: unknown = structuredClone(message);
      queueMicrotask(() => ends[1 - own]!.forEach((listener) => listener(copy)));
    },
    listen: (listener: (message: unknown) => void) => void ends[own]!.add(listener),
    raw: (message: unknown) => ends[own]!.forEach((listener) => listener(message)),
  });
  return [end(0), end(1)];
}

function pair(
  handlers: { slow?: (signal: AbortSignal, update: (n: number) => void) => Promise<string> } = {},
) {
  const [near, far] = wire();
  const problem = vi.fn();
  const caller = new Peer(near, { serves: {}, handlers: {}, calls: METHODS, problem });
  const posted: unknown[] = [];
  const spying = { ...far, post: (message: unknown) => (posted.push(message), far.post(message)) };
  const server = new Peer(spying, {
    serves: METHODS,
    calls: {},
    problem,
    codeOf: (error) => (error instanceof RangeError ? 'range' : undefined),
    handlers: {
      double: ({ value }) => value * 2,
      slow: (_, { signal, update }) => handlers.slow?.(signal, update) ?? Promise.resolve('done'),
      fails: ({ known }) => {
        throw known ? new RangeError('too far') : new Error('secret detail');
      },
      lies: () => 'no number' as unknown as number,
    },
  });
  return { caller, server, near, far: far as ReturnType<typeof wire>[0], posted, problem };
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<string>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('stopped'))),
  );
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error as RemoteError).code,
  );

describe('a request', () => {
  it('is answered with its result', async () => {
    expect(await pair().caller.call('double', { value: 21 })).toBe(42);
  });

  it('brings updates before its result', async () => {
    const { caller } = pair({
      slow: (_, update) => {
        update(1);
        update(2);
        return Promise.resolve('done');
      },
    });
    const seen: number[] = [];
    expect(await caller.call('slow', {}, { onUpdate: (n) => seen.push(n) })).toBe('done');
    expect(seen).toEqual([1, 2]);
  });

  it('is answered with an error when the handler throws', async () => {
    const { caller, problem } = pair();
    await expect(caller.call('fails', { known: true })).rejects.toMatchObject({
      code: 'range',
      message: 'too far',
    });
    expect(problem).not.toHaveBeenCalled();
    expect(await codeOf(caller.call('fails', { known: false }))).toBe('internal');
    expect(problem).toHaveBeenCalledOnce();
  });

  it('is refused when its parameters are malformed', async () => {
    const wrong = { value: 'x' } as unknown as { value: number };
    expect(await codeOf(pair().caller.call('double', wrong))).toBe('malformed');
  });

  it('fails when its result is malformed', async () => {
    expect(await codeOf(pair().caller.call('lies', {}))).toBe('malformed');
  });

  it('ends for both sides when it is cancelled', async () => {
    let aborted = false;
    const { caller } = pair({
      slow: (signal) => {
        signal.addEventListener('abort', () => (aborted = true));
        return untilAborted(signal);
      },
    });
    const controller = new AbortController();
    const answer = codeOf(caller.call('slow', {}, { signal: controller.signal }));
    await Promise.resolve();
    controller.abort();
    expect(await answer).toBe('cancelled');
    await vi.waitFor(() => expect(aborted).toBe(true));
    expect(await caller.call('double', { value: 1 })).toBe(2);
  });

  it('is not sent when it is cancelled already', async () => {
    const { caller, posted } = pair();
    expect(await codeOf(caller.call('double', { value: 1 }, { signal: AbortSignal.abort() }))).toBe(
      'cancelled',
    );
    expect(posted).toEqual([]);
  });

  it('fails when it is not answered in time', async () => {
    const { caller } = pair({ slow: untilAborted });
    expect(await codeOf(caller.call('slow', {}, { timeout: 20 }))).toBe('timeout');
  });

  it('fails when the other side goes away', async () => {
    const { caller } = pair({ slow: untilAborted });
    const answer = codeOf(caller.call('slow', {}));
    caller.close();
    expect(await answer).toBe('closed');
    expect(await codeOf(caller.call('double', { value: 1 }))).toBe('closed');
  });
});

describe('a message from outside', () => {
  const request = {
    spacer: PROTOCOL_VERSION,
    kind: 'request',
    id: 7,
    method: 'double',
    params: { value: 1 },
  };

  it.each([
    ['another version', { ...request, spacer: 99 }, 'version'],
    ['an unknown method', { ...request, method: 'toString' }, 'unknown-method'],
    ['no method', { ...request, method: 3 }, 'malformed'],
    ['no parameters', { ...request, params: undefined }, 'malformed'],
  ])('with %s is answered with an error', async (_, message, code) => {
    const { far, posted } = pair();
    far.raw(message);
    await vi.waitFor(() => expect(posted).toHaveLength(1));
    expect(posted[0]).toMatchObject({ kind: 'error', id: 7, code });
  });

  it.each([
    undefined,
    null,
    'text',
    42,
    [],
    {},
    { spacer: 'x' },
    { spacer: 1, kind: 'result' },
    { spacer: 1, kind: 'cancel', id: 99 },
  ])('that is none (%j) is ignored', async (message) => {
    const { far, posted, caller } = pair();
    far.raw(message);
    expect(await caller.call('double', { value: 2 })).toBe(4);
    expect(posted).toHaveLength(1);
  });

  it('that answers what nobody asked is ignored', async () => {
    const { near, caller } = pair();
    near.raw({ spacer: PROTOCOL_VERSION, kind: 'result', id: 1234, result: 1 });
    near.raw({ spacer: PROTOCOL_VERSION, kind: 'update', id: 1234, value: 1 });
    expect(await caller.call('double', { value: 2 })).toBe(4);
  });
});
