/**
 * What keeps code where it is: it runs before paging is on, or contains data that refer to addresses,
 * or its bytes are read, since a stub in its place would be read instead.
 */
import type { UnikernelInput } from '../atoms/identify.ts';
import type { ElfSection } from '../elf/types.ts';
import { FIELD_BYTES, PC_RELATIVE, R } from '../model/relocation-types.ts';
import type { Program } from '../model/types.ts';
import { isTableLoad } from './address-types.ts';
import { fieldOf } from './instruction.ts';
import { functionAt, isBranchByBytes, isCode, type Reference } from './references.ts';

/** Boot code of Unikraft runs in 16, 32 and 64-bit mode, before there are page tables. */
export const isBoot = ({ name }: ElfSection) =>
  /^\.(text|data|rodata|bss)(\.\d+)?\.boot($|\.)/.test(name);

/** A 64-bit address in code that is not the immediate of a `movabs` (REX.W b8+r). */
export function isData({ section, relocation }: Reference): boolean {
  const { type, offset } = relocation;
  if (FIELD_BYTES[type]! < 4) return true;
  if (type !== R.ABS64) return false;
  const [rex = 0, opcode = 0] = [section.data[offset - 2], section.data[offset - 1]];
  return (rex & 0xf8) !== 0x48 || (opcode & 0xf8) !== 0xb8;
}

/** Why a reference to code keeps that code in place; undefined where it does not. */
export function readsCode({ program }: UnikernelInput, reference: Reference): string | undefined {
  const { section, relocation } = reference;
  if (/^\.(eh_frame|gcc_except_table)/.test(section.name)) return undefined;
  const isRelative = PC_RELATIVE[relocation.type] === 1;
  if (isCode(section) && isRelative)
    return readsRelatively(program, reference) ? 'its bytes are read' : undefined;
  if (isJumpTarget(program, reference)) return undefined;
  return isCode(section) ? 'its bytes are read' : 'data refer to bytes of it';
}

/** True for an operand of an instruction that is no call or jump, and no address of a function. */
function readsRelatively(program: Program, reference: Reference): boolean {
  const { section, relocation, target, object } = reference;
  if (isBranchByBytes(reference) || isTableLoad(relocation.type)) return false;
  const { kind, instruction, offset } = fieldOf(program, reference);
  if (kind === 'branch') return false;
  if (instruction.bytes[offset - 2] === 0x8d) return !isJumpTarget(program, reference, 4);
  const isOwn =
    target.kind === 'section' && target.object === object && target.section === section.index;
  return !isOwn;
}

const offsetOf = ({ target, relocation }: Reference) =>
  (target.kind === 'section' ? target.value : 0) + relocation.addend;

function isJumpTarget(program: Program, reference: Reference, bias = 0): boolean {
  const { target } = reference;
  if (target.kind !== 'section') return false;
  const at = offsetOf(reference) + bias;
  return functionAt(program, target.object, target.section, at) !== undefined;
}
