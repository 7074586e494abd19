/** Relocation types by what their field depends on. */
import { R } from '../model/relocation-types.ts';

/** Types of instructions that go through the global offset table. */
export const isTableLoad = (type: number): boolean =>
  type === R.GOTPCREL || type === R.GOTPCRELX || type === R.REX_GOTPCRELX;

const PLAIN = new Set<number>([
  R.ABS64,
  R.ABS32,
  R.ABS32S,
  R.ABS16,
  R.ABS8,
  R.PC64,
  R.PC32,
  R.PC16,
  R.PC8,
  R.PLT32,
  R.PC32_BND,
  R.PLT32_BND,
]);

/** True where the field depends on the address of the relocation's symbol. */
export const isAddress = (type: number): boolean => PLAIN.has(type) || isTableLoad(type);
