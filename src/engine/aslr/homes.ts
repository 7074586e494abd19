/**
 * Decides what moves. Every slot has a home: a block, which is moved as a whole, or FIXED, the part
 * that all unikernels have at the same addresses.
 *
 * A reference keeps its bytes wherever the blocks lie if it is relative and both ends have one
 * home, or if it is absolute and its target is fixed. Code moves, as far as it can. A slot of data
 * goes where the fewest references change: written data is mostly used relative to the instruction
 * and moves with its code; strings are mostly used by absolute address and stay.
 *
 * Code stays where something about it cannot be indirected: it runs before paging is on (boot
 * sections), it contains data that refer to themselves (page tables), or its bytes are read, since
 * a stub in its place would be read instead.
 */
import { PAGE_SIZE } from '../../protocol/page-map.ts';
import { SHF, type ElfSection } from '../elf/types.ts';
import { locatorOf, type Identified, type UnikernelInput } from '../atoms/identify.ts';
import type { Region } from '../layout/regions.ts';
import { sharersOf, variantsOf, type Slot } from '../layout/slots.ts';
import { FIELD_BYTES, PC_RELATIVE } from '../model/relocation-types.ts';
import { isBoot, isData, readsCode } from './kept-code.ts';
import { isCode, referencesOf, type Reference } from './references.ts';

/** The home of what does not move. */
export const FIXED = -1;

export interface Homes {
  readonly blocks: readonly BlockName[];
  /** By slot key: index of its block, or FIXED. */
  readonly ofSlot: ReadonlyMap<string, number>;
  /** Libraries whose code stays, with the reason. */
  readonly kept: ReadonlyMap<string, string>;
}

/** A block is named after what it holds. */
export type BlockName = string;

export interface HomeOptions {
  /** Read-only data move with their code. */
  readonly moveReadOnly: boolean;
  /** The block of a library's code. */
  readonly blockOf: (slot: Slot) => string;
}

/** What counts against a home, in instructions and pages that it costs. */
const WEIGHT = {
  /** A relative reference that becomes an absolute one in place. */
  inPlace: 0.05,
  /** An instruction that is carried out somewhere else. */
  thunk: 1,
  /** The same, in code that no two unikernels share. */
  privateThunk: 1.2,
  /** A pointer in data that are otherwise shared. */
  sharedPointer: 50,
  /** A pointer in data that are written. */
  writtenPointer: 25,
  /** A page that one unikernel more has for itself. */
  page: 100,
} as const;

interface Tally {
  /** By block, and under FIXED. */
  readonly relative: Map<number, number>;
  absolute: number;
  pinned: boolean;
  /** Slots of data that it has pointers to. */
  readonly pointsTo: Set<number>;
}

const newTally = (): Tally => ({
  relative: new Map(),
  absolute: 0,
  pinned: false,
  pointsTo: new Set(),
});

/** Chooses homes for the slots of a set. */
export function chooseHomes(
  unikernels: readonly UnikernelInput[],
  regions: readonly Region[],
  identified: Identified,
  options: HomeOptions,
): Homes {
  const { slots } = identified;
  const groups = new Map(regions.map(({ name, group }) => [name, group]));
  const group = (slot: Slot) => groups.get(slot.region);
  const view = new SetView(unikernels, identified);
  const kept = view.keptCode((slot) => group(slot) === 'text');
  const blocks: string[] = [];
  const homes = slots.map((slot) => {
    const moves = group(slot) === 'text' && fitsBlocks(slot) && !kept.has(slot.id);
    if (!moves) return FIXED;
    const name = options.blockOf(slot);
    if (!blocks.includes(name)) blocks.push(name);
    return blocks.indexOf(name);
  });
  const tallies = view.tally(homes, (slot) => group(slot) === 'text');
  const candidates = slots.flatMap((slot) => {
    const tally = tallies.get(slot.id);
    if (group(slot) === 'text' || !tally || tally.pinned) return [];
    return mayMove(slot, group(slot)) ? [{ slot, tally }] : [];
  });
  for (const { slot, tally } of candidates)
    homes[slot.id] = cheapest(tally, blocks.length, options.moveReadOnly && isReadOnly(slot));
  const free = candidates.filter(({ slot }) => !(options.moveReadOnly && isReadOnly(slot)));
  for (const { id } of dearVariants(free, homes)) homes[id] = FIXED;
  const unwind = view.homeOfUnwind(homes);
  for (const slot of slots)
    if (isUnwind(slot) && group(slot) === 'readonly') homes[slot.id] = unwind;
  const reasons = new Map([...kept].map(([id, reason]) => [slots[id]!.key, reason]));
  return {
    blocks,
    ofSlot: new Map(slots.map((slot) => [slot.key, homes[slot.id]!])),
    kept: reasons,
  };
}

