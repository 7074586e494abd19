import {
  PAGE_SIZE,
  STUBS_LIBRARY,
  TABLES_LIBRARY,
  type ContentClass,
  type Page,
  type PageKind,
  type PageMapDocument,
  type PageOwner,
  type Stage,
  type Totals,
} from '../page-map.ts';
import { checkHead, classFault, pageFault } from './check.ts';
import { OwnerTable, StringTable } from './intern.ts';
import {
  BadPageMap,
  EXECUTABLE,
  INDIRECTION,
  SHARED,
  STAGES,
  UNIQUE,
  WRITABLE,
  ZERO,
  type PackedPageMap,
  type PackedStage,
  type PageMapHead,
} from './columns.ts';

const KIND_FLAG: Record<PageKind, number> = { zero: ZERO, unique: UNIQUE, shared: SHARED };

/** Checks what arrived and packs it into columns. */
export function packPageMap(value: unknown): PackedPageMap {
  const document = checkHead(value);
  const strings = new StringTable();
  const owners = new OwnerTable(strings);
  const stages: Partial<Record<Stage, PackedStage>> = {};
  for (const stage of STAGES) {
    if (document.totals[stage]) stages[stage] = packStage(document, stage, owners);
  }
  return { head: headOf(document), strings: strings.strings, owners: owners.packed(), stages };
}

function headOf(document: PageMapDocument): PageMapHead {
  const { spacer, workspace, options, layout, bound, totals, libraries, pool, aslr, objects } =
    document;
  const { unusable, failures } = document;
  const unikernels = document.unikernels.map((unikernel) => {
    const own: Partial<Record<Stage, Totals>> = {};
    for (const stage of STAGES) {
      const pages = unikernel[stage];
      if (pages) own[stage] = pages.totals;
    }
    const { name, verification } = unikernel;
    return { name, totals: own, verification };
  });
  return {
    spacer,
    workspace,
    options,
    layout,
    bound,
    unikernels,
    totals,
    libraries,
    pool,
    aslr,
    objects,
    unusable,
    failures,
  };
}

function packStage(document: PageMapDocument, stage: Stage, owners: OwnerTable): PackedStage {
  const classes = document.contentClasses[stage] ?? [];
  const rows = document.unikernels.map((unikernel) => byAddress(unikernel[stage]?.pages ?? []));
  const total = rows.reduce((sum, pages) => sum + pages.length, 0);
  const packed: PackedStage = {
    rowStart: new Uint32Array(rows.length + 1),
    pageNumber: new Float64Array(total),
    flags: new Uint8Array(total),
    contentClass: new Int32Array(total),
    ownerList: new Uint32Array(total),
    ...packClasses(classes, stage, document.unikernels.length),
  };
  let at = 0;
  rows.forEach((pages, unikernel) => {
    pages.forEach((page, index) => {
      const fault = pageFault(page, classes.length, owners);
      if (fault !== undefined) {
        throw new BadPageMap(`unikernels[${unikernel}].${stage}.pages[${index}] ${fault}`);
      }
      packPage(packed, at, page, owners);
      at += 1;
    });
    packed.rowStart[unikernel + 1] = at;
  });
  return packed;
}

function byAddress(pages: Page[]): Page[] {
  const ascending = pages.every(
    (page, i) => i === 0 || page.address >= (pages[i - 1]?.address ?? 0),
  );
  return ascending ? pages : [...pages].sort((a, b) => a.address - b.address);
}

function packPage(packed: PackedStage, at: number, page: Page, owners: OwnerTable): void {
  packed.pageNumber[at] = page.address / PAGE_SIZE;
  packed.flags[at] =
    KIND_FLAG[page.kind] |
    (page.writable ? WRITABLE : 0) |
    (page.executable ? EXECUTABLE : 0) |
    (page.owners.some(isIndirection) ? INDIRECTION : 0);
  packed.contentClass[at] = page.contentClass;
  packed.ownerList[at] = owners.id(page.owners);
}

const isIndirection = ({ library }: PageOwner) =>
  library === STUBS_LIBRARY || library === TABLES_LIBRARY;

function packClasses(
  classes: ContentClass[],
  stage: Stage,
  unikernels: number,
): Pick<PackedStage, 'classPages' | 'sharerStart' | 'sharers'> {
  const sharerStart = new Uint32Array(classes.length + 1);
  classes.forEach((contentClass, index) => {
    const fault = classFault(contentClass, unikernels);
    if (fault !== undefined) throw new BadPageMap(`contentClasses.${stage}[${index}] ${fault}`);
    sharerStart[index + 1] = (sharerStart[index] ?? 0) + contentClass.sharers.length;
  });
  const sharers = new Uint32Array(sharerStart[classes.length] ?? 0);
  classes.forEach((contentClass, index) => sharers.set(contentClass.sharers, sharerStart[index]));
  return { classPages: Uint32Array.from(classes, (c) => c.pages), sharerStart, sharers };
}
