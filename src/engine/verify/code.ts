/**
 * Decoded instructions, as far as a proof looks at them. What an instruction does is told by its
 * effect: a text for the operation with its registers, and values for what it takes from constants
 * (addresses of memory, immediates, targets). Encodings that do the same have the same effect: an
 * address is loaded by `lea` or by `mov` of an immediate, memory is named relative to the
 * instruction or absolutely (Intel SDM volume 2, 2.2.1.6; volume 1, 3.4.1.1: 32-bit results are
 * zero-extended).
 */
import { Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register } from 'iced-x86';

export interface Constant {
  readonly value: bigint;
  /** It may be the address of code. */
  readonly isPointer: boolean;
  /** Of its field, into the instruction. */
  readonly offset: number;
}

export interface Effect {
  readonly start: number;
  readonly size: number;
  /** Operation, operand kinds, registers, sizes, segment and prefixes. */
  readonly text: string;
  /** What constants say, in the order of the operands. */
  readonly values: readonly Constant[];
  /** Uses the stack pointer to address memory. */
  readonly usesStack: boolean;
  readonly flow: 'next' | 'call' | 'jump' | 'branch' | 'call-memory' | 'jump-memory' | 'nop';
  /** Target of a near call, jump or branch. */
  readonly target: number;
}

/** The longest instruction (Intel SDM volume 2, 2.3.11). */
export const LONGEST = 15;

/** Decodes the instruction that stands at an address; undefined where there is none. */
export function effectAt(bytes: Uint8Array, address: number): Effect | undefined {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  decoder.ip = BigInt(address);
  const instruction = decoder.decode();
  try {
    if (instruction.isInvalid) return undefined;
    const offsets = decoder.getConstantOffsets(instruction);
    const fields = {
      displacement: offsets.displacementOffset,
      immediate: offsets.immediateOffset,
    };
    offsets.free();
    return effectOf(instruction, address, fields);
  } finally {
    instruction.free();
    decoder.free();
  }
}

/** Starts of the instructions of a run of code, and near targets with the instruction they are of. */
export interface Flow {
  readonly starts: readonly number[];
  readonly targets: readonly number[];
}

/** Decodes from one end to the other. */
export function flowOf(bytes: Uint8Array): Flow {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  decoder.ip = 0n;
  const instruction = new Instruction();
  const starts: number[] = [];
  const targets: number[] = [];
  try {
    while (decoder.canDecode) {
      starts.push(decoder.position);
      decoder.decodeOut(instruction);
      if (!instruction.isInvalid && isNear(instruction))
        targets.push(Number(instruction.nearBranchTarget));
    }
    return { starts, targets };
  } finally {
    instruction.free();
    decoder.free();
  }
}

const isNear = (instruction: Instruction) =>
  instruction.opCount > 0 &&
  (instruction.opKind(0) === OpKind.NearBranch64 || instruction.opKind(0) === OpKind.NearBranch32);

const IMMEDIATES: ReadonlySet<number> = new Set([
  OpKind.Immediate8,
  OpKind.Immediate8_2nd,
  OpKind.Immediate16,
  OpKind.Immediate32,
  OpKind.Immediate64,
  OpKind.Immediate8to16,
  OpKind.Immediate8to32,
  OpKind.Immediate8to64,
  OpKind.Immediate32to64,
]);

interface Fields {
  readonly displacement: number;
  readonly immediate: number;
}

