import type { AslrReport, DomainsReport, PageMapDocument } from '../protocol/page-map.ts';
import { loadReportAssets } from '../engine/report/assets.ts';
import { renderHtmlReport } from '../engine/report/html.ts';
import { ownersOfClass } from '../engine/pages/domains.ts';
import { reportParts } from '../engine/report/parts.ts';
import { renderTable } from '../engine/report/table.ts';
import { printableInColour } from '../engine/printable.ts';
import { writeWhole } from '../engine/whole-file.ts';

/** Exit statuses of the command. */
export const EXIT = { done: 0, failed: 1, usage: 2, nothing: 3, unproven: 4 } as const;

export interface OutputFlags {
  json?: boolean;
  html?: string;
  verbose?: boolean;
}

/** Prints a document as asked for and returns the exit status it means. */
export async function printDocument(
  document: PageMapDocument,
  flags: OutputFlags,
): Promise<number> {
  if (flags.html !== undefined) await writeHtml(document, flags.html);
  if (flags.json) await printJson(document);
  else await print(describe(document, flags));
  return document.failures.length > 0 ? EXIT.failed : EXIT.done;
}

/** Prints a document as one line of JSON, in parts: large ones are longer than a string can be. */
export async function printJson(document: PageMapDocument): Promise<void> {
  for (const part of reportParts(document)) await print(part);
  await print('\n');
}

/** Writes the page map as one self-contained HTML file. */
export async function writeHtml(document: PageMapDocument, file: string): Promise<void> {
  await writeWhole(file, renderHtmlReport(document, await loadReportAssets()));
}

function describe(document: PageMapDocument, flags: OutputFlags): string {
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const lines = document.unikernels.length > 0 ? [renderTable(document, { colour }).trimEnd()] : [];
  if (document.layout) lines.push(`Layout: ${document.layout.chosen}. ${document.layout.reason}`);
  if (document.pool) {
    const { start, end } = document.pool;
    lines.push(
      `Pool for a loader: 0x${start.toString(16)} to 0x${end.toString(16)}, ${(end - start) / 4096} pages.`,
    );
  }
  if (document.domains) lines.push(...domainLines(document, document.domains));
  if (document.aslr) lines.push(...aslrLines(document.aslr));
  lines.push(...remarksOf(document));
  if (flags.html !== undefined) lines.push(`Page map: ${flags.html}`);
  if (flags.verbose) lines.push(...verboseLines(document));
  return `${lines.join('\n')}\n`;
}

/** What people should know of single unikernels. */
function remarksOf({ unikernels, failures, unusable }: PageMapDocument): string[] {
  return [
    ...unikernels.flatMap(({ name, notes = [] }) => notes.map((note) => `NOTE ${name}: ${note}`)),
    ...unikernels.flatMap(({ name, verification }) =>
      (verification?.unproven ?? []).map((text) => `NOT PROVEN ${name}: ${text}`),
    ),
    ...failures.map(({ name, message }) => `FAILED ${name}: ${message}`),
    ...unusable.map(({ name, path: file, message }) => `Not used: ${name}: ${file}: ${message}`),
  ];
}

function aslrLines({ seed, blocks, bits, pagesSpent, kept, references }: AslrReport): string[] {
  const sizes = blocks.map((block) => `${block.name} ${block.pages} pages ${bitsOf(block.bits)}`);
  const { stubs, farCalls, inPlace, besideThunks, privateThunks, left } = references;
  const staying = Object.keys(kept).length;
  return [
    ...(seed === undefined ? [] : [`Seed: ${seed}`]),
    `Blocks: ${sizes.join(', ')}; arrangement ${bitsOf(bits)}; ${pagesSpent} distinct pages more than without.`,
    `References: ${stubs} to stubs, ${farCalls} far calls, ${inPlace} in place, ` +
      `${besideThunks + privateThunks} instructions out of line, ${left} pointers left; ` +
      `${staying} pieces of code stay.`,
  ];
}

/** Contents that are named one by one. */
const MOST_NAMED = 5;

/** Whether domains are apart, and what is equal in several all the same. */
function domainLines(document: PageMapDocument, { domains, common }: DomainsReport): string[] {
  const members = domains.map(({ name, unikernels }) => `${name} (${unikernels.length})`);
  const stage = common.after ? 'after' : 'predicted';
  const found = common[stage] ?? [];
  const before = common.before ? `; before: ${common.before.length}` : '';
  const named = found.slice(0, MOST_NAMED).map((i) => ownersOfClass(document, stage, i));
  return [
    `Domains: ${members.join(', ')}; ${found.length} contents in several of them${before}.`,
    ...named.map((text) => `IN SEVERAL DOMAINS: the page at ${text}`),
  ];
}

const bitsOf = (bits: number) => `${bits.toFixed(1)} bits`;

function verboseLines(document: PageMapDocument): string[] {
  const timings = Object.entries(document.timings ?? {}).map(([phase, ms]) => `${phase} ${ms} ms`);
  const libraries = document.libraries.map(
    ({ name, sharing, unikernels, variants, size }) =>
      `  ${name}: ${sharing} (${unikernels.length}), ${variants} variant${variants === 1 ? '' : 's'}, ${size} bytes`,
  );
  return [`Passes: ${timings.join(', ')}`, 'Libraries:', ...libraries, ...objectLines(document)];
}

function objectLines({ objects }: PageMapDocument): string[] {
  if (objects === undefined) return [];
  const unified = objects.unified.map(
    ({ library, from, to }) => `  ${library}: the object of ${from} serves ${to.join(', ')} too`,
  );
  const variants = objects.variants.map(
    ({ library, unikernels, differs }) => `  ${library}: ${unikernels.length} variants: ${differs}`,
  );
  const none = unified.length === 0 ? ['  none is provably interchangeable'] : unified;
  return ['Objects unified:', ...none, 'Objects that differ:', ...variants];
}

/** Waits until all is written, or nobody reads on: a pipe may take long documents slowly. */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(printableInColour(text), (error) =>
      error && !isReaderGone(error) ? reject(error) : resolve(),
    );
  });
}

/** Who reads may stop early, as `head` does: what was asked for is done all the same. */
export const isReaderGone = (error: NodeJS.ErrnoException): boolean =>
  error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
