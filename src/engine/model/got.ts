/**
 * What ld 2.40 makes for position-independent code, decided before addresses are known
 * (bfd/elf64-x86-64.c, elf_x86_64_scan_relocs; bfd/elfxx-x86.c, elf_x86_allocate_dynrelocs):
 *
 * - an entry in the global offset table for each symbol that an access which cannot be relaxed
 *   names: first local symbols, object by object, then global ones in the order of ld's hash table;
 * - in a position-independent executable, a R_X86_64_RELATIVE for each 64-bit address of something
 *   that moves with the image, in those entries and in the sections themselves.
 *
 * A static image has no dynamic symbols, so nothing else stays for run time.
 */
import { SpacerError } from '../errors.ts';
import { SHF, type ElfRelocation } from '../elf/types.ts';
import { inTableOrder } from './link-hash.ts';
import { symbolName } from './program.ts';
import { keepsGotEntry } from './relax-got.ts';
import { enter, openSite } from './relocation-site.ts';
import { R } from './relocation-types.ts';
import { KIND, type Program } from './types.ts';

/** A symbol as one object names it. */
export interface SymbolReference {
  readonly object: number;
  readonly symbol: number;
}

/** A 64-bit field that the image's loader, or the image itself, adjusts when it is moved. */
export interface MovingField extends SymbolReference {
  readonly section: number;
  readonly offset: number;
  readonly addend: number;
}

export interface GotPlan {
  /** The symbols that have an entry, in the order of the table. */
  readonly entries: readonly SymbolReference[];
  /** Place in `entries` of a symbol's entry. */
  slotOf(object: number, symbol: number): number | undefined;
  /** Something refers to the table itself. */
  readonly referenced: boolean;
  /** Fields of input sections that need a relocation at run time. */
  readonly moving: readonly MovingField[];
  /** Number of relocations in all: those of `moving`, and those of the entries. */
  readonly relocations: number;
}

export interface GotOptions {
  readonly pic: boolean;
  /** Sections that are in the output. */
  readonly isLinked: (object: number, section: number) => boolean;
  /** Names that the scripts assign. */
  readonly scriptSymbols: ReadonlySet<string>;
  /** Names of -u. */
  readonly roots: readonly string[];
}

const GOT_NAME = '_GLOBAL_OFFSET_TABLE_';
/** With -pie, ld makes its dynamic sections as soon as it sees the first object. */
const DEFINED_FIRST = ['_DYNAMIC', GOT_NAME];
const RELAXABLE: ReadonlySet<number> = new Set([R.GOTPCREL, R.GOTPCRELX, R.REX_GOTPCRELX]);
const ALWAYS_GOT: ReadonlySet<number> = new Set([R.GOT32, R.GOT64, R.GOTPCREL64, R.GOTPLT64]);

/**
 * Finds what a link needs for its global offset table and for its relocations at run time.
 * @throws SpacerError `link-plt` where ld makes a procedure linkage table, which is not modelled
 */
export function planGot(program: Program, options: GotOptions): GotPlan {
  const scan = new Scan(program, options);
  program.objects.forEach(({ elf }, object) => {
    for (const section of elf.sections)
      if (section.flags & SHF.ALLOC && options.isLinked(object, section.index))
        scan.visit(object, section.index);
  });
  return scan.finish();
}

class Scan {
  private readonly locals = new Map<string, SymbolReference>();
  private readonly globals = new Map<number, SymbolReference>();
  private readonly moving: MovingField[] = [];
  private referenced = false;

  constructor(
    private readonly program: Program,
    private readonly options: GotOptions,
  ) {}

  visit(object: number, section: number): void {
    const relocations = this.program.objects[object]!.elf.relocations.get(section) ?? [];
    const base = this.program.rows.base[object]!;
    const { data } = this.program.objects[object]!.elf.sections[section]!;
    const site = openSite(this.program, object, section, 0, data);
    for (const relocation of relocations) {
      const row = base + relocation.symbol;
      if (RELAXABLE.has(relocation.type)) {
        enter(site, relocation);
        if (keepsGotEntry(site, row, this.options.pic))
          this.addEntry(object, relocation.symbol, row);
      } else this.visitOther(object, section, relocation, row);
    }
  }

  private visitOther(object: number, section: number, relocation: ElfRelocation, row: number) {
    const { type, symbol, offset, addend } = relocation;
    if (ALWAYS_GOT.has(type)) this.addEntry(object, symbol, row);
    else if (type === R.ABS64 && this.moves(row))
      this.moving.push({ object, section, offset, symbol, addend });
    else if (type === R.PLT32 && this.options.pic && this.isWeak(row))
      throw this.needsPlt(object, symbol);
    this.referenced ||= type === R.GOTPC32 || type === R.GOTPC64;
    if (symbolName(this.program, object, symbol) === GOT_NAME) this.referenced = true;
  }

  private addEntry(object: number, symbol: number, row: number): void {
    const global = this.program.rows.global[row]!;
    if (global >= 0) {
      if (!this.globals.has(global)) this.globals.set(global, { object, symbol });
    } else this.locals.set(`${object} ${symbol}`, { object, symbol });
  }

  private isWeak(row: number): boolean {
    return this.program.rows.kind[row] === KIND.UNDEFINED_WEAK;
  }

  /** What lies in the image moves with it; absolute values and missing symbols do not. */
  private moves(row: number): boolean {
    if (!this.options.pic) return false;
    const kind = this.program.rows.kind[row];
    return kind === KIND.SECTION || kind === KIND.SCRIPT || kind === KIND.COMMON;
  }

  finish(): GotPlan {
    const { program, options } = this;
    const local = [...this.locals.values()].sort(
      (a, b) => a.object - b.object || a.symbol - b.symbol,
    );
    const order = inTableOrder(program, [...this.globals.keys()], {
      first: [...options.roots.toReversed(), ...(options.pic ? DEFINED_FIRST : [])],
      last: options.scriptSymbols,
    });
    const entries = [...local, ...order.map((global) => this.globals.get(global)!)];
    const slots = this.slotsOf(local, order);
    const rowOf = ({ object, symbol }: SymbolReference) => program.rows.base[object]! + symbol;
    const inTable = entries.filter((entry) => this.moves(rowOf(entry))).length;
    return {
      entries,
      slotOf: slots,
      referenced: this.referenced,
      moving: this.moving,
      relocations: this.moving.length + inTable,
    };
  }

  private slotsOf(local: readonly SymbolReference[], order: readonly number[]) {
    const ofLocal = new Map(local.map(({ object, symbol }, i) => [`${object} ${symbol}`, i]));
    const ofGlobal = new Map(order.map((global, i) => [global, local.length + i]));
    const { base, global } = this.program.rows;
    return (object: number, symbol: number) => {
      const index = global[base[object]! + symbol]!;
      return index >= 0 ? ofGlobal.get(index) : ofLocal.get(`${object} ${symbol}`);
    };
  }

  private needsPlt(object: number, symbol: number): SpacerError {
    const { library, path } = this.program.objects[object]!;
    const name = symbolName(this.program, object, symbol);
    return new SpacerError(
      'link-plt',
      `${library} calls ${name}, which nothing defines: the linker makes a procedure linkage table for it, which Spacer does not predict`,
      { file: path },
    );
  }
}