function effectOf(instruction: Instruction, start: number, fields: Fields): Effect {
  const { memoryBase, memoryIndex } = instruction;
  const common = {
    start,
    size: instruction.length,
    usesStack: memoryBase === Register.RSP || memoryIndex === Register.RSP,
    flow: flowKind(instruction),
    target: isNear(instruction) ? Number(instruction.nearBranchTarget) : 0,
  };
  const loaded = loadedConstant(instruction, fields);
  if (loaded) return { ...common, ...loaded };
  const values: Constant[] = [];
  const words = [prefixesOf(instruction)];
  for (let i = 0; i < instruction.opCount; i++) {
    const kind = instruction.opKind(i);
    if (kind === OpKind.Register) words.push(`r${instruction.opRegister(i)}`);
    else if (kind === OpKind.Memory) words.push(memoryOf(instruction, fields, values));
    else if (IMMEDIATES.has(kind)) {
      const value = BigInt.asUintN(64, BigInt(instruction.immediate(i)));
      values.push({ value, isPointer: true, offset: fields.immediate });
      words.push('i');
    } else if (isNear(instruction)) words.push('near');
    else words.push(`k${kind}`);
  }
  return { ...common, text: words.join(' '), values };
}

function prefixesOf(instruction: Instruction): string {
  const { mnemonic, hasLockPrefix, hasRepPrefix, hasRepnePrefix, segmentPrefix } = instruction;
  return [mnemonic, hasLockPrefix, hasRepPrefix, hasRepnePrefix, segmentPrefix].join(',');
}

/** A memory operand; one without registers is known by its address. */
function memoryOf(instruction: Instruction, fields: Fields, values: Constant[]): string {
  const { memoryBase, memoryIndex, memoryIndexScale, memorySize } = instruction;
  const isConstant = instruction.isIpRelMemoryOperand || memoryBase === Register.None;
  const address = instruction.isIpRelMemoryOperand
    ? instruction.ipRelMemoryAddress
    : instruction.memoryDisplacement;
  const value = BigInt.asUintN(64, address);
  values.push({ value, isPointer: false, offset: fields.displacement });
  if (isConstant && memoryIndex === Register.None) return `m${memorySize}`;
  return `m${memorySize}[${memoryBase}+${memoryIndex}*${memoryIndexScale}]`;
}

/** `lea` of a constant address, and `mov` of an immediate: the whole register becomes the value. */
function loadedConstant(
  instruction: Instruction,
  { displacement, immediate }: Fields,
): Pick<Effect, 'text' | 'values'> | undefined {
  if (instruction.opCount !== 2 || instruction.opKind(0) !== OpKind.Register) return undefined;
  const register = instruction.opRegister(0);
  const bits = register >= Register.RAX && register <= Register.R15 ? 64 : 32;
  if (bits === 32 && !(register >= Register.EAX && register <= Register.R15D)) return undefined;
  const whole = bits === 64 ? register : register - Register.EAX + Register.RAX;
  const value = constantOf(instruction);
  if (value === undefined) return undefined;
  const offset = instruction.mnemonic === Mnemonic.Lea ? displacement : immediate;
  const constant = { value: BigInt.asUintN(bits, value), isPointer: true, offset };
  return { text: `set r${whole}`, values: [constant] };
}

function constantOf(instruction: Instruction): bigint | undefined {
  const { mnemonic } = instruction;
  if (mnemonic === Mnemonic.Mov && IMMEDIATES.has(instruction.opKind(1)))
    return BigInt(instruction.immediate(1));
  if (mnemonic !== Mnemonic.Lea) return undefined;
  if (instruction.isIpRelMemoryOperand) return instruction.ipRelMemoryAddress;
  const isConstant =
    instruction.memoryBase === Register.None && instruction.memoryIndex === Register.None;
  return isConstant ? instruction.memoryDisplacement : undefined;
}

function flowKind(instruction: Instruction): Effect['flow'] {
  const isMemory = instruction.opCount > 0 && instruction.opKind(0) === OpKind.Memory;
  switch (instruction.mnemonic) {
    case Mnemonic.Call:
      if (isNear(instruction)) return 'call';
      return isMemory ? 'call-memory' : 'next';
    case Mnemonic.Jmp:
      if (isNear(instruction)) return 'jump';
      return isMemory ? 'jump-memory' : 'next';
    case Mnemonic.Nop:
      return 'nop';
    default:
      return isNear(instruction) ? 'branch' : 'next';
  }
}
