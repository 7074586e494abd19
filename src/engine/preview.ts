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
import { paddingOf, type AlignOptions } from '../protocol/options.ts';
import { BLOCK_SIZE, rangeHigh, rangeLow } from './layout/digest.ts';
import { planLayout, type Layout, type Strategy } from './layout/plan.ts';
import type { Region } from './layout/regions.ts';
import type { Filling, Slot } from './layout/slots.ts';
import {
  pageMapOf,
  type StageInput,
  type StagePage,
  type UnikernelInput,
} from './pages/document.ts';
import { librariesOfSlots } from './report/libraries.ts';

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

/** Predicts from the plan alone; the other stages come from `known`. */
export function preview(
  set: PreviewSet,
  known: PageMapDocument,
  request: PreviewRequest,
): PageMapDocument {
  const chosen = set.names.flatMap((name, u) => (request.unikernels.includes(name) ? [u] : []));
  const slots = slotsOf(set, chosen);
  const layout = planQuickly(set, slots, chosen.length, request.options);
  const groups = new Map(set.regions.map(({ name, group }) => [name, group]));
  const unikernels = chosen.map((u, place): UnikernelInput => {
    const name = set.names[u]!;
    const predicted = predictedStage(slots, layout, place, groups);
    const { stages, ...proof } = knownOf(known, name);
    return { name, ...proof, stages: { ...stages, predicted } };
  });
  const { spacer, workspace, unusable } = known;
  return pageMapOf({
    spacer,
    ...(workspace !== undefined && { workspace }),
    unikernels,
    unusable,
    libraries: librariesOfSlots(slots, chosen.length),
    layout: { chosen: layout.strategy.name, reason: 'A first layout, without a search.' },
    ...(layout.pool && { pool: layout.pool }),
  });
}

/** Leaves out other unikernels; what none of the rest fills is gone. */
function slotsOf(set: PreviewSet, chosen: readonly number[]): Slot[] {
  return set.slots
    .map((slot) => ({ slot, fillings: chosen.map((u) => slot.fillings[u]) }))
    .filter(({ fillings }) => fillings.some((filling) => filling !== undefined))
    .map(({ slot, fillings }, id) => ({
      ...slot,
      id,
      fillings,
      size: Math.max(0, ...fillings.map((filling) => filling?.size ?? 0)),
    }));
}

function planQuickly(
  set: PreviewSet,
  slots: readonly Slot[],
  unikernels: number,
  options: AlignOptions,
): Layout {
  const { regions, base } = set;
  const padding = paddingOf(options);
  const group = padding.group === 'auto' || padding.group;
  const align = padding.align !== 'auto' && padding.align;
  const name = group ? (align ? 'group+align' : 'group') : align ? 'align' : 'compact';
  const strategy: Strategy = { name, group, align, effort: 0, pool: options.customLoader };
  const { location } = options;
  return planLayout(
    { unikernels, regions, slots, base, ...(location !== undefined && { location }) },
    strategy,
  );
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
  layout: Layout,
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
    fill(drafts, slot, filling, layout.addresses[slot.id]!, kind);
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

/** What was measured of a unikernel. */
/** What was measured and proven of a unikernel. */
function knownOf(
  known: PageMapDocument,
  name: string,
): Pick<UnikernelInput, 'stages' | 'verification'> {
  const entry = known.unikernels.find((unikernel) => unikernel.name === name);
  const stages: Partial<Record<Stage, StageInput>> = {};
  for (const stage of KEPT) {
    const pages = entry?.[stage];
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

/** A prediction, with what was measured of the same unikernels. */
export function combine(measured: PageMapDocument, predicted: PageMapDocument): PageMapDocument {
  const unikernels = predicted.unikernels.map(({ name, predicted: own }): UnikernelInput => {
    const { stages, ...proof } = knownOf(measured, name);
    return {
      name,
      ...proof,
      stages: own ? { ...stages, predicted: stageInputOf(own) } : stages,
    };
  });
  const { spacer, workspace, options, layout, bound, pool, libraries, failures } = predicted;
  return pageMapOf({
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
  });
}
