/**
 * Requests and answers over a channel that only carries messages: between the extension and the
 * page map, and between the extension and its workers.
 *
 * What may be asked is a contract: by method, the shapes of its parameters, of its result, and of
 * the updates that may come before the result. Everything is checked on arrival. Every request is
 * answered, with a result or an error; a caller may cancel one, or give it a time limit. Messages
 * carry the version of the protocol, so that a page that is older than its extension gets an
 * answer that says so instead of none.
 */
import * as v from 'valibot';

export const PROTOCOL_VERSION = 1;

/** Something that carries messages; nothing is promised about answers. */
export interface Channel {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  listen(listener: (message: unknown) => void): void;
}

type Schema = v.GenericSchema;

export interface Method<
  P extends Schema = Schema,
  R extends Schema = Schema,
  U extends Schema = Schema,
> {
  readonly params: P;
  readonly result: R;
  readonly update: U;
}

export type Contract = Readonly<Record<string, Method>>;

/** A method without updates has `never` for them. */
export function method<P extends Schema, R extends Schema>(
  params: P,
  result: R,
): Method<P, R, v.NeverSchema<undefined>>;
export function method<P extends Schema, R extends Schema, U extends Schema>(
  params: P,
  result: R,
  update: U,
): Method<P, R, U>;
export function method(params: Schema, result: Schema, update: Schema = v.never()): Method {
  return { params, result, update };
}

export type Params<C extends Contract, M extends keyof C> = v.InferOutput<C[M]['params']>;
export type Result<C extends Contract, M extends keyof C> = v.InferOutput<C[M]['result']>;
export type Update<C extends Contract, M extends keyof C> = v.InferOutput<C[M]['update']>;

/** What a handler may do while it works. */
export interface Call<U> {
  /** Aborted when the caller has lost interest. */
  readonly signal: AbortSignal;
  readonly update: (value: U) => void;
}

export type Handlers<C extends Contract> = {
  readonly [M in keyof C]: (
    params: Params<C, M>,
    call: Call<Update<C, M>>,
  ) => Result<C, M> | Promise<Result<C, M>>;
};

export interface CallOptions<U> {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the call fails with `timeout`; absent: none. */
  readonly timeout?: number;
  readonly onUpdate?: (value: U) => void;
}

/** Why a request failed, as the other side said it. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';

  constructor(
    /** Stable, kebab-case: `cancelled`, `timeout`, `version`, `malformed`, or a code of the engine. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const version = v.literal(PROTOCOL_VERSION);
const code = v.pipe(v.string(), v.maxLength(100));
const text = v.pipe(v.string(), v.maxLength(65_536));

const envelope = v.variant('kind', [
  v.object({ spacer: version, kind: v.literal('request'), id, method: code, params: v.unknown() }),
  v.object({ spacer: version, kind: v.literal('result'), id, result: v.unknown() }),
  v.object({ spacer: version, kind: v.literal('error'), id, code, message: text }),
  v.object({ spacer: version, kind: v.literal('update'), id, value: v.unknown() }),
  v.object({ spacer: version, kind: v.literal('cancel'), id }),
]);
type Envelope = v.InferOutput<typeof envelope>;
type Request = Extract<Envelope, { kind: 'request' }>;

interface Pending {
  readonly method: Method;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RemoteError) => void;
  readonly onUpdate: ((value: unknown) => void) | undefined;
}

export interface PeerOptions<Serves extends Contract, Calls extends Contract> {
  readonly serves: Serves;
  readonly handlers: Handlers<Serves>;
  readonly calls: Calls;
  /** Told of what arrived and could not be used; it is for a log, not for people. */
  readonly problem?: (text: string) => void;
  /** A code for what a handler threw; absent: `internal`. */
  readonly codeOf?: (error: unknown) => string | undefined;
}

