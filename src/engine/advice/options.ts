/** Which options may be why a library differs: those that its sources ask for, by the groups. */
import type { Config } from './config.ts';
import { compareText } from '../lock/order.ts';

export interface OptionValues {
  readonly option: string;
  /** By group of unikernels, in their order; undefined where the option is not set. */
  readonly values: readonly (string | undefined)[];
}

/**
 * Options that have one value within each group and not the same in all. Where a library's sources
 * mention some of them, the others are left out.
 * @param groups of unikernels with the same content, as indexes into `configs`
 */
export function explainingOptions(
  groups: readonly (readonly number[])[],
  configs: readonly Config[],
  mentioned: ReadonlySet<string>,
): OptionValues[] {
  const names = new Set(groups.flat().flatMap((u) => [...configs[u]!.keys()]));
  return [...names]
    .filter((option) => mentioned.has(option))
    .map((option) => ({ option, values: groups.map((group) => valueIn(group, configs, option)) }))
    .filter(({ values }) => values.every((value) => value !== MIXED) && new Set(values).size > 1)
    .map(({ option, values }) => ({ option, values: values as (string | undefined)[] }))
    .sort((a, b) => compareText(a.option, b.option));
}

const MIXED = Symbol('differs within the group');

function valueIn(group: readonly number[], configs: readonly Config[], option: string) {
  const values = new Set(group.map((u) => configs[u]!.get(option)));
  return values.size === 1 ? [...values][0] : MIXED;
}
