/**
 * Validates page-map documents that come from outside: `report.json` and messages to the webview.
 *
 * The schema bounds every list, text and number, so that a hostile document costs no more than its
 * own size; the references between its parts (classes, sharers, totals) are checked after it.
 */
import * as v from 'valibot';
import {
  PAGE_MAP_FORMAT,
  PAGE_MAP_VERSION,
  PAGE_SIZE,
  type ContentClass,
  type Page,
  type PageMapDocument,
  type Stage,
  type Totals,
  type UnikernelPages,
} from './page-map.ts';

const MAX_UNIKERNELS = 20_000;
/** 1 GiB of pages for one unikernel. */
const MAX_PAGES = 262_144;
const MAX_CLASSES = 50_000_000;
const MAX_LIBRARIES = 100_000;
const MAX_TEXT = 4096;
const MAX_SYMBOLS = 12;
const MAX_MESSAGE = 65_536;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const name = v.pipe(text, v.nonEmpty());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const list = <T extends v.GenericSchema>(item: T, max: number) =>
  v.pipe(v.array(item), v.maxLength(max));

const totals = v.strictObject({
  total: count,
  zero: count,
  distinct: count,
  shared: count,
  unique: count,
});

const owner = v.strictObject({
  library: name,
  section: text,
  bytes: v.pipe(count, v.minValue(1), v.maxValue(PAGE_SIZE)),
  symbols: list(text, MAX_SYMBOLS),
});

const page = v.strictObject({
  address: v.pipe(count, v.multipleOf(PAGE_SIZE)),
  kind: v.picklist(['zero', 'shared', 'unique']),
  contentClass: v.pipe(v.number(), v.safeInteger(), v.minValue(-1)),
  writable: v.boolean(),
  executable: v.boolean(),
  owners: list(owner, PAGE_SIZE),
});

const segment = v.strictObject({
  address: count,
  fileSize: count,
  memorySize: count,
  permissions: v.pipe(v.string(), v.regex(/^[r-][w-][x-]$/)),
});

const unikernelPages = v.strictObject({
  image: v.exactOptional(text),
  totals,
  segments: list(segment, 65_536),
  pages: list(page, MAX_PAGES),
});

const MAX_NOTES = 100;
const MAX_UNPROVEN = 100_000;

