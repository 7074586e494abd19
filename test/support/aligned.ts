/** Workspaces aligned in memory as far as a proof needs them, linked into a folder of their own. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rewriteScripts } from '../../src/engine/ldscript/rewrite.ts';
import { readElf } from '../../src/engine/elf/read.ts';
import { planSet } from '../../src/engine/plan-set.ts';
import { predict } from '../../src/engine/predict.ts';
import { readUnikernel } from '../../src/engine/read-unikernel.ts';
import { relinkWritten, writeInputs } from '../../src/engine/relink-unikernel.ts';
import { splitSet } from '../../src/engine/split-set.ts';
import type { VerifyRequest } from '../../src/engine/verify/verify.ts';
import { discover } from '../../src/engine/workspace/discover.ts';
import { DEFAULT_OPTIONS, type AlignOptions } from '../../src/protocol/options.ts';
import { freshFolder } from './once.ts';
import { builtSample, type Shape } from './sample.ts';

const done = new Map<string, Promise<VerifyRequest[]>>();

/**
 * What a proof of each unikernel of a set asks for.
 * @param workspace a folder, or a shape of the sample
 */
export function alignedForProof(
  workspace: string,
  options: Partial<AlignOptions> = {},
): Promise<VerifyRequest[]> {
  const key = `${workspace} ${JSON.stringify(options)}`;
  const known = done.get(key) ?? alignSet(workspace, options);
  done.set(key, known);
  return known;
}

async function alignSet(given: string, more: Partial<AlignOptions>): Promise<VerifyRequest[]> {
  const workspace = existsSync(given) ? given : await builtSample(given as Shape);
  const folder = freshFolder('proof');
  const { unikernels } = await discover(workspace, { tools: {} });
  const set = await Promise.all(unikernels.map((unikernel) => readUnikernel(unikernel)));
  const options = { ...DEFAULT_OPTIONS, effort: 100, ...more };
  const split = await splitSet(set, options, { cache: path.join(folder, 'c'), root: workspace });
  const plan = planSet(split, options);
  return Promise.all(
    plan.unikernels.map(async ({ loaded, input, placements }, i): Promise<VerifyRequest> => {
      const { texts } = rewriteScripts(loaded.scripts, input.outline, placements);
      const directory = path.join(folder, loaded.unikernel.name);
      writeInputs(directory, loaded, texts);
      const { image, debugImage } = await relinkWritten(directory, loaded, {});
      return {
        recorded: set[i]!,
        aligned: loaded,
        prediction: predict(loaded, input, texts),
        debug: readElf(debugImage, readFileSync(debugImage)),
        oldImage: fileOf(loaded.unikernel.image),
        newImage: fileOf(image),
      };
    }),
  );
}

const fileOf = (file: string) => ({ path: file, bytes: readFileSync(file) });
