/**
 * Loads and calls through the global offset table become direct ones when the target is known at
 * link time: fewer instructions, and in a static program no table at all. The psABI (B.2) proposes
 * the rewrites; which of them happen, and to which bytes, is ld's choice (elf64-x86-64.c,
 * elf_x86_64_convert_load_reloc):
 *
 *     mov  foo@GOTPCREL(%rip), %reg   ->  lea foo(%rip), %reg, or mov $foo, %reg
 *     call *foo@GOTPCREL(%rip)        ->  addr32 call foo
 *     jmp  *foo@GOTPCREL(%rip)        ->  jmp foo; nop
 *     test/add/cmp/... with a register -> the same with $foo (not in position-independent output)
 */
import { SHN } from '../elf/types.ts';
import { SHF_X86_64_LARGE } from './constants.ts';
import type { Site } from './relocation-site.ts';
import { R } from './relocation-types.ts';
import { KIND } from './types.ts';

const OPCODE = {
  MOV_LOAD: 0x8b,
  MOV_IMM: 0xc7,
  LEA: 0x8d,
  GROUP5: 0xff,
  TEST: 0x85,
  TEST_IMM: 0xf7,
  BINOP_IMM: 0x81,
} as const;
const MODRM_JMP_RIP = 0x25;
const JMP = 0xe9;
const CALL = 0xe8;
const NOP = 0x90;
/** ld's default `-z call-nop`: an address-size prefix before the call. */
const ADDR32 = 0x67;
const REX_R = 4;
const REX_W = 8;

/**
 * Rewrites the instruction of a GOTPCREL, GOTPCRELX or REX_GOTPCRELX where ld does, and turns the
 * site's relocation into a direct one.
 * @returns false where the table entry is still needed
 */
export function relaxGot(site: Site, row: number, pic: boolean): boolean {
  const opcode = site.bytes[site.offset - 2] ?? 0;
  switch (formOf(site, row, pic)) {
    case FORM.BRANCH:
      return relaxBranch(site);
    case FORM.LEA:
      return relaxToLea(site);
    case FORM.IMMEDIATE:
      return relaxToImmediate(site, opcode);
    default:
      return false;
  }
}

/** Whether the table entry of such a relocation is needed. Changes nothing. */
export function keepsGotEntry(site: Site, row: number, pic: boolean): boolean {
  return formOf(site, row, pic) === FORM.NONE;
}

const FORM = { NONE: 0, BRANCH: 1, LEA: 2, IMMEDIATE: 3 } as const;

function formOf(site: Site, row: number, pic: boolean): number {
  const room = site.type === R.REX_GOTPCRELX ? 3 : 2;
  if (site.offset < room || site.addend !== -4 || !targetAllows(site, row)) return FORM.NONE;
  const form = chooseForm(site, row, site.bytes[site.offset - 2] ?? 0, pic);
  const fits = form !== FORM.IMMEDIATE || valueFits(immediateType(site), knownValue(site, row));
  return fits ? form : FORM.NONE;
}

/** Only the X types promise an instruction that may change its form; a plain load can become lea. */
function chooseForm(site: Site, row: number, opcode: number, pic: boolean): number {
  const relaxable = site.type !== R.GOTPCREL;
  const isLoad = opcode === OPCODE.MOV_LOAD;
  if (!relaxable) return isLoad && !(pic && isWeak(site, row)) ? FORM.LEA : FORM.NONE;
  if (opcode === OPCODE.GROUP5) return pic && isWeak(site, row) ? FORM.NONE : FORM.BRANCH;
  if (!pic || isWeak(site, row)) return FORM.IMMEDIATE;
  if (!isLoad) return FORM.NONE;
  return site.program.rows.kind[row] === KIND.ABSOLUTE ? FORM.IMMEDIATE : FORM.LEA;
}

const isWeak = (site: Site, row: number) => site.program.rows.kind[row] === KIND.UNDEFINED_WEAK;

/** ld asks before layout whether the immediate fits; it then knows offsets, but no addresses. */
function knownValue(site: Site, row: number): number {
  return site.program.rows.kind[row] === KIND.SCRIPT ? 0 : (site.program.rows.value[row] ?? 0);
}

function targetAllows(site: Site, row: number): boolean {
  const { rows, objects } = site.program;
  const kind = rows.kind[row] ?? 0;
  if (kind === KIND.UNDEFINED) return false;
  if (kind !== KIND.SECTION) return rows.section[row] !== SHN.UNDEF || rows.global[row] !== -1;
  const target = objects[rows.object[row] ?? 0]?.elf.sections[rows.section[row] ?? 0];
  return target === undefined || (target.flags & SHF_X86_64_LARGE) === 0;
}

function relaxBranch(site: Site): boolean {
  const { bytes, view, offset } = site;
  if (bytes[offset - 1] === MODRM_JMP_RIP) {
    view.setInt32(offset - 1, view.getInt32(offset, true), true);
    bytes[offset + 3] = NOP;
    site.offset = offset - 1;
    bytes[site.offset - 1] = JMP;
  } else {
    bytes[offset - 2] = ADDR32;
    bytes[offset - 1] = CALL;
  }
  site.type = R.PC32;
  return true;
}

function relaxToLea(site: Site): boolean {
  site.bytes[site.offset - 2] = OPCODE.LEA;
  site.type = R.PC32;
  return true;
}

const rexOf = (site: Site) =>
  site.type === R.REX_GOTPCRELX ? (site.bytes[site.offset - 3] ?? 0) : 0;

const immediateType = (site: Site) => ((rexOf(site) & REX_W) !== 0 ? R.ABS32S : R.ABS32);

function relaxToImmediate(site: Site, opcode: number): boolean {
  const { bytes, offset } = site;
  const rex = rexOf(site);
  const type = immediateType(site);
  const register = ((bytes[offset - 1] ?? 0) & 0x38) >> 3;
  const isMov = opcode === OPCODE.MOV_LOAD;
  bytes[offset - 1] = 0xc0 | register | (isMov || opcode === OPCODE.TEST ? 0 : opcode & 0x3c);
  // The register moves from ModRM.reg to ModRM.rm, so its high bit moves from REX.R to REX.B; a
  // 32-bit mov of a zero-extended immediate needs no REX.W.
  const cleared = isMov && type === R.ABS32 ? REX_R | REX_W : REX_R;
  if (rex !== 0) bytes[offset - 3] = (rex & ~cleared) | ((rex & REX_R) >> 2);
  bytes[offset - 2] = immediateOpcode(opcode);
  site.type = type;
  site.addend = 0;
  return true;
}

function immediateOpcode(opcode: number): number {
  if (opcode === OPCODE.MOV_LOAD) return OPCODE.MOV_IMM;
  return opcode === OPCODE.TEST ? OPCODE.TEST_IMM : OPCODE.BINOP_IMM;
}

function valueFits(type: number, value: number): boolean {
  if (type === R.ABS32S) return value >= -(2 ** 31) && value < 2 ** 31;
  return value >= 0 && value < 2 ** 32;
}
