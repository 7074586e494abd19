/**
 * Turns the programs of a set into slots. A slot holds one input section of one library (with
 * function sections: one function or datum), or at library granularity all that a library puts into
 * one bulk output section; the head of an output section and each table are slots too. A slot of
 * one name is one slot for the whole set, whatever variant each unikernel has in it. Where several
 * libraries begin a section with the same global symbol and never meet in one unikernel (`main`),
 * they share a slot, so that the symbol has one address.
 */
import { SHF, SHT, STB, type ElfFile } from '../elf/types.ts';
import type { OutlineSection } from '../layout/outline.ts';
import { digestBlocks } from '../layout/digest.ts';
import { alignUp } from '../layout/place.ts';
import type { OutputFacts, Region } from '../layout/regions.ts';
import type { Filling, Slot } from '../layout/slots.ts';
import { BOOT_INFO, writtenBootInfo } from '../model/boot-info.ts';
import type { EhFramePlan } from '../model/eh-frame.ts';
import type { LiveSections } from '../model/gc.ts';
import { unitSection } from '../link/unit-names.ts';
import type { Program } from '../model/types.ts';
import {
  blocksOf,
  contentOf,
  equalContents,
  unplacedBlocksOf,
  writtenLater,
  type Locator,
  type Part,
  type SlotContent,
} from './content.ts';
import type { GatheredInput } from './gather.ts';
import { equalOwnKeys } from './own-names.ts';
import { isPinSection } from './pin-names.ts';

/** What the planner knows of one unikernel. */
export interface UnikernelInput {
  readonly program: Program;
  readonly outline: readonly OutlineSection[];
  /** Live input sections by output section, in the order of the script. */
  readonly inputs: ReadonlyMap<string, readonly GatheredInput[]>;
  /** What the link keeps. */
  readonly live: LiveSections;
  /** The unwind tables that the linker makes. */
  readonly frame: EhFramePlan;
  /** Sizes of sections that the linker itself changes (`.eh_frame`), by output section. */
  readonly wholeSizes: ReadonlyMap<string, number>;
  /** Output sections that a step after the link removes. */
  readonly unloaded: ReadonlySet<string>;
}

/** The contents of a slot in one unikernel. */
export interface SlotParts {
  readonly slot: number;
  readonly size: number;
  readonly parts: readonly Part[];
}

export interface Identified {
  readonly slots: readonly Slot[];
  /** By unikernel, by slot id. */
  readonly parts: readonly ReadonlyMap<number, SlotParts>[];
}

/**
 * What one slot holds: a library's part of an output section, a compile unit's part where the
 * library is split at its units, or a single input section.
 */
export type AtomSize = 'library' | 'unit' | 'section';

type KeyOf = (program: Program, input: GatheredInput, region: string) => string;

/** A pinned constant has a slot of its own whatever else a slot holds: that is what it is for. */
const libraryKey: KeyOf = (program, input, region) => {
  const { library, elf } = program.objects[input.object]!;
  const { name } = elf.sections[input.section]!;
  return isPinSection(name) ? sectionKey(program, input, region) : `${library} ${region}`;
};

const unitKey: KeyOf = (program, input, region) => {
  const { name } = program.objects[input.object]!.elf.sections[input.section]!;
  const unit = unitSection(name)?.unit;
  const library = libraryKey(program, input, region);
  return unit === undefined ? library : `${library} ${unit}`;
};

const sectionKey: KeyOf = (program, { object, section }) => {
  const { library, elf } = program.objects[object]!;
  return `${library} ${elf.sections[section]!.name}`;
};

function keyFor(size: AtomSize, unikernels: readonly UnikernelInput[], joinsEqual: boolean): KeyOf {
  if (size === 'section') return sharedKeys(unikernels, joinsEqual);
  return size === 'unit' ? unitKey : libraryKey;
}

/**
 * Keys by section, with one key for sections that begin with the same symbol and never meet. A pinned
 * constant keeps its own: where it is not pinned, it stands at the start of other things.
 */
