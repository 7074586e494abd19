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
import { SHF, SHT, type ElfRelocation, type ElfSection } from '../elf/types.ts';
import type { PreparedObject } from '../link/prepare.ts';
import { PC_RELATIVE, R } from '../model/relocation-types.ts';
import type { Program } from '../model/types.ts';
import type { UnikernelInput } from '../atoms/identify.ts';
import { isAddress, isTableLoad } from './address-types.ts';
import type { Needs, NamedRelocation, Place, PrivateThunk } from './common-object.ts';
import { FIXED } from './homes.ts';
import {
  accumulatorMove,
  callAsJump,
  fieldError,
  fieldOf,
  immediateAsLea,
  leaAsImmediate,
  withAbsoluteAddress,
  type Field,
  type Form,
  type Found,
} from './instruction.ts';
import {
  constantSection,
  farName,
  placeKey,
  sectionAlias,
  slotName,
  stubName,
  thunkName,
} from './names.ts';
import { ObjectDraft } from './object-draft.ts';
import { functionAt, isBranchByBytes, isCode, referencesOf, type Reference } from './references.ts';

export interface Redirected {
  readonly objects: readonly PreparedObject[];
  readonly needs: Needs;
  readonly counts: Counts;
}

/** How many references were handled in each way. */
export interface Counts {
  stubs: number;
  farCalls: number;
  inPlace: number;
  besideThunks: number;
  privateThunks: number;
  left: number;
}

/** Home of a section, by object and section: a block or FIXED. */
export type HomeOf = (object: number, section: number) => number;

/** Redirects the references of one unikernel. */
export function redirect(
  input: UnikernelInput,
  objects: readonly PreparedObject[],
  homeOf: HomeOf,
): Redirected {
  const redirector = new Redirector(input, homeOf);
  redirector.run();
  return redirector.finish(objects);
}

interface Pending {
  readonly reference: Reference;
  /** The relocation as it will be, with the symbol's index in its own object. */
  readonly changed: ElfRelocation;
  readonly status: 'constant' | 'redirected' | 'varies';
}

const JUMP_BYTES = 5;
/** `jmp *disp32`: ff /4 with a SIB byte without base and index. */
const FAR_JUMP = [0xff, 0x24, 0x25, 0, 0, 0, 0];
const TRAP = 0xcc;
const NOP = 0x90;

class Redirector {
  private readonly drafts = new Map<number, ObjectDraft>();
  private readonly stubs = new Map<string, Place>();
  private readonly slots = new Map<string, Place>();
  private readonly thunks = new Map<string, PrivateThunk>();
  private readonly far = new Map<number, Set<string>>();
  private readonly labels = new Map<string, number[]>();
  private readonly thunkCounts = new Map<string, number>();
  private readonly counts: Counts = {
    stubs: 0,
    farCalls: 0,
    inPlace: 0,
    besideThunks: 0,
    privateThunks: 0,
    left: 0,
  };
  private readonly program: Program;

  constructor(
    private readonly input: UnikernelInput,
    private readonly homeOf: HomeOf,
  ) {
    this.program = input.program;
  }

  run(): void {
    const bySection = new Map<ElfSection, Reference[]>();
    for (const reference of referencesOf(this.input)) {
      const list = bySection.get(reference.section);
      if (list) list.push(reference);
      else bySection.set(reference.section, [reference]);
    }
    this.moveConstants();
    for (const list of bySection.values()) this.noteLabels(list);
    for (const [section, list] of bySection)
      if (isCode(section)) this.code(list);
      else list.forEach((reference) => this.data(reference));
  }

  finish(objects: readonly PreparedObject[]): Redirected {
    const changed = objects.map((object) => {
      const edits = this.drafts.get(object.index)?.edits() ?? {};
      if (isEmptyEdit(edits)) return object;
      const copy = editObject(object.elf, edits);
      return { ...object, elf: readElfParts(object.path, copy), copy };
    });
    const { stubs, slots, thunks, far } = this;
    return { objects: changed, needs: { stubs, slots, thunks, far }, counts: this.counts };
  }

  /**
   * Constants that move stand among the code that reads them, instead of on pages of their own, and
   * pinned ones, which differ, beside the address table, which differs too.
   */
  private moveConstants(): void {
    for (const { index, elf } of this.program.objects)
      for (const { index: at, name, flags, type } of elf.sections) {
        const isConstant = (flags & (SHF.ALLOC | SHF.WRITE | SHF.EXECINSTR)) === SHF.ALLOC;
        const moves = this.homeOf(index, at) !== FIXED || isPinSection(name);
        if (isConstant && type === SHT.PROGBITS && moves && name !== '.eh_frame')
          this.draft(index).rename(at, constantSection(name));
      }
  }

