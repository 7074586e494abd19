/**
 * Plans trust domains apart, so that no page of one is equal to a page of another.
 *
 * Each domain is a set of its own, with addresses of its own. That alone does not tell their pages
 * apart: code that refers to nothing outside its page, and strings, are the same bytes at any address.
 * Two things do. The gaps that alignment leaves between atoms are filled with another byte in each
 * domain, so pages with a gap differ. A slot that covers whole pages has none: it begins
 * further into its page in each domain. What is equal all the same is found by predicting the pages
 * of all domains, and the slots on such pages are moved further, a few times. Contents that must begin
 * a page (page tables) stay equal where the build itself makes them so; the report counts and
 * names them.
 */
import { PAGE_SIZE, type Bound } from '../protocol/page-map.ts';
import type { AlignOptions } from '../protocol/options.ts';
import type { Domain } from './domains.ts';
import { SpacerError } from './errors.ts';
import type { Planner } from './known-layouts.ts';
import { HOW_BOUND } from './layout/bound.ts';
import { GRAIN } from './layout/place.ts';
import { withLeads } from './layout/leads.ts';
import { placesFor, planLayout } from './layout/plan.ts';
import type { Slot } from './layout/slots.ts';
import { rewriteScripts, type SectionPlacement } from './ldscript/rewrite.ts';
import { hashPage } from './pages/page-hash.ts';
import type { Plan } from './plan.ts';
import { planSet, type PlannedUnikernel, type SetPlan } from './plan-set.ts';
import { predict } from './predict.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';

/**
 * Plans a set whose domains are to have no page in common.
 * @throws SpacerError what planning a set throws
 */
export function planDomains(
  set: readonly LoadedUnikernel[],
  options: AlignOptions,
  domains: readonly Domain[],
  planner: Planner = planLayout,
): Plan {
  const taken = new Set<number>();
  const plans = domains.map(({ unikernels }, number) => {
    const own = set.filter(({ unikernel }) => unikernels.includes(unikernel.name));
    return planApartFrom(taken, own, number, options, planner);
  });
  const planned = plans.flatMap(({ unikernels }) => unikernels);
  const bound = boundOf(plans);
  const chosen = [...new Set(plans.map(({ layout }) => layout.strategy.name))].join(', ');
  const reasons = plans.map(({ reason }, i) => `${domains[i]!.name}: ${reason}`);
  return {
    unikernels: set.map((loaded) => planned.find((one) => nameOf(one.loaded) === nameOf(loaded))!),
    layout: { chosen, reason: `${domains.length} domains apart. ${reasons.join(' ')}` },
    ...(bound && { bound }),
    domains,
  };
}

const nameOf = ({ unikernel }: LoadedUnikernel) => unikernel.name;

/** Domains have no page in common, so what each needs at least adds up. */
function boundOf(plans: readonly SetPlan[]): Bound | undefined {
  if (plans.some(({ bound }) => bound === undefined)) return undefined;
  return { pages: plans.reduce((sum, { bound = 0 }) => sum + bound, 0), how: HOW_BOUND };
}

/** How often what is equal to another domain's is moved on. */
const ROUNDS = 4;

/** @param taken hashes of pages that other domains have; this one's are added */
function planApartFrom(
  taken: Set<number>,
  set: readonly LoadedUnikernel[],
  number: number,
  options: AlignOptions,
  planner: Planner,
): SetPlan {
  const further = new Map<string, number>();
  const led = withLeads(planner, (slot) => leadOf(slot, number, further.get(slot.key) ?? 0));
  for (let round = 0; ; round++) {
    const plan = filled(planSet(set, options, undefined, led), number);
    const pages = plan.unikernels.map((one) => predictedPages(one));
    const equal = pages.map((own) => own.filter(({ hash }) => taken.has(hash)));
    const movable = equal.flatMap((own, u) =>
      own.flatMap((page) => slotsOn(plan, u, page.address)),
    );
    if (movable.length > 0 && round < ROUNDS) {
      for (const key of new Set(movable)) further.set(key, (further.get(key) ?? 0) + 1);
      continue;
    }
    for (const { hash } of pages.flat()) taken.add(hash);
    return plan;
  }
}

/** Starts within a page that slots of little alignment are moved by. */
const STEP = 16;

/** Bytes that a slot begins later in its page than in the first domain. */
function leadOf(slot: Slot, domain: number, further: number): number {
  if (!isMovable(slot)) return 0;
  const steps = (slot.size >= PAGE_SIZE ? domain : 0) + further;
  return (steps * Math.max(slot.alignment, STEP, GRAIN)) % PAGE_SIZE;
}

/** The head of a region is looked for at its start; what begins a page cannot begin elsewhere in it. */
const isMovable = ({ role, alignment, size }: Slot) =>
  role !== 'head' && size > 0 && alignment < PAGE_SIZE;

/** Keys of the slots with something on a page, that can be moved. */
function slotsOn({ layout, identified }: SetPlan, unikernel: number, page: number): string[] {
  const { addresses } = placesFor(layout, unikernel);
  return identified.slots.flatMap((slot) => {
    const size = slot.fillings[unikernel]?.size ?? 0;
    const from = addresses[slot.id]!;
    const isOn = from < page + PAGE_SIZE && from + size > page;
    return size > 0 && isOn && isMovable(slot) ? [slot.key] : [];
  });
}

/** The plan with gaps filled as the domain has them. */
function filled(plan: SetPlan, fill: number): SetPlan {
  const unikernels = plan.unikernels.map((one): PlannedUnikernel => {
    const placements = [...one.placements].map(
      ([name, placement]) => [name, { ...placement, fill }] as [string, SectionPlacement],
    );
    return { ...one, placements: new Map(placements) };
  });
  return { ...plan, unikernels };
}

/** Non-zero pages; none where it is not known how the linker makes the image. */
function predictedPages({ loaded, input, placements }: PlannedUnikernel) {
  try {
    const { texts } = rewriteScripts(loaded.scripts, input.outline, placements);
    return predict(loaded, input, texts).pages.flatMap((page) => {
      const hash = 'bytes' in page ? hashPage(page.bytes) : 0;
      return hash === 0 ? [] : [{ address: page.address, hash }];
    });
  } catch (error) {
    if (error instanceof SpacerError && error.code.startsWith('link-')) return [];
    throw error;
  }
}