/** The unwind tables refer to code relative to themselves; what they are about, they move with. */
const isUnwind = ({ role, region }: Slot) =>
  role === 'table' && (region === '.eh_frame' || region === '.eh_frame_hdr');

const isReadOnly = ({ region }: Slot) => region.startsWith('.rodata');

/**
 * Tables stand where the scripts say; their bounds are names of the scripts. A block begins on any page,
 * so what is to be aligned to more than a page stays.
 */
const fitsBlocks = ({ role, alignment }: Slot): boolean =>
  role === 'body' && alignment <= PAGE_SIZE;

const mayMove = (slot: Slot, group: string | undefined): boolean =>
  fitsBlocks(slot) && (group === 'readonly' || group === 'data' || group === 'bss');

interface Candidate {
  readonly slot: Slot;
  readonly tally: Tally;
}

/**
 * Data that differ between unikernels, or point to what moves, and move, though their references are worth less than the
 * pages. Among what stays there are pages that differ anyway; of a block, they make one differ.
 */
function dearVariants(candidates: readonly Candidate[], homes: readonly number[]): Slot[] {
  const contentsOf = ({ slot, tally }: Candidate) => {
    const follows = [...tally.pointsTo].some((to) => homes[to] !== FIXED);
    return follows ? sharersOf(slot) : variantsOf(slot);
  };
  const varying = new Map<number, Candidate[]>();
  for (const one of candidates) {
    const home = homes[one.slot.id]!;
    if (home === FIXED || contentsOf(one) < 2) continue;
    varying.set(home, [...(varying.get(home) ?? []), one]);
  }
  return [...varying].flatMap(([block, own]) => {
    const pages = Math.max(...own.map(contentsOf)) - 1;
    const references = own.reduce(
      (sum, { tally }) => sum + costOf(tally, FIXED) - costOf(tally, block),
      0,
    );
    return references < WEIGHT.page * pages ? own.map(({ slot }) => slot) : [];
  });
}

function cheapest(tally: Tally, blocks: number, forced: boolean): number {
  const homes = Array.from({ length: blocks }, (_, block) => block);
  if (!forced || blocks === 0) homes.unshift(FIXED);
  return homes.reduce((a, b) => (costOf(tally, b) < costOf(tally, a) ? b : a));
}

/** References that a home changes, weighed. */
function costOf({ relative, absolute }: Tally, home: number): number {
  const all = [...relative.values()].reduce((sum, n) => sum + n, 0);
  return all - (relative.get(home) ?? 0) + (home === FIXED ? 0 : absolute);
}

/** The references of a set by the slots that they connect. */
class SetView {
  private readonly slotOf: ((object: number, section: number) => number)[];

  constructor(
    private readonly unikernels: readonly UnikernelInput[],
    private readonly identified: Identified,
  ) {
    this.slotOf = unikernels.map((unikernel, u) => {
      const { slotOf } = locatorOf(unikernel, identified.parts[u]!);
      const { sectionBase } = unikernel.program;
      return (object, section) => slotOf[sectionBase[object]! + section] ?? -1;
    });
  }

