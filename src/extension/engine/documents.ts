/** What the extension gets of a page-map document: packed pages, and a summary without them. */
import { domainsIn } from '../../engine/pages/domains.ts';
import { pageMapOf, type StageInput } from '../../engine/pages/document.ts';
import { stageInputOf } from '../../engine/preview.ts';
import { instanceNames } from '../../engine/workspace/instances.ts';
import type {
  LibraryEntry,
  PageMapDocument,
  Stage,
  Totals,
  UnikernelEntry,
} from '../../protocol/page-map.ts';
import { toBuffer } from '../../protocol/packed/buffer.ts';
import { packPageMap } from '../../protocol/packed/pack.ts';
import type { Summary, UnikernelSummary, View } from './contract.ts';

export function viewOf(document: PageMapDocument): View {
  return { pages: pagesOf(document), summary: summaryOf(document) };
}

export const pagesOf = (document: PageMapDocument): ArrayBuffer => toBuffer(packPageMap(document));

function summaryOf(document: PageMapDocument): Summary {
  const { totals, libraries, unusable, failures } = document;
  return {
    unikernels: document.unikernels.map((entry, i) => ({
      ...summariseOne(entry),
      ...domainOf(document, i),
    })),
    totals,
    libraries,
    unusable,
    failures,
  };
}

const STAGES: readonly Stage[] = ['before', 'predicted', 'after'];

function summariseOne(entry: UnikernelEntry): UnikernelSummary {
  const totals: Partial<Record<Stage, Totals>> = {};
  for (const stage of STAGES) if (entry[stage]) totals[stage] = entry[stage].totals;
  const alignedImage = entry.after?.image;
  return {
    name: entry.name,
    totals,
    addresses: addressesOf(entry),
    ...(entry.verification && { verification: entry.verification }),
    ...(alignedImage !== undefined && { alignedImage }),
  };
}

/** Of the last stage that is known. */
function domainOf(
  { domains, unikernels }: PageMapDocument,
  u: number,
): Pick<UnikernelSummary, 'domain'> {
  const own = domains?.domains.find((one) => one.unikernels.includes(u));
  if (!domains || !own) return {};
  const stage = STAGES.findLast((one) => domains.common[one] !== undefined) ?? 'before';
  const common = new Set(domains.common[stage]);
  const pages = unikernels[u]?.[stage]?.pages ?? [];
  const inSeveral = pages.filter(({ contentClass }) => common.has(contentClass)).length;
  return { domain: { name: own.name, inSeveral } };
}

function addressesOf(entry: UnikernelEntry): Record<string, number> {
  const addresses: Record<string, number> = {};
  for (const page of (entry.after ?? entry.before)?.pages ?? []) {
    let address = page.address;
    for (const { library, bytes } of page.owners) {
      if (!library.startsWith('[')) addresses[library] ??= address;
      address += bytes;
    }
  }
  return addresses;
}

/**
 * `before` of one document with `after` of another, what was proven of it and what failed, for the
 * unikernels that both know; each as many times as it was aligned. The bound goes with the whole set that was aligned.
 */
export function mergeMeasured(
  current: PageMapDocument,
  last: PageMapDocument | undefined,
): PageMapDocument {
  const aligned = new Map(last?.unikernels.map((entry) => [entry.name, entry]));
  const count = instancesIn(last);
  const images = current.unikernels.flatMap(({ name: of, before }) =>
    instanceNames(of, count).map((name) => ({ name, before })),
  );
  const names = new Set(images.map(({ name }) => name));
  const whole = last?.unikernels.every(({ name }) => names.has(name)) ? last : undefined;
  const { bound, aslr, objects } = whole ?? {};
  const domains = whole && domainsIn(whole);
  const libraries = current.libraries.map((library) => ofInstances(library, count));
  const { spacer, workspace, unusable } = current;
  const failed = last?.failures.filter(({ name }) => names.has(name)) ?? [];
  const failures = [...current.failures, ...failed];
  const unikernels = images.map(({ name, before }) => {
    const stages: Partial<Record<Stage, StageInput>> = {};
    const { after, verification } = aligned.get(name) ?? {};
    if (before) stages.before = stageInputOf(before);
    if (after) stages.after = stageInputOf(after);
    return { name, stages, ...(verification && { verification }) };
  });
  const document = pageMapOf({
    spacer,
    unikernels,
    libraries,
    unusable,
    failures,
    ...(workspace !== undefined && { workspace }),
    ...(bound && { bound }),
    ...(aslr && { aslr }),
    ...(domains && { domains }),
  });
  return objects ? { ...document, objects } : document;
}

function instancesIn(last: PageMapDocument | undefined): number {
  const count = last?.options?.['instances'];
  return typeof count === 'number' ? count : 1;
}

/** Names the images of a set that has `count` of each unikernel. */
function ofInstances(library: LibraryEntry, count: number): LibraryEntry {
  const unikernels = library.unikernels.flatMap((u) =>
    Array.from({ length: count }, (_, i) => u * count + i),
  );
  return { ...library, unikernels };
}
