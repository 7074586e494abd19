/** Entry of the engine's threads: the one that the extension starts, which starts the other. */
import {
  isMainThread,
  parentPort,
  Worker,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import { SpacerError } from '../engine/errors.ts';
import { Peer } from '../protocol/rpc.ts';
import { ENGINE_METHODS } from './engine/contract.ts';
import { frontHandlers, type Reader } from './engine/front.ts';
import { READER_METHODS, readerHandlers } from './engine/reader.ts';
import { channelOf } from './engine/thread-channel.ts';

const codeOf = (error: unknown) => (error instanceof SpacerError ? error.code : undefined);
const problem = (text: string) => console.error(text);

function serveFront(port: MessagePort): void {
  const thread = new Worker(__filename, { workerData: { role: 'reader' } });
  const reader: Reader = new Peer(channelOf(thread), {
    serves: {},
    handlers: {},
    calls: READER_METHODS,
    problem,
  });
  // Without its reader this thread is of no use: the extension starts both anew.
  thread.on('error', (error) => {
    throw error;
  });
  new Peer(channelOf(port), {
    serves: ENGINE_METHODS,
    handlers: frontHandlers(reader),
    calls: {},
    problem,
    codeOf,
  });
}

function serveReader(port: MessagePort): void {
  new Peer(channelOf(port), {
    serves: READER_METHODS,
    handlers: readerHandlers,
    calls: {},
    problem,
    codeOf,
  });
}

if (!isMainThread && parentPort) {
  const { role } = workerData as { role: 'front' | 'reader' };
  if (role === 'front') serveFront(parentPort);
  else serveReader(parentPort);
}
