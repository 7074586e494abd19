/** Opcodes that are written (Intel SDM volume 2). */

/** `call rel32`. */
export const CALL = 0xe8;
/** `jmp rel32`. */
export const JUMP = 0xe9;
export const NOP = 0x90;
