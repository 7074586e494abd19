export interface Booted {
  /** The guest came to its own end. */
  readonly ended: boolean;
  readonly status: number | string;
  readonly console: string;
}
export function boot(
  image: string,
  options?: { timeout?: number; args?: readonly string[] },
): Promise<Booted>;
export function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]>;
