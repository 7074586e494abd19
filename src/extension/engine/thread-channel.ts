import type { MessagePort, Worker } from 'node:worker_threads';
import type { Channel } from '../../protocol/rpc.ts';

/** Messages to and from a thread; buffers are handed over, not copied. */
export function channelOf(end: Worker | MessagePort): Channel {
  return {
    post: (message, transfer = []) => end.postMessage(message, transfer),
    listen: (listener) => void end.on('message', listener),
  };
}
