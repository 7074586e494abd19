import { readFile, stat } from 'node:fs/promises';
import type { PageMapDocument } from '../../protocol/page-map.ts';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { validatePageMap } from '../pages/validate.ts';

/**
 * Reads a page-map document that an alignment wrote.
 * @throws SpacerError `report-missing`, `file-unreadable`, `report-invalid`
 */
export async function readReport(file: string): Promise<PageMapDocument> {
  const text = await readLimitedText(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new SpacerError('report-missing', 'does not exist: spacer align makes one.', { file });
    if (cause instanceof SpacerError) throw cause;
    const message = `cannot be read: ${cause.message}`;
    throw new SpacerError('file-unreadable', message, { file }, { cause });
  });
  try {
    return validatePageMap(JSON.parse(text), file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SpacerError('report-invalid', `is not a Spacer report: ${error.message}`, { file });
  }
}

async function readLimitedText(file: string): Promise<string> {
  const found = await stat(file);
  if (found.isFile() && found.size <= LIMITS.bytes.document) return readFile(file, 'utf8');
  const text = found.isFile() ? `has ${found.size} bytes: too many.` : 'is no regular file.';
  throw new SpacerError('file-unreadable', text, { file });
}
