/**
 * Instructions that are carried out somewhere else: in their own block with an absolute address, or as
 * they are in the common object's fixed section. A jump stands in their place, and one leads back.
 */
import type { ElfRelocation } from '../elf/types.ts';
import { R } from '../model/relocation-types.ts';
import type { Bench, Pending } from './bench.ts';
import type { NamedRelocation } from './common-object.ts';
import { FIXED } from './homes.ts';
import {
  callAsJump,
  fieldError,
  immediateAsLea,
  withAbsoluteAddress,
  type Field,
  type Form,
  type Found,
} from './instruction.ts';
import { sectionAlias, slotName, thunkName } from './names.ts';
import { CALL, JUMP, NOP } from './opcodes.ts';
import type { Reference } from './references.ts';

const JUMP_BYTES = 5;
/** `jmp *disp32`: ff /4 with a SIB byte without base and index. */
const FAR_JUMP = [0xff, 0x24, 0x25, 0, 0, 0, 0];
const TRAP = 0xcc;
const NO_RELOCATION = { type: R.NONE, symbol: 0, addend: 0 } as const;

const asFound = ({ bytes, offset }: Form) => ({ bytes, displacement: offset });

/** Moves the instruction to a place in its own block, in a form that is the same everywhere. */
export function beside(
  bench: Bench,
  field: Field,
  one: Pending,
  fellows: readonly Pending[],
): boolean {
  const { reference } = one;
  const from = bench.own(reference);
  const to = bench.homeOfTarget(reference);
  const { instruction, kind } = field;
  if (from === FIXED || (bench.codePlace(reference) && to !== FIXED)) return false;
  if (kind === 'rip' && to === FIXED) return absolutely(bench, field, reference, fellows);
  if (kind !== 'immediate' || to !== from || fellows.length > 1) return false;
  const form = immediateAsLea(instruction);
  if (!form) return false;
  const { symbol, addend } = reference.relocation;
  const relocation = { offset: form.offset, type: R.PC32, symbol, addend: addend - 4 };
  goBeside(bench, reference, instruction, form.bytes, [relocation], fellows);
  return true;
}

function absolutely(
  bench: Bench,
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
  goBeside(bench, reference, instruction, jump ?? form.bytes, relocations, fellows);
  return true;
}

function goBeside(
  bench: Bench,
  reference: Reference,
  instruction: Found,
  bytes: Uint8Array,
  relocations: readonly ElfRelocation[],
  fellows: readonly Pending[],
): void {
  const { object, section } = reference;
  const back = instruction.isIndirectCall ? undefined : behind(bench, reference, instruction);
  const at = bench.draft(object).addCode(section.index, bytes, relocations, back);
  leave(bench, instruction, fellows, at);
  bench.counts.besideThunks++;
}

/** The address behind an instruction, by the symbol's index in its own object. */
function behind(bench: Bench, { object, section }: Reference, { start, bytes }: Found) {
  const name = sectionAlias(bench.program, object, section.index);
  const symbol = bench.draft(object).alias(name, section.index);
  return { symbol, addend: start + bytes.length };
}

