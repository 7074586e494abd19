/**
 * Checks page-map documents that come from outside: their shape first, then what their parts say of
 * each other (classes, sharers, totals). A document can have millions of pages, so pages and classes
 * are looked at one by one and none is copied; a list of owners that many pages share is checked once.
 */
import * as v from 'valibot';
import {
  PAGE_SIZE,
  type ContentClass,
  type DomainsReport,
  type Page,
  type PageMapDocument,
  type PageOwner,
  type Stage,
  type Totals,
  type UnikernelPages,
} from './page-map.ts';
import { classShape, documentShape, ownersShape, pageShape } from './page-map-schema.ts';

/** What is wrong with a document, and where in it: `unikernels.2.before.pages.7.owners`. */
interface PageMapProblem {
  readonly where: string;
  readonly text: string;
}

export type PageMapResult =
  | { readonly ok: true; readonly document: PageMapDocument }
  | { readonly ok: false; readonly problem: PageMapProblem };

/** Checks a parsed JSON value; never throws. */
export function checkPageMap(json: unknown): PageMapResult {
  const problem =
    shapeProblem(documentShape, json, '') ?? referenceProblem(json as PageMapDocument);
  return problem ? { ok: false, problem } : { ok: true, document: json as PageMapDocument };
}

/** What is wrong with a value; `where` is its own place in the document. */
function shapeProblem(
  shape: v.GenericSchema,
  value: unknown,
  where: string,
): PageMapProblem | undefined {
  const result = v.safeParse(shape, value, { abortEarly: true });
  if (result.success) return undefined;
  const [issue] = result.issues;
  const place = [where, v.getDotPath(issue) ?? ''].filter((part) => part !== '').join('.');
  return { where: printable(place || 'document'), text: printable(issue.message) };
}

/** What a document holds may stand in a message, but neither fill it nor steer a terminal. */
function printable(message: string): string {
  return message.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}

const STAGES: readonly Stage[] = ['before', 'predicted', 'after'];

function referenceProblem(map: PageMapDocument): PageMapProblem | undefined {
  for (const stage of STAGES) {
    const problem = stageProblem(map, stage, new Set());
    if (problem) return problem;
  }
  return (
    firstProblem(map.libraries, (entry, i) =>
      isAscending(entry.unikernels, map.unikernels.length)
        ? undefined
        : { where: `libraries.${i}.unikernels`, text: 'does not name unikernels in order' },
    ) ??
    (map.domains && domainsProblem(map, map.domains))
  );
}

function domainsProblem(
  { unikernels, contentClasses }: PageMapDocument,
  { domains, common }: DomainsReport,
): PageMapProblem | undefined {
  return (
    firstProblem(domains, (entry, i) =>
      isAscending(entry.unikernels, unikernels.length)
        ? undefined
        : { where: `domains.domains.${i}`, text: 'does not name unikernels in order' },
    ) ??
    firstProblem(STAGES, (stage) =>
      isAscending(common[stage] ?? [], contentClasses[stage]?.length ?? 0)
        ? undefined
        : { where: `domains.common.${stage}`, text: 'does not name contents in order' },
    )
  );
}

/** @param owners lists that were found good: many pages have the same */
function stageProblem(
  map: PageMapDocument,
  stage: Stage,
  owners: Set<PageOwner[]>,
): PageMapProblem | undefined {
  const known = map.contentClasses[stage];
  const total = map.totals[stage];
  const used = map.unikernels.some((entry) => entry[stage] !== undefined);
  if ((known === undefined) !== (total === undefined) || (used && known === undefined))
    return { where: `totals.${stage}`, text: 'is not given with classes and pages' };
  if (known === undefined || total === undefined) return undefined;
  return (
    totalsProblem(total, `totals.${stage}`) ??
    firstProblem(known, (entry, i) => {
      if (!v.is(classShape, entry))
        return shapeProblem(classShape, entry, `contentClasses.${stage}.${i}`);
      if (entry.sharers.length > 0 && isAscending(entry.sharers, map.unikernels.length))
        return undefined;
      const where = `contentClasses.${stage}.${i}.sharers`;
      return { where, text: 'does not name unikernels in order' };
    }) ??
    firstProblem(
      map.unikernels,
      (entry, i) =>
        entry[stage] && pagesProblem(entry[stage], known, `unikernels.${i}.${stage}`, owners),
    )
  );
}

function pagesProblem(
  unikernel: UnikernelPages,
  known: readonly ContentClass[],
  where: string,
  owners: Set<PageOwner[]>,
): PageMapProblem | undefined {
  const problem = totalsProblem(unikernel.totals, `${where}.totals`);
  if (problem) return problem;
  if (unikernel.totals.total !== unikernel.pages.length)
    return { where: `${where}.totals.total`, text: `is not the number of pages` };
  return firstProblem(unikernel.pages, (entry, i) => {
    if (!v.is(pageShape, entry)) return shapeProblem(pageShape, entry, `${where}.pages.${i}`);
    const text = pageProblem(entry, unikernel.pages[i - 1], known);
    if (text !== undefined) return { where: `${where}.pages.${i}`, text };
    if (owners.has(entry.owners)) return undefined;
    owners.add(entry.owners);
    return ownersProblem(entry.owners, `${where}.pages.${i}`);
  });
}

function pageProblem(
  entry: Page,
  before: Page | undefined,
  known: readonly ContentClass[],
): string | undefined {
  if (before && before.address >= entry.address) return 'does not stand in order of address';
  if (entry.kind === 'zero' ? entry.contentClass !== -1 : known[entry.contentClass] === undefined)
    return `names content class ${entry.contentClass} of ${known.length}`;
  return undefined;
}

function ownersProblem(owners: PageOwner[], where: string): PageMapProblem | undefined {
  const problem = shapeProblem(ownersShape, owners, `${where}.owners`);
  if (problem) return problem;
  const bytes = owners.reduce((sum, owner) => sum + owner.bytes, 0);
  if (owners.length === 0 || bytes === PAGE_SIZE) return undefined;
  return { where, text: `has owners of ${bytes} bytes` };
}

function totalsProblem(sum: Totals, where: string): PageMapProblem | undefined {
  const adds = sum.total === sum.zero + sum.shared + sum.unique;
  if (adds && sum.distinct <= sum.shared + sum.unique) return undefined;
  return { where, text: 'does not add up' };
}

function isAscending(indices: readonly number[], limit: number): boolean {
  return indices.every((index, i) => index < limit && index > (indices[i - 1] ?? -1));
}

function firstProblem<T>(
  items: readonly T[],
  check: (item: T, index: number) => PageMapProblem | undefined,
): PageMapProblem | undefined {
  for (const [index, item] of items.entries()) {
    const problem = check(item, index);
    if (problem) return problem;
  }
  return undefined;
}