  /** Slots of code that cannot move, with the reason. */
  keptCode(isText: (slot: Slot) => boolean): Map<number, string> {
    const kept = new Map<number, string>();
    const keep = (slot: number, reason: string) => {
      if (slot >= 0 && isText(this.identified.slots[slot]!) && !kept.has(slot))
        kept.set(slot, reason);
    };
    this.unikernels.forEach((unikernel, u) => {
      const { program } = unikernel;
      for (const { index, elf } of program.objects)
        for (const section of elf.sections)
          if (isBoot(section)) keep(this.slotOf[u]!(index, section.index), 'it is boot code');
      for (const reference of referencesOf(unikernel)) {
        const { target, object, section } = reference;
        const own = this.slotOf[u]!(object, section.index);
        if (isCode(section) && isData(reference))
          keep(own, 'it contains data that refer to addresses');
        if (target.kind !== 'section') continue;
        const to = this.slotOf[u]!(target.object, target.section);
        if (to < 0 || !isText(this.identified.slots[to]!) || kept.has(to)) continue;
        const reason = readsCode(unikernel, reference);
        if (reason) keep(to, reason);
      }
    });
    return kept;
  }

  /** The home of most code that has unwind tables; FIXED where something refers to the tables. */
  homeOfUnwind(homes: readonly number[]): number {
    const counts = new Map<number, number>();
    for (const [u, unikernel] of this.unikernels.entries()) {
      const names = new Set(
        unikernel.outline
          .filter(({ name }) => /^\.eh_frame(_hdr)?$/.test(name))
          .flatMap(({ leading, trailing }) => [...leading, ...trailing].map((one) => one.symbol)),
      );
      for (const { section, target } of referencesOf(unikernel)) {
        if (target.kind === 'name' && names.has(target.name)) return FIXED;
        if (target.kind !== 'section' || section.name !== '.eh_frame') continue;
        const slot = this.slotOf[u]!(target.object, target.section);
        const home = slot < 0 ? FIXED : homes[slot]!;
        counts.set(home, (counts.get(home) ?? 0) + 1);
      }
    }
    return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [FIXED, 0] as const)[0];
  }

  /** What speaks for and against the homes of data. */
  tally(homes: readonly number[], isText: (slot: Slot) => boolean): Map<number, Tally> {
    const tallies = new Map<number, Tally>();
    const tallyOf = (slot: number) => {
      const known = tallies.get(slot) ?? newTally();
      tallies.set(slot, known);
      return known;
    };
    this.unikernels.forEach((unikernel, u) => {
      for (const reference of referencesOf(unikernel)) {
        const { target, object, section } = reference;
        if (target.kind !== 'section') continue;
        const to = this.slotOf[u]!(target.object, target.section);
        if (to < 0 || isText(this.identified.slots[to]!)) continue;
        const from = this.slotOf[u]!(object, section.index);
        const tally = tallyOf(to);
        if (!isCode(section) && PC_RELATIVE[reference.relocation.type] !== 1)
          tallyOf(from).pointsTo.add(to);
        add(tally, reference, from < 0 ? FIXED : homes[from]!);
      }
    });
    return tallies;
  }
}

function add(tally: Tally, { section, relocation }: Reference, from: number): void {
  const { type } = relocation;
  if (isBoot(section) || FIELD_BYTES[type]! < 4) tally.pinned = true;
  else if (PC_RELATIVE[type] === 1 && isCode(section)) {
    const weight = isCheap(section, relocation.offset) ? WEIGHT.inPlace : WEIGHT.thunk;
    tally.relative.set(from, (tally.relative.get(from) ?? 0) + weight);
  } else if (isCode(section)) tally.absolute += WEIGHT.privateThunk;
  else if (section.flags & SHF.WRITE) tally.absolute += WEIGHT.writtenPointer;
  else tally.absolute += WEIGHT.sharedPointer;
}

/** A first look at the opcode: `lea`, or a move of the accumulator. */
function isCheap({ data }: ElfSection, offset: number): boolean {
  const opcode = data[offset - 2];
  const isMove = (opcode === 0x8b || opcode === 0x89) && (data[offset - 1]! & 0x38) === 0;
  return opcode === 0x8d || isMove;
}
