/**
 * Position-independent unikernels are moved as a whole. Their code refers to all else relative to
 * itself, so its bytes do not depend on where the image lies, and nothing has to be rewritten: the
 * layout is that of the aligned set, shifted by a distance of its own in each unikernel. Only
 * pointers in data, and what boots before there are relocations, differ; slots that contain such are
 * known by their drift and stand together.
 */
import type { AslrReport } from '../../protocol/page-map.ts';
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { identify, type Identified } from '../atoms/identify.ts';
import type { Locator } from '../atoms/content.ts';
import { SpacerError } from '../errors.ts';
import { planLayout, type Layout, type Places } from '../layout/plan.ts';
import { PC_RELATIVE } from '../model/relocation-types.ts';
import { isAddress } from './address-types.ts';
import { noReferences } from './bench.ts';
import { chooseStarts } from './choose-starts.ts';
import type { KnownSet, RandomiseOptions } from './randomise.ts';

export interface MovedWhole {
  readonly identified: Identified;
  /** Where each unikernel has its own addresses. */
  readonly layout: Layout & { readonly own: readonly Places[] };
  readonly report: AslrReport;
}

/**
 * True where all are position-independent, false where none is.
 * @throws SpacerError `aslr-pie` where some are
 */
export function isPositionIndependent({ set }: Pick<KnownSet, 'set'>): boolean {
  const own = set.filter(({ command }) => command.pie);
  if (own.length === 0) return false;
  if (own.length === set.length) return true;
  const names = own.map(({ unikernel }) => unikernel.name).join(', ');
  throw new SpacerError(
    'aslr-pie',
    `Some unikernels are position-independent (${names}) and others are not; --aslr takes one kind at a time (--uks).`,
  );
}

/**
 * Gives each unikernel of a set a distance of its own from the aligned layout.
 * @throws SpacerError `bad-options` for more than one block, `aslr-window` where the image does not fit
 */
export function moveWhole(known: KnownSet, options: RandomiseOptions): MovedWhole {
  if (options.blocks !== 1)
    throw new SpacerError(
      'bad-options',
      'Position-independent unikernels move as a whole: --aslr-blocks cannot be combined with them.',
    );
  const { set, inputs, regions, base, distinct } = known;
  const identified = identify(
    inputs,
    regions,
    'section',
    set.map((_, u) => driftOf(u)),
  );
  const { slots } = identified;
  const layout = planLayout({ unikernels: set.length, regions, slots, base }, options.strategy);
  const end = Math.max(...layout.regionEnds.values());
  const granule = Math.max(PAGE_SIZE, ...slots.map(({ alignment }) => alignment));
  const size = Math.ceil((end - base) / granule) * granule;
  const window = { start: base, size: Math.max(options.window, size), granule };
  const names = set.map(({ unikernel }) => unikernel.name);
  const placed = chooseStarts(names, window, [size], options);
  return {
    identified,
    layout: {
      ...layout,
      own: placed.starts.map(([start = base]) => shifted(layout, start - base)),
    },
    report: {
      ...(placed.seed !== undefined && { seed: placed.seed }),
      window: { start: base, pages: window.size / PAGE_SIZE },
      blocks: [
        {
          name: 'image',
          pages: size / PAGE_SIZE,
          bits: placed.entropy.blocks[0]!,
          starts: Object.fromEntries(names.map((name, u) => [name, placed.starts[u]![0]!])),
        },
      ],
      bits: placed.entropy.arrangement,
      pagesSpent: layout.cost.distinct - distinct,
      kept: {},
      references: noReferences(),
    },
  };
}

/** Relative references keep their bytes, and addresses have other ones in every unikernel. */
const driftOf =
  (u: number): NonNullable<Locator['drift']> =>
  (_from, _to, type) =>
    isAddress(type) && PC_RELATIVE[type] !== 1 ? (u + 1) * 2 ** 33 : 0;

function shifted({ addresses, regionStarts, regionEnds }: Layout, by: number): Places {
  const move = (places: ReadonlyMap<string, number>) =>
    new Map([...places].map(([name, address]) => [name, address + by]));
  return {
    addresses: addresses.map((address) => address + by),
    regionStarts: move(regionStarts),
    regionEnds: move(regionEnds),
  };
}
