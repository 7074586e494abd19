import { INDIRECTION, WRITABLE } from '../../src/protocol/packed/columns.ts';
import { CATEGORY, type StageModel } from './stage.ts';

export const LEGEND_KINDS = ['all', 'some', 'unique', 'zero', 'writable', 'indirection'] as const;
export type LegendKind = (typeof LEGEND_KINDS)[number];

/** The kinds that are picked; none means that nothing is filtered. */
export type KindFilter = ReadonlySet<LegendKind>;

/**
 * Marks the pages that a filter and a search leave aside. Kinds are alternatives; `writable`,
 * `indirection` and the search narrow further. Nothing is returned where nothing is left aside.
 */
export function dimMask(
  model: StageModel,
  filter: KindFilter,
  hits: Uint8Array | undefined,
): Uint8Array | undefined {
  if (filter.size === 0 && !hits) return undefined;
  const keeps = keptCategories(filter);
  const needed =
    (filter.has('writable') ? WRITABLE : 0) | (filter.has('indirection') ? INDIRECTION : 0);
  const mask = new Uint8Array(model.pages);
  const { category } = model;
  const { flags } = model.packed;
  for (let i = 0; i < mask.length; i += 1) {
    const kept =
      keeps[category[i] ?? 0] === 1 &&
      ((flags[i] ?? 0) & needed) === needed &&
      (!hits || hits[i] === 1);
    mask[i] = kept ? 0 : 1;
  }
  return mask;
}

function keptCategories(filter: KindFilter): Uint8Array {
  const keeps = new Uint8Array(CATEGORY.all + 1);
  const kinds = LEGEND_KINDS.filter(
    (kind) => kind !== 'writable' && kind !== 'indirection' && filter.has(kind),
  );
  if (kinds.length === 0) return keeps.fill(1);
  if (filter.has('zero')) keeps[CATEGORY.zero] = 1;
  if (filter.has('unique')) keeps[CATEGORY.unique] = 1;
  if (filter.has('some')) keeps.fill(1, CATEGORY.some, CATEGORY.all);
  if (filter.has('all')) keeps[CATEGORY.all] = 1;
  return keeps;
}

/** How many pages a mask leaves bright. */
export function countKept(model: StageModel, mask: Uint8Array | undefined): number {
  if (!mask) return model.pages;
  let kept = 0;
  for (const dim of mask) kept += 1 - dim;
  return kept;
}
