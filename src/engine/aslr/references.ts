/** The references of one unikernel, each with what it refers to. */
import { SHF, type ElfRelocation, type ElfSection, type ElfSymbol, STT } from '../elf/types.ts';
import type { UnikernelInput } from '../atoms/identify.ts';
import { R } from '../model/relocation-types.ts';
import { KIND, type Program } from '../model/types.ts';

/** What a symbol stands for: a place in a section, a name of the scripts, or a number. */
export type Target =
  | {
      readonly kind: 'section';
      readonly object: number;
      readonly section: number;
      readonly value: number;
    }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'number' };

export interface Reference {
  readonly object: number;
  /** The section that has the field. */
  readonly section: ElfSection;
  /** Number of the relocation in its table. */
  readonly n: number;
  readonly relocation: ElfRelocation;
  readonly target: Target;
}

/** What symbol `symbol` of an object stands for. */
export function targetOf(program: Program, object: number, symbol: number): Target {
  const { rows } = program;
  const row = (rows.base[object] ?? 0) + symbol;
  switch (rows.kind[row]) {
    case KIND.SECTION:
      return {
        kind: 'section',
        object: rows.object[row] ?? 0,
        section: rows.section[row] ?? 0,
        value: rows.value[row] ?? 0,
      };
    case KIND.SCRIPT:
    case KIND.COMMON:
      return { kind: 'name', name: program.globals[rows.global[row] ?? -1]?.name ?? '' };
    default:
      return { kind: 'number' };
  }
}

/** All references from live, loaded sections. */
export function* referencesOf({ program, live }: UnikernelInput): Generator<Reference> {
  for (const { index: object, elf } of program.objects)
    for (const [at, relocations] of elf.relocations) {
      const section = elf.sections[at];
      if (!section || !(section.flags & SHF.ALLOC) || !live.has(object, at)) continue;
      if (section.data.length === 0) continue;
      for (const [n, relocation] of relocations.entries()) {
        if (relocation.type === R.NONE) continue;
        const target = targetOf(program, object, relocation.symbol);
        yield { object, section, n, relocation, target };
      }
    }
}

export const isCode = ({ flags }: ElfSection): boolean => (flags & SHF.EXECINSTR) !== 0;

/** The symbols of a section that name places in it, by object file and section. */
const placesCache = new WeakMap<object, Map<number, readonly ElfSymbol[]>>();

/** Symbols of a section, ascending by value; sections and files are left out. */
export function symbolsOf(program: Program, object: number, section: number): readonly ElfSymbol[] {
  const { elf } = program.objects[object]!;
  let known = placesCache.get(elf);
  if (known === undefined) {
    const lists = new Map<number, ElfSymbol[]>();
    for (const symbol of elf.symbols) {
      if (symbol.section === 0 || symbol.type === STT.SECTION || symbol.type === STT.FILE) continue;
      const list = lists.get(symbol.section);
      if (list) list.push(symbol);
      else lists.set(symbol.section, [symbol]);
    }
    for (const list of lists.values()) list.sort((a, b) => a.value - b.value);
    known = lists;
    placesCache.set(elf, known);
  }
  return known.get(section) ?? [];
}

/**
 * The function that an address stands for: `entry` is a function's first byte, `label` a place
 * inside one, which only jumps can use. Undefined where no function is known: what stands there may
 * be data that somebody reads.
 */
export function functionAt(
  program: Program,
  object: number,
  section: number,
  offset: number,
): { readonly kind: 'entry' | 'label'; readonly symbol: ElfSymbol } | undefined {
  let label: ElfSymbol | undefined;
  for (const symbol of symbolsOf(program, object, section)) {
    if (symbol.value > offset) break;
    if (symbol.type !== STT.FUNC) continue;
    if (symbol.value === offset) return { kind: 'entry', symbol };
    if (offset < symbol.value + symbol.size) label = symbol;
  }
  return label && { kind: 'label', symbol: label };
}

/** A near call or jump: e8, e9, or 0f 8x before the field. A RIP-relative ModRM byte is none of these. */
export function isBranchByBytes({ section, relocation: { type, offset } }: Reference): boolean {
  if (!isCode(section) || (type !== R.PLT32 && type !== R.PC32)) return false;
  const before = section.data[offset - 1]!;
  const near = before === 0xe8 || before === 0xe9;
  return near || (section.data[offset - 2] === 0x0f && (before & 0xf0) === 0x80);
}
