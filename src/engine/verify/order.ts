/**
 * What the order of things means to a program.
 *
 * Tables (every output section but those of plain code and data) are read from one symbol to the
 * next, entry by entry: constructors, initialisers, events, parameters. Whether the order of one
 * matters, only its reader knows, so all of them must stand in exactly the old order, at the old
 * distances, with no byte more between them; so must the boot sections at the head of the image.
 * Plain code and data have no order that a program could see: only references lead there, and each
 * of these is followed.
 *
 * What remains are the names that scripts give to places, as far as any object refers to them. Two that are called start and end of the
 * same hold the same between them; one that begins a table begins it; the sections around a name
 * that it can be about (its own output section's, code around a name in code, contents around a
 * name in zeroed memory) stay on their sides of it.
 */
import { SHF, SHN, SHT, STT, type ElfSection } from '../elf/types.ts';
import { takesAddresses } from '../pages/image-memory.ts';
import { isAtom, isMergeable } from './inputs.ts';
import { hex, type Difference, type Finding } from './types.ts';
import type { ImageView } from './view.ts';

/** An input section of both images. */
interface Pair {
  readonly name: string;
  readonly section: ElfSection;
  /** The output section of the user's image. */
  readonly home: string;
  readonly size: number;
  readonly old: number;
  readonly new: number;
}

const BULK = /^\.(text|rodata|data|bss|tdata|tbss|eh_frame|intrstack|data\.rel\.ro)(\.|$)/;
const BOOT = /^\.(text|data|text\.32)\.boot($|\.)/;

/** Checks tables, boot sections and the names of places. */
export function checkOrder(old: ImageView, aligned: ImageView): Finding {
  const places = placesOf(old, aligned).filter(({ old: at }) => !isInTemplate(old, at));
  const pairs = pairsOf(old, aligned);
  const tables = old.image.sections.filter(
    ({ flags, name, size }) => flags & SHF.ALLOC && !BULK.test(name) && size > 0,
  );
  const unproven: string[] = [];
  const differences = tables.flatMap((table) => {
    const changed = changedTable(table, pairs);
    const own = entriesOf(table, pairs);
    if (changed.length === 0 || !isPermuted(table.name, own, aligned)) return changed;
    unproven.push(`whether the order of ${table.name} matters: it has the same entries in another`);
    return [];
  });
  differences.push(...changedDistances('the boot sections', headOf(pairs)));
  differences.push(
    ...changedRanges(places, pairs, aligned),
    ...changedStarts(places, pairs, tables),
    ...changedTemplate(placesOf(old, aligned), old, aligned),
  );
  const tableCount = tables.length - unproven.length;
  const inner = places.filter(isNoEmptyBound(places));
  const moved = changedNeighbours(inner, pairs, rangesOf(places));
  // What moves with its code leaves the range of a name: the names are those of what stays.
  if (aligned.isRewritten) unproven.push(...moved.map(({ text }) => text));
  else differences.push(...moved);
  return { counts: { tables: tableCount }, differences, unproven };
}

function pairsOf(old: ImageView, aligned: ImageView): Pair[] {
  const outputs = old.image.sections.filter(takesAddresses);
  const homeOf = (address: number) =>
    outputs.find((s) => address >= s.address && address < s.address + s.size)?.name ?? '';
  const pairs = old.program.objects.flatMap(({ elf, library }, object) =>
    elf.sections.flatMap((section): Pair[] => {
      if (!isAtom(section) || section.flags & SHF.TLS || isMergeable(old, object, section))
        return [];
      const [was, is] = [
        old.spansOf(object, section.index),
        aligned.spansOf(object, section.index),
      ];
      return was.flatMap((first): Pair[] =>
        is.map((span) => ({
          name: `${section.name} of ${library}`,
          section,
          home: homeOf(first.address),
          size: span.size,
          old: first.address + span.offset,
          new: span.address,
        })),
      );
    }),
  );
  return pairs.sort((a, b) => a.old - b.old);
}

/** Boot sections from the start of the image on, as far as nothing else stands between them. */
function headOf(pairs: readonly Pair[]): readonly Pair[] {
  const end = pairs.findIndex(({ section }) => !BOOT.test(section.name));
  return pairs.slice(0, end < 0 ? pairs.length : end);
}

