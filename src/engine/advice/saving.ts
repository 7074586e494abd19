/**
 * What it would bring if a library were the same in all unikernels that have it: its slots are filled
 * alike, and the set is laid out again, without a search. What other libraries would gain, since their
 * references to it no longer shift, is not counted: the figure is a lower estimate.
 */
import { planLayout, type LayoutInput, type Strategy } from '../layout/plan.ts';
import type { Slot } from '../layout/slots.ts';
import type { LibraryVariants } from './variants.ts';

const FIRST: Strategy = {
  name: 'first',
  group: true,
  align: false,
  effort: 0,
  searches: ['order', 'pages'],
  pool: false,
};

/** Distinct pages of a set by the layout's cost model. */
export const distinctPages = (input: LayoutInput): number => planLayout(input, FIRST).cost.distinct;

/** Distinct pages that the set would have if the library had one variant, that of its largest group. */
export function distinctIfUnified(
  input: LayoutInput,
  { library, groups }: LibraryVariants,
): number {
  const model = groups[0]![0]!;
  const members = new Set(groups.flat());
  const slots = input.slots.map((slot) =>
    slot.library === library && slot.role === 'body' && slot.libraries === undefined
      ? unified(slot, model, members)
      : slot,
  );
  return distinctPages({ ...input, slots });
}

function unified(slot: Slot, model: number, members: ReadonlySet<number>): Slot {
  const filling = slot.fillings[model];
  const fillings = slot.fillings.map((own, u) => (members.has(u) ? filling : own));
  return { ...slot, fillings };
}
