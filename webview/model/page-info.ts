/** Everything there is to say about one page, for the tooltip, the detail, the table and speech. */
import { PAGE_SIZE } from '../../src/protocol/page-map.ts';
import {
  EXECUTABLE,
  INDIRECTION,
  KIND_MASK,
  SHARED,
  UNIQUE,
  WRITABLE,
} from '../../src/protocol/packed/columns.ts';
import type { PageMapModel, StageModel } from './stage.ts';
import { equalPages, unikernelOf } from './stage.ts';

export interface OwnerInfo {
  library: string;
  section: string;
  bytes: number;
  symbols: string[];
}

export interface PageInfo {
  address: number;
  unikernel: number;
  unikernelName: string;
  kind: 'zero' | 'shared' | 'unique';
  contentClass: number;
  permissions: string;
  writable: boolean;
  /** Holds stubs or tables that Spacer added. */
  indirection: boolean;
  /** Indices of the unikernels that have this content; empty for zero pages. */
  sharers: Uint32Array;
  /** Unikernels that have pages at this stage. */
  present: number;
  /** Pages of the stage with this content, this one included. */
  equals: number;
  owners: OwnerInfo[];
}

export function pageInfo(model: PageMapModel, stage: StageModel, page: number): PageInfo {
  const { packed } = stage;
  const flags = packed.flags[page] ?? 0;
  const contentClass = packed.contentClass[page] ?? -1;
  const unikernel = unikernelOf(stage, page);
  return {
    address: (packed.pageNumber[page] ?? 0) * PAGE_SIZE,
    unikernel,
    unikernelName: model.map.head.unikernels[unikernel]?.name ?? '',
    kind: kindOf(flags),
    contentClass,
    permissions: `r${flags & WRITABLE ? 'w' : '-'}${flags & EXECUTABLE ? 'x' : '-'}`,
    writable: (flags & WRITABLE) !== 0,
    indirection: (flags & INDIRECTION) !== 0,
    sharers:
      contentClass < 0
        ? new Uint32Array()
        : packed.sharers.subarray(
            packed.sharerStart[contentClass],
            packed.sharerStart[contentClass + 1],
          ),
    present: stage.present,
    equals: equalPages(stage, page).length,
    owners: ownersOf(model, packed.ownerList[page] ?? 0),
  };
}

function kindOf(flags: number): PageInfo['kind'] {
  const kind = flags & KIND_MASK;
  if (kind === SHARED) return 'shared';
  return kind === UNIQUE ? 'unique' : 'zero';
}

function ownersOf(model: PageMapModel, list: number): OwnerInfo[] {
  const { owners, strings } = model.map;
  const text = (id: number | undefined): string => strings[id ?? -1] ?? '';
  const infos: OwnerInfo[] = [];
  const to = owners.start[list + 1] ?? 0;
  for (let o = owners.start[list] ?? 0; o < to; o += 1) {
    const symbols = owners.symbols.subarray(owners.symbolStart[o], owners.symbolStart[o + 1]);
    infos.push({
      library: text(owners.library[o]),
      section: text(owners.section[o]),
      bytes: owners.bytes[o] ?? 0,
      symbols: Array.from(symbols, text),
    });
  }
  return infos;
}

/** One value of each, in order of bytes: libraries or sections of a page. */
export function distinctNames(info: PageInfo, of: 'library' | 'section'): string[] {
  const byBytes = [...info.owners].sort((a, b) => b.bytes - a.bytes);
  return [...new Set(byBytes.map((owner) => owner[of]))];
}
