/** Instructions that are encoded otherwise in the same length. */
import type { ElfRelocation } from '../elf/types.ts';
import { R } from '../model/relocation-types.ts';
import type { Bench } from './bench.ts';
import { FIXED } from './homes.ts';
import {
  accumulatorMove,
  fieldError,
  immediateAsLea,
  leaAsImmediate,
  type Field,
  type Form,
  type Found,
} from './instruction.ts';
import { stubName } from './names.ts';
import { CALL, JUMP, NOP } from './opcodes.ts';
import type { Reference } from './references.ts';

const typeOf = (form: Form | undefined) => (form?.unsigned ? R.ABS32 : R.ABS32S);

/** Encodes the instruction otherwise in the same length, where that is possible. */
export function inPlace(
  bench: Bench,
  reference: Reference,
  { instruction, kind, offset }: Field,
): boolean {
  const { relocation } = reference;
  const to = bench.homeOfTarget(reference);
  const place = bench.codePlace(reference);
  if (kind === 'rip' && place && to !== FIXED) {
    const form = leaAsImmediate(instruction);
    if (!form) return false;
    const symbol = bench.draft(reference.object).undefinedSymbol(stubName(bench.stub(place)));
    bench.counts.stubs++;
    return encode(bench, reference, instruction, form, { type: typeOf(form), symbol, addend: 0 });
  }
  if (kind === 'rip' && to === FIXED) {
    const form = leaAsImmediate(instruction) ?? accumulatorMove(instruction);
    const addend = relocation.addend + instruction.bytes.length - offset;
    const { symbol } = relocation;
    return encode(bench, reference, instruction, form, { type: typeOf(form), symbol, addend });
  }
  if (kind !== 'immediate' || to !== bench.own(reference)) return false;
  const form = immediateAsLea(instruction);
  if (form?.bytes.length !== instruction.bytes.length) return false;
  const addend = relocation.addend - 4;
  const { symbol } = relocation;
  return encode(bench, reference, instruction, form, { type: R.PC32, symbol, addend });
}

function encode(
  bench: Bench,
  reference: Reference,
  { start }: Found,
  form: Form | undefined,
  to: Omit<ElfRelocation, 'offset'>,
): boolean {
  if (!form) return false;
  bench.draft(reference.object).patch(reference.section.index, start, form.bytes);
  bench.change(reference, { ...to, offset: start + form.offset });
  bench.counts.inPlace++;
  return true;
}

/** A load, call or jump through the global offset table becomes direct, as ld would do it. */
export function tableLoad(bench: Bench, reference: Reference, found: Found): void {
  const { relocation, section } = reference;
  const opcode = section.data[relocation.offset - 2];
  if (relocation.addend !== -4 || (opcode !== 0x8b && opcode !== 0xff))
    throw fieldError(bench.program, reference, 'goes through the global offset table');
  if (opcode === 0xff) return tableCall(bench, reference, found);
  const bytes = Uint8Array.from(found.bytes);
  bytes[found.displacement - 2] = 0x8d;
  const direct = { ...reference, relocation: { ...relocation, type: R.PC32 } };
  const field: Field = {
    instruction: { ...found, bytes },
    offset: found.displacement,
    kind: 'rip',
  };
  if (!inPlace(bench, direct, field))
    throw fieldError(bench.program, reference, 'goes through the global offset table');
}

/** `call *f@GOTPCREL(%rip)` is `addr32 call f`, and `jmp` the same with a NOP behind it. */
function tableCall(bench: Bench, reference: Reference, { start }: Found): void {
  const { object, section, relocation } = reference;
  const isCall = section.data[relocation.offset - 1] === 0x15;
  const place = bench.codePlace(reference);
  const name = bench.jumpTarget(reference, bench.own(reference), place);
  const code = isCall ? [0x67, CALL, 0, 0, 0, 0] : [JUMP, 0, 0, 0, 0, NOP];
  const offset = start + (isCall ? 2 : 1);
  const symbol = bench.draft(object).undefinedSymbol(name);
  bench.draft(object).patch(section.index, start, Uint8Array.from(code));
  bench.change(reference, { offset, type: R.PLT32, symbol, addend: -4 });
}
