/**
 * Rewrites the linker scripts of one unikernel so that every input section lands where the layout
 * wants it. Only what must change is edited; all other text survives as it was:
 *
 * - each output section gets an explicit address, and so do the symbols before it;
 * - inside a bulk section, the gathering patterns are preceded by each input section by name at its
 *   place; where the image leaves pages out, the section is split, and the patterns move to its
 *   last part, so that anything the plan did not name still has a place;
 * - the end symbols of bulk sections get the common end;
 * - program headers are added for further segments and removed where they would be empty;
 * - gaps are filled with one byte, since the linker's NOP padding depends on a gap's length.
 */
import { insertionHome, usesSizeOf, type OutlineSection } from '../layout/outline.ts';
import { apply, insertAfter, insertBefore, remove, replaceRange, type Edit } from './edit.ts';
import { HeaderTable, isOfType } from './header-table.ts';
import { inputAt } from './input-at.ts';
import { divideIntoSegments, type LoadSegment, type Piece } from './load-segments.ts';
import type { ProgramHeader, Script } from './types.ts';

/** An input section at its planned address. */
export interface PlacedInput {
  readonly address: number;
  readonly size: number;
  /** A pattern that names the object and no other of the link. */
  readonly object: string;
  readonly section: string;
}

/** What the layout says of one output section of one unikernel. */
export interface SectionPlacement {
  readonly address: number;
  /** What the symbols before the section denote; absent: where its first contents stand. */
  readonly symbols?: number;
  /** Common end of a bulk section, for the symbols that denote it. */
  readonly end: number;
  /** Bytes of the head or the table in this image; 0 where it is empty. */
  readonly wholeSize: number;
  /** Ascending; empty for tables. */
  readonly bodies: readonly PlacedInput[];
  readonly nobits: boolean;
  readonly tls: boolean;
  /** A step after the link removes the section, so that no load segment needs to have it. */
  readonly unloaded?: boolean;
  /** The byte that gaps between bodies are filled with; absent: zero. */
  readonly fill?: number;
}

export interface RewrittenScripts {
  /** New texts, in the order of the scripts given. */
  readonly texts: readonly string[];
  /** Load segments that the link will make, ascending. */
  readonly segments: readonly { start: number; end: number; cover: number }[];
}

interface SectionPiece extends Piece {
  readonly section: OutlineSection;
  readonly placement: SectionPlacement;
  /** The head or the table stands in this piece. */
  readonly whole: boolean;
  readonly bodies: readonly PlacedInput[];
}

/**
 * @param placements by output section name; sections of the outline without one are left alone
 */
export function rewriteScripts(
  scripts: readonly Script[],
  outline: readonly OutlineSection[],
  placements: ReadonlyMap<string, SectionPlacement>,
): RewrittenScripts {
  const headers = new HeaderTable(scripts);
  const planned = outline.filter((section) => placements.has(section.name));
  const items = planned
    .flatMap((section) => itemsOf(section, placements.get(section.name)!, headers))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const pieces = joinItems(items);
  const segments = divideIntoSegments(pieces, (name) => headers.has(name));
  const writer = new ScriptWriter(scripts, planned, placements, segments, headers);
  return { texts: writer.write(), segments };
}

/** The head or table, and each body, of one output section as pieces of their own. */
function itemsOf(
  section: OutlineSection,
  placement: SectionPlacement,
  headers: HeaderTable,
): SectionPiece[] {
  if (isThreadZero(placement) || placement.unloaded === true) return [];
  const { nobits, address, wholeSize } = placement;
  const header = headers.ofType(section.phdrs, 'PT_LOAD') ?? '';
  const common = { section, placement, header, nobits };
  const bodies = placement.bodies.map((body): SectionPiece => {
    const end = body.address + body.size;
    return { ...common, start: body.address, end, whole: false, bodies: [body] };
  });
  if (wholeSize === 0) return bodies;
  return [
    { ...common, start: address, end: address + wholeSize, whole: true, bodies: [] },
    ...bodies,
  ];
}

/** Joins neighbours of one output section between which no page is left out. */
function joinItems(items: readonly SectionPiece[]): SectionPiece[] {
  const result: SectionPiece[] = [];
  for (const item of items) {
    const last = result.at(-1);
    const joined =
      last?.section === item.section && (item.nobits || !leavesPageOut(last.end, item.start));
    if (!last || !joined) result.push(item);
    else {
      const bodies = [...last.bodies, ...item.bodies];
      result[result.length - 1] = { ...last, end: Math.max(item.end, last.end), bodies };
    }
  }
  return result;
}

