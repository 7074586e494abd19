/** The changes to one object, as they come together. */
import type { Overlay } from '../elf/contents.ts';
import type { NewSection, NewSymbol, ObjectEdits, SymbolChange } from '../elf/edit.ts';
import { SHF, SHT, STT, type ElfFile, type ElfRelocation } from '../elf/types.ts';
import { R } from '../model/relocation-types.ts';

const JUMP = 0xe9;

/** Code that is added beside a section. */
interface Added {
  readonly symbol: number;
  readonly name: string;
  readonly bytes: number[];
  readonly relocations: ElfRelocation[];
}

/** Name of the section of code beside a section. */
export const besideSection = (base: string): string => `.text.spacer.beside${base}`;

export class ObjectDraft {
  private readonly symbols: NewSymbol[] = [];
  private readonly indexes = new Map<string, number>();
  private readonly relocate = new Map<number, Map<number, ElfRelocation>>();
  private readonly patches = new Map<number, Overlay[]>();
  private readonly names = new Map<number, string>();
  private readonly added = new Map<number, Added>();

  constructor(
    private readonly elf: ElfFile,
    /** Begins the names of symbols that only this object has. */
    private readonly prefix: string,
  ) {}

  /** Index of a symbol that another object defines. */
  undefinedSymbol(name: string): number {
    return this.indexes.get(name) ?? this.append({ name });
  }

  /** Index of a symbol at the start of a section. */
  alias(name: string, section: number): number {
    return this.indexes.get(name) ?? this.append({ name, place: placeIn(section) });
  }

  /** Name of an appended symbol. */
  nameOf(index: number): string | undefined {
    return this.symbols[index - this.elf.symbols.length]?.name;
  }

  /** Lets relocation `n` of a section be another one. */
  change(section: number, n: number, relocation: ElfRelocation): void {
    const own = this.relocate.get(section) ?? new Map<number, ElfRelocation>();
    this.relocate.set(section, own.set(n, relocation));
  }

  /** Gives a section another name. */
  rename(section: number, name: string): void {
    this.names.set(section, name);
  }

  patch(section: number, offset: number, bytes: Uint8Array): void {
    const own = this.patches.get(section) ?? [];
    this.patches.set(section, own);
    own.push({ offset, bytes });
  }

  /**
   * Adds code beside a section, in a section of its own.
   * @param back where to jump behind the code; absent: nowhere
   * @returns symbol and offset of the added code
   */
  addCode(
    section: number,
    bytes: Uint8Array,
    relocations: readonly ElfRelocation[],
    back: { readonly symbol: number; readonly addend: number } | undefined,
  ): { symbol: number; addend: number } {
    const own = this.addedBeside(section);
    const at = own.bytes.length;
    own.bytes.push(...bytes);
    own.relocations.push(...relocations.map((r) => ({ ...r, offset: at + r.offset })));
    if (back) {
      own.bytes.push(JUMP, 0, 0, 0, 0);
      const offset = own.bytes.length - 4;
      own.relocations.push({ ...back, offset, type: R.PLT32, addend: back.addend - 4 });
    }
    return { symbol: own.symbol, addend: at };
  }

  edits(): ObjectEdits {
    const addSections = [...this.added.values()].map((added): NewSection => ({
      name: added.name,
      type: SHT.PROGBITS,
      flags: SHF.ALLOC | SHF.EXECINSTR,
      size: added.bytes.length,
      alignment: 1,
      data: Uint8Array.from(added.bytes),
      relocations: added.relocations,
    }));
    const { symbols: addSymbols, relocate, patches: patch, names: rename } = this;
    return { addSections, addSymbols, relocate, patch, rename };
  }

  private addedBeside(section: number): Added {
    const known = this.added.get(section);
    if (known) return known;
    const { name: base } = this.elf.sections[section]!;
    const twins = this.elf.sections.filter(({ name }) => name === base);
    const n = twins.findIndex(({ index }) => index === section);
    const place = placeIn(this.elf.sections.length + this.added.size);
    const label = n > 0 ? `${base}.${n}` : base;
    const symbol = this.append({ name: `__spacer_beside.${this.prefix}.${label}`, place });
    const added = { symbol, name: besideSection(base), bytes: [], relocations: [] };
    this.added.set(section, added);
    return added;
  }

  private append(symbol: NewSymbol): number {
    const index = this.elf.symbols.length + this.symbols.length;
    this.symbols.push(symbol);
    this.indexes.set(symbol.name, index);
    return index;
  }
}

const placeIn = (section: number): SymbolChange => ({
  section,
  value: 0,
  size: 0,
  type: STT.NOTYPE,
});
