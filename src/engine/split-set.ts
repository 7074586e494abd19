/**
 * Splits libraries of a set at their compile units, as far as that is worth it: a library that is
 * the same in all its unikernels stays whole, since its units would stand side by side anyway.
 *
 * A unikernel whose link drops dead sections keeps its libraries as they are: what is dead is decided
 * section by section, and an image has what its own link keeps, no more and no less.
 */
import path from 'node:path';
import type { AlignOptions } from '../protocol/options.ts';
import { isExplicit, slotsOfSet } from './draft.ts';
import { splitUnits, withSplit, type SplitOptions } from './link/split-units.ts';
import type { LoadedUnikernel } from './loaded-unikernel.ts';
import { withSources } from './read-unikernel.ts';

/** Folder of what is kept between two runs, in the folder of outputs; no unikernel's name. */
export const cacheIn = (output: string): string => path.join(output, '.cache');

/**
 * The set with libraries split as the options ask for.
 * @throws SpacerError `cancelled`
 */
export async function splitSet(
  set: readonly LoadedUnikernel[],
  options: AlignOptions,
  place: SplitOptions,
): Promise<readonly LoadedUnikernel[]> {
  return splitLibraries(set, librariesToSplit(set, options), place);
}

/**
 * The set with every library split, since a lock does not know which of them will vary.
 * @throws SpacerError `cancelled`
 */
export async function splitForLock(
  set: readonly LoadedUnikernel[],
  { granularity }: Pick<AlignOptions, 'granularity'>,
  place: SplitOptions,
): Promise<readonly LoadedUnikernel[]> {
  return granularity === 'library' ? set : splitLibraries(set, allLibraries(set), place);
}

async function splitLibraries(
  set: readonly LoadedUnikernel[],
  wanted: ReadonlySet<string>,
  place: SplitOptions,
): Promise<readonly LoadedUnikernel[]> {
  if (wanted.size === 0) return set;
  const result: LoadedUnikernel[] = [];
  for (const loaded of set) {
    const { objects } = loaded.command.gcSections
      ? { objects: new Map() }
      : await splitUnits(loaded, wanted, place);
    const sources = withSplit(loaded.originals, objects);
    result.push(objects.size === 0 ? loaded : withSources(loaded, sources));
  }
  return result.some((loaded, u) => loaded !== set[u]) ? result : set;
}

function librariesToSplit(
  set: readonly LoadedUnikernel[],
  options: AlignOptions,
): ReadonlySet<string> {
  const { granularity } = options;
  const isWhole = granularity === 'library' || (granularity === 'auto' && isExplicit(options));
  if (isWhole || set.every(({ command }) => command.gcSections)) return new Set();
  return granularity === 'auto' ? varyingLibraries(set) : allLibraries(set);
}

const allLibraries = (set: readonly LoadedUnikernel[]) =>
  new Set(set.flatMap(({ originals }) => originals.map(({ library }) => library)));

/** Libraries that are not the same in all their unikernels, by contents or by what they refer to. */
function varyingLibraries(set: readonly LoadedUnikernel[]): Set<string> {
  const varying = new Set<string>();
  for (const { role, library, libraries, fillings } of slotsOfSet(set, 'section').identified
    .slots) {
    const known = new Map<string, number>();
    fillings.forEach((filling, u) => {
      if (role !== 'body' || !filling) return;
      const owner = libraries?.[u] ?? library;
      const variant = known.get(owner) ?? filling.variant;
      known.set(owner, variant);
      if (variant !== filling.variant) varying.add(owner);
    });
  }
  return varying;
}
