/** The engine in its threads, started when it is first asked and again after it has failed. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type * as vscode from 'vscode';
import {
  Peer,
  RemoteError,
  type CallOptions,
  type Params,
  type Result,
  type Update,
} from '../protocol/rpc.ts';
import { ENGINE_METHODS } from './engine/contract.ts';
import { channelOf } from './engine/thread-channel.ts';
import type { Log } from './log.ts';

type Methods = typeof ENGINE_METHODS;
type EnginePeer = Peer<Record<never, never>, Methods>;

export class EngineClient implements vscode.Disposable {
  private running: { readonly peer: EnginePeer; readonly worker: Worker } | undefined;

  constructor(private readonly log: Log) {}

  /** @throws RemoteError */
  call<M extends keyof Methods>(
    name: M,
    params: Params<Methods, M>,
    options?: CallOptions<Update<Methods, M>>,
  ): Promise<Result<Methods, M>> {
    return this.peer().call(name, params, options);
  }

  /** Ends the engine; what it does for others is cancelled first, so that no tool is left running. */
  dispose(): void {
    const { running } = this;
    this.running = undefined;
    if (!running) return;
    running.peer.close('Spacer is shutting down.');
    void running.worker.terminate();
  }

  private peer(): EnginePeer {
    if (this.running) return this.running.peer;
    const worker = new Worker(path.join(__dirname, 'engine-worker.cjs'), {
      workerData: { role: 'front' },
      stdout: true,
      stderr: true,
    });
    const note = (part: Buffer) => this.log.warn(part.toString().trimEnd());
    worker.stderr.on('data', note);
    worker.stdout.on('data', note);
    const peer: EnginePeer = new Peer(channelOf(worker), {
      serves: {},
      handlers: {},
      calls: ENGINE_METHODS,
      problem: (text) => this.log.warn(text),
    });
    this.running = { peer, worker };
    const gone = (reason: string) => {
      if (this.running?.worker !== worker) return;
      this.running = undefined;
      this.log.error(`The engine ended: ${reason}`);
      peer.close('The engine ended unexpectedly; the log says why. Try again.');
    };
    worker.on('error', (error) => gone(error.stack ?? error.message));
    worker.on('exit', (status) => gone(`status ${status}`));
    return peer;
  }
}

export function isCancelled(error: unknown): boolean {
  return error instanceof RemoteError && error.code === 'cancelled';
}
