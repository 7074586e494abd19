/**
 * The page map as one SVG picture: for each stage a band a unikernel, for each run of equal pages
 * a rectangle. Shared, unique and zero pages differ by pattern as well as by colour, so that it can
 * be printed in black and white.
 */
import { PAGE_SIZE, type Page, type PageMapDocument, type Stage } from '../../protocol/page-map.ts';
import { escapeHtml } from './html.ts';

const STAGES: readonly Stage[] = ['before', 'predicted', 'after'];
const LABEL = 140;
const WIDTH = 1200;
const BAND = 14;
const GAP = 4;
const HEAD = 28;

/** Fills by category: a picture has no theme, so its colours stand here. */
const PATTERNS = `<defs>
<pattern id="shared" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#2a78c2"/></pattern>
<pattern id="unique" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#e8b04c"/><path d="M0 4L4 0" stroke="#7a5200"/></pattern>
<pattern id="zero" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#fff"/><circle cx="2" cy="2" r=".7" fill="#999"/></pattern>
</defs>`;

export function renderSvg(document: PageMapDocument): string {
  const stages = STAGES.filter((stage) => document.totals[stage]);
  const columns = columnsOf(document, stages);
  const scale = WIDTH / Math.max(1, columns.size);
  const rows = document.unikernels.length * (BAND + GAP);
  const parts = stages.map((stage, i) => {
    const y = i * (rows + HEAD + GAP);
    const bands = document.unikernels.map((unikernel, u) => {
      const top = HEAD + u * (BAND + GAP);
      const name = `<text x="${LABEL - 6}" y="${top + BAND - 3}" text-anchor="end">${escapeHtml(unikernel.name)}</text>`;
      return name + runs(unikernel[stage]?.pages ?? [], columns, scale, top);
    });
    return `<g transform="translate(0 ${y})"><text x="${LABEL}" y="18" font-weight="bold">${titleOf(document, stage)}</text>${bands.join('')}</g>`;
  });
  const height = stages.length * (rows + HEAD + GAP) + GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LABEL + WIDTH + 10} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Page map">
${PATTERNS}
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

const TITLES: Readonly<Record<Stage, string>> = {
  before: 'Before',
  predicted: 'After (predicted)',
  after: 'After',
};

function titleOf(document: PageMapDocument, stage: Stage): string {
  const { distinct = 0, total = 0 } = document.totals[stage] ?? {};
  return `${TITLES[stage]}: ${distinct} distinct of ${total} pages`;
}

/** A column for every page number that occurs; gaps in the address space are left out. */
function columnsOf(document: PageMapDocument, stages: readonly Stage[]): Map<number, number> {
  const numbers = new Set<number>();
  for (const unikernel of document.unikernels)
    for (const stage of stages)
      for (const page of unikernel[stage]?.pages ?? []) numbers.add(page.address / PAGE_SIZE);
  return new Map([...numbers].sort((a, b) => a - b).map((number, column) => [number, column]));
}

function runs(
  pages: readonly Page[],
  columns: ReadonlyMap<number, number>,
  scale: number,
  top: number,
): string {
  const rectangles: { kind: string; from: number; to: number }[] = [];
  for (const { address, kind } of pages) {
    const column = columns.get(address / PAGE_SIZE) ?? 0;
    const last = rectangles.at(-1);
    if (last?.kind === kind && last.to === column) last.to = column + 1;
    else rectangles.push({ kind, from: column, to: column + 1 });
  }
  return rectangles
    .map(({ kind, from, to }) => {
      const x = (LABEL + from * scale).toFixed(2);
      return `<rect x="${x}" y="${top}" width="${((to - from) * scale).toFixed(2)}" height="${BAND}" fill="url(#${kind})"/>`;
    })
    .join('');
}