  private draft(object: number): ObjectDraft {
    const { elf, library } = this.program.objects[object]!;
    const draft = this.drafts.get(object) ?? new ObjectDraft(elf, library);
    this.drafts.set(object, draft);
    return draft;
  }

  /** Labels whose address is taken are numbered in the order in which they stand. */
  private noteLabels(references: readonly Reference[]): void {
    for (const reference of references) {
      const place = this.codePlace(reference);
      if (!place || isBranchByBytes(reference)) continue;
      const { object, section, offset } = place;
      if (functionAt(this.program, object, section, offset)?.kind === 'entry') continue;
      const key = `${object} ${section}`;
      const known = this.labels.get(key) ?? [];
      if (!known.includes(offset)) known.push(offset);
      this.labels.set(
        key,
        known.sort((a, b) => a - b),
      );
    }
  }

  /** The place in code that a reference of a plain field means. */
  private codePlace(reference: Reference) {
    const { target, relocation, section } = reference;
    if (target.kind !== 'section') return undefined;
    const { object, section: to } = target;
    if (!isCode(this.program.objects[object]!.elf.sections[to]!)) return undefined;
    const isInstruction = isCode(section) && PC_RELATIVE[relocation.type] === 1;
    const offset = target.value + relocation.addend + (isInstruction ? 4 : 0);
    return { object, section: to, offset };
  }

  private homeOfTarget({ target }: Reference): number {
    return target.kind === 'section' ? this.homeOf(target.object, target.section) : FIXED;
  }

  private own({ object, section }: Reference): number {
    return this.homeOf(object, section.index);
  }

  /** A pointer or a distance in data. */
  private data(reference: Reference): void {
    const { type } = reference.relocation;
    const from = this.own(reference);
    const to = this.homeOfTarget(reference);
    if (!isAddress(type)) return;
    const relative = PC_RELATIVE[type] === 1;
    if (relative ? from === to : to === FIXED) return;
    const place = this.codePlace(reference);
    if (relative || !place) {
      this.counts.left++;
      return;
    }
    this.checkWidth(reference);
    this.pointAtStub(reference, place);
  }

  private checkWidth(reference: Reference): void {
    const { type } = reference.relocation;
    if (type !== R.ABS64 && type !== R.ABS32 && type !== R.ABS32S)
      throw fieldError(this.program, reference, 'is too narrow for an address that moves');
  }

  private pointAtStub(reference: Reference, place: CodePlace, bias = 0): void {
    const { object, section, n, relocation } = reference;
    const draft = this.draft(object);
    const symbol = draft.undefinedSymbol(stubName(this.stub(place)));
    draft.change(section.index, n, { ...relocation, symbol, addend: bias });
    this.counts.stubs++;
  }

  /** The key of the canonical stub of a place in code. */
  private stub(place: CodePlace): string {
    const key = this.key(place);
    this.stubs.set(key, this.placeOf(place));
    return key;
  }

  private key({ object, section, offset }: CodePlace): string {
    const labels = this.labels.get(`${object} ${section}`) ?? [];
    return placeKey(this.program, object, section, offset, labels);
  }

  /** A place as another object can refer to it. */
  private placeOf({ object, section, offset }: CodePlace): Place {
    const symbol = sectionAlias(this.program, object, section);
    this.draft(object).alias(symbol, section);
    return { symbol, addend: offset };
  }

  private code(references: readonly Reference[]): void {
    const pending = references.map((reference) => this.first(reference));
    const done = new Set<Pending>();
    for (const one of pending) {
      if (one.status !== 'varies' || done.has(one)) continue;
      const field = fieldOf(this.program, one.reference);
      const { start, bytes } = field.instruction;
      const fellows = pending.filter(({ reference: { relocation } }) => {
        const { offset } = relocation;
        return offset >= start && offset < start + bytes.length;
      });
      fellows.forEach((fellow) => done.add(fellow));
      this.instruction(field, one, fellows);
    }
    for (const one of pending)
      if (one.status === 'redirected' && !done.has(one)) this.change(one.reference, one.changed);
  }

  private change({ object, section, n }: Reference, changed: ElfRelocation): void {
    this.draft(object).change(section.index, n, changed);
  }

