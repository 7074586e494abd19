/**
 * The engine's worker as the extension starts it, aligning again and again: what one alignment takes
 * it gives back. `npm run soak` does 2,000 (`SPACER_SOAK`).
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { ENGINE_METHODS } from '../../../src/extension/engine/contract.ts';
import { channelOf } from '../../../src/extension/engine/thread-channel.ts';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import { Peer } from '../../../src/protocol/rpc.ts';
import { builtDist } from '../../support/cli.ts';
import { freshFolder } from '../../support/once.ts';
import { builtSample } from '../../support/sample.ts';

const RUNS = Number(process.env['SPACER_SOAK'] ?? 15);
/** Caches of the engine and of V8 fill up first. */
const WARM = Math.floor(RUNS / 3);
/** Bytes that one alignment may leave behind on average; a kept unikernel would leave a megabyte. */
const LEFT = 400_000;
const NOISE = 96 * 1024 * 1024;

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

it(`memory and handles are flat over ${RUNS} alignments`, { timeout: 7_200_000 }, async () => {
  const worker = new Worker(path.join(await builtDist(), 'engine-worker.cjs'), {
    workerData: { role: 'front' },
  });
  const peer = new Peer(channelOf(worker), { serves: {}, handlers: {}, calls: ENGINE_METHODS });
  try {
    const workspace = await builtSample();
    const request = {
      options: { ...DEFAULT_OPTIONS, layout: 'group' as const, effort: 0 },
      unikernels: ['hashfn', 'jsonfn'],
    };
    const output = path.join(freshFolder('soak'), 'out');
    const memory: number[] = [];
    const handles: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      const view = await peer.call('align', { workspace, output, tools: {}, request, jobs: 2 });
      expect(view.summary.failures).toEqual([]);
      memory.push(process.memoryUsage().rss);
      handles.push(readdirSync('/proc/self/fd').length);
    }
    await sleep(100);
    const half = Math.floor((RUNS - WARM) / 2);
    const grown = median(memory.slice(-half)) - median(memory.slice(WARM, WARM + half));
    console.log(
      `${RUNS} alignments: ${Math.round(grown / half)} bytes each, fds ${handles[WARM]} -> ${handles.at(-1)}`,
    );
    expect(grown).toBeLessThan(half * LEFT + NOISE);
    expect(Math.max(...handles.slice(-half))).toBeLessThanOrEqual(
      Math.max(...handles.slice(0, WARM)) + 4,
    );
    expect(readdirSync(path.join(output, '.generations'))).toHaveLength(2);
  } finally {
    peer.close('done');
    await worker.terminate();
  }
});
