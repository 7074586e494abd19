/**
 * Shapes of page-map documents that come from outside. Every list, text and number is bounded, so
 * that a hostile document costs no more than its own size.
 */
import * as v from 'valibot';
import {
  PAGE_MAP_FORMAT,
  PAGE_MAP_VERSION,
  PAGE_SIZE,
  type ContentClass,
  type Page,
  type PageOwner,
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

/** A page but for what its owners are. */
export const pageShape = v.strictObject({
  address: v.pipe(count, v.multipleOf(PAGE_SIZE)),
  kind: v.picklist(['zero', 'shared', 'unique']),
  contentClass: v.pipe(v.number(), v.safeInteger(), v.minValue(-1)),
  writable: v.boolean(),
  executable: v.boolean(),
  owners: v.custom<PageOwner[]>(Array.isArray),
});
export const ownersShape = list(owner, PAGE_SIZE);

/** Lists that grow with the pages are checked entry by entry, without a copy of millions. */
const longList = <T>(max: number) => v.pipe(v.custom<T[]>(Array.isArray), v.maxLength(max));

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
  pages: longList<Page>(MAX_PAGES),
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

export const classShape = v.strictObject({ sharers: list(count, MAX_UNIKERNELS), pages: count });
const classes = longList<ContentClass>(MAX_CLASSES);

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

const indices = list(count, MAX_PAGES);
const domains = v.strictObject({
  domains: list(
    v.strictObject({ name: text, unikernels: list(count, MAX_UNIKERNELS) }),
    MAX_UNIKERNELS,
  ),
  common: v.strictObject({
    before: v.exactOptional(indices),
    predicted: v.exactOptional(indices),
    after: v.exactOptional(indices),
  }),
});

/** All but the pages and content classes. */
export const documentShape = v.strictObject({
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
  domains: v.exactOptional(domains),
  objects: v.exactOptional(objects),
  unusable: list(unusable, MAX_UNIKERNELS),
  failures: list(unusable, MAX_UNIKERNELS),
  timings: v.exactOptional(record(v.pipe(v.number(), v.finite()))),
});
