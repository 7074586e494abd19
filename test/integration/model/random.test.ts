import { afterAll, describe, expect, it } from 'vitest';
import { Bench, KEPT, differences, gcDifferences, keepOf } from './ld.ts';
import { randomProgram } from './random-program.ts';

const bench = new Bench();
afterAll(() => bench.close());

/** More of them: SPACER_MODEL_SEEDS=1000. */
const SEEDS = Number(process.env['SPACER_MODEL_SEEDS'] ?? 20);
const FIRST = Number(process.env['SPACER_MODEL_FIRST_SEED'] ?? 1);

function build(seed: number) {
  const { objects, libraries, gcSections } = randomProgram(seed);
  const inputs = libraries.map((members, library) => {
    const compiled = members.map((i) => bench.compile(`s${seed}_${i}.s`, objects[i] ?? ''));
    return members.length === 1
      ? (compiled[0] ?? '')
      : bench.library(`s${seed}_lib${library}.o`, compiled, undefined, []);
  });
  const args = ['-e', 'start', ...(gcSections ? ['--gc-sections', '--print-gc-sections'] : [])];
  return { linked: bench.link(inputs, { args }), gcSections };
}

describe('random programs', () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => ({ seed: FIRST + i })))(
    'become what ld makes of them: seed $seed',
    ({ seed }) => {
      const { linked, gcSections } = build(seed);
      const keep = keepOf(linked.program, KEPT);
      expect(gcDifferences(linked, { entry: 'start', keep, gcSections })).toEqual([]);
      expect(differences(linked)).toEqual([]);
    },
  );
});
