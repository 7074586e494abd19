/** What a proof that two images are the same program consists of. */

import type { Verification } from '../../protocol/page-map.ts';

/** Something that does not agree; one is enough for the proof to fail. */
export interface Difference {
  /** Stable, kebab-case: `bytes`, `reference`, `symbol`, `order`, `segment`, ... */
  readonly kind: string;
  /** One sentence that names library, section, symbol, offset and bytes, where there are any. */
  readonly text: string;
}

type Counts = Verification['counts'];

const NO_COUNTS: Counts = {
  atoms: 0,
  bytes: 0,
  references: 0,
  followed: 0,
  frames: 0,
  symbols: 0,
  tables: 0,
  segments: 0,
};

/** The result of one check. */
export interface Finding {
  readonly counts?: Partial<Counts>;
  readonly differences?: readonly Difference[];
  /** What could be neither proven nor refuted, in words. */
  readonly unproven?: readonly string[];
}

/** Puts findings together; counts add up. */
export function joinFindings(findings: readonly Finding[]): {
  counts: Counts;
  differences: Difference[];
  unproven: string[];
} {
  const counts = { ...NO_COUNTS };
  for (const finding of findings)
    for (const key of Object.keys(counts) as (keyof Counts)[])
      counts[key] += finding.counts?.[key] ?? 0;
  return {
    counts,
    differences: findings.flatMap(({ differences }) => differences ?? []),
    unproven: findings.flatMap(({ unproven }) => unproven ?? []),
  };
}

export const hex = (value: number): string =>
  value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
