/**
 * What keeps the unikernels of a workspace from sharing more, ordered by the pages that a remedy would
 * save. The engine returns codes and parameters; hosts put them into words.
 */
import path from 'node:path';
import type { Unusable } from '../../protocol/page-map.ts';
import { STUBS } from '../link/prepare.ts';
import type { LayoutInput } from '../layout/plan.ts';
import { compareText } from '../lock/order.ts';
import { slotsFor } from '../plan-set.ts';
import { PassRunner } from '../progress.ts';
import { readSet, type SetRequest } from '../read-set.ts';
import type { LoadedUnikernel } from '../read-unikernel.ts';
import { splitSet } from '../split-set.ts';
import { readConfig, type Config } from './config.ts';
import { Mentions } from './mentions.ts';
import { noiseOf, type Noise, type NoiseSource } from './noise.ts';
import { explainingOptions, type OptionValues } from './options.ts';
import { distinctIfUnified, distinctPages } from './saving.ts';
import { varyingLibraries, type LibraryVariants } from './variants.ts';

interface OfLibrary {
  readonly library: string;
  /** Names of unikernels that have the same content. */
  readonly groups: readonly (readonly string[])[];
  /** Distinct pages fewer, at least; below 1 it does not pay. */
  readonly saves: number;
}

export type Advice =
  /** A configuration splits the library into variants; without options, none explains it. */
  | (OfLibrary & { readonly code: 'variants'; readonly options: readonly OptionValues[] })
  /** The library differs by what the build recorded, not by what it does. */
  | (OfLibrary & { readonly code: 'noise'; readonly noise: Noise })
  /** These keep whole libraries; with function sections they would keep what they use. */
  | {
      readonly code: 'function-sections';
      readonly option: string;
      readonly unikernels: readonly string[];
      /** Others of the set are built so. */
      readonly mixed: boolean;
    };

export interface Explanation {
  readonly unikernels: readonly string[];
  /** Distinct pages by the layout's cost model, before its search. */
  readonly distinct: number;
  /** What saves most comes first; what saves nothing comes last. */
  readonly advice: readonly Advice[];
  /** By unikernel, the file that its options were read from; absent where there is none. */
  readonly configs: Readonly<Record<string, string>>;
  readonly failures: readonly Unusable[];
}

/** Unikraft's option for function sections and dropping what is not used. */
const DEAD_CODE_OPTION = 'CONFIG_OPTIMIZE_DEADELIM';

/**
 * Explains what limits sharing in a workspace.
 * @throws SpacerError as reading a workspace does
 */
export async function explainWorkspace(request: SetRequest): Promise<Explanation> {
  const { options, workspace, signal, jobs } = request;
  const failures: Unusable[] = [];
  const passes = new PassRunner(request.onProgress, signal);
  const { set } = await readSet(request, passes, failures);
  const draft = await passes.run('plan', async () => {
    const place = { root: path.resolve(workspace), signal, jobs };
    return slotsFor(await splitSet(set, options, place), options);
  });
  const names = set.map(({ unikernel }) => unikernel.name);
  const known = await Promise.all(set.map(({ unikernel }) => readConfig(unikernel)));
  const configs = known.map(({ options: own }) => own);
  const files = known.flatMap(({ file }, u) => (file === undefined ? [] : [[names[u]!, file]]));
  const sources = draft.set.map(({ unikernel }, u): NoiseSource => ({
    unikernel,
    input: draft.inputs[u]!,
    parts: draft.identified.parts[u]!,
  }));
  const distinct = distinctPages(draft.layoutInput);
  const ofLibraries = await librariesAdvice(draft.layoutInput, distinct, {
    set: draft.set,
    names,
    configs,
    sources,
    variants: varyingLibraries(draft.identified.slots, names.length),
  });
  const advice = [...sectionsAdvice(set, configs), ...ofLibraries];
  return {
    unikernels: names,
    distinct,
    advice,
    configs: Object.fromEntries(files) as Record<string, string>,
    failures,
  };
}

interface Known {
  readonly set: readonly LoadedUnikernel[];
  readonly names: readonly string[];
  readonly configs: readonly Config[];
  readonly sources: readonly NoiseSource[];
  readonly variants: readonly LibraryVariants[];
}

async function librariesAdvice(
  input: LayoutInput,
  distinct: number,
  known: Known,
): Promise<Advice[]> {
  const mentions = new Mentions();
  const result: (Advice & OfLibrary)[] = [];
  for (const variants of known.variants) {
    const { library } = variants;
    if (library === STUBS) continue;
    const groups = variants.groups.map((group) => group.map((u) => known.names[u]!));
    const saves = Math.max(0, distinct - distinctIfUnified(input, variants));
    const noise = noiseOf(variants, known.sources);
    if (noise) {
      result.push({ code: 'noise', library, groups, saves, noise });
      continue;
    }
    const mentioned = new Set<string>();
    for (const [first] of variants.groups) {
      const { buildDirectory } = known.set[first!]!.unikernel;
      for (const option of await mentions.ofLibrary(buildDirectory, library)) mentioned.add(option);
    }
    const options = explainingOptions(variants.groups, known.configs, mentioned);
    result.push({ code: 'variants', library, groups, saves, options });
  }
  return result.sort((a, b) => b.saves - a.saves || compareText(a.library, b.library));
}

function sectionsAdvice(set: readonly LoadedUnikernel[], configs: readonly Config[]): Advice[] {
  const whole = set.filter(
    ({ command }, u) => !command.gcSections && configs[u]!.get(DEAD_CODE_OPTION) !== 'y',
  );
  if (whole.length === 0) return [];
  const unikernels = whole.map(({ unikernel }) => unikernel.name);
  const mixed = whole.length < set.length;
  return [{ code: 'function-sections', option: DEAD_CODE_OPTION, unikernels, mixed }];
}
