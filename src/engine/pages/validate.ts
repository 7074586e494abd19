/** The engine's door for page-map documents that come from files. */
import type { PageMapDocument } from '../../protocol/page-map.ts';
import { checkPageMap } from '../../protocol/page-map-check.ts';
import { SpacerError } from '../errors.ts';

/**
 * Checks a parsed JSON value.
 * @param file named in errors
 * @throws SpacerError `report-invalid`
 */
export function validatePageMap(json: unknown, file?: string): PageMapDocument {
  const result = checkPageMap(json);
  if (result.ok) return result.document;
  const { where, text } = result.problem;
  throw new SpacerError(
    'report-invalid',
    `is not a page map: ${where}: ${text}`,
    file === undefined ? {} : { file },
  );
}
