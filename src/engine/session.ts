/**
 * A workspace that is open in an editor: read once, planned many times. The passes are those of
 * `align.ts`; what does not change between two plans is kept.
 */
import path from 'node:path';
import { paddingOf, type AlignOptions } from '../protocol/options.ts';
import type { PageMapDocument, Unusable } from '../protocol/page-map.ts';
import { unifyObjects } from './atoms/interchange.ts';
import { checkOptions } from './check-options.ts';
import { domainsOf } from './domains.ts';
import { finest, isFinest } from './draft.ts';
import { SpacerError } from './errors.ts';
import { mapParallel } from './link/parallel.ts';
import type { Tools } from './link/run.ts';
import { lockPath, readLock } from './lock/file.ts';
import type { Lock } from './lock/model.ts';
import { pageMapOf, type StageInput, type UnikernelInput } from './pages/document.ts';
import { measureImage, readDebug } from './pages/measure.ts';
import { byLock, layoutPlan, type Plan } from './plan.ts';
import { checkLockable } from './plan-locked.ts';
import { planDomains } from './plan-domains.ts';
import { boundOfSet, planSet, slotsFor, type PlannedUnikernel } from './plan-set.ts';
import { predictedStage } from './predicted-stage.ts';
import type { PreviewSet } from './preview.ts';
import { readUnikernel, type LoadedUnikernel } from './read-unikernel.ts';
import { splitForLock, splitSet } from './split-set.ts';
import { VERSION } from './version.ts';
import { discover, type Discovered } from './workspace/discover.ts';
import { instanceNames } from './workspace/instances.ts';
import type { Unikernel } from './workspace/types.ts';

export interface SessionRequest {
  readonly workspace: string;
  /** Tools that may run; absent: none may, and what needs one is listed as unusable. */
  readonly tools?: Tools | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the share of the work that is done. */
  readonly onProgress?: (unikernel: string, done: number) => void;
}

/** A unikernel of an open workspace; `loaded` is absent where only its image can be read. */
interface Member {
  readonly unikernel: Unikernel;
  readonly loaded?: LoadedUnikernel;
  readonly before: StageInput;
}

export class Session {
  private readonly splits = new Map<string, Promise<readonly LoadedUnikernel[]>>();

  private constructor(
    readonly workspace: string,
    readonly found: Discovered,
    private readonly members: readonly Member[],
    readonly failures: readonly Unusable[],
  ) {}

  /** Reads every unikernel of the workspace, and the pages of its image. */
  static async open(request: SessionRequest): Promise<Session> {
    const { tools, signal, onProgress } = request;
    const workspace = path.resolve(request.workspace);
    const limits = { ...(tools && { tools }), ...(signal && { signal }) };
    const found = await discover(workspace, limits);
    const failures: Unusable[] = [];
    let done = 0;
    const read = await mapParallel(
      found.unikernels,
      async (unikernel) => {
        const member = await readMember(unikernel, failures, limits);
        await turn();
        onProgress?.(unikernel.name, ++done / found.unikernels.length);
        return member;
      },
      { jobs: 2, signal },
    );
    const members = read.flatMap((member) => member ?? []);
    return new Session(workspace, found, members, failures);
  }

  /** Names of those that can be planned. */
  get names(): string[] {
    return this.members.flatMap(({ unikernel, loaded }) => (loaded ? [unikernel.name] : []));
  }

  /** The images as their builds left them. */
  describe(): PageMapDocument {
    const unikernels = this.members.map(({ unikernel, before }): UnikernelInput => ({
      name: unikernel.name,
      stages: { before },
    }));
    return pageMapOf({
      spacer: VERSION,
      workspace: this.workspace,
      unikernels,
      unusable: this.found.unusable,
      failures: [...this.failures],
    });
  }

  /**
   * Plans with the full search and predicts byte for byte.
   * @throws SpacerError `bad-options`, `nothing-to-do`, `location-too-low`, `cancelled`
   */
  async predict(
    options: AlignOptions,
    names: readonly string[],
    signal?: AbortSignal,
  ): Promise<PageMapDocument> {
    checkOptions(options);
    const lock = await readLock(lockPath(this.workspace));
    if (lock) checkLockable(options, lock);
    const whole = await (lock ? this.splitBy(lock) : this.splitFor(options));
    const chosen = this.readable.flatMap((member, i) =>
      names.includes(member.unikernel.name)
        ? instancesOf(member, whole[i]!, options.instances)
        : [],
    );
    const members = chosen.map(({ member }) => member);
    const read = chosen.map(({ loaded }) => loaded);
    if (read.length === 0)
      throw new SpacerError('nothing-to-do', 'No unikernel that can be aligned takes part.');
    const { set, ...unified } = options.copyObjects
      ? await unifyObjects(read, { signal })
      : { set: read };
    const failures: Unusable[] = [];
    const domains = domainsOf(
      set.map(({ unikernel }) => unikernel.name),
      this.found,
      options,
    );
    const plan = lock
      ? byLock(set, lock, failures)
      : domains
        ? planDomains(set, options, domains)
        : layoutPlan(planSet(set, options), await this.finestBound(options, names));
    const planned = new Map(plan.unikernels.map((one) => [one.loaded.unikernel.name, one]));
    const unikernels: UnikernelInput[] = [];
    for (const { unikernel, before } of members) {
      await turn();
      if (signal?.aborted) throw new SpacerError('cancelled', 'Cancelled.');
      const one = planned.get(unikernel.name);
      const predicted = one && predictOne(one, failures);
      const stages = predicted ? { before, predicted } : { before };
      unikernels.push({ name: unikernel.name, stages });
    }
    const document = this.documentOf(plan, unikernels, failures);
    return 'unified' in unified ? { ...document, objects: unified } : document;
  }

