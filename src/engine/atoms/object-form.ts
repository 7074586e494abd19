/**
 * One relocatable object without addresses and without indexes, so that two objects can be
 * compared: its sections as atoms, each with masked bytes and with references by place or by name;
 * what it exports, what it needs, and its unwind records one by one.
 */
import { SHF, SHN, STB, type ElfFile, type ElfSection } from '../elf/types.ts';
import { isInputSection } from '../model/sections.ts';
import { describeFrames, type FrameForm } from './frame-form.ts';
import {
  maskedBytes,
  referenceText,
  relocationsOf,
  symbolText,
  type Placer,
} from './reference-text.ts';

/** A loaded section. */
export interface AtomForm {
  /** Its name; a second section of one name is `NAME #2`. */
  readonly key: string;
  readonly section: ElfSection;
  /** With the fields that relocations overwrite set to zero. */
  readonly bytes: Uint8Array;
  /** One line a relocation, in order of offset. */
  readonly references: string;
}

export interface ObjectForm {
  readonly elf: ElfFile;
  /** By key, in the order of the object; without unwind sections that can be read. */
  readonly atoms: ReadonlyMap<string, AtomForm>;
  /** Unwind records of functions. */
  readonly frames: readonly FrameForm[];
  /** Defined global symbols: all that another object can notice of them. */
  readonly exports: ReadonlyMap<string, string>;
  /** Undefined symbols: how they are asked for. */
  readonly needs: ReadonlyMap<string, string>;
  /** Names of loaded sections that a link takes from one object only. */
  readonly grouped: readonly string[];
}

/** Describes an object by its own sections. */
export function describeObject(elf: ElfFile): ObjectForm {
  const keys = sectionKeys(elf);
  const placer: Placer = (section) => ({ key: keys[section] ?? '', offset: 0 });
  const loaded = elf.sections.filter((s) => isInputSection(s) && (s.flags & SHF.ALLOC) !== 0);
  const frames: FrameForm[] = [];
  const atoms = new Map<string, AtomForm>();
  for (const section of loaded) {
    const records = section.name === '.eh_frame' ? describeFrames(elf, section, placer) : undefined;
    if (records) frames.push(...records);
    else atoms.set(keys[section.index]!, describeAtom(elf, section, placer));
  }
  return {
    elf,
    atoms,
    frames,
    exports: exportsOf(elf, placer),
    needs: needsOf(elf),
    grouped: elf.sections.filter(isGrouped).map(({ name }) => name),
  };
}

/** The name of each section, told apart where several have it. */
export function sectionKeys(elf: ElfFile): string[] {
  const seen = new Map<string, number>();
  return elf.sections.map(({ name }) => {
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n === 1 ? name : `${name} #${n}`;
  });
}

/** Debugging sections in groups (of macros) are no part of the program. */
function isGrouped({ name, flags }: ElfSection): boolean {
  if ((flags & SHF.ALLOC) === 0) return false;
  return (flags & SHF.GROUP) !== 0 || name.startsWith('.gnu.linkonce.');
}

function describeAtom(elf: ElfFile, section: ElfSection, placer: Placer): AtomForm {
  const { key } = placer(section.index);
  const relocations = relocationsOf(elf, section.index);
  const bytes = maskedBytes(section.data, relocations);
  const lines = relocations.map((r) => `${r.offset} ${referenceText(elf, r, placer)}`);
  return { key, section, bytes, references: lines.join('\n') };
}

function exportsOf(elf: ElfFile, placer: Placer): Map<string, string> {
  const defined = elf.symbols.filter((s) => s.binding !== STB.LOCAL && s.section !== SHN.UNDEF);
  return new Map(defined.map((symbol) => [symbol.name, symbolText(symbol, placer)]));
}

function needsOf(elf: ElfFile): Map<string, string> {
  const undefined_ = elf.symbols.filter(
    (s) => s.binding !== STB.LOCAL && s.section === SHN.UNDEF && s.name !== '',
  );
  return new Map(undefined_.map((s) => [s.name, `${s.binding} ${s.type} ${s.visibility}`]));
}

/** True where two atoms are the same in all that a link sees. */
export function equalAtoms(a: AtomForm, b: AtomForm): boolean {
  const [left, right] = [a.section, b.section];
  return (
    left.name === right.name &&
    left.type === right.type &&
    left.flags === right.flags &&
    left.alignment === right.alignment &&
    left.size === right.size &&
    a.references === b.references &&
    Buffer.compare(a.bytes, b.bytes) === 0
  );
}

/** True where two objects are the same in all that a link sees, order included. */
export function equalObjects(a: ObjectForm, b: ObjectForm): boolean {
  const [left, right] = [[...a.atoms.values()], [...b.atoms.values()]];
  return (
    equalMaps(a.exports, b.exports) &&
    equalMaps(a.needs, b.needs) &&
    a.grouped.length + b.grouped.length === 0 &&
    left.length === right.length &&
    left.every((atom, i) => atom.key === right[i]!.key && equalAtoms(atom, right[i]!)) &&
    a.frames.length === b.frames.length &&
    a.frames.every((frame, i) => frame.text === b.frames[i]!.text)
  );
}

const equalMaps = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>) =>
  a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);