/** `.tbss` is in no load segment and takes no address space. */
const isThreadZero = (placement: SectionPlacement) => placement.tls && placement.nobits;

const leavesPageOut = (end: number, start: number) =>
  Math.ceil(end / 4096) < Math.floor(start / 4096);

/** Zeros in tables, whose readers may work through their gaps. */
function fillOf({ section, placement, nobits, whole }: SectionPiece): string {
  const isBulk = section.kind === 'bulk' && !placement.tls && !nobits && !whole;
  const fill = isBulk ? (placement.fill ?? 0) : 0;
  return fill === 0 ? ' =0x0' : ` =0x${fill.toString(16).padStart(2, '0')}`;
}

const hex = (value: number) => `0x${value.toString(16)}`;

class ScriptWriter {
  private readonly edits: Edit[][];
  private readonly names: Set<string>;
  private readonly segmentOf = new Map<SectionPiece, LoadSegment<SectionPiece>>();
  private readonly pieces: readonly SectionPiece[];
  /** Made last: they stand behind what is written at the end of their anchor itself. */
  private readonly late: { anchor: OutlineSection; edit: Edit }[] = [];

  constructor(
    private readonly scripts: readonly Script[],
    private readonly outline: readonly OutlineSection[],
    private readonly placements: ReadonlyMap<string, SectionPlacement>,
    private readonly segments: readonly LoadSegment<SectionPiece>[],
    private readonly headers: HeaderTable,
  ) {
    this.edits = scripts.map(() => []);
    this.names = new Set(outline.map((section) => section.name));
    for (const segment of segments)
      for (const piece of segment.pieces) this.segmentOf.set(piece, segment);
    this.pieces = segments.flatMap((segment) => segment.pieces);
  }

  write(): string[] {
    for (const section of this.outline) this.writeSection(section);
    for (const { anchor, edit } of this.late) this.edit(anchor, edit);
    this.writeInserts();
    this.writeHeaders();
    return this.scripts.map((script, i) => apply(script, this.edits[i]!));
  }

  private edit(section: OutlineSection, edit: Edit): void {
    this.edits[section.script]!.push(edit);
  }

  private writeSection(section: OutlineSection): void {
    const placement = this.placements.get(section.name)!;
    const pieces = this.pieces.filter((piece) => piece.section === section);
    const { main, late } = this.splitPieces(section, pieces);
    const base = main.at(-1);
    const before = main.slice(0, -1).map((piece) => this.extraSection(piece, pieces));
    const first = section.leading[0] ?? section.node;
    const start = pieces[0]?.start ?? placement.address;
    const symbols = placement.symbols ?? Math.min(start, placement.address);
    const move = `. = ${hex(symbols)};\n `;
    this.edit(section, insertBefore(first, move));
    if (before.length > 0) this.edit(section, insertBefore(section.node, before.join('')));
    if (base) this.edit(section, insertBefore(section.node, this.leadBefore(base)));
    this.writeHeader(section, base ? this.startOf(base) : placement.address);
    this.writeBody(section, placement, base, pieces);
    this.writeTrailer(section, base, placement);
    if (base) this.edit(section, insertAfter(section.node, this.coverAfter(base)));
    this.writeEnds(section, placement);
    if (late.length > 0) this.writeLate(section, late, pieces);
  }

  /** Late pieces stand behind other sections of their segment. */
  private splitPieces(section: OutlineSection, pieces: readonly SectionPiece[]) {
    const next = this.nextInGroup(section);
    const limit = next ? this.placements.get(next.name)!.address : Infinity;
    return {
      main: pieces.filter((piece) => piece.start < limit),
      late: pieces.filter((piece) => piece.start >= limit),
    };
  }

  private nextInGroup(section: OutlineSection): OutlineSection | undefined {
    const next = this.outline[this.outline.indexOf(section) + 1];
    if (next === undefined) return undefined;
    const own = this.placements.get(section.name)!;
    const other = this.placements.get(next.name)!;
    const follows = other.address >= own.address && other.unloaded !== true;
    return follows ? next : this.nextInGroup(next);
  }

  private writeHeader(section: OutlineSection, address: number): void {
    const { node } = section;
    if (node.address) this.edit(section, replaceRange(node.address, node.address, hex(address)));
    else {
      const name = this.scripts[section.script]!.tokens[node.first]!;
      this.edit(section, { start: name.end, end: name.end, text: ` ${hex(address)}` });
    }
  }