  /** What a preview needs, without a search. */
  async previewSet(options: AlignOptions): Promise<PreviewSet> {
    const { set, regions, identified, layoutInput } = slotsFor(
      await this.splitFor(options),
      options,
    );
    const names = set.map(({ unikernel }) => unikernel.name);
    return { names, regions, slots: identified.slots, base: layoutInput.base };
  }

  private get readable(): Member[] {
    return this.members.filter(({ loaded }) => loaded !== undefined);
  }

  /** All that can be planned, with libraries split as the options ask for; made once and kept. */
  private splitFor(options: AlignOptions): Promise<readonly LoadedUnikernel[]> {
    const { align, group } = paddingOf(options);
    const key = [options.granularity, align, group, options.customLoader].join();
    const known = this.splits.get(key);
    if (known) return known;
    const split = splitSet(this.loaded, options, { root: this.workspace });
    this.splits.set(key, split);
    return split;
  }

  /** The bound where the plan's own slots are coarser than they could be. */
  private async finestBound(
    options: AlignOptions,
    names: readonly string[],
  ): Promise<number | undefined> {
    if (isFinest(options) || options.aslr !== 0) return undefined;
    const whole = await this.splitFor(finest(options));
    const set = whole.filter(({ unikernel }) => names.includes(unikernel.name));
    return boundOfSet(set, options);
  }

  private splitBy(lock: Lock): Promise<readonly LoadedUnikernel[]> {
    return splitForLock(this.loaded, lock, { root: this.workspace });
  }

  private get loaded(): LoadedUnikernel[] {
    return this.readable.flatMap(({ loaded }) => loaded ?? []);
  }

  private documentOf(
    { layout, libraries, bound, pool, aslr, domains }: Plan,
    unikernels: UnikernelInput[],
    failures: Unusable[],
  ): PageMapDocument {
    return pageMapOf({
      spacer: VERSION,
      workspace: this.workspace,
      unikernels,
      unusable: this.found.unusable,
      failures,
      layout,
      ...(libraries && { libraries }),
      ...(bound && { bound }),
      ...(pool && { pool }),
      ...(aslr && { aslr }),
      ...(domains && { domains }),
    });
  }
}

/** A unikernel as many times as it is to be aligned. */
function instancesOf(member: Member, loaded: LoadedUnikernel, count: number | undefined) {
  return instanceNames(member.unikernel.name, count).map((name) => ({
    member: { ...member, unikernel: { ...member.unikernel, name } },
    loaded: { ...loaded, unikernel: { ...loaded.unikernel, name } },
  }));
}

/** Lets messages in: a cancellation, or a newer request. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function readMember(
  unikernel: Unikernel,
  failures: Unusable[],
  limits: { readonly tools?: Tools; readonly signal?: AbortSignal },
): Promise<Member | undefined> {
  const loaded = await attempt(unikernel, failures, () => readUnikernel(unikernel, limits));
  const before = await attempt(unikernel, failures, async () => {
    const debug = loaded?.debug ?? readDebug(unikernel.debugImage);
    const sources = loaded ? { debug, objects: loaded.objects } : { debug };
    return measureImage(unikernel.image, sources);
  });
  return before && { unikernel, before, ...(loaded && { loaded }) };
}

/** What is wrong with one unikernel keeps that one out, and the rest goes on. */
async function attempt<T>(
  { name, directory }: Unikernel,
  failures: Unusable[],
  work: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SpacerError && error.code === 'cancelled') throw error;
    const { message } = error as Error;
    const reason = error instanceof SpacerError ? error.code : 'unreadable';
    failures.push({ name, path: directory, reason, message });
    return undefined;
  }
}

function predictOne(
  { loaded, input, placements }: PlannedUnikernel,
  failures: Unusable[],
): StageInput | undefined {
  try {
    return predictedStage(loaded, input, placements);
  } catch (error) {
    if (!(error instanceof SpacerError)) throw error;
    const { name, directory } = loaded.unikernel;
    failures.push({ name, path: directory, reason: error.code, message: error.message });
    return undefined;
  }
}
