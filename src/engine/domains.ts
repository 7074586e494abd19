/** Trust domains: which unikernels may have pages in common. */
import type { AlignOptions } from '../protocol/options.ts';
import { NO_DOMAIN } from '../protocol/page-map.ts';
import { SpacerError } from './errors.ts';
import type { Discovered } from './workspace/discover.ts';
import { instanceNames } from './workspace/instances.ts';

export interface Domain {
  readonly name: string;
  /** Names of the unikernels of a set that belong to it. */
  readonly unikernels: readonly string[];
}

/** Each domain has a fill byte of its own, and domain 0 that of a layout without domains. */
const MOST_DOMAINS = 256;

/**
 * The domains of a set, those without a member left out; unikernels that no domain names form one of
 * their own. Undefined where no domains are asked for.
 * @param names of the set
 * @param found what the workspace has: a domain may name more than what takes part
 * @throws SpacerError `bad-options`, `unikernel-unknown`
 */
export function domainsOf(
  names: readonly string[],
  found: Discovered,
  options: AlignOptions,
): Domain[] | undefined {
  const asked = Object.entries(options.domain ?? {});
  if (asked.length === 0) return undefined;
  if (asked.length >= MOST_DOMAINS)
    throw new SpacerError('bad-options', `There can be ${MOST_DOMAINS - 1} domains.`);
  const domainOf = new Map<string, string>();
  for (const [domain, members] of asked)
    for (const member of members) {
      const own = namesFor(member, options);
      checkKnown(member, own, domain, found, options);
      for (const name of own) {
        const other = domainOf.get(name) ?? domain;
        if (other !== domain)
          throw new SpacerError('bad-options', `${name} is of two domains: ${other}, ${domain}.`);
        domainOf.set(name, domain);
      }
    }
  const all = [...asked.map(([name]) => name), NO_DOMAIN];
  return all
    .map((name) => ({ name, unikernels: names.filter((one) => of(domainOf, one) === name) }))
    .filter(({ unikernels }) => unikernels.length > 0);
}

const of = (domainOf: ReadonlyMap<string, string>, name: string) => domainOf.get(name) ?? NO_DOMAIN;

/** What a unikernel is called in a set; an instance can be named by itself. */
function namesFor(member: string, { useId, instances }: AlignOptions): string[] {
  return [member, ...instanceNames(`${member}${useId ?? ''}`, instances)];
}

/** A name that is mistyped would put its unikernel among those of no domain. */
function checkKnown(
  member: string,
  own: readonly string[],
  domain: string,
  { unikernels, unusable }: Discovered,
  options: AlignOptions,
): void {
  const known = [...unikernels, ...unusable].map(({ name }) => name);
  const all = new Set(known.flatMap((name) => namesFor(name, options)));
  if (own.some((name) => all.has(name))) return;
  throw new SpacerError(
    'unikernel-unknown',
    `There is no unikernel ${member} for the domain ${domain}. Found: ${known.join(', ') || 'none'}.`,
  );
}
