/** The page map as comma-separated values (RFC 4180): one row a page. */
import type { Page, PageMapDocument, PageOwner, Stage } from '../../protocol/page-map.ts';

const STAGES: readonly Stage[] = ['before', 'predicted', 'after'];
const COLUMNS = [
  'unikernel',
  'stage',
  'address',
  'kind',
  'content_class',
  'sharers',
  'writable',
  'executable',
  'owners',
];

/** All pages of all stages, with a header row; every row ends with CR LF. A part is a unikernel. */
export function* csvParts(document: PageMapDocument): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (const unikernel of document.unikernels)
    for (const stage of STAGES)
      yield (unikernel[stage]?.pages ?? [])
        .map((page) => `${rowOf(document, unikernel.name, stage, page)}\r\n`)
        .join('');
}

function rowOf(document: PageMapDocument, name: string, stage: Stage, page: Page): string {
  const sharers = document.contentClasses[stage]?.[page.contentClass]?.sharers.length ?? 0;
  return [
    quoted(name),
    stage,
    `0x${page.address.toString(16)}`,
    page.kind,
    page.contentClass === -1 ? '' : String(page.contentClass),
    String(sharers),
    String(page.writable),
    String(page.executable),
    quoted(ownersOf(page.owners)),
  ].join(',');
}

/** `libukboot:.text=4000 [fill]:.text=96`, equal owners added up. */
function ownersOf(owners: readonly PageOwner[]): string {
  const bytes = new Map<string, number>();
  for (const owner of owners) {
    const key = `${owner.library}:${owner.section}`;
    bytes.set(key, (bytes.get(key) ?? 0) + owner.bytes);
  }
  return [...bytes].map(([key, sum]) => `${key}=${sum}`).join(' ');
}

/** Spreadsheets run what begins with one of these as a formula; a quote before it prevents that. */
const FORMULA = /^[=+\-@\t\r\n]/;

function quoted(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
