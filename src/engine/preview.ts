/**
 * The page map of a plan, at once: page contents are taken from the digests of what stands in the
 * slots, instead of from relocated bytes, and the order of the slots is not searched. It needs the
 * slots only, which are plain values, so it runs where the objects are not.
 *
 * It is a first answer to "what would this flag do?"; the prediction that follows is exact.
 */
import {
  PAGE_SIZE,
  type PageMapDocument,
  type PageOwner,
  type Stage,
  type UnikernelPages,
} from '../protocol/page-map.ts';
import type { AlignOptions } from '../protocol/options.ts';
import { BLOCK_SIZE, rangeHigh, rangeLow } from './layout/digest.ts';
import type { Region } from './layout/regions.ts';
import type { Filling, Slot } from './layout/slots.ts';
import { domainsIn } from './pages/domains.ts';
import {
  pageMapOf,
  type StageInput,
  type StagePage,
  type UnikernelInput,
} from './pages/document.ts';
import { placeQuickly } from './preview-places.ts';
import { librariesOfSlots } from './report/libraries.ts';
import { instanceNames } from './workspace/instances.ts';

/** A set of unikernels as far as a layout depends on it. */
export interface PreviewSet {
  /** In the order of the slots' fillings. */
  readonly names: readonly string[];
  readonly regions: readonly Region[];
  readonly slots: readonly Slot[];
  /** Address of the first byte of the layout. */
  readonly base: number;
}

export interface PreviewRequest {
  readonly options: AlignOptions;
  /** Names of those that take part; others are left out. */
  readonly unikernels: readonly string[];
}

/**
 * Predicts from the plan alone; the other stages come from `known`.
 * @param known what was measured, of the unikernels that take part at least
 */
export function preview(
  set: PreviewSet,
  known: PageMapDocument,
  request: PreviewRequest,
): PageMapDocument {
  const { options } = request;
  const members = membersOf(set, request);
  const slots = slotsOf(set, members);
  const { regions, base } = set;
  const { location } = options;
  const names = members.map(({ name }) => name);
  const { chosen, addressOf, pool } = placeQuickly(
    {
      unikernels: members.length,
      regions,
      slots,
      base,
      ...(location !== undefined && { location }),
    },
    names,
    options,
  );
  const groups = new Map(set.regions.map(({ name, group }) => [name, group]));
  const unikernels = members.map(({ name, of }, place): UnikernelInput => {
    const predicted = predictedStage(slots, (slot) => addressOf(place, slot), place, groups);
    const { stages, ...proof } = knownOf(known, name, of);
    return { name, ...proof, stages: { ...stages, predicted } };
  });
  const { spacer, workspace, unusable } = known;
  return pageMapOf({
    spacer,
    ...(workspace !== undefined && { workspace }),
    unikernels,
    unusable,
    libraries: librariesOfSlots(slots, members.length),
    layout: { chosen, reason: 'A first layout, without a search.' },
    ...(pool && { pool }),
  });
}

/** An image to be predicted. */
interface Member {
  readonly name: string;
  /** Name of the unikernel that it is an instance of. */
  readonly of: string;
  /** Place among the fillings of the set's slots. */
  readonly filling: number;
}

function membersOf(set: PreviewSet, { options, unikernels }: PreviewRequest): Member[] {
  return set.names.flatMap((of, filling) =>
    unikernels.includes(of)
      ? instanceNames(of, options.instances).map((name) => ({ name, of, filling }))
      : [],
  );
}

/** Leaves out other unikernels; what none of the rest fills is gone. */
function slotsOf(set: PreviewSet, members: readonly Member[]): Slot[] {
  return set.slots
    .map((slot) => ({ slot, fillings: members.map(({ filling }) => slot.fillings[filling]) }))
    .filter(({ fillings }) => fillings.some((filling) => filling !== undefined))
    .map(({ slot, fillings }, id) => ({
      ...slot,
      id,
      fillings,
      size: Math.max(0, ...fillings.map((filling) => filling?.size ?? 0)),
    }));
}

/** One page while it is filled. */
interface Draft {
  low: number;
  high: number;
  writable: boolean;
  executable: boolean;
  readonly runs: { from: number; to: number; slot: Slot }[];
}

function predictedStage(
  slots: readonly Slot[],
  addressOf: (slot: Slot) => number,
  unikernel: number,
  groups: ReadonlyMap<string, Region['group']>,
): StageInput {
  const drafts = new Map<number, Draft>();
  for (const slot of slots) {
    const filling = slot.fillings[unikernel];
    const group = groups.get(slot.region);
    if (
      !filling ||
      filling.size === 0 ||
      group === 'bss' ||
      group === 'unloaded' ||
      slot.region === '.tbss'
    )
      continue;
    const kind = { executable: group === 'text', writable: group === 'data' || group === 'tls' };
    fill(drafts, slot, filling, addressOf(slot), kind);
  }
  const sorted = [...drafts].sort(([a], [b]) => a - b);
  return {
    segments: [],
    pages: sorted.map(([address, { low, high, writable, executable }]): StagePage => {
      const isZero = low === 0 && high === 0;
      return { address, writable, executable, key: isZero ? null : `${low} ${high}` };
    }),
    owners: sorted.map(([, draft]) => ownersOf(draft)),
  };
}

