/**
 * The table of Unikraft's self-relocator (`.uk_reloc`), as support/scripts/mkukreloc.py of the core
 * writes it after the link: an entry for each relocation that ld left for run time, and one for each
 * symbol whose name says what to adjust (`NAME_uk_reloc_data8_phys_6`: 8 bytes of data here hold
 * the physical address of NAME). A named entry takes the place of ld's at the same address.
 */
import { SHN, STT, type ElfSymbol } from '../elf/types.ts';
import type { GotPlan } from './got.ts';
import type { MadeAddresses, MadePlan } from './dynamic.ts';
import { KIND, type Program } from './types.ts';

export interface UkRelocPlan {
  /** Bytes of the finished section. */
  readonly size: number;
  /** The finished section. */
  bytes(at: MadeAddresses): Uint8Array;
}

/** Name of the section. */
export const UK_RELOC = '.uk_reloc';

const SIGNATURE = 0x0badb0b0;
const SIGNATURE_SIZE = 4;
const ENTRY = 24;
/** The value is relative to the physical address of the image. */
const PHYSICAL = 1;
const POINTER = 8;
/** Code for other processors is relocated elsewhere. */
const IGNORED = '_start16';
const NAMED = /^([A-Za-z0-9._[\\\]^`]+)_uk_reloc_(data|imm|pte_attr)(\d{1,2})([_phys].*)$/;

/** A symbol that asks for an entry. */
interface Request {
  readonly name: string;
  /** Whose address is to be written. */
  readonly target: string;
  readonly kind: string;
  readonly size: number;
  readonly physical: boolean;
  readonly place: Place;
}

/** Where a symbol stands; absolute ones have no section. */
interface Place {
  readonly object: number;
  readonly section: number | undefined;
  readonly value: number;
}

interface Entry {
  readonly offset: number;
  readonly value: number;
  readonly size: number;
  readonly flags: number;
}

/** Plans the table of a program. */
export function planUkReloc(
  program: Program,
  made: MadePlan,
  isLinked: (object: number, section: number) => boolean,
): UkRelocPlan {
  const requests = requestsOf(program, isLinked);
  const count = countOf(requests, made.got);
  return {
    size: sizeOf(count),
    bytes: (at) => encode(entriesOf(program, made, requests, at)),
  };
}

const sizeOf = (entries: number) => SIGNATURE_SIZE + (entries + 1) * ENTRY;

/** Entries for data come before those for instructions. */
const KINDS = ['data', 'imm', 'pte_attr'];

/** The symbols of each kind as nm lists them: by name, in the C locale. */
function requestsOf(
  program: Program,
  isLinked: (object: number, section: number) => boolean,
): Request[] {
  const requests = program.objects.flatMap(({ elf }, object) =>
    elf.symbols.flatMap((symbol): Request[] => {
      const place = placeOf(symbol, object, isLinked);
      const match = NAMED.exec(symbol.name);
      if (!place || !match || symbol.name.includes(IGNORED)) return [];
      const [, target = '', kind = '', size = '', suffix = ''] = match;
      const physical = suffix.includes('_phys');
      return [{ name: symbol.name, target, kind, size: Number(size), physical, place }];
    }),
  );
  const rank = ({ kind }: Request) => KINDS.indexOf(kind);
  return requests.sort(
    (a, b) => rank(a) - rank(b) || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
}

function placeOf(
  symbol: ElfSymbol,
  object: number,
  isLinked: (object: number, section: number) => boolean,
): Place | undefined {
  const { section, value } = symbol;
  if (symbol.type === STT.SECTION || symbol.type === STT.FILE) return undefined;
  if (section === SHN.ABS) return { object, section: undefined, value };
  if (section === SHN.UNDEF || section > SHN.ABS || !isLinked(object, section)) return undefined;
  return { object, section, value };
}

const isEntry = ({ kind }: Request) => kind !== 'pte_attr';

/** Known before addresses are: an entry is replaced where both stand at one place of one section. */
function countOf(requests: readonly Request[], got: GotPlan): number {
  const fields = new Set(got.moving.map((f) => `${f.object} ${f.section} ${f.offset}`));
  const added = requests.filter(isEntry);
  const replaced = added.filter(({ place }) =>
    fields.delete(`${place.object} ${place.section} ${place.value}`),
  );
  return got.relocations + added.length - replaced.length;
}

function entriesOf(
  program: Program,
  made: MadePlan,
  requests: readonly Request[],
  at: MadeAddresses,
): Entry[] {
  const base = at.symbolValue('_base_addr') ?? 0;
  const values = symbolValues(program, requests, at);
  const pageEntries = requests.filter((request) => !isEntry(request));
  const entries = made.relatives(at).map(({ offset, value }): Entry => {
    return { offset: offset - base, value: value - base, size: POINTER, flags: 0 };
  });
  const withPte = (request: Request) =>
    pageEntries.filter(({ target }) => target === request.target);
  for (const request of requests.filter(isEntry)) {
    const attributes = withPte(request);
    const sum = attributes.reduce((all, { place }) => all + addressOf(place, at), 0);
    const value = (values.get(request.target) ?? 0) - base + sum;
    const offset = addressOf(request.place, at) - base;
    const flags = request.physical || attributes.length > 0 ? PHYSICAL : 0;
    const replaced = entries.findIndex((entry) => entry.offset === offset);
    if (replaced >= 0) entries.splice(replaced, 1);
    entries.push({ offset, value, size: request.size, flags });
  }
  const end = (at.section('.bss')?.address ?? Infinity) - base;
  return entries.filter(({ offset }) => offset < end);
}

function addressOf({ object, section, value }: Place, at: MadeAddresses): number {
  return section === undefined ? value : (at.addressOf(object, section) ?? 0) + value;
}

/** Values of the named targets; of several symbols of one name, the first counts. */
function symbolValues(
  program: Program,
  requests: readonly Request[],
  at: MadeAddresses,
): Map<string, number> {
  const wanted = new Set(requests.map(({ target }) => target));
  const values = new Map<string, number>();
  program.objects.forEach(({ elf }, object) => {
    for (const symbol of elf.symbols) {
      if (!wanted.has(symbol.name) || values.has(symbol.name)) continue;
      const isLinked = (o: number, section: number) => at.addressOf(o, section) !== undefined;
      const place = placeOf(symbol, object, isLinked);
      if (place) values.set(symbol.name, addressOf(place, at));
    }
  });
  for (const name of wanted) {
    const isScript = program.globalByName.get(name)?.kind === KIND.SCRIPT;
    const value = isScript || !values.has(name) ? at.symbolValue(name) : undefined;
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

function encode(entries: readonly Entry[]): Uint8Array {
  const bytes = new Uint8Array(sizeOf(entries.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SIGNATURE, true);
  entries.forEach(({ offset, value, size, flags }, i) => {
    const at = SIGNATURE_SIZE + i * ENTRY;
    view.setBigUint64(at, BigInt(offset), true);
    view.setBigInt64(at + 8, BigInt(value), true);
    view.setUint32(at + 16, size, true);
    view.setUint32(at + 20, flags, true);
  });
  return bytes;
}
