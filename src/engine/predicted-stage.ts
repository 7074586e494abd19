/** Predicted pages as a stage of the page map. */
import type { UnikernelInput } from './atoms/identify.ts';
import { rewriteScripts, type SectionPlacement } from './ldscript/rewrite.ts';
import { attribute } from './pages/attribute.ts';
import type { StageInput } from './pages/document.ts';
import { predict, type Prediction } from './predict.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';

/** A prediction with the owners of its pages. */
export function stageOf({ segments, pages, image, placed }: Prediction): StageInput {
  return { segments, pages, owners: attribute(pages, { image, placed }) };
}

/**
 * Predicts the pages of a planned unikernel.
 * @throws SpacerError `link-*`
 */
export function predictedStage(
  loaded: LoadedUnikernel,
  input: UnikernelInput,
  placements: ReadonlyMap<string, SectionPlacement>,
): StageInput {
  const { texts } = rewriteScripts(loaded.scripts, input.outline, placements);
  return stageOf(predict(loaded, input, texts));
}
