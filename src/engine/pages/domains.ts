/** What trust domains have in common all the same, counted from the contents of a document. */
import type {
  ContentClass,
  DomainEntry,
  DomainsReport,
  PageMapDocument,
  Stage,
} from '../../protocol/page-map.ts';
import type { Domain } from '../domains.ts';

const STAGES: readonly Stage[] = ['before', 'predicted', 'after'];

/** @param domains by the names of their unikernels */
export function domainsReport(
  { unikernels, contentClasses }: Pick<PageMapDocument, 'unikernels' | 'contentClasses'>,
  domains: readonly Domain[],
): DomainsReport {
  const entries = domains
    .map(({ name, unikernels: own }): DomainEntry => ({
      name,
      unikernels: unikernels.flatMap((one, i) => (own.includes(one.name) ? [i] : [])),
    }))
    .filter((entry) => entry.unikernels.length > 0);
  const domainOf = new Map(entries.flatMap((one, d) => one.unikernels.map((u) => [u, d] as const)));
  const common: DomainsReport['common'] = {};
  for (const stage of STAGES) {
    const classes = contentClasses[stage];
    if (classes) common[stage] = commonTo(classes, domainOf);
  }
  return { domains: entries, common };
}

function commonTo(
  classes: readonly ContentClass[],
  domainOf: ReadonlyMap<number, number>,
): number[] {
  return classes.flatMap(({ sharers }, i) =>
    new Set(sharers.map((u) => domainOf.get(u))).size > 1 ? [i] : [],
  );
}

/** The domains of a document by the names of their unikernels; undefined where it has none. */
export function domainsIn({ unikernels, domains }: PageMapDocument): Domain[] | undefined {
  return domains?.domains.map(({ name, unikernels: own }) => ({
    name,
    unikernels: own.flatMap((u) => unikernels[u]?.name ?? []),
  }));
}

/** The owners of a content, as its first page has them, for people. */
export function ownersOfClass(document: PageMapDocument, stage: Stage, index: number): string {
  for (const { name, [stage]: own } of document.unikernels) {
    const page = own?.pages.find(({ contentClass }) => contentClass === index);
    if (!page) continue;
    const owners = page.owners.map(({ library, section }) => `${library} ${section}`);
    return `0x${page.address.toString(16)} of ${name} (${[...new Set(owners)].join(', ')})`;
  }
  return '';
}
