/**
 * Checks of what arrives as a page map. The parts that do not grow with the number of pages go
 * through a schema; pages are checked one by one while they are packed, which costs no copy.
 */
import * as v from 'valibot';
import {
  PAGE_MAP_FORMAT,
  PAGE_MAP_VERSION,
  PAGE_SIZE,
  type Page,
  type PageMapDocument,
  type PageOwner,
} from '../page-map.ts';
import { BadPageMap } from './columns.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const totals = v.object({
  total: count,
  zero: count,
  distinct: count,
  shared: count,
  unique: count,
});
const stages = <T extends v.GenericSchema>(schema: T) =>
  v.object({
    before: v.optional(schema),
    predicted: v.optional(schema),
    after: v.optional(schema),
  });
const unusable = v.object({
  name: v.string(),
  path: v.string(),
  reason: v.string(),
  message: v.string(),
});
const pages = v.object({
  totals,
  pages: v.custom<unknown[]>(Array.isArray, 'pages must be a list'),
});
const verification = v.object({
  counts: v.record(v.string(), count),
  unproven: v.array(v.string()),
  images: v.object({
    before: v.object({ path: v.string(), sha256: v.string() }),
    after: v.object({ path: v.string(), sha256: v.string() }),
  }),
});
const classes = v.custom<unknown[]>(Array.isArray, 'content classes must be a list');

/** What the page says of randomised addresses; the rest is for others. */
const aslr = v.looseObject({
  blocks: v.array(v.looseObject({ name: v.string(), pages: count, bits: v.number() })),
  bits: v.number(),
  pagesSpent: v.number(),
});

const names = v.array(v.string());
const objects = v.object({
  unified: v.array(v.object({ library: v.string(), from: v.string(), to: names })),
  variants: v.array(
    v.object({ library: v.string(), unikernels: v.array(names), differs: v.string() }),
  ),
});

const documentHead = v.object({
  format: v.literal(PAGE_MAP_FORMAT),
  version: v.number(),
  spacer: v.string(),
  workspace: v.optional(v.string()),
  pageSize: v.literal(PAGE_SIZE),
  options: v.optional(v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]))),
  layout: v.optional(v.object({ chosen: v.string(), reason: v.string() })),
  bound: v.optional(v.object({ pages: count, how: v.string() })),
  unikernels: v.array(
    v.object({
      name: v.string(),
      ...stages(pages).entries,
      verification: v.optional(verification),
    }),
  ),
  totals: stages(totals),
  contentClasses: stages(classes),
  libraries: v.array(
    v.object({
      name: v.string(),
      unikernels: v.array(count),
      sharing: v.picklist(['all', 'some', 'one']),
      variants: count,
      size: count,
    }),
  ),
  pool: v.optional(v.object({ start: count, end: count })),
  aslr: v.optional(aslr),
  objects: v.optional(objects),
  unusable: v.array(unusable),
  failures: v.array(unusable),
});

/** Checks all but the pages and content classes, and says so in the type. */
export function checkHead(value: unknown): PageMapDocument {
  const result = v.safeParse(documentHead, value);
  if (!result.success) {
    const issue = result.issues[0];
    throw new BadPageMap(`${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
  }
  if (result.output.version !== PAGE_MAP_VERSION) {
    throw new BadPageMap(
      `this is version ${result.output.version} of the page map; this Spacer reads version ${PAGE_MAP_VERSION}`,
    );
  }
  return value as PageMapDocument;
}

const KINDS: readonly unknown[] = ['zero', 'shared', 'unique'];

/**
 * Returns what is wrong with a page, or nothing.
 * @param known lists of owners that are good
 */
export function pageFault(
  page: Page,
  classCount: number,
  known: { has(owners: readonly PageOwner[]): boolean },
): string | undefined {
  if (typeof page !== 'object' || (page as unknown) === null) return 'is not an object';
  if (!Number.isSafeInteger(page.address / PAGE_SIZE) || page.address < 0) {
    return 'has an address that is no multiple of 4096';
  }
  if (!KINDS.includes(page.kind)) return 'has an unknown kind';
  if (!validClass(page, classCount)) return 'has no such content class';
  if (known.has(page.owners)) return undefined;
  if (!Array.isArray(page.owners)) return 'has no list of owners';
  return page.owners.every(validOwner) ? undefined : 'has a malformed owner';
}

function validClass(page: Page, classCount: number): boolean {
  if (page.kind === 'zero') return page.contentClass === -1;
  return (
    Number.isInteger(page.contentClass) && page.contentClass >= 0 && page.contentClass < classCount
  );
}

function validOwner(owner: PageOwner): boolean {
  return (
    typeof owner === 'object' &&
    (owner as unknown) !== null &&
    typeof owner.library === 'string' &&
    typeof owner.section === 'string' &&
    Number.isInteger(owner.bytes) &&
    owner.bytes >= 0 &&
    owner.bytes <= PAGE_SIZE &&
    Array.isArray(owner.symbols) &&
    owner.symbols.every((symbol) => typeof symbol === 'string')
  );
}

/** Returns what is wrong with a content class, or nothing. */
export function classFault(
  value: { sharers: number[]; pages: number },
  unikernels: number,
): string | undefined {
  if (typeof value !== 'object' || (value as unknown) === null) return 'is not an object';
  if (!Number.isInteger(value.pages) || value.pages < 0) return 'has no number of pages';
  if (!Array.isArray(value.sharers)) return 'has no list of sharers';
  const known = value.sharers.every((u) => Number.isInteger(u) && u >= 0 && u < unikernels);
  return known ? undefined : 'names a sharer that does not exist';
}
