/** The page map as a table for terminals: what every unikernel had before, and has after. */
import { createColors } from 'picocolors';
import type { PageMapDocument, Stage, Totals } from '../../protocol/page-map.ts';

type Colors = ReturnType<typeof createColors>;
type Paint = (text: string) => string;

interface Cell {
  readonly text: string;
  readonly paint?: Paint | undefined;
}

const COLUMNS = ['total', 'zero', 'shared', 'unique'] as const;
const STAGE_TITLES: Readonly<Record<Stage, string>> = {
  before: 'before',
  predicted: 'after (predicted)',
  after: 'after',
};
const GAP = '  ';
const PAGES_PER_MIB = 256;

/**
 * Lines of plain ASCII, without a newline at the end. Shows `before`, and `after` where it was
 * measured, else what is predicted, marked as such.
 */
export function renderTable(document: PageMapDocument, options: { colour: boolean }): string {
  const colors = createColors(options.colour);
  const stages = stagesOf(document);
  const rows = [
    ...document.unikernels.map((unikernel) => [
      { text: printable(unikernel.name) },
      ...stages.flatMap((stage) => cells(unikernel[stage]?.totals, colors)),
    ]),
    [
      { text: 'all', paint: colors.bold },
      ...stages.flatMap((stage) => cells(document.totals[stage], colors)),
    ],
  ];
  const header = [
    { text: 'unikernel' },
    ...stages.flatMap(() => COLUMNS.map((text) => ({ text }))),
  ];
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.text.length ?? 0)),
  );
  spread(widths, stages);
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP);
  return [
    titles(widths, stages),
    line(header, widths),
    rule,
    ...rows.slice(0, -1).map((row) => line(row, widths)),
    rule,
    line(rows[rows.length - 1] ?? [], widths),
    '',
    ...summary(document, stages, colors),
  ].join('\n');
}

function stagesOf(document: PageMapDocument): Stage[] {
  const stages: Stage[] = document.totals.before ? ['before'] : [];
  if (document.totals.after) stages.push('after');
  else if (document.totals.predicted) stages.push('predicted');
  return stages;
}

function cells(totals: Totals | undefined, colors: Colors): Cell[] {
  const paints: Partial<Record<keyof Totals, Paint>> = { shared: colors.green, zero: colors.dim };
  return COLUMNS.map((column) => ({
    text: totals === undefined ? '-' : String(totals[column]),
    paint: paints[column],
  }));
}

/** Widens a stage's last column until the stage's title fits over its columns. */
function spread(widths: number[], stages: readonly Stage[]): void {
  stages.forEach((stage, i) => {
    const missing = STAGE_TITLES[stage].length - stageWidth(widths, i);
    const last = (i + 1) * COLUMNS.length;
    if (missing > 0) widths[last] = (widths[last] ?? 0) + missing;
  });
}

function stageWidth(widths: readonly number[], stage: number): number {
  const from = 1 + stage * COLUMNS.length;
  const own = widths.slice(from, from + COLUMNS.length);
  return own.reduce((sum, width) => sum + width, 0) + GAP.length * (own.length - 1);
}

function titles(widths: readonly number[], stages: readonly Stage[]): string {
  const parts = stages.map((stage, i) => STAGE_TITLES[stage].padEnd(stageWidth(widths, i)));
  return [' '.repeat(widths[0] ?? 0), ...parts].join(GAP).trimEnd();
}

function line(row: readonly Cell[], widths: readonly number[]): string {
  const texts = row.map(({ text, paint = String }, column) => {
    const pad = ' '.repeat(Math.max(0, (widths[column] ?? 0) - text.length));
    return column === 0 ? paint(text) + pad : pad + paint(text);
  });
  return texts.join(GAP).trimEnd();
}

function summary(document: PageMapDocument, stages: readonly Stage[], colors: Colors): string[] {
  const width = Math.max(...stages.map((stage) => STAGE_TITLES[stage].length)) + 1;
  const lines = stages.flatMap((stage) => {
    const totals = document.totals[stage];
    const label = `${STAGE_TITLES[stage]}:`.padEnd(width);
    const count = document.unikernels.length;
    return totals ? [`${label} ${summaryOf(totals, count, colors)}`] : [];
  });
  const proof = proofLine(document);
  if (proof !== undefined) lines.push(`${'verified:'.padEnd(width)} ${proof}`);
  const [first = 0, second = 0] = stages.map((stage) => document.totals[stage]?.distinct);
  if (first === 0 || second === 0) return lines;
  const { bound } = document;
  if (bound?.ratio !== undefined)
    lines.push(
      `${'bound:'.padEnd(width)} ${bound.pages} pages at least in any layout, ${bound.ratio.toFixed(2)} times that reached`,
    );
  const more = second > first;
  const factor = (more ? second / first : first / second).toFixed(2);
  const mark = stages[1] === 'predicted' ? ' (predicted)' : '';
  const verdict = `${factor} times ${more ? 'more' : 'less'} memory`;
  return [...lines, `${colors.bold(verdict)} for distinct pages${mark}`];
}

/** How many images are proven to be the same programs, and by how much. */
/** Digits in threes: what `toLocaleString('en')` gives, which takes 30 ms the first time. */
const grouped = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

function proofLine({ unikernels }: PageMapDocument): string | undefined {
  const proofs = unikernels.flatMap(({ verification }) => verification ?? []);
  if (proofs.length === 0) return undefined;
  const whole = proofs.filter(({ unproven }) => unproven.length === 0).length;
  const sum = (key: keyof (typeof proofs)[0]['counts']) =>
    grouped(proofs.reduce((all, { counts }) => all + counts[key], 0));
  const open = whole < proofs.length ? `; ${proofs.length - whole} in part (see the report)` : '';
  const what = `${sum('atoms')} sections, ${sum('references')} references, ${sum('bytes')} bytes`;
  return `${whole} of ${proofs.length} are the same program as before (${what})${open}`;
}

function summaryOf(totals: Totals, count: number, colors: Colors): string {
  const nonZero = totals.shared + totals.unique;
  const percent = nonZero === 0 ? 0 : (100 * totals.shared) / nonZero;
  const distinct = `${totals.distinct} distinct pages (${mib(totals.distinct)})`;
  const unikernels = count === 1 ? '1 unikernel' : `${count} unikernels`;
  return `${colors.bold(distinct)} of ${nonZero} non-zero (${mib(nonZero)}) in ${unikernels}, ${percent.toFixed(1)}% shared`;
}

function mib(pages: number): string {
  return `${(pages / PAGES_PER_MIB).toFixed(2)} MiB`;
}

/** Names come from files: nothing of them may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
