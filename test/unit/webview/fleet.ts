/**
 * Page maps of made-up fleets, shaped like real ones: before, each unikernel packs its libraries
 * one after the other, so equal libraries stand at different addresses; after, a library has one
 * address in the whole set.
 */
import {
  PAGE_MAP_FORMAT,
  PAGE_MAP_VERSION,
  PAGE_SIZE,
  type ContentClass,
  type LibraryEntry,
  type Page,
  type PageKind,
  type PageMapDocument,
  type PageOwner,
  type Stage,
  type Totals,
  type UnikernelEntry,
} from '../../../src/protocol/page-map.ts';

export interface FleetRequest {
  unikernels: number;
  /** Pages of a unikernel, about. */
  pages: number;
  seed?: number;
  stages?: readonly Stage[];
  names?: (index: number) => string;
}

interface Piece {
  library: string;
  section: string;
  /** Pages. */
  length: number;
  writable: boolean;
  executable: boolean;
  /** Fills its pages with zeros. */
  zero: boolean;
  /** Position after aligning, in pages; one for each name. */
  slot: number;
  /** Which unikernels have it. */
  has: (unikernel: number) => boolean;
  /** Which content a unikernel's copy has. */
  variant: (unikernel: number) => number;
}

const APPLICATIONS = ['blk', 'debug', 'hanoi', 'hello', 'net', 'p9', 'sched', 'vfs'];
const LIBRARIES = [
  'libkvmplat',
  'libukboot',
  'libnolibc',
  'libuksched',
  'libukalloc',
  'libukallocbbuddy',
  'libukdebug',
  'libuklock',
  'libukargparse',
  'libuktimeconv',
  'libukmpi',
  'libvfscore',
  'libramfs',
  'libdevfs',
  'libposix_process',
  'libposix_user',
  'libposix_time',
  'libuknetdev',
  'libvirtio',
  'libukblkdev',
  'lib9pfs',
  'libuk9p',
  'libukstore',
  'libuklibid',
];
const SYMBOLS = [
  'init',
  'create',
  'destroy',
  'lookup',
  'write',
  'read',
  'poll',
  'yield',
  'notify',
  'register',
];
const FIRST_PAGE = 0x100;
const DATA_PAGE = 0x40000;

/** A small generator of numbers that look random (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function makeFleet(request: FleetRequest): PageMapDocument {
  const { unikernels, stages = ['before', 'after'] } = request;
  const names = request.names ?? ((index) => nameOf(index));
  const next = random(request.seed ?? 1);
  const pieces = makePieces(request, next);
  const document: PageMapDocument = {
    format: PAGE_MAP_FORMAT,
    version: PAGE_MAP_VERSION,
    spacer: '0.1.0',
    workspace: '/home/user/fleet',
    pageSize: PAGE_SIZE,
    unikernels: Array.from({ length: unikernels }, (_, index) => ({ name: names(index) })),
    totals: {},
    contentClasses: {},
    libraries: librariesOf(pieces, unikernels),
    unusable: [],
    failures: [],
  };
  for (const stage of stages) fillStage(document, pieces, stage);
  return document;
}

function nameOf(index: number): string {
  const round = Math.floor(index / APPLICATIONS.length);
  return `${APPLICATIONS[index % APPLICATIONS.length]}${round === 0 ? '' : round + 1}`;
}

function makePieces({ unikernels, pages }: FleetRequest, next: () => number): Piece[] {
  const pieces: Piece[] = [];
  const share = pages / 70;
  const scaled = (length: number): number => Math.max(1, Math.round(length * share));
  let textSlot = 0;
  let dataSlot = 0;
  const add = (piece: Omit<Piece, 'slot'>): void => {
    const data = piece.writable || piece.zero;
    pieces.push({ ...piece, slot: data ? DATA_PAGE + dataSlot : FIRST_PAGE + textSlot });
    if (data) dataSlot += piece.length;
    else textSlot += piece.length;
  };
  const everywhere = (): boolean => true;
  const same = (): number => 0;
  LIBRARIES.forEach((library, index) => {
    const common = index < 11;
    const chosen = Array.from({ length: unikernels }, () => next() < 0.45);
    const kinds = Array.from({ length: unikernels }, () => (next() < 0.8 ? 0 : 1));
    const has = common ? everywhere : (u: number): boolean => chosen[u] === true;
    const variant = index % 4 === 2 ? (u: number): number => kinds[u] ?? 0 : same;
    const base = { library, has, variant, zero: false };
    const text = scaled(1 + Math.floor(next() * 5));
    add({ ...base, section: '.text', length: text, writable: false, executable: true });
    if (index % 3 === 0) {
      add({ ...base, section: '.rodata', length: scaled(1), writable: false, executable: false });
    }
  });
  const own = { has: everywhere, variant: (u: number): number => u, zero: false };
  add({
    ...own,
    library: 'app',
    section: '.text',
    length: scaled(2),
    writable: false,
    executable: true,
  });
  add({
    ...own,
    library: 'libkvmplat',
    section: '.data',
    length: scaled(1),
    writable: true,
    executable: false,
  });
  add({
    library: 'libuksched',
    section: '.data',
    length: scaled(1),
    writable: true,
    executable: false,
    zero: false,
    has: everywhere,
    variant: same,
  });
  add({
    library: '[fill]',
    section: '.data',
    length: scaled(2),
    writable: true,
    executable: false,
    zero: true,
    has: everywhere,
    variant: same,
  });
  return pieces;
}

function librariesOf(pieces: Piece[], unikernels: number): LibraryEntry[] {
  return [...new Set(pieces.map((piece) => piece.library))].map((name) => {
    const own = pieces.filter((piece) => piece.library === name);
    const users = Array.from({ length: unikernels }, (_, u) => u).filter((u) =>
      own.some((piece) => piece.has(u)),
    );
    return {
      name,
      unikernels: users,
      sharing: users.length === unikernels ? 'all' : users.length === 1 ? 'one' : 'some',
      variants: 1,
      size: own.reduce((sum, piece) => sum + piece.length * PAGE_SIZE, 0),
    };
  });
}

function fillStage(document: PageMapDocument, pieces: Piece[], stage: Stage): void {
  const classes = new Map<string, { index: number; entry: ContentClass }>();
  const owners = new Map<string, PageOwner[]>();
  const drafts = document.unikernels.map((_, u) =>
    stage === 'before' ? packed(pieces, u) : slotted(pieces, u),
  );
  const pages = drafts.map((draft, u) =>
    draft.map(({ piece, offset, page, key }): Page => {
      const ownerKey = `${piece.library} ${piece.section} ${offset} ${piece.library === 'app' ? u : ''}`;
      let list = owners.get(ownerKey);
      if (!list) {
        list = ownersOf(piece, offset, document.unikernels[u]?.name ?? '');
        owners.set(ownerKey, list);
      }
      return {
        address: page * PAGE_SIZE,
        kind: 'zero',
        contentClass: piece.zero ? -1 : classify(classes, key, u),
        writable: piece.writable,
        executable: piece.executable,
        owners: list,
      };
    }),
  );
  const entries = [...classes.values()].map(({ entry }) => entry);
  document.contentClasses[stage] = entries;
  for (const list of pages) for (const page of list) page.kind = kindOf(page, entries);
  document.unikernels.forEach((unikernel, u) => fillUnikernel(unikernel, stage, pages[u] ?? []));
  document.totals[stage] = totalsOf(pages.flat());
}

interface Draft {
  piece: Piece;
  offset: number;
  page: number;
  key: string;
}

/** One after the other; what comes before a library changes what it refers to. */
function packed(pieces: Piece[], u: number): Draft[] {
  const drafts: Draft[] = [];
  let page = FIRST_PAGE;
  let before = '';
  for (const piece of pieces) {
    if (!piece.has(u)) continue;
    for (let offset = 0; offset < piece.length; offset += 1) {
      drafts.push({
        piece,
        offset,
        page,
        key: `${page} ${before} ${piece.library} ${piece.variant(u)} ${offset}`,
      });
      page += 1;
    }
    if (drafts.length > 8) before = `${before.slice(-40)} ${piece.library}${piece.variant(u)}`;
    if (drafts.length > 14) before = `only ${u}`;
  }
  return drafts;
}

