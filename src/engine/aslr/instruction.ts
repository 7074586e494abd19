/**
 * Finds the instruction that a relocated field belongs to, and says what it can become. Decoding
 * starts at the nearest symbol before the field, where an instruction begins; that the field is
 * exactly a displacement or an immediate of what is decoded there is checked.
 *
 * Encodings: Intel SDM volume 2, chapter 2 (ModRM, SIB, REX, RIP-relative addressing).
 */
import {
  Code,
  Decoder,
  DecoderOptions,
  FlowControl,
  Mnemonic,
  OpKind,
  Register,
  type Instruction,
} from 'iced-x86';
import { SpacerError } from '../errors.ts';
import type { Program } from '../model/types.ts';
import { symbolsOf, type Reference } from './references.ts';

/** What is known of one instruction. Offsets count from its first byte. */
export interface Found {
  /** Offset into the section. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** Offset of the ModRM displacement; 0 where there is none. */
  readonly displacement: number;
  readonly isRipRelative: boolean;
  readonly isBranch: boolean;
  readonly isIndirectCall: boolean;
  readonly usesStackPointer: boolean;
}

/** What the field of a reference is in its instruction. */
export interface Field {
  readonly instruction: Found;
  /** Offset of the field into the instruction. */
  readonly offset: number;
  readonly kind: 'branch' | 'rip' | 'absolute' | 'immediate';
}

/**
 * The field of a reference in a code section.
 * @throws SpacerError `aslr-field` where it is not a field of an instruction
 */
export function fieldOf(program: Program, reference: Reference): Field {
  const { object, section, relocation } = reference;
  const { offset } = relocation;
  const from = startBefore(program, object, section.index, offset);
  const bytes = Uint8Array.from(section.data.subarray(from, offset + 24));
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  try {
    while (decoder.canDecode) {
      const start = from + decoder.position;
      const instruction = decoder.decode();
      try {
        if (start + instruction.length <= offset) continue;
        const field = start <= offset ? fieldIn(decoder, instruction, offset - start) : undefined;
        if (field === undefined) break;
        const own = section.data.subarray(start, start + instruction.length);
        return { ...field, instruction: describe(decoder, instruction, start, own) };
      } finally {
        instruction.free();
      }
    }
  } finally {
    decoder.free();
  }
  throw fieldError(program, reference, 'is not a field of an instruction');
}

function startBefore(program: Program, object: number, section: number, offset: number): number {
  const symbols = symbolsOf(program, object, section);
  return symbols.findLast((symbol) => symbol.value <= offset)?.value ?? 0;
}

function fieldIn(
  decoder: Decoder,
  instruction: Instruction,
  offset: number,
): Pick<Field, 'offset' | 'kind'> | undefined {
  if (instruction.isInvalid) return undefined;
  const offsets = decoder.getConstantOffsets(instruction);
  try {
    if (offsets.hasDisplacement && offsets.displacementOffset === offset)
      return { offset, kind: instruction.isIpRelMemoryOperand ? 'rip' : 'absolute' };
    if (offsets.hasImmediate && offsets.immediateOffset === offset)
      return { offset, kind: isNearBranch(instruction) ? 'branch' : 'immediate' };
    return undefined;
  } finally {
    offsets.free();
  }
}

function isNearBranch(instruction: Instruction): boolean {
  if (instruction.opCount === 0) return false;
  const kind = instruction.opKind(0);
  return kind === OpKind.NearBranch64 || kind === OpKind.NearBranch32;
}

function describe(
  decoder: Decoder,
  instruction: Instruction,
  start: number,
  bytes: Uint8Array,
): Found {
  const offsets = decoder.getConstantOffsets(instruction);
  const displacement = offsets.hasDisplacement ? offsets.displacementOffset : 0;
  offsets.free();
  const { memoryBase, memoryIndex } = instruction;
  return {
    start,
    bytes: Uint8Array.from(bytes),
    displacement,
    isRipRelative: instruction.isIpRelMemoryOperand,
    isBranch: isNearBranch(instruction),
    isIndirectCall: instruction.flowControl === FlowControl.IndirectCall,
    usesStackPointer: memoryBase === Register.RSP || memoryIndex === Register.RSP,
  };
}

