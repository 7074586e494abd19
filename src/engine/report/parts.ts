/**
 * The text of a report in parts.
 *
 * V8 holds no string of more than 512 MB, and a page takes some 250 bytes of JSON: two million pages
 * are too many for one `JSON.stringify`. So the outer levels of the document are written here and
 * only what they hold goes through it; put together, the parts are the same text.
 */
import type { PageMapDocument } from '../../protocol/page-map.ts';

/** Levels that are taken apart: the document, its lists, and the entries of those. */
const LEVELS = 3;
/** Characters of a part, at least: a write of a few bytes each would be slow. */
const PART = 1 << 20;

/** What `JSON.stringify` would return, in parts. */
export function* reportParts(document: PageMapDocument): Generator<string> {
  let part = '';
  for (const piece of piecesOf(document, LEVELS)) {
    part += piece;
    if (part.length < PART) continue;
    yield part;
    part = '';
  }
  yield part;
}

function* piecesOf(value: unknown, levels: number): Generator<string> {
  if (levels === 0 || typeof value !== 'object' || value === null) {
    yield JSON.stringify(value);
    return;
  }
  const isList = Array.isArray(value);
  yield isList ? '[' : '{';
  let before = '';
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    yield isList ? before : `${before}${JSON.stringify(key)}:`;
    yield* piecesOf(item, levels - 1);
    before = ',';
  }
  yield isList ? ']' : '}';
}
