/** Call frame instructions: just enough to find where they end and padding begins (DWARF 4, 7.23). */

export interface Instructions {
  /** Bytes up to the padding. */
  used: number;
  /** Where the operands of DW_CFA_set_loc stand. */
  setLocs: number[];
}

const NOP = 0;
const SET_LOC = 0x01;

/**
 * Operands by opcode; an empty string for none. `n` is a LEB128 number, `b` a block with its length
 * before it, `p` a pointer, a digit so many bytes. Opcodes that ld does not know are not here.
 */
const OPERANDS: (string | undefined)[] = [];
const define = (operands: string, ...opcodes: number[]) =>
  opcodes.forEach((opcode) => (OPERANDS[opcode] = operands));
define('', 0x00, 0x0a, 0x0b, 0x2d, 0x40, 0xc0);
define('1', 0x02);
define('2', 0x03);
define('4', 0x04);
define('8', 0x1d);
define('n', 0x06, 0x07, 0x08, 0x0d, 0x0e, 0x13, 0x2e, 0x80);
define('nn', 0x05, 0x09, 0x0c, 0x11, 0x12, 0x14, 0x15, 0x2f);
define('b', 0x0f);
define('nb', 0x10, 0x16);
define('p', SET_LOC);

/**
 * Finds the first padding byte.
 * @returns undefined if there is an instruction that ld does not know
 */
export function onlyPadding(bytes: Uint8Array, width: number): Instructions | undefined {
  const result: Instructions = { used: 0, setLocs: [] };
  let at = 0;
  while (at < bytes.length) {
    const opcode = bytes[at] ?? 0;
    if (opcode === NOP) {
      at++;
      continue;
    }
    if (opcode === SET_LOC) result.setLocs.push(at + 1);
    const next = skipInstruction(bytes, at, width);
    if (next === undefined) return undefined;
    at = next;
    result.used = at;
  }
  return result;
}

/** The two high bits make an opcode of their own, the rest is then an operand. */
function skipInstruction(bytes: Uint8Array, at: number, width: number): number | undefined {
  const opcode = bytes[at] ?? 0;
  const operands = OPERANDS[(opcode & 0xc0) === 0 ? opcode : opcode & 0xc0];
  if (operands === undefined) return undefined;
  let next: number | undefined = at + 1;
  for (let i = 0; i < operands.length && next !== undefined; i++)
    next = skipOperand(bytes, next, operands.charAt(i), width);
  return next;
}

function skipOperand(
  bytes: Uint8Array,
  at: number,
  operand: string,
  width: number,
): number | undefined {
  switch (operand) {
    case 'n':
      return leb128(bytes, at)?.next;
    case 'b': {
      const length = leb128(bytes, at);
      return length && inside(bytes, length.next + length.value);
    }
    case 'p':
      return inside(bytes, at + width);
    default:
      return inside(bytes, at + Number(operand));
  }
}

function inside(bytes: Uint8Array, next: number): number | undefined {
  return next <= bytes.length ? next : undefined;
}

function leb128(bytes: Uint8Array, start: number): { value: number; next: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if ((byte & 0x80) === 0) return { value, next: at + 1 };
  }
  return undefined;
}