  private writeBody(
    section: OutlineSection,
    placement: SectionPlacement,
    base: SectionPiece | undefined,
    pieces: readonly SectionPiece[],
  ): void {
    const first = section.head[0] ?? section.general[0];
    const last = section.general.at(-1);
    if (section.kind === 'table' || first === undefined || last === undefined) return;
    if (isThreadZero(placement)) return this.writeThreadZero(section, placement);
    const parts = base ? this.partsOf(base, pieces) : '';
    const rest = pieces.length === 0 || pieces.at(-1) === base ? this.generalText(section) : '';
    this.edit(section, replaceRange(first, last, parts + rest));
    if (placement.tls && placement.wholeSize > 0) return;
  }

  private writeThreadZero(section: OutlineSection, placement: SectionPlacement): void {
    if (placement.bodies.length === 0) return;
    const items = placement.bodies.map((body) => inputAt(body, placement.address)).join('');
    this.edit(section, insertBefore(section.head[0] ?? section.general[0]!, items));
    const pad = `\n . = ${hex(placement.end - placement.address)};`;
    this.edit(section, insertAfter(section.general.at(-1)!, pad));
  }

  /** Statements of one piece: the head where it stands there, then each input section at its place. */
  private partsOf(piece: SectionPiece, pieces: readonly SectionPiece[]): string {
    const { section } = piece;
    const script = this.scripts[section.script]!;
    const isFirst = piece === pieces[0];
    const head = isFirst ? section.head.map((s) => `${script.text.slice(s.start, s.end)}\n `) : [];
    const bodies = piece.bodies.map((body) => inputAt(body, this.startOf(piece)));
    return `${head.join('')}${bodies.join('')}`;
  }

  private generalText(section: OutlineSection): string {
    const script = this.scripts[section.script]!;
    return section.general.map((s) => script.text.slice(s.start, s.end)).join('\n ');
  }

  /** A further output section for a piece that does not join the base. */
  private extraSection(piece: SectionPiece, pieces: readonly SectionPiece[]): string {
    const name = this.freshName(piece.section.name);
    const rest = piece === pieces.at(-1) ? this.generalText(piece.section) : '';
    const body = `${this.partsOf(piece, pieces)}${rest}`;
    const trailer = this.trailerText(piece.section, piece);
    return `${name} ${hex(this.startOf(piece))} : {\n ${body}\n }${trailer}\n ${this.coverAfter(piece)}`;
  }

  /** The first bodies of a segment are preceded by the zeros that fill their page. */
  private startOf(piece: SectionPiece): number {
    return this.opensSegment(piece) && !piece.whole
      ? this.segmentOf.get(piece)!.start
      : piece.start;
  }

  private opensSegment(piece: SectionPiece): boolean {
    return this.segmentOf.get(piece)!.pieces[0] === piece && !this.headers.isEmpty;
  }

  /** A table that opens a segment is preceded by a section of the zeros that fill its page. */
  private leadBefore(piece: SectionPiece): string {
    const segment = this.segmentOf.get(piece)!;
    const size = piece.start - segment.start;
    if (!this.opensSegment(piece) || !piece.whole || size === 0) return '';
    const name = this.freshName('.lead');
    return `${name} ${hex(segment.start)} : { BYTE(0) . = ${hex(size)}; } :${segment.name}${fillOf(piece)}\n `;
  }

  private freshName(base: string): string {
    let n = 1;
    while (this.names.has(`${base}.spacer${n}`)) n++;
    const name = `${base}.spacer${n}`;
    this.names.add(name);
    return name;
  }

  private writeTrailer(
    section: OutlineSection,
    piece: SectionPiece | undefined,
    placement: SectionPlacement,
  ): void {
    const { tokens } = this.scripts[section.script]!;
    const close = tokens[section.node.close]!;
    const isTls = isThreadZero(placement) && placement.bodies.length > 0;
    const text = isTls
      ? this.threadTrailer(section)
      : piece
        ? this.trailerText(section, piece)
        : this.unloadedTrailer(placement);
    this.edit(section, { start: close.end, end: section.node.end, text });
  }

  private trailerText(section: OutlineSection, piece: SectionPiece): string {
    if (this.headers.isEmpty) return fillOf(piece);
    const segment = this.segmentOf.get(piece)!;
    const tls = piece.placement.tls ? this.headers.ofType(section.phdrs, 'PT_TLS') : undefined;
    const kept = this.headers.othersOf(section.node.phdrs);
    const names = [...kept, ...(tls ? [tls] : []), ...(segment.name ? [segment.name] : [])];
    return `${names.map((name) => ` :${name}`).join('')}${fillOf(piece)}`;
  }

