import { stat } from 'node:fs/promises';
import type { PageMapDocument } from '../../protocol/page-map.ts';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { validatePageMap } from '../pages/validate.ts';
import { readLargeJson } from './large-json.ts';

/**
 * Reads a page-map document that an alignment wrote. Pages with the same owners have one list of
 * them in memory.
 * @throws SpacerError `report-missing`, `file-unreadable`, `report-invalid`
 */
export async function readReport(file: string): Promise<PageMapDocument> {
  const json = await readLimited(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new SpacerError('report-missing', 'does not exist: spacer align makes one.', { file });
    if (cause instanceof SpacerError) throw cause;
    if (cause instanceof SyntaxError) {
      const text = `is not a Spacer report: ${cause.message}`;
      throw new SpacerError('report-invalid', text, { file });
    }
    const message = `cannot be read: ${cause.message}`;
    throw new SpacerError('file-unreadable', message, { file }, { cause });
  });
  return validatePageMap(json, file);
}

async function readLimited(file: string): Promise<unknown> {
  const found = await stat(file);
  if (found.isFile() && found.size <= LIMITS.bytes.report) return readLargeJson(file, ownersOnce());
  const text = found.isFile() ? `has ${found.size} bytes: too many.` : 'is no regular file.';
  throw new SpacerError('file-unreadable', text, { file });
}

/** Puts one list in the place of all that say the same; what is no unikernel's entry stays as it is. */
function ownersOnce(): (value: unknown) => void {
  const known = new Map<string, unknown>();
  return (value) => {
    for (const stage of Object.values(value as object) as unknown[])
      for (const page of pagesOf(stage)) {
        if (!Array.isArray(page.owners)) continue;
        const key = JSON.stringify(page.owners);
        const owners = known.get(key) ?? page.owners;
        known.set(key, owners);
        page.owners = owners;
      }
  };
}

function pagesOf(stage: unknown): { owners?: unknown }[] {
  if (typeof stage !== 'object' || stage === null || !('pages' in stage)) return [];
  const { pages } = stage;
  if (!Array.isArray(pages)) return [];
  return pages.filter((page): page is object => typeof page === 'object' && page !== null);
}
