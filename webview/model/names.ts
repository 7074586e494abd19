/** Which library and which section a page, or a column of the map, is named after. */
import type { PackedPageMap } from '../../src/protocol/packed/columns.ts';
import type { StageModel } from './stage.ts';

export const NOBODY = 0xffff_ffff;

/** For each list of owners: the string of the library and section with most bytes. */
export interface MainOwners {
  library: Uint32Array;
  /** Index into `sections`. */
  section: Uint32Array;
  /** Names of sections without what follows the first component: `.text.foo` is `.text`. */
  sections: string[];
}

export function mainOwners(map: PackedPageMap): MainOwners {
  const { owners, strings } = map;
  const count = owners.start.length - 1;
  const sections: string[] = [];
  const sectionIds = new Map<string, number>();
  const sectionOf = Uint32Array.from(strings, (name) => {
    const base = baseSection(name);
    const known = sectionIds.get(base);
    if (known !== undefined) return known;
    const id = sections.push(base) - 1;
    sectionIds.set(base, id);
    return id;
  });
  const library = new Uint32Array(count).fill(NOBODY);
  const section = new Uint32Array(count).fill(NOBODY);
  for (let list = 0; list < count; list += 1) {
    const main = largestOwner(map, list);
    if (main === undefined) continue;
    library[list] = owners.library[main] ?? NOBODY;
    section[list] = sectionOf[owners.section[main] ?? 0] ?? NOBODY;
  }
  return { library, section, sections };
}

/** `.text.unlikely.foo` and `.text` are both `.text`; names without a dot stay. */
export function baseSection(name: string): string {
  const end = name.startsWith('.') ? name.indexOf('.', 1) : -1;
  return end < 0 ? name : name.slice(0, end);
}

/** The owner with most bytes; names in brackets stand for bytes that nobody placed. */
function largestOwner(map: PackedPageMap, list: number): number | undefined {
  const { owners, strings } = map;
  let best: number | undefined;
  let bestRank = -1;
  const to = owners.start[list + 1] ?? 0;
  for (let o = owners.start[list] ?? 0; o < to; o += 1) {
    const named = !strings[owners.library[o] ?? 0]?.startsWith('[');
    const rank = (owners.bytes[o] ?? 0) + (named ? 1 << 20 : 0);
    if (rank > bestRank) {
      best = o;
      bestRank = rank;
    }
  }
  return best;
}

/** A stretch of neighbouring columns, or of pages, with one name. */
export interface Named {
  from: number;
  to: number;
  name: number;
}

/**
 * What most unikernels have at each column, as stretches; columns where no name has a majority
 * are left out. One pass finds the candidate (Boyer and Moore), a second counts its votes.
 */
export function columnNames(model: StageModel, columns: number, nameOfList: Uint32Array): Named[] {
  const candidate = new Uint32Array(columns).fill(NOBODY);
  const votes = new Int32Array(columns);
  const { column } = model;
  const { ownerList } = model.packed;
  for (let i = 0; i < column.length; i += 1) {
    const c = column[i] ?? 0;
    const name = nameOfList[ownerList[i] ?? 0] ?? NOBODY;
    if (votes[c] === 0) candidate[c] = name;
    votes[c] = (votes[c] ?? 0) + (candidate[c] === name ? 1 : -1);
  }
  const balance = new Int32Array(columns);
  for (let i = 0; i < column.length; i += 1) {
    const c = column[i] ?? 0;
    const name = nameOfList[ownerList[i] ?? 0] ?? NOBODY;
    balance[c] = (balance[c] ?? 0) + (candidate[c] === name ? 1 : -1);
  }
  return stretches(columns, (c) => ((balance[c] ?? 0) > 0 ? (candidate[c] ?? NOBODY) : NOBODY));
}

function stretches(columns: number, nameAt: (column: number) => number): Named[] {
  const named: Named[] = [];
  for (let c = 0; c < columns; c += 1) {
    const name = nameAt(c);
    if (name === NOBODY) continue;
    const last = named.at(-1);
    if (last && last.to === c && last.name === name) last.to = c + 1;
    else named.push({ from: c, to: c + 1, name });
  }
  return named;
}