function entriesOf({ address, size }: ElfSection, pairs: readonly Pair[]): readonly Pair[] {
  return pairs.filter(({ old }) => old >= address && old < address + size);
}

function changedTable(table: ElfSection, pairs: readonly Pair[]): Difference[] {
  return changedDistances(table.name, entriesOf(table, pairs));
}

/**
 * Whether a table that no script sorts has all its entries, one behind the other: another link may
 * have had its objects in another order. What an alignment links keeps the order.
 */
function isPermuted(name: string, entries: readonly Pair[], aligned: ImageView): boolean {
  if (!aligned.isSearched || SORTED.test(name)) return false;
  const is = [...entries].sort((a, b) => a.new - b.new);
  return is.every((pair, i) => {
    const before = is[i - 1];
    if (before === undefined) return true;
    const gap = pair.new - before.new - before.size;
    return gap >= 0 && gap < pair.section.alignment;
  });
}

/** Tables of what is to be done in turn (Unikraft: `sections.h`; gABI: initialisation). */
const SORTED = /ctor|dtor|init|fini|earlytab|event/;

/** A name of both images. */
interface Place {
  readonly name: string;
  /** The output section that the user's image counts it to. */
  readonly home: ElfSection;
  readonly old: number;
  readonly new: number;
}

/** How scripts call the start of what `name` is the end of. */
function startsOf(name: string): string[] {
  const [, own = ''] = /^__stop_(.+)$/.exec(name) ?? [];
  const [, stem = ''] = /^(.+)_end$/.exec(name) ?? [];
  const [, plain = ''] = /^_e(.+)$/.exec(name) ?? [];
  return [own && `__start_${own}`, stem && `${stem}_start`, stem, plain && `_${plain}`].filter(
    Boolean,
  );
}

/** Start and end of a table, or of nothing: between them is the same, at the same distances. */
function changedRanges(
  places: readonly Place[],
  pairs: readonly Pair[],
  aligned: ImageView,
): Difference[] {
  const byName = new Map(places.map((place) => [place.name, place]));
  return places.flatMap((end): Difference[] => {
    const start = startOf(end, byName);
    if (start === undefined || isUnwind(start) || isUnwind(end)) return [];
    const inside = pairs.filter(({ old }) => old >= start.old && old < end.old);
    if (inside.some(({ home }) => BULK.test(home))) return [];
    const bounds = [start, end].map(({ name, old, new: is }) => ({ name, old, new: is }));
    const [first, last] = bounds;
    const entries = isPermuted(start.name, inside, aligned) ? [] : inside;
    return changedDistances(`${start.name} to ${end.name}`, [first!, ...entries, last!]);
  });
}

function startOf(end: Place, byName: ReadonlyMap<string, Place>): Place | undefined {
  return startsOf(end.name)
    .flatMap((name) => byName.get(name) ?? [])
    .find((start) => start.old <= end.old);
}

/** Unwind tables are compared record by record. */
const isUnwind = ({ home }: Place) => home.name.startsWith('.eh_frame');

/** All names that are the start or the end of a range. */
function rangesOf(places: readonly Place[]): Set<Place> {
  const byName = new Map(places.map((place) => [place.name, place]));
  return new Set(
    places.flatMap((end) => {
      const start = startOf(end, byName);
      return start ? [start, end] : [];
    }),
  );
}

/** All but the bounds of empty ranges, which mean nothing beyond being equal. */
function isNoEmptyBound(places: readonly Place[]): (place: Place) => boolean {
  const byName = new Map(places.map((place) => [place.name, place]));
  const empty = new Set(
    places.flatMap((end) => {
      const start = startOf(end, byName);
      return start?.old === end.old ? [start, end] : [];
    }),
  );
  return (place) => !empty.has(place);
}