/** One end of a channel: calls what the other end serves, and serves what it calls. */
export class Peer<Serves extends Contract, Calls extends Contract> {
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Map<number, AbortController>();
  private last = 0;
  private closed: RemoteError | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly options: PeerOptions<Serves, Calls>,
  ) {
    channel.listen((message) => this.receive(message));
  }

  /**
   * Asks the other end.
   * @throws RemoteError also when cancelled (`cancelled`), late (`timeout`) or closed (`closed`)
   */
  call<M extends keyof Calls & string>(
    name: M,
    params: Params<Calls, M>,
    options: CallOptions<Update<Calls, M>> = {},
  ): Promise<Result<Calls, M>> {
    const { signal, timeout, onUpdate } = options;
    if (this.closed) return Promise.reject(this.closed);
    if (signal?.aborted) return Promise.reject(cancelled());
    const number = ++this.last;
    return new Promise<unknown>((resolve, reject) => {
      const give = (error: RemoteError) => {
        this.post({ spacer: PROTOCOL_VERSION, kind: 'cancel', id: number });
        this.settle(number)?.reject(error);
      };
      const onAbort = () => give(cancelled());
      const late = () =>
        give(new RemoteError('timeout', `${name} was not answered within ${timeout} ms.`));
      const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
      signal?.addEventListener('abort', onAbort, { once: true });
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      this.pending.set(number, {
        method: this.options.calls[name]!,
        resolve: (value) => {
          end();
          resolve(value);
        },
        reject: (error) => {
          end();
          reject(error);
        },
        onUpdate,
      });
      this.post({ spacer: PROTOCOL_VERSION, kind: 'request', id: number, method: name, params });
    });
  }

  /** Ends everything that is under way, on both sides of this end. */
  close(reason = 'The other side is gone.'): void {
    this.closed ??= new RemoteError('closed', reason);
    for (const number of [...this.pending.keys()]) this.settle(number)?.reject(this.closed);
    for (const controller of this.running.values()) controller.abort();
    this.running.clear();
  }

  private receive(message: unknown): void {
    const parsed = v.safeParse(envelope, message);
    if (!parsed.success) return this.refuse(message);
    const { output } = parsed;
    switch (output.kind) {
      case 'request':
        return void this.serve(output);
      case 'cancel':
        return this.running.get(output.id)?.abort();
      case 'update':
        return this.updated(output.id, output.value);
      case 'result':
        return this.answered(output.id, output.result);
      case 'error':
        return this.settle(output.id)?.reject(new RemoteError(output.code, output.message));
    }
  }

  /** Not an envelope of this version. A request is answered all the same, where its id is known. */
  private refuse(message: unknown): void {
    const head = v.safeParse(
      v.object({ spacer: v.number(), kind: v.optional(v.string()), id: v.optional(id) }),
      message,
    );
    if (!head.success)
      return this.options.problem?.('A message that is not of the protocol was ignored.');
    const { spacer, kind, id: number } = head.output;
    const other = spacer !== PROTOCOL_VERSION;
    const why = other
      ? `A message of protocol version ${spacer} arrived; this side speaks version ${PROTOCOL_VERSION}. Close the page map and open it again.`
      : 'A malformed message arrived.';
    this.options.problem?.(why);
    if (number === undefined) return;
    const error = { code: other ? 'version' : 'malformed', message: why };
    if (kind === 'request')
      this.post({ spacer: PROTOCOL_VERSION, kind: 'error', id: number, ...error });
    else if (kind !== 'cancel') this.settle(number)?.reject(new RemoteError(error.code, why));
  }

  private async serve(request: Request): Promise<void> {
    const { id: number } = request;
    const answer = (message: Record<string, unknown>, transfer?: ArrayBuffer[]) =>
      this.post({ spacer: PROTOCOL_VERSION, id: number, ...message }, transfer);
    if (this.running.has(number))
      return answer({ kind: 'error', code: 'malformed', message: 'This id is in use.' });
    const controller = new AbortController();
    this.running.set(number, controller);
    try {
      const result = await this.handle(request, controller.signal, answer);
      answer({ kind: 'result', result }, buffersOf(result));
    } catch (error) {
      answer({ kind: 'error', ...this.describe(error, controller.signal, request.method) });
    } finally {
      this.running.delete(number);
    }
  }

  private async handle(
    request: Request,
    signal: AbortSignal,
    answer: (message: Record<string, unknown>, transfer?: ArrayBuffer[]) => void,
  ): Promise<unknown> {
    const { serves, handlers } = this.options;
    if (!Object.hasOwn(serves, request.method))
      throw new RemoteError('unknown-method', `There is no method ${request.method}.`);
    const parsed = v.safeParse(serves[request.method]!.params, request.params);
    if (!parsed.success)
      throw new RemoteError('malformed', faultOf(request.method, parsed.issues[0]));
    const update = (value: unknown) => {
      if (!signal.aborted) answer({ kind: 'update', value }, buffersOf(value));
    };
    // The contract has just been checked against the method's own schema.
    const handler = handlers[request.method] as (params: unknown, call: Call<unknown>) => unknown;
    const result = await handler(parsed.output, { signal, update });
    return result;
  }

  private describe(error: unknown, signal: AbortSignal, name: string) {
    if (signal.aborted) return { code: 'cancelled', message: 'Cancelled.' };
    const message = error instanceof Error ? error.message : String(error);
    const known = error instanceof RemoteError ? error.code : this.options.codeOf?.(error);
    if (known === undefined) {
      const stack = error instanceof Error ? error.stack : undefined;
      this.options.problem?.(`${name} failed: ${stack ?? message}`);
    }
    return { code: known ?? 'internal', message: message.slice(0, 60_000) };
  }

  private updated(number: number, value: unknown): void {
    const pending = this.pending.get(number);
    if (!pending?.onUpdate) return;
    const parsed = v.safeParse(pending.method.update, value);
    if (parsed.success) return pending.onUpdate(parsed.output);
    this.options.problem?.(faultOf('update', parsed.issues[0]));
  }

  private answered(number: number, result: unknown): void {
    const pending = this.settle(number);
    if (!pending) return;
    const parsed = v.safeParse(pending.method.result, result);
    if (parsed.success) return pending.resolve(parsed.output);
    const why = faultOf('result', parsed.issues[0]);
    this.options.problem?.(why);
    pending.reject(new RemoteError('malformed', why));
  }

  private settle(number: number): Pending | undefined {
    const pending = this.pending.get(number);
    this.pending.delete(number);
    return pending;
  }

  private post(message: unknown, transfer?: ArrayBuffer[]): void {
    if (this.closed) return;
    try {
      this.channel.post(message, transfer);
    } catch (error) {
      this.options.problem?.(`A message could not be sent: ${String(error)}`);
    }
  }
}

const cancelled = () => new RemoteError('cancelled', 'Cancelled.');

function faultOf(name: string, issue: v.BaseIssue<unknown>): string {
  const place = v.getDotPath(issue);
  const at = place === null ? '' : ` at ${place.slice(0, 200)}`;
  return `${name} is malformed${at}: ${issue.message.slice(0, 300)}`;
}

/** Buffers directly in a value cross without a copy. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter(isBuffer);
}

/** Also true for a buffer of another realm. */
export function isBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

export const buffer = v.custom<ArrayBuffer>(isBuffer, 'a buffer is expected');
