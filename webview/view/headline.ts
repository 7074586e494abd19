/** Distinct pages before and after, in figures that the document states. */
import { PAGE_SIZE, type Bound, type Stage, type Totals } from '../../src/protocol/page-map.ts';
import { el, replaceChildren } from '../dom.ts';
import { count, mebibytes, percent, plural, ratio, times } from '../format.ts';
import type { PageMapHead } from '../../src/protocol/packed/columns.ts';
import type { Store, ViewState } from '../state.ts';

export const STAGE_NAMES: Record<Stage, string> = {
  before: 'Before',
  predicted: 'Predicted',
  after: 'After',
};

/** What a stage's figures are: counted on images, or computed from the plan. */
export function provenance(stage: Stage): 'measured' | 'predicted' {
  return stage === 'predicted' ? 'predicted' : 'measured';
}

export function headline(store: Store): HTMLElement {
  const figures = el('h1', { class: 'figures' });
  const facts = el('p', { class: 'facts' });
  const show = (state: ViewState): void => {
    replaceChildren(figures, ...figureParts(state));
    const { head } = state.model.map;
    replaceChildren(
      facts,
      boundFact(head, state.latest),
      factsOf(head, state.latest),
      randomnessFact(head, state.latest),
    );
  };
  show(store.state);
  store.subscribe((state, previous) => {
    if (state.model !== previous.model || state.refining !== previous.refining) show(state);
  });
  return el('section', { class: 'headline', 'aria-label': 'Saving' }, figures, facts);
}

function figureParts(state: ViewState): HTMLElement[] {
  const { totals } = state.model.map.head;
  const { latest } = state;
  const { before } = totals;
  const last = totals[latest];
  const parts: HTMLElement[] = [];
  if (before && latest !== 'before') {
    parts.push(el('span', { class: 'figure from' }, count(before.distinct)));
    parts.push(el('span', { class: 'arrow', 'aria-hidden': 'true' }, '→'));
    parts.push(el('span', { class: 'visually-hidden' }, ' to '));
  }
  parts.push(el('span', { class: 'figure to' }, count(last?.distinct ?? 0)));
  parts.push(el('span', { class: 'unit' }, 'distinct pages'));
  const mark = state.refining ? 'predicted, refining…' : provenance(latest);
  parts.push(el('span', { class: `mark ${provenance(latest)}` }, mark));
  return parts;
}

/** How far what is shown is from what no layout could go below; how that is computed on demand. */
function boundFact({ bound, totals }: PageMapHead, latest: Stage): HTMLElement | undefined {
  const reached = latest === 'before' ? undefined : totals[latest];
  if (!bound || bound.pages === 0 || !reached) return undefined;
  return el(
    'span',
    { class: 'bound', title: boundText(bound) },
    `least possible ${count(bound.pages)} (${ratio(reached.distinct, bound.pages)})`,
    el('span', { class: 'visually-hidden' }, `: ${boundText(bound)}`),
    ' · ',
  );
}

/** What is random, and what that takes; more of it on demand. */
function randomnessFact({ aslr }: PageMapHead, latest: Stage): HTMLElement | undefined {
  if (!aslr || latest === 'before') return undefined;
  const least = Math.min(...aslr.blocks.map(({ bits }) => bits));
  const entropy =
    aslr.bits === 0
      ? 'nothing random'
      : `${least.toFixed(1)} bits of entropy${aslr.blocks.length > 1 ? ' for each' : ''}`;
  const pages = `${plural(Math.abs(aslr.pagesSpent), 'page')} ${aslr.pagesSpent < 0 ? 'fewer' : 'more'} than without`;
  const blocks = aslr.blocks.map(
    ({ name, pages: size, bits }) => `${name}: ${plural(size, 'page')}, ${bits.toFixed(1)} bits`,
  );
  return el(
    'span',
    { class: 'randomness', title: blocks.slice(0, MOST_BLOCKS).join('\n') },
    ` · ${plural(aslr.blocks.length, 'block')}, ${entropy}, ${pages}`,
  );
}

const MOST_BLOCKS = 40;

const boundText = ({ pages, how }: Bound): string =>
  `No layout of these unikernels has fewer than ${plural(pages, 'distinct page')}: ${how}`;

function factsOf(head: PageMapHead, latest: Stage): string {
  const { before } = head.totals;
  const last = head.totals[latest];
  const parts = [plural(head.unikernels.length, 'unikernel')];
  if (last) parts.push(...memoryFacts(latest === 'before' ? undefined : before, last));
  return parts.join(' · ');
}

function memoryFacts(before: Totals | undefined, last: Totals): string[] {
  const size = (totals: Totals): string => mebibytes(totals.distinct * PAGE_SIZE);
  const shared = (totals: Totals): string => percent(totals.shared, totals.total - totals.zero);
  if (!before) return [`${size(last)} for the set`, `${shared(last)} of non-zero pages shared`];
  return [
    `${size(before)} → ${size(last)} for the set`,
    saving(before.distinct, last.distinct),
    `${shared(before)} → ${shared(last)} of non-zero pages shared`,
  ];
}

export function saving(before: number, after: number): string {
  if (after === 0 || before === after) return 'no saving';
  const ratio = Math.max(before, after) / Math.min(before, after);
  // A factor says nothing of a small difference.
  const by = ratio < 1.1 ? percent(Math.abs(before - after), before) : times(ratio);
  return after < before ? `${by} less` : `${by} more`;
}