/** Moves the instruction as it is to the fixed section, where every unikernel has its own. */
export function privately(
  bench: Bench,
  { instruction }: Field,
  reference: Reference,
  fellows: readonly Pending[],
): void {
  const { object, section } = reference;
  const { start, bytes, isIndirectCall } = instruction;
  if (isIndirectCall && instruction.usesStackPointer)
    throw fieldError(bench.program, reference, 'calls through the stack at an address that moves');
  const jump = isIndirectCall ? callAsJump(instruction) : bytes;
  if (fellows.some((fellow) => fellow.status === 'varies' && takesCode(bench, fellow.reference)))
    throw fieldError(bench.program, reference, 'takes the address of code in an unknown way');
  if (!jump || instruction.isBranch)
    throw fieldError(bench.program, reference, 'cannot be carried out elsewhere');
  const key = thunkKey(bench, reference);
  const alias = sectionAlias(bench.program, object, section.index);
  bench.draft(object).alias(alias, section.index);
  const back = isIndirectCall ? undefined : { symbol: alias, addend: start + bytes.length };
  const relocations = fellows.map((fellow) => named(bench, fellow, start));
  bench.thunks.set(key, { bytes: jump, relocations, back });
  bench.counts.privateThunks++;
  const from = bench.own(reference);
  const draft = bench.draft(object);
  if (from === FIXED)
    return leave(bench, instruction, fellows, {
      symbol: draft.undefinedSymbol(thunkName(key)),
      addend: 0,
    });
  bench.slots.set(key, { symbol: thunkName(key), addend: 0 });
  if (isIndirectCall || bytes.length < FAR_JUMP.length)
    return leave(bench, instruction, fellows, {
      symbol: draft.undefinedSymbol(bench.farJump(from, key)),
      addend: 0,
    });
  leaveFar(bench, instruction, fellows, draft.undefinedSymbol(slotName(key)));
}

function takesCode(bench: Bench, reference: Reference): boolean {
  return bench.codePlace(reference) !== undefined && bench.homeOfTarget(reference) !== FIXED;
}

function thunkKey(bench: Bench, { object, section }: Reference): string {
  const prefix = `thunk.${sectionAlias(bench.program, object, section.index)}`;
  const n = bench.thunkCounts.get(prefix) ?? 0;
  bench.thunkCounts.set(prefix, n + 1);
  return `${prefix}.${n}`;
}

/** A relocation of a moved instruction, as another object can have it. */
function named(
  bench: Bench,
  { reference, changed, status }: Pending,
  start: number,
): NamedRelocation {
  const { offset, type, addend } = changed;
  const common = { offset: offset - start, type };
  if (status === 'redirected')
    return { ...common, symbol: bench.draft(reference.object).nameOf(changed.symbol), addend };
  const { target } = reference;
  switch (target.kind) {
    case 'section': {
      const { object, section, value } = target;
      return { ...common, ...bench.placeOf({ object, section, offset: value + addend }) };
    }
    case 'name':
      return { ...common, symbol: target.name, addend };
    default:
      throw fieldError(bench.program, reference, 'refers to a number beside an address that moves');
  }
}

/** Puts a near call or jump in the place of an instruction. */
function leave(
  bench: Bench,
  { start, bytes, isIndirectCall }: Found,
  fellows: readonly Pending[],
  to: { readonly symbol: number; readonly addend: number },
): void {
  const opcode = isIndirectCall ? CALL : JUMP;
  const rest = new Array<number>(bytes.length - JUMP_BYTES).fill(isIndirectCall ? NOP : TRAP);
  const code = Uint8Array.of(opcode, 0, 0, 0, 0, ...rest);
  const relocation = { type: R.PLT32, symbol: to.symbol, addend: to.addend - 4 };
  replace(bench, fellows, start, code, { ...relocation, offset: start + 1 });
}

/** Puts `jmp *SLOT` in the place of an instruction. */
function leaveFar(
  bench: Bench,
  { start, bytes }: Found,
  fellows: readonly Pending[],
  symbol: number,
): void {
  const rest = new Array<number>(bytes.length - FAR_JUMP.length).fill(TRAP);
  const code = Uint8Array.of(...FAR_JUMP, ...rest);
  replace(bench, fellows, start, code, { offset: start + 3, type: R.ABS32S, symbol, addend: 0 });
}

/** One relocation of the old instruction becomes that of the new one, and the others go. */
function replace(
  bench: Bench,
  fellows: readonly Pending[],
  start: number,
  code: Uint8Array,
  relocation: ElfRelocation,
): void {
  fellows.forEach(({ reference }, i) => {
    const { object, section } = reference;
    if (i === 0) bench.draft(object).patch(section.index, start, code);
    bench.change(reference, i === 0 ? relocation : { ...NO_RELOCATION, offset: start });
  });
}