  /** What can be done to a field without looking at its instruction. */
  private first(reference: Reference): Pending {
    const { relocation, object, target } = reference;
    const constant: Pending = { reference, changed: relocation, status: 'constant' };
    if (!isAddress(relocation.type)) return constant;
    const from = this.own(reference);
    const to = this.homeOfTarget(reference);
    const place = this.codePlace(reference);
    const draft = () => this.draft(object);
    if (isBranchByBytes(reference)) {
      if (from === to && target.kind !== 'number') return constant;
      if (from === FIXED && to === FIXED) return constant;
      const name = this.jumpTarget(reference, from, place);
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
    this.checkWidth(reference);
    const symbol = draft().undefinedSymbol(stubName(this.stub(place)));
    this.counts.stubs++;
    return { reference, changed: { ...relocation, symbol, addend: 0 }, status: 'redirected' };
  }

  private isLea({ section, relocation }: Reference): boolean {
    const opcode = section.data[relocation.offset - 2];
    return opcode === 0x8d || (isTableLoad(relocation.type) && opcode === 0x8b);
  }

  /** Name of what a call or jump goes to instead. */
  private jumpTarget(reference: Reference, from: number, place: CodePlace | undefined): string {
    if (from === FIXED && place) {
      this.counts.stubs++;
      return stubName(this.stub(place));
    }
    this.counts.farCalls++;
    return this.farJump(from, place ? this.slot(place) : this.slotOfName(reference));
  }

  private farJump(block: number, key: string): string {
    const keys = this.far.get(block) ?? new Set<string>();
    this.far.set(block, keys.add(key));
    return farName(block, key);
  }

  private slot(place: CodePlace): string {
    const key = this.key(place);
    this.slots.set(key, this.placeOf(place));
    return key;
  }

  /** A jump to an undefined weak symbol goes to address 0, as it does now. */
  private slotOfName({ target, relocation }: Reference): string {
    const symbol = target.kind === 'name' ? target.name : undefined;
    const addend = relocation.addend + 4;
    const key = `name.${symbol ?? ''}.${addend}`;
    this.slots.set(key, { symbol, addend });
    return key;
  }

  /** An instruction of which a field varies and cannot be redirected. */
  private instruction(field: Field, one: Pending, fellows: readonly Pending[]): void {
    const { reference } = one;
    if (isTableLoad(reference.relocation.type)) return this.tableLoad(reference, field.instruction);
    const isOnly = fellows.length === 1;
    if (isOnly && this.inPlace(reference, field)) return;
    const varying = fellows.filter(({ status }) => status === 'varies');
    if (varying.length === 1 && this.beside(field, one, fellows)) return;
    this.privately(field, reference, fellows);
  }

  /** Encodes the instruction otherwise in the same length, where that is possible. */
  private inPlace(reference: Reference, { instruction, kind, offset }: Field): boolean {
    const { relocation } = reference;
    const to = this.homeOfTarget(reference);
    const place = this.codePlace(reference);
    if (kind === 'rip' && place && to !== FIXED) {
      const form = leaAsImmediate(instruction);
      if (!form) return false;
      const symbol = this.draft(reference.object).undefinedSymbol(stubName(this.stub(place)));
      this.counts.stubs++;
      return this.encode(reference, instruction, form, { type: typeOf(form), symbol, addend: 0 });
    }
    if (kind === 'rip' && to === FIXED) {
      const form = leaAsImmediate(instruction) ?? accumulatorMove(instruction);
      const addend = relocation.addend + instruction.bytes.length - offset;
      const { symbol } = relocation;
      return this.encode(reference, instruction, form, { type: typeOf(form), symbol, addend });
    }
    if (kind !== 'immediate' || to !== this.own(reference)) return false;
    const form = immediateAsLea(instruction);
    if (form?.bytes.length !== instruction.bytes.length) return false;
    const addend = relocation.addend - 4;
    const { symbol } = relocation;
    return this.encode(reference, instruction, form, { type: R.PC32, symbol, addend });
  }

  private encode(
    reference: Reference,
    { start }: Found,
    form: Form | undefined,
    to: Omit<ElfRelocation, 'offset'>,
  ): boolean {
    if (!form) return false;
    this.draft(reference.object).patch(reference.section.index, start, form.bytes);
    this.change(reference, { ...to, offset: start + form.offset });
    this.counts.inPlace++;
    return true;
  }

  /** Moves the instruction to a place in its own block, in a form that is the same everywhere. */
  private beside(field: Field, one: Pending, fellows: readonly Pending[]): boolean {
    const { reference } = one;
    const from = this.own(reference);
    const to = this.homeOfTarget(reference);
    const { instruction, kind } = field;
    if (from === FIXED || (this.codePlace(reference) && to !== FIXED)) return false;
    if (kind === 'rip' && to === FIXED) return this.absolutely(field, reference, fellows);
    if (kind !== 'immediate' || to !== from || fellows.length > 1) return false;
    const form = immediateAsLea(instruction);
    if (!form) return false;
    const { symbol, addend } = reference.relocation;
    const relocation = { offset: form.offset, type: R.PC32, symbol, addend: addend - 4 };
    this.goBeside(reference, instruction, form.bytes, [relocation], fellows);
    return true;
  }

  private absolutely(
    { instruction, offset }: Field,
    reference: Reference,
    fellows: readonly Pending[],
  ): boolean {
    const { bytes, start, isIndirectCall } = instruction;
    const form = withAbsoluteAddress(instruction);
    const jump =
      isIndirectCall && form ? callAsJump({ ...instruction, ...asFound(form) }) : undefined;
    if (!form || (isIndirectCall && !jump)) return false;
    const relocations = fellows.map(({ reference: own, changed }): ElfRelocation => {
      const at = changed.offset - start;
      if (own !== reference) return { ...changed, offset: at > offset ? at + 1 : at };
      const addend = changed.addend + bytes.length - offset;
      return { offset: form.offset, type: R.ABS32S, symbol: changed.symbol, addend };
    });
    this.goBeside(reference, instruction, jump ?? form.bytes, relocations, fellows);
    return true;
  }

  private goBeside(
    reference: Reference,
    instruction: Found,
    bytes: Uint8Array,
    relocations: readonly ElfRelocation[],
    fellows: readonly Pending[],
  ): void {
    const { object, section } = reference;
    const back = instruction.isIndirectCall ? undefined : this.behind(reference, instruction);
    const at = this.draft(object).addCode(section.index, bytes, relocations, back);
    this.leave(instruction, fellows, at);
    this.counts.besideThunks++;
  }

  /** The address behind an instruction, by the symbol's index in its own object. */
  private behind({ object, section }: Reference, { start, bytes }: Found) {
    const name = sectionAlias(this.program, object, section.index);
    const symbol = this.draft(object).alias(name, section.index);
    return { symbol, addend: start + bytes.length };
  }

  /** Moves the instruction as it is to the fixed section, where every unikernel has its own. */
  private privately(
    { instruction }: Field,
    reference: Reference,
    fellows: readonly Pending[],
  ): void {
    const { object, section } = reference;
    const { start, bytes, isIndirectCall } = instruction;
    if (isIndirectCall && instruction.usesStackPointer)
      throw fieldError(this.program, reference, 'calls through the stack at an address that moves');
    const jump = isIndirectCall ? callAsJump(instruction) : bytes;
    if (fellows.some((fellow) => fellow.status === 'varies' && this.takesCode(fellow.reference)))
      throw fieldError(this.program, reference, 'takes the address of code in an unknown way');
    if (!jump || instruction.isBranch)
      throw fieldError(this.program, reference, 'cannot be carried out elsewhere');
    const key = this.thunkKey(reference);
    const alias = sectionAlias(this.program, object, section.index);
    this.draft(object).alias(alias, section.index);
    const back = isIndirectCall ? undefined : { symbol: alias, addend: start + bytes.length };
    const relocations = fellows.map((fellow) => this.named(fellow, start));
    this.thunks.set(key, { bytes: jump, relocations, back });
    this.counts.privateThunks++;
    const from = this.own(reference);
    const draft = this.draft(object);
    if (from === FIXED)
      return this.leave(instruction, fellows, {
        symbol: draft.undefinedSymbol(thunkName(key)),
        addend: 0,
      });
    this.slots.set(key, { symbol: thunkName(key), addend: 0 });
    if (isIndirectCall || bytes.length < FAR_JUMP.length)
      return this.leave(instruction, fellows, {
        symbol: draft.undefinedSymbol(this.farJump(from, key)),
        addend: 0,
      });
    this.leaveFar(instruction, fellows, draft.undefinedSymbol(slotName(key)));
  }

  private takesCode(reference: Reference): boolean {
    return this.codePlace(reference) !== undefined && this.homeOfTarget(reference) !== FIXED;
  }

  private thunkKey({ object, section }: Reference): string {
    const prefix = `thunk.${sectionAlias(this.program, object, section.index)}`;
    const n = this.thunkCounts.get(prefix) ?? 0;
    this.thunkCounts.set(prefix, n + 1);
    return `${prefix}.${n}`;
  }

  /** A relocation of a moved instruction, as another object can have it. */
  private named({ reference, changed, status }: Pending, start: number): NamedRelocation {
    const { offset, type, addend } = changed;
    const common = { offset: offset - start, type };
    if (status === 'redirected')
      return { ...common, symbol: this.draft(reference.object).nameOf(changed.symbol), addend };
    const { target } = reference;
    switch (target.kind) {
      case 'section': {
        const { object, section, value } = target;
        return { ...common, ...this.placeOf({ object, section, offset: value + addend }) };
      }
      case 'name':
        return { ...common, symbol: target.name, addend };
      default:
        throw fieldError(
          this.program,
          reference,
          'refers to a number beside an address that moves',
        );
    }
  }

  /** Puts a near call or jump in the place of an instruction. */
  private leave(
    { start, bytes, isIndirectCall }: Found,
    fellows: readonly Pending[],
    to: { readonly symbol: number; readonly addend: number },
  ): void {
    const opcode = isIndirectCall ? CALL : JUMP;
    const rest = new Array<number>(bytes.length - JUMP_BYTES).fill(isIndirectCall ? NOP : TRAP);
    const code = Uint8Array.of(opcode, 0, 0, 0, 0, ...rest);
    const relocation = { type: R.PLT32, symbol: to.symbol, addend: to.addend - 4 };
    this.replace(fellows, start, code, { ...relocation, offset: start + 1 });
  }

  /** Puts `jmp *SLOT` in the place of an instruction. */
  private leaveFar({ start, bytes }: Found, fellows: readonly Pending[], symbol: number): void {
    const rest = new Array<number>(bytes.length - FAR_JUMP.length).fill(TRAP);
    const code = Uint8Array.of(...FAR_JUMP, ...rest);
    this.replace(fellows, start, code, { offset: start + 3, type: R.ABS32S, symbol, addend: 0 });
  }

  /** One relocation of the old instruction becomes that of the new one, and the others go. */
  private replace(
    fellows: readonly Pending[],
    start: number,
    code: Uint8Array,
    relocation: ElfRelocation,
  ): void {
    fellows.forEach(({ reference }, i) => {
      const { object, section } = reference;
      if (i === 0) this.draft(object).patch(section.index, start, code);
      this.change(reference, i === 0 ? relocation : { ...NO_RELOCATION, offset: start });
    });
  }

  /** A load, call or jump through the global offset table becomes direct, as ld would do it. */
  private tableLoad(reference: Reference, found: Found): void {
    const { relocation, section } = reference;
    const opcode = section.data[relocation.offset - 2];
    if (relocation.addend !== -4 || (opcode !== 0x8b && opcode !== 0xff))
      throw fieldError(this.program, reference, 'goes through the global offset table');
    if (opcode === 0xff) return this.tableCall(reference, found);
    const bytes = Uint8Array.from(found.bytes);
    bytes[found.displacement - 2] = 0x8d;
    const direct = { ...reference, relocation: { ...relocation, type: R.PC32 } };
    const field: Field = {
      instruction: { ...found, bytes },
      offset: found.displacement,
      kind: 'rip',
    };
    if (!this.inPlace(direct, field))
      throw fieldError(this.program, reference, 'goes through the global offset table');
  }

  /** `call *f@GOTPCREL(%rip)` is `addr32 call f`, and `jmp` the same with a NOP behind it. */
  private tableCall(reference: Reference, { start }: Found): void {
    const { object, section, relocation } = reference;
    const isCall = section.data[relocation.offset - 1] === 0x15;
    const place = this.codePlace(reference);
    const name = this.jumpTarget(reference, this.own(reference), place);
    const code = isCall ? [0x67, CALL, 0, 0, 0, 0] : [JUMP, 0, 0, 0, 0, NOP];
    const offset = start + (isCall ? 2 : 1);
    const symbol = this.draft(object).undefinedSymbol(name);
    this.draft(object).patch(section.index, start, Uint8Array.from(code));
    this.change(reference, { offset, type: R.PLT32, symbol, addend: -4 });
  }
}

interface CodePlace {
  readonly object: number;
  readonly section: number;
  readonly offset: number;
}

const CALL = 0xe8;
const JUMP = 0xe9;
const NO_RELOCATION = { type: R.NONE, symbol: 0, addend: 0 } as const;

const typeOf = (form: Form | undefined) => (form?.unsigned ? R.ABS32 : R.ABS32S);

const asFound = ({ bytes, offset }: Form) => ({ bytes, displacement: offset });