function fill(
  drafts: Map<number, Draft>,
  slot: Slot,
  filling: Filling,
  address: number,
  kind: Pick<Draft, 'writable' | 'executable'>,
): void {
  const end = address + filling.size;
  for (let at = address; at < end;) {
    const page = Math.floor(at / PAGE_SIZE) * PAGE_SIZE;
    const to = Math.min(end, page + PAGE_SIZE);
    const draft = drafts.get(page) ?? {
      low: 0,
      high: 0,
      writable: false,
      executable: false,
      runs: [],
    };
    const first = (at - address) / BLOCK_SIZE;
    const last = Math.ceil((to - address) / BLOCK_SIZE);
    const position = (at - page) / BLOCK_SIZE;
    draft.low = (draft.low + rangeLow(filling.digest, first, last, position)) | 0;
    draft.high = (draft.high + rangeHigh(filling.digest, first, last, position)) | 0;
    draft.writable ||= kind.writable;
    draft.executable ||= kind.executable;
    draft.runs.push({ from: at - page, to: to - page, slot });
    drafts.set(page, draft);
    at = to;
  }
}

const FILL = { library: '[fill]', section: 'between sections', symbols: [] };

function ownersOf({ runs }: Draft): PageOwner[] {
  const owners: PageOwner[] = [];
  let at = 0;
  for (const { from, to, slot } of runs.sort((a, b) => a.from - b.from)) {
    if (to <= at) continue;
    if (from > at) owners.push({ ...FILL, bytes: from - at });
    const bytes = to - Math.max(at, from);
    owners.push({ library: slot.library, section: slot.region, bytes, symbols: [] });
    at = to;
  }
  if (at < PAGE_SIZE) owners.push({ ...FILL, bytes: PAGE_SIZE - at });
  return owners;
}

const KEPT: readonly Stage[] = ['before', 'after'];

/**
 * What was measured and proven of an image.
 * @param of the unikernel that it is an instance of, which has the pages of before
 */
function knownOf(
  known: PageMapDocument,
  name: string,
  of: string,
): Pick<UnikernelInput, 'stages' | 'verification'> {
  const find = (wanted: string) => known.unikernels.find((entry) => entry.name === wanted);
  const entry = find(name);
  const stages: Partial<Record<Stage, StageInput>> = {};
  for (const stage of KEPT) {
    const pages = entry?.[stage] ?? (stage === 'before' ? find(of)?.before : undefined);
    if (pages) stages[stage] = stageInputOf(pages);
  }
  return { stages, ...(entry?.verification && { verification: entry.verification }) };
}

/** Pages of a document, with content classes for contents. */
export function stageInputOf({ image, segments, pages }: UnikernelPages): StageInput {
  return {
    ...(image !== undefined && { image }),
    segments,
    pages: pages.map(({ address, writable, executable, contentClass }) => ({
      address,
      writable,
      executable,
      key: contentClass < 0 ? null : String(contentClass),
    })),
    owners: pages.map((page) => page.owners),
  };
}

/**
 * A prediction, with what was measured of the same unikernels.
 * @param instances of each unikernel in the prediction; absent: one
 */
export function combine(
  measured: PageMapDocument,
  predicted: PageMapDocument,
  instances?: number,
): PageMapDocument {
  const origins = new Map(
    measured.unikernels.flatMap(({ name: of }) =>
      instanceNames(of, instances).map((name) => [name, of] as const),
    ),
  );
  const unikernels = predicted.unikernels.map(({ name, predicted: own }): UnikernelInput => {
    const { stages, ...proof } = knownOf(measured, name, origins.get(name) ?? name);
    return {
      name,
      ...proof,
      stages: own ? { ...stages, predicted: stageInputOf(own) } : stages,
    };
  });
  const { spacer, workspace, options, layout, bound, pool, aslr, libraries, failures } = predicted;
  const domains = domainsIn(predicted);
  const document = pageMapOf({
    spacer,
    unikernels,
    libraries,
    unusable: measured.unusable,
    failures,
    ...(workspace !== undefined && { workspace }),
    ...(options !== undefined && { options }),
    ...(layout !== undefined && { layout }),
    ...(bound !== undefined && { bound }),
    ...(pool !== undefined && { pool }),
    ...(aslr !== undefined && { aslr }),
    ...(domains !== undefined && { domains }),
  });
  const { objects } = predicted;
  return objects ? { ...document, objects } : document;
}
