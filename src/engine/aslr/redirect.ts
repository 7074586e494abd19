/**
 * Makes the objects of one unikernel independent of where the blocks lie. Each reference whose
 * bytes would depend on that is handled by the first of these that serves:
 *
 * - a relocation is pointed elsewhere: an address of code at its canonical stub, a call or jump out
 *   of its block at a far jump, `jmp *SLOT`, in the block;
 * - the instruction is encoded otherwise in place: `lea` as a load of an immediate, a move of the
 *   accumulator with an absolute address;
 * - it moves out of line: into its block with an absolute address, or as it is into the common
 *   object's fixed section, and a jump stands in its place;
 * - it is left, and the page that it is on is not shared: pointers in data to data that move.
 *
 * Registers and flags stay as they are: nothing here computes.
 */
import { isPinSection } from '../atoms/pin-names.ts';
import { editObject, isEmptyEdit } from '../elf/edit.ts';
import { readElfParts } from '../elf/read-parts.ts';
import { SHF, SHT, type ElfSection } from '../elf/types.ts';
import type { PreparedObject } from '../link/prepare.ts';
import { PC_RELATIVE } from '../model/relocation-types.ts';
import type { UnikernelInput } from '../atoms/identify.ts';
import { isAddress, isTableLoad } from './address-types.ts';
import { Bench, type Counts, type HomeOf, type Pending } from './bench.ts';
import type { Needs } from './common-object.ts';
import { FIXED } from './homes.ts';
import { inPlace, tableLoad } from './in-place.ts';
import { fieldOf, type Field } from './instruction.ts';
import { constantSection, stubName } from './names.ts';
import { beside, privately } from './out-of-line.ts';
import { isBranchByBytes, isCode, referencesOf, type Reference } from './references.ts';

export interface Redirected {
  readonly objects: readonly PreparedObject[];
  readonly needs: Needs;
  readonly counts: Counts;
}

/** Redirects the references of one unikernel. */
export function redirect(
  input: UnikernelInput,
  objects: readonly PreparedObject[],
  homeOf: HomeOf,
): Redirected {
  const redirector = new Redirector(input, new Bench(input.program, homeOf));
  redirector.run();
  return redirector.finish(objects);
}

class Redirector {
  constructor(
    private readonly input: UnikernelInput,
    private readonly bench: Bench,
  ) {}

  run(): void {
    const bySection = new Map<ElfSection, Reference[]>();
    for (const reference of referencesOf(this.input)) {
      const list = bySection.get(reference.section);
      if (list) list.push(reference);
      else bySection.set(reference.section, [reference]);
    }
    this.moveConstants();
    for (const list of bySection.values()) this.bench.noteLabels(list);
    for (const [section, list] of bySection)
      if (isCode(section)) this.code(list);
      else list.forEach((reference) => this.data(reference));
  }

  finish(objects: readonly PreparedObject[]): Redirected {
    const changed = objects.map((object) => {
      const edits = this.bench.drafts.get(object.index)?.edits() ?? {};
      if (isEmptyEdit(edits)) return object;
      const copy = editObject(object.elf, edits);
      return { ...object, elf: readElfParts(object.path, copy), copy };
    });
    const { stubs, slots, thunks, far } = this.bench;
    return { objects: changed, needs: { stubs, slots, thunks, far }, counts: this.bench.counts };
  }

  /**
   * Constants that move stand among the code that reads them, instead of on pages of their own, and
   * pinned ones, which differ, beside the address table, which differs too.
   */
  private moveConstants(): void {
    for (const { index, elf } of this.bench.program.objects)
      for (const { index: at, name, flags, type } of elf.sections) {
        const isConstant = (flags & (SHF.ALLOC | SHF.WRITE | SHF.EXECINSTR)) === SHF.ALLOC;
        const moves = this.bench.homeOf(index, at) !== FIXED || isPinSection(name);
        if (isConstant && type === SHT.PROGBITS && moves && name !== '.eh_frame')
          this.bench.draft(index).rename(at, constantSection(name));
      }
  }

  /** A pointer or a distance in data. */
  private data(reference: Reference): void {
    const { type } = reference.relocation;
    const from = this.bench.own(reference);
    const to = this.bench.homeOfTarget(reference);
    if (!isAddress(type)) return;
    const relative = PC_RELATIVE[type] === 1;
    if (relative ? from === to : to === FIXED) return;
    const place = this.bench.codePlace(reference);
    if (relative || !place) {
      this.bench.counts.left++;
      return;
    }
    this.bench.checkWidth(reference);
    this.bench.pointAtStub(reference, place);
  }

  private code(references: readonly Reference[]): void {
    const pending = references.map((reference) => this.first(reference));
    const done = new Set<Pending>();
    for (const one of pending) {
      if (one.status !== 'varies' || done.has(one)) continue;
      const field = fieldOf(this.bench.program, one.reference);
      const { start, bytes } = field.instruction;
      const fellows = pending.filter(({ reference: { relocation } }) => {
        const { offset } = relocation;
        return offset >= start && offset < start + bytes.length;
      });
      fellows.forEach((fellow) => done.add(fellow));
      this.instruction(field, one, fellows);
    }
    for (const one of pending)
      if (one.status === 'redirected' && !done.has(one))
        this.bench.change(one.reference, one.changed);
  }

  /** What can be done to a field without looking at its instruction. */
  private first(reference: Reference): Pending {
    const { relocation, object, target } = reference;
    const constant: Pending = { reference, changed: relocation, status: 'constant' };
    if (!isAddress(relocation.type)) return constant;
    const from = this.bench.own(reference);
    const to = this.bench.homeOfTarget(reference);
    const place = this.bench.codePlace(reference);
    const draft = () => this.bench.draft(object);
    if (isBranchByBytes(reference)) {
      if (from === to && target.kind !== 'number') return constant;
      if (from === FIXED && to === FIXED) return constant;
      const name = this.bench.jumpTarget(reference, from, place);
      const symbol = draft().undefinedSymbol(name);
      return { reference, changed: { ...relocation, symbol, addend: -4 }, status: 'redirected' };
    }
    if (PC_RELATIVE[relocation.type] === 1) {
      const isPointer = place !== undefined && to !== FIXED && this.isLea(reference);
      if (from === to && !isPointer) return constant;
      return { reference, changed: relocation, status: 'varies' };
    }
    if (to === FIXED) return constant;
    if (!place) return { reference, changed: relocation, status: 'varies' };
    this.bench.checkWidth(reference);
    const symbol = draft().undefinedSymbol(stubName(this.bench.stub(place)));
    this.bench.counts.stubs++;
    return { reference, changed: { ...relocation, symbol, addend: 0 }, status: 'redirected' };
  }

  private isLea({ section, relocation }: Reference): boolean {
    const opcode = section.data[relocation.offset - 2];
    return opcode === 0x8d || (isTableLoad(relocation.type) && opcode === 0x8b);
  }

  /** An instruction of which a field varies and cannot be redirected. */
  private instruction(field: Field, one: Pending, fellows: readonly Pending[]): void {
    const { reference } = one;
    if (isTableLoad(reference.relocation.type))
      return tableLoad(this.bench, reference, field.instruction);
    const isOnly = fellows.length === 1;
    if (isOnly && inPlace(this.bench, reference, field)) return;
    const varying = fellows.filter(({ status }) => status === 'varies');
    if (varying.length === 1 && beside(this.bench, field, one, fellows)) return;
    privately(this.bench, field, reference, fellows);
  }
}
