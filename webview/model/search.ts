/** Search by library, section, symbol or address. */
import { PAGE_SIZE } from '../../src/protocol/page-map.ts';
import type { OwnerLists, PackedPageMap } from '../../src/protocol/packed/columns.ts';
import type { StageModel } from './stage.ts';

export type Query =
  { kind: 'none' } | { kind: 'address'; page: number } | { kind: 'name'; text: string };

export function parseQuery(text: string): Query {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'none' };
  if (/^0x[0-9a-f]{1,13}$/i.test(trimmed)) {
    return { kind: 'address', page: Math.floor(Number(trimmed) / PAGE_SIZE) };
  }
  return { kind: 'name', text: trimmed.toLowerCase() };
}

/** Marks the pages of a stage that a query finds; nothing where there is no query. */
export function findPages(
  map: PackedPageMap,
  model: StageModel,
  query: Query,
): Uint8Array | undefined {
  if (query.kind === 'none') return undefined;
  const hits = new Uint8Array(model.pages);
  if (query.kind === 'address') {
    const { pageNumber } = model.packed;
    for (let i = 0; i < hits.length; i += 1) hits[i] = pageNumber[i] === query.page ? 1 : 0;
    return hits;
  }
  const lists = matchingLists(map, query.text);
  const { ownerList } = model.packed;
  for (let i = 0; i < hits.length; i += 1) hits[i] = lists[ownerList[i] ?? 0] ?? 0;
  return hits;
}

function matchingLists(map: PackedPageMap, text: string): Uint8Array {
  const named = Uint8Array.from(map.strings, (name) => (name.toLowerCase().includes(text) ? 1 : 0));
  const { owners } = map;
  const lists = new Uint8Array(owners.start.length - 1);
  for (let list = 0; list < lists.length; list += 1) {
    const to = owners.start[list + 1] ?? 0;
    for (let o = owners.start[list] ?? 0; o < to && lists[list] === 0; o += 1) {
      if (ownerIsNamed(owners, o, named)) lists[list] = 1;
    }
  }
  return lists;
}

function ownerIsNamed(owners: OwnerLists, o: number, named: Uint8Array): boolean {
  if (named[owners.library[o] ?? 0] || named[owners.section[o] ?? 0]) return true;
  const to = owners.symbolStart[o + 1] ?? 0;
  for (let s = owners.symbolStart[o] ?? 0; s < to; s += 1) {
    if (named[owners.symbols[s] ?? 0]) return true;
  }
  return false;
}