/** An error that names library, symbol, offset and bytes of a field. */
export function fieldError(program: Program, reference: Reference, text: string): SpacerError {
  const { object, section, relocation } = reference;
  const { library, path } = program.objects[object]!;
  const { offset } = relocation;
  const symbol = symbolsOf(program, object, section.index).findLast((s) => s.value <= offset);
  const bytes = Buffer.from(section.data.subarray(Math.max(0, offset - 4), offset + 4));
  const place = symbol ? `, in ${symbol.name}` : '';
  return new SpacerError(
    'aslr-field',
    `${library}: ${section.name}+0x${offset.toString(16)}${place} (${bytes.toString('hex')}) ${text}`,
    { file: path, offset: section.offset + offset },
  );
}

/** An instruction in a new form of the same length or another, and where its field is then. */
export interface Form {
  readonly bytes: Uint8Array;
  /** Offset of the 4-byte field into the new bytes. */
  readonly offset: number;
  /** The field is zero-extended to 64 bits rather than sign-extended. */
  readonly unsigned: boolean;
}

const MODRM_RIP = 0x05;
const SIB_ABSOLUTE = 0x25;
const ADDRESS_SIZE = 0x67;
const REX = { R: 4, X: 2, B: 1, W: 8 } as const;

const isRex = (byte: number) => (byte & 0xf0) === 0x40;

/** Prefixes, opcode and ModRM of `[legacy] [REX] opcode modrm disp32` without an immediate. */
interface Plain {
  readonly legacy: readonly number[];
  readonly rex: number;
  readonly opcode: number;
  readonly register: number;
}

function plainRip({ bytes, displacement, isRipRelative }: Found): Plain | undefined {
  if (!isRipRelative || displacement + 4 !== bytes.length || displacement < 2) return undefined;
  const modrm = bytes[displacement - 1]!;
  if ((modrm & 0xc7) !== MODRM_RIP) return undefined;
  const before = [...bytes.subarray(0, displacement - 2)];
  const last = before.at(-1);
  const rex = last !== undefined && isRex(last) ? last : 0;
  const legacy = rex ? before.slice(0, -1) : before;
  if (!legacy.every((byte) => LEGACY.has(byte))) return undefined;
  return { legacy, rex, opcode: bytes[displacement - 2]!, register: (modrm >> 3) & 7 };
}

/** Operand size and segment prefixes; an address size prefix would change the meaning. */
const LEGACY = new Set([0x66, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65]);

/** `lea sym(%rip), %r64` as `mov $sym, %r64`: REX.W c7 /0 sign-extends its immediate. */
export function leaAsImmediate(found: Found): Form | undefined {
  const plain = plainRip(found);
  if (plain?.opcode !== 0x8d || !(plain.rex & REX.W) || plain.legacy.length > 0) return undefined;
  const rex = 0x40 | REX.W | (plain.rex & REX.R ? REX.B : 0);
  return {
    bytes: Uint8Array.of(rex, 0xc7, 0xc0 | plain.register, 0, 0, 0, 0),
    offset: 3,
    unsigned: false,
  };
}

/** Loads and stores of the accumulator, by opcode: `mov moffs` with a 32-bit address. */
const ACCUMULATOR = new Map([
  [0x8a, 0xa0],
  [0x8b, 0xa1],
  [0x88, 0xa2],
  [0x89, 0xa3],
]);

