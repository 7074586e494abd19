/**
 * Finds the references that make equal code differ. Where libraries are not built with function
 * sections, the symbols inside a section shift between its variants, and with them every reference
 * from outside. Two remedies keep a reference constant:
 *
 * - a call goes to a **stub**, a jump at a fixed address;
 * - a small read-only constant is **pinned**: it gets a slot of its own, and all references follow.
 *
 * References that take the address of a function are left alone, so pointers stay equal.
 */
import { SHF, SHT, STB, STT, type ElfSymbol } from '../elf/types.ts';
import { R } from '../model/relocation-types.ts';
import { KIND, type Program } from '../model/types.ts';
import { contentOf, REFERENCE_COLUMNS, type SlotContent } from './content.ts';
import { locatorOf, type Identified, type UnikernelInput } from './identify.ts';

export interface Indirection {
  /** Functions that other libraries call through a stub. */
  readonly stubs: ReadonlySet<string>;
  /** Constants that get a slot of their own. */
  readonly pins: ReadonlySet<string>;
}

export const NO_INDIRECTION: Indirection = { stubs: new Set(), pins: new Set() };

/** Constants above this size are not pinned: a slot of their own would cost more than it saves. */
const LARGEST_PIN = 64;

/** Chooses stubs and pins for a set whose slots are identified. */
export function chooseIndirection(
  unikernels: readonly UnikernelInput[],
  { slots, parts }: Identified,
): Indirection {
  const stubs = new Set<string>();
  const pins = new Set<string>();
  const locators = unikernels.map((unikernel, u) => locatorOf(unikernel, parts[u]!));
  for (const slot of slots) {
    if (slot.role !== 'body' || new Set(slot.fillings.map((f) => f?.variant)).size < 2) continue;
    const views = unikernels.flatMap((unikernel, u): View[] => {
      const own = parts[u]!.get(slot.id);
      if (!own) return [];
      const { program } = unikernel;
      const content = contentOf(program, own.parts, own.size, locators[u]!);
      const symbols = own.parts.flatMap((part) =>
        (program.objects[part.object]!.elf.relocations.get(part.section) ?? []).map(
          (relocation): Reference => ({
            program,
            object: part.object,
            section: part.section,
            relocation,
          }),
        ),
      );
      return [{ content, references: symbols }];
    });
    for (const group of alike(views))
      for (const reference of shifting(group)) classify(reference, stubs, pins);
  }
  return { stubs, pins };
}

interface Reference {
  readonly program: Program;
  readonly object: number;
  readonly section: number;
  readonly relocation: { readonly offset: number; readonly type: number; readonly symbol: number };
}

interface View {
  readonly content: SlotContent;
  /** By row of the content's references. */
  readonly references: readonly Reference[];
}

/** Groups of unikernels whose bytes are equal and whose references stand at the same places. */
function alike(views: readonly View[]): View[][] {
  const groups: View[][] = [];
  for (const view of views) {
    const group = groups.find((known) => sameShape(known[0]!.content, view.content));
    if (group) group.push(view);
    else groups.push([view]);
  }
  return groups.filter((group) => group.length > 1);
}

function sameShape(a: SlotContent, b: SlotContent): boolean {
  if (a.references.length !== b.references.length) return false;
  for (let i = 0; i < a.references.length; i += REFERENCE_COLUMNS)
    if (a.references[i] !== b.references[i] || a.references[i + 1] !== b.references[i + 1])
      return false;
  return Buffer.compare(a.bytes, b.bytes) === 0;
}

/** One reference for each row whose target differs within the group. */
function shifting(group: readonly View[]): Reference[] {
  const first = group[0]!;
  return first.references.filter((_, row) =>
    group.some((view) => {
      for (let c = 2; c < REFERENCE_COLUMNS; c++) {
        const i = row * REFERENCE_COLUMNS + c;
        if (view.content.references[i] !== first.content.references[i]) return true;
      }
      return false;
    }),
  );
}

function classify(reference: Reference, stubs: Set<string>, pins: Set<string>): void {
  const { program, object, relocation } = reference;
  const row = program.rows.base[object]! + relocation.symbol;
  const global = program.globals[program.rows.global[row]!];
  if (global?.kind !== KIND.SECTION) return;
  if (isCall(reference)) stubs.add(global.name);
  else if (isPinnable(program, global.name)) pins.add(global.name);
}

/** A near call or jump: e8, e9, or 0f 8x before the field. A RIP-relative ModRM byte is none of these. */
export function isCall({ program, object, section, relocation }: Reference): boolean {
  const { type, offset } = relocation;
  if (type !== R.PLT32 && type !== R.PC32) return false;
  const { data } = program.objects[object]!.elf.sections[section]!;
  const before = data[offset - 1];
  const near = before === 0xe8 || before === 0xe9;
  return near || (data[offset - 2] === 0x0f && (before! & 0xf0) === 0x80);
}

/** The definition of a constant that can move by itself. */
export function isPinnable(program: Program, name: string): boolean {
  const global = program.globalByName.get(name);
  if (global?.kind !== KIND.SECTION || global.size === 0 || global.size > LARGEST_PIN) return false;
  const { elf } = program.objects[global.object]!;
  const section = elf.sections[global.section]!;
  const isConstant = !(section.flags & (SHF.WRITE | SHF.EXECINSTR | SHF.TLS));
  if (!isConstant || section.type !== SHT.PROGBITS || !/^\.rodata(\.|$)/.test(section.name))
    return false;
  const end = global.value + global.size;
  const inside = (offset: number) => offset >= global.value && offset < end;
  const relocated = (elf.relocations.get(section.index) ?? []).some(({ offset }) => inside(offset));
  return (
    !relocated && !elf.symbols.some((symbol) => overlaps(symbol, global.section, name, inside))
  );
}

function overlaps(
  symbol: ElfSymbol,
  section: number,
  name: string,
  inside: (offset: number) => boolean,
): boolean {
  if (symbol.section !== section || symbol.type === STT.SECTION) return false;
  if (symbol.name === name && symbol.binding !== STB.LOCAL) return false;
  return inside(symbol.value);
}
