/**
 * The least number of distinct pages that any layout of a set's slots could reach.
 *
 * A slot has one address, so what two unikernels have at one offset of it lies at one place of a
 * page: where the values there differ, the pages differ. Hence every value of every offset of every
 * slot needs room of its own on some page, and no page gives more than its size. That holds for
 * each kind of page by itself, since executable, read-only and writable memory share no page.
 *
 * More can be said. A value that only one unikernel has makes its page that unikernel's own. So
 * unikernel u needs at least own(u) / 4096 pages, rounded up, that no other has. What is left free
 * on these can hold values that several have, but then each of the others needs a further copy:
 * only half of that room saves any elsewhere. With n = sum of the own pages and f their free bytes,
 *
 *     pages >= n + (shared - f / 2) / 4096, rounded up
 *
 * and making more own pages than needed adds a page for half a page's saving. Besides, two slots of
 * one alignment never meet inside a granule of it, so slots aligned to `a` take multiples of `a`.
 *
 * To stay below every layout: contents that occur in several slots count once, since whole pages of
 * them may be equal, and references are told apart only where every unikernel has what they lead to,
 * since slots that never meet may have one address; zeros at the ends of a content, or in runs of a page or more, do not count,
 * since pages of zeros cost nothing. Not considered is that parts of unequal contents make up two
 * equal pages by chance.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { BLOCK_SIZE, digestBlocks, type Blocks } from './digest.ts';
import { alignUp } from './place.ts';
import type { Group, Region } from './regions.ts';
import type { Filling, Slot } from './slots.ts';

export interface BoundInput {
  readonly unikernels: number;
  readonly regions: readonly Region[];
  readonly slots: readonly Slot[];
}

type Kind = 'executable' | 'readonly' | 'writable';

const KIND_OF: Readonly<Record<Group, Kind | undefined>> = {
  text: 'executable',
  readonly: 'readonly',
  tls: 'writable',
  data: 'writable',
  bss: undefined,
  unloaded: undefined,
};

/** How the bound is computed, for a reader of the report. */
export const HOW_BOUND =
  'By kind of page: the different bytes of all atoms, those of one unikernel alone rounded up to ' +
  'pages of its own, half of the room left on these taken off the rest.';

/** Distinct non-zero pages that no layout of these slots goes below. */
export function boundOf({ unikernels, regions, slots }: BoundInput): number {
  const kinds = new Map(regions.map(({ name, group }) => [name, KIND_OF[group]]));
  const demands = new Map<Kind, Demand>();
  for (const slot of slots) {
    const kind = kinds.get(slot.region);
    if (kind === undefined || slot.region === '.tbss') continue;
    let demand = demands.get(kind);
    if (!demand) demands.set(kind, (demand = new Demand(unikernels)));
    demand.add(slot);
  }
  let pages = 0;
  for (const demand of demands.values()) pages += demand.pages();
  return pages;
}

const ALIGNMENTS = [8, 16, 32, 64];
const BLOCKS_PER_PAGE = PAGE_SIZE / BLOCK_SIZE;

interface Variant {
  readonly filling: Filling;
  /** The unikernel that has it, or the first of several. */
  readonly unikernel: number;
  sharers: number;
  readonly counts: Uint8Array;
  readonly isRepeated: boolean;
}

/** Bytes that pages of one kind must hold. */
class Demand {
  private readonly own: Float64Array;
  private shared = 0;
  /** By alignment: bytes of slots of at least that alignment, in whole granules. */
  private readonly aligned = ALIGNMENTS.map(() => 0);
  private readonly seen = new Set<string>();

  constructor(unikernels: number) {
    this.own = new Float64Array(unikernels);
  }

  add(slot: Slot): void {
    const variants = this.variantsOf(slot);
    let counted = 0;
    const blocks = variants.reduce((most, { counts }) => Math.max(most, counts.length), 0);
    for (let block = 0; block < blocks; block++) counted += this.addBlock(variants, block);
    if (counted === 0) return;
    ALIGNMENTS.forEach((alignment, i) => {
      if (slot.alignment >= alignment) this.aligned[i]! += alignUp(counted, alignment);
    });
  }

  private variantsOf({ fillings }: Slot): Variant[] {
    const variants = new Map<Filling, Variant>();
    fillings.forEach((filling, unikernel) => {
      if (!filling) return;
      const known = variants.get(filling);
      if (known) known.sharers++;
      else {
        const isRepeated = this.seen.has(nameOf(filling));
        const counts = countsOf(filling);
        variants.set(filling, { filling, unikernel, sharers: 1, counts, isRepeated });
      }
    });
    for (const filling of variants.keys()) this.seen.add(nameOf(filling));
    return [...variants.values()];
  }

  /** Counts the different values of one block of a slot. Returns their bytes. */
  private addBlock(variants: readonly Variant[], block: number): number {
    let counted = 0;
    variants.forEach((variant, i) => {
      const bytes = variant.counts[block] ?? 0;
      if (bytes === 0) return;
      const same = variants.filter((other) => isEqualAt(variant, other, block));
      if (same[0] !== variants[i] || same.some((other) => other.isRepeated)) return;
      const least = same.reduce((few, { counts }) => Math.min(few, counts[block]!), bytes);
      const sharers = same.reduce((sum, other) => sum + other.sharers, 0);
      if (sharers === 1) this.own[variant.unikernel]! += least;
      else this.shared += least;
      counted += least;
    });
    return counted;
  }

  pages(): number {
    let all = this.shared;
    let own = 0;
    let free = 0;
    for (const bytes of this.own) {
      const pages = Math.ceil(bytes / PAGE_SIZE);
      own += pages;
      free += pages * PAGE_SIZE - bytes;
      all += bytes;
    }
    const others = Math.ceil(Math.max(0, this.shared - free / 2) / PAGE_SIZE);
    const bytes = this.aligned.reduce((most, one) => Math.max(most, one), all);
    return Math.max(own + others, Math.ceil(bytes / PAGE_SIZE));
  }
}

function nameOf({ size, digest, plain }: Filling): string {
  const { low, high } = plain ? digestBlocks(plain) : digest;
  return `${size} ${low.at(-1)} ${high.at(-1)}`;
}

const plainOf = ({ blocks, plain }: Filling): Blocks => plain ?? blocks;

function isEqualAt(a: Variant, b: Variant, block: number): boolean {
  const one = plainOf(a.filling);
  const other = plainOf(b.filling);
  return (
    (b.counts[block] ?? 0) > 0 &&
    one.low[block] === other.low[block] &&
    one.high[block] === other.high[block]
  );
}

/** By block: bytes that count; 0 for zeros that may stand on a page of zeros. */
function countsOf(filling: Filling): Uint8Array {
  const { size } = filling;
  const blocks = plainOf(filling);
  const length = Math.min(blocks.low.length, Math.ceil(size / BLOCK_SIZE));
  const counts = new Uint8Array(length);
  let last = -1;
  for (let i = 0; i < length; i++) {
    if (blocks.low[i] === 0 && blocks.high[i] === 0) continue;
    counts[i] = Math.min(BLOCK_SIZE, size - i * BLOCK_SIZE);
    if (last >= 0 && i - last < BLOCKS_PER_PAGE) counts.fill(BLOCK_SIZE, last + 1, i);
    last = i;
  }
  return counts;
}