function slotted(pieces: Piece[], u: number): Draft[] {
  const drafts: Draft[] = [];
  for (const piece of pieces) {
    if (!piece.has(u)) continue;
    for (let offset = 0; offset < piece.length; offset += 1) {
      const page = piece.slot + offset;
      drafts.push({ piece, offset, page, key: `${page} ${piece.variant(u)}` });
    }
  }
  return drafts.sort((a, b) => a.page - b.page);
}

function classify(
  classes: Map<string, { index: number; entry: ContentClass }>,
  key: string,
  u: number,
): number {
  let known = classes.get(key);
  if (!known) {
    known = { index: classes.size, entry: { sharers: [], pages: 0 } };
    classes.set(key, known);
  }
  known.entry.pages += 1;
  if (known.entry.sharers.at(-1) !== u) known.entry.sharers.push(u);
  return known.index;
}

function kindOf(page: Page, classes: ContentClass[]): PageKind {
  if (page.contentClass < 0) return 'zero';
  return (classes[page.contentClass]?.sharers.length ?? 0) > 1 ? 'shared' : 'unique';
}

function ownersOf(piece: Piece, offset: number, application: string): PageOwner[] {
  const library = piece.library === 'app' ? `app${application}` : piece.library;
  if (piece.zero)
    return [{ library: '[fill]', section: piece.section, bytes: PAGE_SIZE, symbols: [] }];
  const stem = library.replace(/^(lib|app)/, '');
  const symbols = SYMBOLS.slice(offset % 4, (offset % 4) + 4).map(
    (name) => `${stem}_${name}${offset || ''}`,
  );
  return [
    { library, section: piece.section, bytes: 3600, symbols },
    { library: '[fill]', section: piece.section, bytes: 496, symbols: [] },
  ];
}

function fillUnikernel(unikernel: UnikernelEntry, stage: Stage, pages: Page[]): void {
  unikernel[stage] = { totals: totalsOf(pages), segments: [], pages };
}

function totalsOf(pages: Page[]): Totals {
  const of = (kind: PageKind): number =>
    pages.reduce((sum, page) => sum + (page.kind === kind ? 1 : 0), 0);
  const contents = new Set<number>();
  for (const page of pages) if (page.kind !== 'zero') contents.add(page.contentClass);
  return {
    total: pages.length,
    zero: of('zero'),
    distinct: contents.size,
    shared: of('shared'),
    unique: of('unique'),
  };
}