function sharedKeys(unikernels: readonly UnikernelInput[], joinsEqual: boolean): KeyOf {
  const bySymbol = new Map<string, { keys: Set<string>; meets: boolean }>();
  for (const { program, inputs, outline } of unikernels) {
    const here = new Set<string>();
    for (const { name: region } of outline)
      for (const input of inputs.get(region) ?? [])
        for (const symbol of symbolsAtStart(program, input)) {
          const name = `${region} ${symbol}`;
          const known = bySymbol.get(name) ?? { keys: new Set<string>(), meets: false };
          known.keys.add(sectionKey(program, input, region));
          known.meets ||= here.has(name);
          here.add(name);
          bySymbol.set(name, known);
        }
  }
  const shared = new Map<string, string>();
  for (const [name, { keys, meets }] of bySymbol)
    if (!meets && keys.size > 1)
      for (const key of keys) if (!shared.has(key)) shared.set(key, `*${name}`);
  const own = joinsEqual ? equalOwnKeys(unikernels, sectionKey) : new Map<string, string>();
  return (program, input, region) => {
    const key = sectionKey(program, input, region);
    return shared.get(key) ?? own.get(key) ?? key;
  };
}

/** Strong global symbols at the first byte of an input section. */
export function symbolsAtStart(
  program: Program,
  { object, section }: Pick<GatheredInput, 'object' | 'section'>,
): string[] {
  const { elf } = program.objects[object]!;
  if (isPinSection(elf.sections[section]!.name)) return [];
  return startSymbols(elf).get(section) ?? [];
}

const startSymbolCache = new WeakMap<ElfFile, Map<number, string[]>>();

/** Strong global symbols at offset 0, by section. */
function startSymbols(elf: ElfFile): Map<number, string[]> {
  const known = startSymbolCache.get(elf);
  if (known) return known;
  const result = new Map<number, string[]>();
  for (const symbol of elf.symbols)
    if (symbol.binding === STB.GLOBAL && symbol.value === 0 && symbol.section !== 0)
      result.set(symbol.section, [...(result.get(symbol.section) ?? []), symbol.name]);
  startSymbolCache.set(elf, result);
  return result;
}

interface Draft {
  readonly id: number;
  readonly key: string;
  readonly library: string;
  /** By unikernel. */
  readonly libraries: (string | undefined)[];
  readonly region: string;
  readonly role: Slot['role'];
  alignment: number;
  readonly parts: (SlotParts | undefined)[];
}

/**
 * @param regions merged over the set; their kind decides whether a section is one table or bodies
 * @param joinsEqual what several unikernels have, each under a name of its own, is one slot where it
 *   is the same; not for names that are to be known without the set
 */
export function identify(
  unikernels: readonly UnikernelInput[],
  regions: readonly Region[],
  size: AtomSize,
  drifts: readonly Locator['drift'][] = [],
  joinsEqual = true,
): Identified {
  const drafts = new Map<string, Draft>();
  const kinds = new Map(regions.map((region) => [region.name, region.kind]));
  const keyOf = keyFor(size, unikernels, joinsEqual);
  unikernels.forEach((unikernel, u) => {
    for (const section of unikernel.outline) {
      const isTable = kinds.get(section.name) === 'table';
      draftSection(drafts, unikernel, u, section, isTable, unikernels.length, keyOf);
    }
  });
  const all = [...drafts.values()];
  const parts = unikernels.map((_, u) => partsOf(all, u));
  const contents = unikernels.map((unikernel, u) =>
    withBootInfo(contentsOf(unikernel, parts[u]!, drifts[u]), all, u),
  );
  const isEverywhere = (slot: number) => all[slot]!.parts.every(Boolean);
  return { slots: all.map((draft) => slotOf(draft, contents, isEverywhere)), parts };
}

function partsOf(drafts: readonly Draft[], u: number): Map<number, SlotParts> {
  const found = drafts.flatMap((draft) => draft.parts[u] ?? []);
  return new Map(found.map((parts) => [parts.slot, parts]));
}

