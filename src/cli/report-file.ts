import { readFile } from 'node:fs/promises';
import { SpacerError } from '../engine/errors.ts';
import { validatePageMap } from '../engine/pages/validate.ts';
import type { PageMapDocument } from '../protocol/page-map.ts';

/**
 * Reads a page-map document.
 * @throws SpacerError `file-unreadable`, `report-invalid`
 */
export async function readReport(file: string): Promise<PageMapDocument> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new SpacerError(
      'file-unreadable',
      `cannot be read: ${cause.message}`,
      { file },
      { cause },
    );
  });
  try {
    return validatePageMap(JSON.parse(text), file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SpacerError('report-invalid', `is not JSON: ${error.message}`, { file });
  }
}