  /**
   * `:NONE` stands for no program header at all (ld manual, PHDRS). strip keeps the segments as they
   * are only if what it removes is in none of them; otherwise it divides them anew where pages end.
   */
  private unloadedTrailer({ unloaded }: SectionPlacement): string {
    return unloaded !== true || this.headers.isEmpty ? '' : ' :NONE';
  }

  private threadTrailer(section: OutlineSection): string {
    const tls = this.headers.ofType(section.phdrs, 'PT_TLS');
    return tls ? ` :${tls}` : '';
  }

  /** The hole behind the last piece of a segment, where the segment is to cover it. */
  private coverAfter(piece: SectionPiece): string {
    const segment = this.segmentOf.get(piece)!;
    if (segment.cover === 0 || segment.pieces.at(-1) !== piece || this.headers.isEmpty) return '';
    const name = this.freshName('.cover');
    const size = hex(segment.cover);
    return `\n ${name} ${hex(segment.end)} (NOLOAD) : { . = ${size}; } :${segment.name}\n `;
  }

  /** Symbols behind a bulk section denote its common end; those behind a table its own end. */
  private writeEnds(section: OutlineSection, placement: SectionPlacement): void {
    const first = section.trailing[0];
    if (first === undefined) return;
    const { name } = section;
    if (section.kind === 'table' || (placement.tls && !placement.nobits)) {
      const end = `ADDR(${name}) + SIZEOF(${name})`;
      if (placement.wholeSize > 0 || placement.bodies.length > 0)
        this.edit(section, insertBefore(first, `. = ${end};\n `));
      return;
    }
    const adds = section.trailing.some((assignment) => usesSizeOf(assignment.value, name));
    const end = adds ? `${hex(placement.end)} - SIZEOF(${name})` : hex(placement.end);
    this.edit(section, insertBefore(first, `. = ${end};\n `));
  }

  /** Late pieces go behind the last section of the main script that stands in the same segments. */
  private writeLate(
    section: OutlineSection,
    late: readonly SectionPiece[],
    pieces: readonly SectionPiece[],
  ): void {
    const header = late[0]!.header;
    const limit = late[0]!.start;
    const candidates = this.outline.filter(
      (other) =>
        other.script === 0 &&
        (this.headers.ofType(other.phdrs, 'PT_LOAD') ?? '') === header &&
        this.placements.get(other.name)!.address <= limit,
    );
    const anchor = candidates.at(-1) ?? section;
    const text = late.map((piece) => `\n ${this.extraSection(piece, pieces)}`).join('');
    this.late.push({ anchor, edit: insertAfter(anchor.trailing.at(-1) ?? anchor.node, text) });
  }

  /** Inserted sections move to where the outline has them. */
  private writeInserts(): void {
    const main = this.outline.filter((section) => section.script === 0);
    this.scripts.forEach((script, i) => {
      const insert = script.statements.find((statement) => statement.kind === 'insert');
      if (i === 0 || insert?.kind !== 'insert') return;
      const home = insertionHome(main, insert);
      if (home === insert.section) return;
      this.edits[i]!.push(replaceRange(insert, insert, `INSERT AFTER ${home};`));
    });
  }

  private writeHeaders(): void {
    if (this.headers.isEmpty) return;
    const main = this.edits[0]!;
    const used = new Set(this.segments.map((segment) => segment.name));
    const hasTls = [...this.placements.values()].some(
      (p) => p.tls && (p.bodies.length > 0 || p.wholeSize > 0),
    );
    for (const header of this.headers.all()) {
      const isLoad = isOfType(header, 'PT_LOAD');
      const isTls = isOfType(header, 'PT_TLS');
      if ((isLoad && !used.has(header.name)) || (isTls && !hasTls)) main.push(remove(header));
      if (isLoad) main.push(insertAfter(header, this.furtherHeaders(header)));
    }
  }

  private furtherHeaders(header: ProgramHeader): string {
    const { text } = this.scripts[0]!;
    const flags = header.flags ? ` FLAGS(${text.slice(header.flags.start, header.flags.end)})` : '';
    return this.segments
      .filter((segment) => segment.header === header.name && segment.name !== header.name)
      .map((segment) => `\n ${segment.name} PT_LOAD${flags};`)
      .join('');
  }
}