const verified = v.strictObject({
  path: text,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

const verification = v.strictObject({
  counts: v.strictObject({
    atoms: count,
    bytes: count,
    references: count,
    followed: count,
    frames: count,
    symbols: count,
    tables: count,
    segments: count,
  }),
  unproven: list(v.pipe(v.string(), v.maxLength(MAX_MESSAGE)), MAX_UNPROVEN),
  images: v.strictObject({ before: verified, after: verified }),
});

const unikernel = v.strictObject({
  name,
  notes: v.exactOptional(list(v.pipe(v.string(), v.maxLength(MAX_MESSAGE)), MAX_NOTES)),
  before: v.exactOptional(unikernelPages),
  predicted: v.exactOptional(unikernelPages),
  after: v.exactOptional(unikernelPages),
  verification: v.exactOptional(verification),
});

const contentClass = v.strictObject({ sharers: list(count, MAX_UNIKERNELS), pages: count });
const classes = list(contentClass, MAX_CLASSES);

const library = v.strictObject({
  name,
  unikernels: list(count, MAX_UNIKERNELS),
  sharing: v.picklist(['all', 'some', 'one']),
  variants: count,
  size: count,
});

const objects = v.strictObject({
  unified: list(
    v.strictObject({ library: name, from: name, to: list(name, MAX_UNIKERNELS) }),
    MAX_CLASSES,
  ),
  variants: list(
    v.strictObject({
      library: name,
      unikernels: list(list(name, MAX_UNIKERNELS), MAX_UNIKERNELS),
      differs: text,
    }),
    MAX_LIBRARIES,
  ),
});

const unusable = v.strictObject({
  name: text,
  path: text,
  reason: text,
  message: v.pipe(v.string(), v.maxLength(MAX_MESSAGE)),
});

const small = 1000;
const record = <T extends v.GenericSchema>(value: T) =>
  v.pipe(v.record(text, value), v.maxEntries(small));

const aslr = v.strictObject({
  seed: v.exactOptional(text),
  window: v.strictObject({ start: count, pages: count }),
  blocks: list(
    v.strictObject({
      name: text,
      pages: count,
      bits: v.pipe(v.number(), v.finite()),
      starts: v.record(text, count),
    }),
    MAX_LIBRARIES,
  ),
  bits: v.pipe(v.number(), v.finite()),
  pagesSpent: v.pipe(v.number(), v.finite()),
  kept: v.record(text, text),
  references: v.strictObject({
    stubs: count,
    farCalls: count,
    inPlace: count,
    besideThunks: count,
    privateThunks: count,
    left: count,
  }),
});

const document = v.strictObject({
  format: v.literal(PAGE_MAP_FORMAT),
  version: v.literal(PAGE_MAP_VERSION),
  spacer: text,
  workspace: v.exactOptional(text),
  pageSize: v.literal(PAGE_SIZE),
  options: v.exactOptional(record(v.union([text, v.pipe(v.number(), v.finite()), v.boolean()]))),
  layout: v.exactOptional(v.strictObject({ chosen: text, reason: text })),
  bound: v.exactOptional(
    v.strictObject({
      pages: count,
      ratio: v.exactOptional(v.pipe(v.number(), v.finite())),
      how: text,
    }),
  ),
  unikernels: list(unikernel, MAX_UNIKERNELS),
  totals: v.strictObject({
    before: v.exactOptional(totals),
    predicted: v.exactOptional(totals),
    after: v.exactOptional(totals),
  }),
  contentClasses: v.strictObject({
    before: v.exactOptional(classes),
    predicted: v.exactOptional(classes),
    after: v.exactOptional(classes),
  }),
  libraries: list(library, MAX_LIBRARIES),
  pool: v.exactOptional(v.strictObject({ start: count, end: count })),
  aslr: v.exactOptional(aslr),
  objects: v.exactOptional(objects),
  unusable: list(unusable, MAX_UNIKERNELS),
  failures: list(unusable, MAX_UNIKERNELS),
  timings: v.exactOptional(record(v.pipe(v.number(), v.finite()))),
});

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
  const result = v.safeParse(document, json, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const where = printable(v.getDotPath(issue) ?? 'document');
    return { ok: false, problem: { where, text: printable(issue.message) } };
  }
  const problem = referenceProblem(result.output);
  return problem ? { ok: false, problem } : { ok: true, document: result.output };
}

/** What a document holds may stand in a message, but neither fill it nor steer a terminal. */
function printable(message: string): string {
  return message.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}

const STAGES: readonly Stage[] = ['before', 'predicted', 'after'];

function referenceProblem(map: PageMapDocument): PageMapProblem | undefined {
  for (const stage of STAGES) {
    const problem = stageProblem(map, stage);
    if (problem) return problem;
  }
  return firstProblem(map.libraries, (entry, i) =>
    isAscending(entry.unikernels, map.unikernels.length)
      ? undefined
      : { where: `libraries.${i}.unikernels`, text: 'does not name unikernels in order' },
  );
}

function stageProblem(map: PageMapDocument, stage: Stage): PageMapProblem | undefined {
  const known = map.contentClasses[stage];
  const total = map.totals[stage];
  const used = map.unikernels.some((entry) => entry[stage] !== undefined);
  if ((known === undefined) !== (total === undefined) || (used && known === undefined))
    return { where: `totals.${stage}`, text: 'is not given with classes and pages' };
  if (known === undefined || total === undefined) return undefined;
  return (
    totalsProblem(total, `totals.${stage}`) ??
    firstProblem(known, (entry, i) =>
      entry.sharers.length > 0 && isAscending(entry.sharers, map.unikernels.length)
        ? undefined
        : {
            where: `contentClasses.${stage}.${i}.sharers`,
            text: 'does not name unikernels in order',
          },
    ) ??
    firstProblem(
      map.unikernels,
      (entry, i) => entry[stage] && pagesProblem(entry[stage], known, `unikernels.${i}.${stage}`),
    )
  );
}

function pagesProblem(
  unikernel: UnikernelPages,
  known: readonly ContentClass[],
  where: string,
): PageMapProblem | undefined {
  const problem = totalsProblem(unikernel.totals, `${where}.totals`);
  if (problem) return problem;
  if (unikernel.totals.total !== unikernel.pages.length)
    return { where: `${where}.totals.total`, text: `is not the number of pages` };
  return firstProblem(unikernel.pages, (entry, i) => {
    const text = pageProblem(entry, unikernel.pages[i - 1], known);
    return text === undefined ? undefined : { where: `${where}.pages.${i}`, text };
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
  const bytes = entry.owners.reduce((sum, { bytes }) => sum + bytes, 0);
  if (entry.owners.length > 0 && bytes !== PAGE_SIZE) return `has owners of ${bytes} bytes`;
  return undefined;
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