/** A name at the start of a table, and not one of two that are compared as a range, is at its start. */
function changedStarts(
  places: readonly Place[],
  pairs: readonly Pair[],
  tables: readonly ElfSection[],
): Difference[] {
  const inRanges = rangesOf(places);
  return tables.flatMap((table): Difference[] => {
    const first = pairs.find(({ old }) => old === table.address);
    if (first === undefined || tables.some((t) => t.address + t.size === table.address)) return [];
    const wrong = places.find(
      (place) =>
        place.home === table &&
        place.old === table.address &&
        place.new !== first.new &&
        !inRanges.has(place),
    );
    if (wrong === undefined) return [];
    return [{ kind: 'order', text: `${wrong.name} does not begin ${table.name}` }];
  });
}

function changedDistances(
  what: string,
  pairs: readonly Pick<Pair, 'name' | 'old' | 'new'>[],
): Difference[] {
  const [first] = pairs;
  if (first === undefined) return [];
  return pairs.flatMap((pair): Difference[] => {
    const [was, is] = [pair.old - first.old, pair.new - first.new];
    if (was === is) return [];
    return [
      { kind: 'order', text: `${what}: ${pair.name} stands at ${hex(is)} instead of ${hex(was)}` },
    ];
  });
}

function changedNeighbours(
  places: readonly Place[],
  pairs: readonly Pair[],
  inRanges: ReadonlySet<Place>,
): Difference[] {
  return places.flatMap((place): Difference[] => {
    const { name, home, old, new: is } = place;
    const end = home.address + home.size;
    if (old < home.address || old > end) return [];
    // ld counts a name between two output sections to the first: it can be about either.
    if (old === end && inRanges.has(place) && !BULK.test(home.name)) return [];
    const isOwn = (pair: Pair) => pair.old >= home.address && pair.old < end;
    const isZeroed = home.type === SHT.NOBITS;
    const matters = (pair: Pair) =>
      isOwn(pair) ||
      (isZeroed && pair.section.type !== SHT.NOBITS) ||
      (home.flags & pair.section.flags & SHF.EXECINSTR) !== 0;
    const wrong = pairs.find(
      (pair) => matters(pair) && side(pair.old, pair.size, old) !== side(pair.new, pair.size, is),
    );
    if (wrong === undefined) return [];
    return [{ kind: 'order', text: `${wrong.name} stands on another side of ${name}` }];
  });
}

/** -1: wholly before the place, 1: at it or behind it, 0: around it. */
function side(address: number, size: number, place: number): number {
  if (address + size <= place) return -1;
  return address >= place ? 1 : 0;
}

/** Names at the start, behind the initialised part and at the end of the thread-local template. */
function changedTemplate(
  places: readonly Place[],
  old: ImageView,
  aligned: ImageView,
): Difference[] {
  const [was, is] = [old.tls, aligned.tls];
  if (was === undefined || is === undefined)
    return was === is ? [] : [{ kind: 'tls', text: 'only one image has thread-local data' }];
  const expected = (at: number): number | undefined => {
    if (at === was.start) return is.start;
    return at === was.end ? is.end : undefined;
  };
  return places.flatMap((place): Difference[] => {
    const at = expected(place.old);
    if (at === undefined || at === place.new || !(place.home.flags & SHF.TLS)) return [];
    return [{ kind: 'tls', text: `${place.name} is ${hex(place.new)} instead of ${hex(at)}` }];
  });
}

/** Names in the thread-local template: what is in it is fixed by the references to it. */
function isInTemplate({ tls }: ImageView, at: number): boolean {
  return tls !== undefined && at >= tls.start && at <= tls.end;
}

/** Names that scripts assign, no object defines and some object refers to. */
function placesOf({ image, program, names }: ImageView, aligned: ImageView): Place[] {
  const defined = new Set<string>();
  const used = new Set<string>();
  for (const { elf } of program.objects)
    for (const { name, section } of elf.symbols) (section === SHN.UNDEF ? used : defined).add(name);
  return image.symbols.flatMap(({ name, section, type, value }): Place[] => {
    const home = image.sections[section];
    const is = aligned.names.get(name);
    const isPlace = type !== STT.SECTION && type !== STT.FILE && section !== SHN.UNDEF;
    if (!isPlace || home === undefined || is === undefined) return [];
    if (!used.has(name) || defined.has(name) || names.get(name) !== value) return [];
    return [{ name, home, old: value, new: is }];
  });
}
