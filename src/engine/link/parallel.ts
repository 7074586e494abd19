/** Bounded parallelism: the only place that knows `p-limit`. */
import os from 'node:os';
import pLimit from 'p-limit';
import { SpacerError } from '../errors.ts';

/**
 * Applies `work` to every item, at most `jobs` at once, and returns the results in order. The
 * first failure is thrown when everything that had started has ended; what had not is skipped.
 */
export async function mapParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  options: { readonly jobs?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<R[]> {
  const limit = pLimit(Math.max(1, Math.floor(options.jobs ?? os.availableParallelism())));
  let failed = false;
  const guarded = async (item: T, index: number): Promise<R> => {
    if (failed || options.signal?.aborted === true) {
      throw new SpacerError('cancelled', 'Cancelled.', {}, { cause: options.signal?.reason });
    }
    try {
      return await work(item, index);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const settled = await Promise.allSettled(
    items.map((item, index) => limit(() => guarded(item, index))),
  );
  const failures = settled.filter((result) => result.status === 'rejected');
  const first = failures.find((result) => !isCancellation(result.reason)) ?? failures[0];
  if (first !== undefined) throw first.reason;
  return settled.map((result) => (result as PromiseFulfilledResult<R>).value);
}

function isCancellation(reason: unknown): boolean {
  return reason instanceof SpacerError && reason.code === 'cancelled';
}