function draftSection(
  drafts: Map<string, Draft>,
  unikernel: UnikernelInput,
  u: number,
  section: OutlineSection,
  isTable: boolean,
  count: number,
  keyOf: KeyOf,
): void {
  const groups = groupInputs(unikernel, section, isTable, keyOf);
  for (const [key, group] of groups) {
    const first = group[0];
    const role = isTable ? 'table' : first?.head ? 'head' : 'body';
    const library = first ? unikernel.program.objects[first.object]!.library : '';
    const owner = role === 'body' ? library : '[linker]';
    const known = drafts.get(key);
    const draft = known ?? newDraft(drafts.size, key, owner, section.name, role, count);
    drafts.set(key, draft);
    if (role === 'body') draft.libraries[u] = library;
    const whole = role === 'table' ? unikernel.wholeSizes.get(section.name) : undefined;
    addParts(draft, unikernel.program, u, group, whole);
  }
}

/** The inputs of an output section by the slot that they stand in. */
function groupInputs(
  unikernel: UnikernelInput,
  section: OutlineSection,
  isTable: boolean,
  keyOf: KeyOf,
): Map<string, GatheredInput[]> {
  const inputs = unikernel.inputs.get(section.name) ?? [];
  const groups = new Map<string, GatheredInput[]>();
  for (const input of inputs) {
    const role = isTable ? 'table' : input.head ? 'head' : 'body';
    const key =
      role === 'body' ? keyOf(unikernel.program, input, section.name) : `[${role}] ${section.name}`;
    const group = groups.get(key);
    if (group) group.push(input);
    else groups.set(key, [input]);
  }
  if (isTable && inputs.length === 0 && unikernel.wholeSizes.has(section.name))
    groups.set(`[table] ${section.name}`, []);
  return groups;
}

function newDraft(
  id: number,
  key: string,
  library: string,
  region: string,
  role: Slot['role'],
  count: number,
): Draft {
  const parts = new Array<SlotParts | undefined>(count).fill(undefined);
  const libraries = parts.map(() => undefined);
  return { id, key, library, libraries, region, role, alignment: 1, parts };
}

function addParts(
  draft: Draft,
  program: Program,
  u: number,
  inputs: readonly GatheredInput[],
  whole: number | undefined,
): void {
  const ordered = draft.role === 'body' ? inObjectOrder(program, draft.region, inputs) : inputs;
  const parts: Part[] = [];
  let end = 0;
  for (const { object, section } of ordered) {
    const { size, alignment } = program.objects[object]!.elf.sections[section]!;
    const offset = alignUp(end, alignment);
    draft.alignment = Math.max(draft.alignment, alignment);
    parts.push({ object, section, offset, size });
    end = offset + size;
  }
  draft.parts[u] = { slot: draft.id, size: whole ?? end, parts };
}

/** The section of the region's own name first, then the others as they stand in the object. */
function inObjectOrder(program: Program, region: string, inputs: readonly GatheredInput[]) {
  const name = (input: GatheredInput) =>
    program.objects[input.object]!.elf.sections[input.section]!.name;
  const rank = (input: GatheredInput) => (name(input) === region ? 0 : 1);
  return [...inputs].sort(
    (a, b) => rank(a) - rank(b) || a.object - b.object || a.section - b.section,
  );
}

/** What one unikernel has in each slot that it fills, by slot id. */
export function contentsOf(
  unikernel: UnikernelInput,
  parts: ReadonlyMap<number, SlotParts>,
  drift?: Locator['drift'],
): Map<number, SlotContent> {
  const locator = { ...locatorOf(unikernel, parts), ...(drift && { drift }) };
  return new Map(
    [...parts.values()].map((slot) => {
      const loaded = slot.parts.filter((part) => hasBytes(unikernel.program, part));
      const end = Math.max(0, ...loaded.map((part) => part.offset + part.size));
      return [slot.slot, contentOf(unikernel.program, loaded, end, locator)];
    }),
  );
}

/** Before the link nobody knows how many load segments an image will have: some more than it had. */
const SEGMENTS = 10;

/** What is written into the boot information after the link is taken to differ in every unikernel. */
function withBootInfo(
  contents: ReadonlyMap<number, SlotContent>,
  drafts: readonly Draft[],
  unikernel: number,
): ReadonlyMap<number, SlotContent> {
  const slot = drafts.find(({ region, role }) => region === BOOT_INFO && role === 'table')?.id;
  const content = slot === undefined ? undefined : contents.get(slot);
  if (slot === undefined || content === undefined) return contents;
  const { bytes } = content;
  const written = Math.min(bytes.length, writtenBootInfo(bytes.length, SEGMENTS));
  return new Map(contents).set(slot, { bytes, references: writtenLater(written, unikernel) });
}

