import { readFile } from 'node:fs/promises';
import { SpacerError } from '../engine/errors.ts';
import { validatePageMap } from '../engine/pages/validate.ts';
import type { PageMapDocument } from '../protocol/page-map.ts';

/**
 * Reads a page-map document.
 * @throws SpacerError `report-missing`, `file-unreadable`, `report-invalid`
 */
export async function readReport(file: string): Promise<PageMapDocument> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new SpacerError('report-missing', 'does not exist: spacer align makes one.', { file });
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
