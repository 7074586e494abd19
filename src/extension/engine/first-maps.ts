/**
 * The first map that answers a toggled flag. It comes from slots that are known before, and so takes
 * milliseconds; where a lock holds the layout, from one prediction of all unikernels, since each of
 * them stands by itself there.
 */
import { stat } from 'node:fs/promises';
import { checkOptions } from '../../engine/check-options.ts';
import { SpacerError } from '../../engine/errors.ts';
import { lockPath, readLock } from '../../engine/lock/file.ts';
import type { Lock } from '../../engine/lock/model.ts';
import { checkLockable } from '../../engine/plan-locked.ts';
import { combine, preview, type PreviewSet } from '../../engine/preview.ts';
import type { PlanRequest } from '../../protocol/messages.ts';
import { DEFAULT_OPTIONS, paddingOf, type AlignOptions } from '../../protocol/options.ts';
import type { PageMapDocument } from '../../protocol/page-map.ts';
import { pagesOf } from './documents.ts';

/** What makes the maps, elsewhere. */
export interface MapSource {
  previewSet(options: AlignOptions): Promise<PreviewSet>;
  predict(request: PlanRequest): Promise<PageMapDocument>;
}

type SlotsKind = 'plain' | 'free';

/**
 * Slots are those of the libraries as they are, for options that ask for the original's layouts,
 * and those of a plan that may change them.
 */
function kindOf(options: AlignOptions): SlotsKind {
  const { align, group } = paddingOf(options);
  return align === 'auto' && group === 'auto' && !options.customLoader ? 'free' : 'plain';
}

/** Options that need no search, for each kind of slots; plain ones are there soonest. */
const WARM_OPTIONS: readonly AlignOptions[] = [
  { ...DEFAULT_OPTIONS, group: true, align: false },
  DEFAULT_OPTIONS,
];
/** Code that has answered this often is compiled. */
const WARM_ROUNDS = 8;

interface Locked {
  /** When the file was made. */
  readonly made: number;
  readonly lock: Promise<Lock | undefined>;
  /** All unikernels as the lock has them; absent where that is not known. */
  readonly predicted: Promise<PageMapDocument | undefined>;
}

export class FirstMaps {
  private readonly sets: Partial<Record<SlotsKind, PreviewSet>> = {};
  private readonly plain: Promise<PreviewSet | undefined>;
  private locked: Locked | undefined;

  /** @param built all unikernels, as they were built */
  constructor(
    private readonly workspace: string,
    private readonly source: MapSource,
    private readonly built: PageMapDocument,
  ) {
    const [first, ...others] = WARM_OPTIONS;
    this.plain = this.know(first!);
    for (const options of others) void this.know(options);
    this.lockNow().catch(() => undefined);
  }

  /**
   * The first map for a request; undefined where nothing is known that it could come from.
   * @param measured what it is shown beside
   * @throws SpacerError `nothing-to-do`, `bad-options`, `location-too-low`, `lock-*`
   */
  async answer(
    request: PlanRequest,
    measured: PageMapDocument,
  ): Promise<PageMapDocument | undefined> {
    const { options, unikernels } = request;
    if (unikernels.length === 0) throw new SpacerError('nothing-to-do', 'No unikernel takes part.');
    checkOptions(options);
    const locked = await this.lockNow();
    const lock = await locked?.lock;
    if (locked && lock) {
      checkLockable(options, lock);
      return restrict(measured, await locked.predicted, unikernels);
    }
    // Slots are those of one set: what domains have in common only the exact prediction knows.
    if (options.domain) return undefined;
    const plain = await this.plain;
    checkLocation(options, plain);
    const set = this.sets[kindOf(options)] ?? plain;
    const isKnown = set && unikernels.every((name) => set.names.includes(name));
    return isKnown ? preview(set, measured, request) : undefined;
  }

  /** Makes slots known in advance, so that the first flag that is toggled has its answer at once. */
  private async know(options: AlignOptions): Promise<PreviewSet | undefined> {
    try {
      const set = await this.source.previewSet(options);
      this.sets[kindOf(options)] = set;
      void this.practise(set, options);
      return set;
    } catch {
      // What is wrong is said by the exact prediction.
      return undefined;
    }
  }

  private async practise(set: PreviewSet, options: AlignOptions): Promise<void> {
    for (let round = 0; round < WARM_ROUNDS; round++) {
      pagesOf(preview(set, this.built, { options, unikernels: set.names }));
      await turn();
    }
  }

  /** The lock as it is on disk now, with what it makes of all unikernels. */
  private async lockNow(): Promise<Locked | undefined> {
    const file = lockPath(this.workspace);
    const made = (await stat(file).catch(() => undefined))?.mtimeMs;
    if (made === undefined) return (this.locked = undefined);
    if (this.locked?.made === made) return this.locked;
    const lock = readLock(file);
    const predicted = lock.then((known) => known && this.predictAll()).catch(() => undefined);
    return (this.locked = { made, lock, predicted });
  }

  private predictAll(): Promise<PageMapDocument> {
    const unikernels = this.built.unikernels.map(({ name }) => name);
    return this.source.predict({ options: DEFAULT_OPTIONS, unikernels });
  }
}

/** Lets requests in between. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Some unikernels of a prediction. */
function restrict(
  measured: PageMapDocument,
  all: PageMapDocument | undefined,
  names: readonly string[],
): PageMapDocument | undefined {
  const unikernels = all?.unikernels.filter(({ name }) => names.includes(name)) ?? [];
  return all && unikernels.length > 0 ? combine(measured, { ...all, unikernels }) : undefined;
}

function checkLocation({ location }: AlignOptions, set: PreviewSet | undefined): void {
  if (!set || location === undefined || location >= set.base) return;
  const text = `The location counter 0x${location.toString(16)} lies below the link's base 0x${set.base.toString(16)}.`;
  throw new SpacerError('location-too-low', text);
}