const hasBytes = (program: Program, part: Part) =>
  program.objects[part.object]!.elf.sections[part.section]!.type !== SHT.NOBITS;

/** Where the sections and names of one unikernel stand in the layout. */
export function locatorOf(
  unikernel: UnikernelInput,
  parts: ReadonlyMap<number, SlotParts>,
): Locator {
  const { program, outline } = unikernel;
  const slotOf = new Int32Array(program.sectionBase.at(-1)!).fill(-1);
  const offsetOf = new Float64Array(slotOf.length);
  for (const slot of parts.values())
    for (const part of slot.parts) {
      const flat = program.sectionBase[part.object]! + part.section;
      slotOf[flat] = slot.slot;
      offsetOf[flat] = part.offset;
    }
  const ends = new Map<string, number>();
  for (const section of outline) {
    if (section.kind !== 'table') continue;
    const size =
      unikernel.wholeSizes.get(section.name) ?? endOf(parts, program, unikernel, section);
    for (const { symbol } of section.trailing) ends.set(symbol, size);
    for (const statement of section.node.body)
      if (statement.kind === 'assignment') ends.set(statement.symbol, size);
  }
  return { slotOf, offsetOf, nameKey: (name) => nameKey(name, ends.get(name) ?? 0) };
}

function endOf(
  parts: ReadonlyMap<number, SlotParts>,
  program: Program,
  unikernel: UnikernelInput,
  section: OutlineSection,
): number {
  const first = unikernel.inputs.get(section.name)?.[0];
  if (first === undefined) return 0;
  for (const slot of parts.values())
    if (slot.parts.some((p) => p.object === first.object && p.section === first.section))
      return slot.size;
  return 0;
}

/** A name's value is common to the set unless it is bounded by a table, whose size then counts. */
function nameKey(name: string, size: number): number {
  let hash = size;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) % 9007199254740881;
  return hash;
}

function slotOf(
  draft: Draft,
  contents: readonly ReadonlyMap<number, SlotContent>[],
  isEverywhere: (slot: number) => boolean,
): Slot {
  const variants: { content: SlotContent; filling: Filling }[] = [];
  const fillings = draft.parts.map((parts, u) => {
    if (parts === undefined) return undefined;
    const content = contents[u]!.get(draft.id)!;
    const known = variants.find(
      (v) => v.filling.size === parts.size && equalContents(v.content, content),
    );
    if (known) return known.filling;
    const blocks = blocksOf(content);
    const digest = digestBlocks(blocks);
    const plain = unplacedBlocksOf(content, isEverywhere);
    const filling: Filling = {
      size: parts.size,
      variant: variants.length,
      blocks,
      digest,
      ...(plain && { plain }),
    };
    variants.push({ content, filling });
    return filling;
  });
  return {
    id: draft.id,
    key: draft.key,
    library: draft.library,
    ...(isOfSeveral(draft) && { libraries: draft.libraries }),
    region: draft.region,
    role: draft.role,
    alignment: draft.alignment,
    size: Math.max(0, ...variants.map((v) => v.filling.size)),
    fillings,
  };
}

const isOfSeveral = ({ library, libraries }: Draft): boolean =>
  libraries.some((other) => other !== undefined && other !== library);

/** What kind of memory an output section needs, from its contents; undefined where it is empty. */
export function factsOf(
  program: Program,
  inputs: readonly GatheredInput[],
): OutputFacts | undefined {
  const sections = inputs.map(
    ({ object, section }) => program.objects[object]!.elf.sections[section]!,
  );
  if (sections.length === 0) return undefined;
  return {
    writable: sections.some((section) => section.flags & SHF.WRITE),
    executable: sections.some((section) => section.flags & SHF.EXECINSTR),
    tls: sections.some((section) => section.flags & SHF.TLS),
    nobits: sections.every((section) => section.type === SHT.NOBITS),
  };
}