/** `mov sym(%rip), %rax` and the like with an absolute address, in the same length. */
export function accumulatorMove(found: Found): Form | undefined {
  const plain = plainRip(found);
  if (!plain || plain.register !== 0 || plain.rex & REX.R) return undefined;
  const opcode = ACCUMULATOR.get(plain.opcode);
  if (opcode === undefined) return undefined;
  const rex = plain.rex ? [plain.rex & ~(REX.X | REX.B)] : [];
  const head = [...plain.legacy, ADDRESS_SIZE, ...rex, opcode];
  return { bytes: Uint8Array.of(...head, 0, 0, 0, 0), offset: head.length, unsigned: true };
}

/** The same instruction with `disp32` instead of `disp32(%rip)`: one byte, the SIB, more. */
export function withAbsoluteAddress(found: Found): Form | undefined {
  const { bytes, displacement } = found;
  const modrm = bytes[displacement - 1]!;
  if (!found.isRipRelative || (modrm & 0xc7) !== MODRM_RIP) return undefined;
  const changed = Uint8Array.of(
    ...bytes.subarray(0, displacement - 1),
    (modrm & ~7) | 4,
    SIB_ABSOLUTE,
    0,
    0,
    0,
    0,
    ...bytes.subarray(displacement + 4),
  );
  const form = { bytes: changed, offset: displacement + 1, unsigned: false };
  return isSameButAddress(bytes, changed) ? form : undefined;
}

/** Decodes both: the same operation on the same operands, but for the address. */
function isSameButAddress(before: Uint8Array, after: Uint8Array): boolean {
  const [a, b] = [decodeOne(before), decodeOne(after)];
  try {
    const isAbsolute = b.memoryBase === Register.None && b.memoryIndex === Register.None;
    return (
      b.code === a.code &&
      b.length === after.length &&
      isAbsolute &&
      b.segmentPrefix === a.segmentPrefix &&
      b.opCount === a.opCount &&
      Array.from({ length: a.opCount }, (_, i) => sameOperand(a, b, i)).every(Boolean)
    );
  } finally {
    a.free();
    b.free();
  }
}

function sameOperand(a: Instruction, b: Instruction, i: number): boolean {
  if (a.opKind(i) !== b.opKind(i)) return false;
  return a.opKind(i) !== OpKind.Register || a.opRegister(i) === b.opRegister(i);
}

function decodeOne(bytes: Uint8Array): Instruction {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  try {
    return decoder.decode();
  } finally {
    decoder.free();
  }
}

/** `mov $sym, %r32` as `lea sym(%rip), %r64`: an address below 4 GiB is the same in both. */
export function immediateAsLea({ bytes }: Found): Form | undefined {
  const rex = isRex(bytes[0]!) ? bytes[0]! : 0;
  const [opcode = 0, modrm = 0] = bytes.subarray(rex ? 1 : 0);
  const isShort = opcode >= 0xb8 && opcode <= 0xbf && !(rex & REX.W);
  const isLong = opcode === 0xc7 && (modrm & 0xf8) === 0xc0;
  if (!isShort && !isLong) return undefined;
  if (bytes.length !== (rex ? 1 : 0) + (isShort ? 5 : 6)) return undefined;
  const register = isShort ? opcode & 7 : modrm & 7;
  const wide = 0x40 | REX.W | (rex & REX.B ? REX.R : 0);
  return {
    bytes: Uint8Array.of(wide, 0x8d, MODRM_RIP | (register << 3), 0, 0, 0, 0),
    offset: 3,
    unsigned: false,
  };
}

/** `call *m` as `jmp *m`: ModRM /2 becomes /4. */
export function callAsJump({ bytes, displacement }: Found): Uint8Array | undefined {
  const before = decodeOne(bytes);
  const isCall = before.code === Code.Call_rm64;
  before.free();
  if (!isCall || displacement === 0) return undefined;
  const at = bytes.indexOf(0xff) + 1;
  const changed = Uint8Array.from(bytes);
  changed[at] = (bytes[at]! & ~0x38) | (4 << 3);
  const after = decodeOne(changed);
  const isJump = after.mnemonic === Mnemonic.Jmp && after.length === bytes.length;
  after.free();
  return isJump ? changed : undefined;
}
