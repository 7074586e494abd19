/**
 * From a toggled flag to the first predicted map, and to the exact one, in the engine's threads as
 * the extension starts them: `npm run bench:preview`. `SPACER_WORKSPACES=DIR:DIR` measures others
 * than the sample.
 */
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, it } from 'vitest';
import { ENGINE_METHODS } from '../../src/extension/engine/contract.ts';
import { channelOf } from '../../src/extension/engine/thread-channel.ts';
import { DEFAULT_OPTIONS, type AlignOptions } from '../../src/protocol/options.ts';
import { Peer } from '../../src/protocol/rpc.ts';
import { fromBuffer } from '../../src/protocol/packed/buffer.ts';
import { buildModel } from '../../webview/model/stage.ts';
import { builtSample } from '../support/sample.ts';

const given = (process.env['SPACER_WORKSPACES'] ?? '').split(':').filter((name) => name !== '');
const ROUNDS = 3;

const TOGGLES: readonly [string, Partial<AlignOptions>][] = [
  ['nothing', {}],
  ['custom_loader', { customLoader: true }],
  ['align', { align: true }],
  ['group', { group: true }],
  ['group and align off', { group: false, align: false }],
  ['granularity library', { granularity: 'library' }],
  ['granularity unit', { granularity: 'unit' }],
  ['copy_objs', { copyObjects: true }],
  ['location', { location: 0x200000 }],
  ['effort 20,000', { effort: 20_000 }],
  ['aslr table', { aslr: 1, seed: 'a' }],
  ['aslr randomised', { aslr: 2, seed: 'a' }],
  ['aslr randomised, aslr_map off', { aslr: 2, seed: 'a', aslrMap: false }],
];

describe('from a toggle to the first predicted map', () => {
  it.each(given.length > 0 ? given : ['the sample'])('%s', async (name) => {
    const workspace = given.length > 0 ? name : await builtSample();
    const engine = startEngine();
    const output = path.join(mkdtempSync(path.join(os.tmpdir(), 'spacer-bench-')), 'out');
    const place = { workspace, output, tools: {} };
    const start = performance.now();
    const { summary } = await engine.peer.call('open', place);
    say(`${name}: opened after ${since(start)} ms, ${summary.unikernels.length} unikernels`);
    const unikernels = summary.unikernels.map((unikernel) => unikernel.name);
    for (const [what, change] of TOGGLES) {
      const options = { ...DEFAULT_OPTIONS, ...change };
      const firsts: string[] = [];
      let last = '';
      for (let round = 0; round < ROUNDS; round++) {
        const from = performance.now();
        let first: string | undefined;
        const call = { ...place, request: { options, unikernels } };
        const { pages } = await engine.peer.call('predict', call, {
          onUpdate: (update) => {
            buildModel(fromBuffer(update.pages));
            first ??= since(from);
          },
        });
        buildModel(fromBuffer(pages));
        firsts.push(first ?? 'none');
        last = since(from);
      }
      say(`${name}: ${what}: first after ${firsts.join(', ')} ms; exact after ${last} ms`);
    }
    await engine.worker.terminate();
  });
});

function startEngine() {
  const file = path.resolve(import.meta.dirname, '../../dist/engine-worker.cjs');
  const worker = new Worker(file, { workerData: { role: 'front' } });
  const peer = new Peer(channelOf(worker), {
    serves: {},
    handlers: {},
    calls: ENGINE_METHODS,
    problem: say,
  });
  return { worker, peer };
}

const say = (text: string) => process.stdout.write(`FIGURE ${text}\n`);
const since = (start: number) => (performance.now() - start).toFixed(0);
