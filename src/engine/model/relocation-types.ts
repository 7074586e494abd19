/**
 * The relocation types of x86-64: numbers and fields from the psABI (table 4.9), the overflow
 * check of each from ld's table (bfd/elf64-x86-64.c, x86_64_elf_howto_table).
 */
export const R = {
  NONE: 0,
  ABS64: 1,
  PC32: 2,
  GOT32: 3,
  PLT32: 4,
  GOTPCREL: 9,
  ABS32: 10,
  ABS32S: 11,
  ABS16: 12,
  PC16: 13,
  ABS8: 14,
  PC8: 15,
  DTPOFF64: 17,
  TPOFF64: 18,
  TLSGD: 19,
  TLSLD: 20,
  DTPOFF32: 21,
  GOTTPOFF: 22,
  TPOFF32: 23,
  PC64: 24,
  GOTOFF64: 25,
  GOTPC32: 26,
  GOT64: 27,
  GOTPCREL64: 28,
  GOTPC64: 29,
  GOTPLT64: 30,
  PLTOFF64: 31,
  SIZE32: 32,
  SIZE64: 33,
  GOTPC32_TLSDESC: 34,
  TLSDESC_CALL: 35,
  PC32_BND: 39,
  PLT32_BND: 40,
  GOTPCRELX: 41,
  REX_GOTPCRELX: 42,
  GNU_VTINHERIT: 250,
  GNU_VTENTRY: 251,
} as const;

/** What a field may hold. `bitfield`: -2^n to 2^n - 1, as bfd/reloc.c explains it. */
export const CHECK = { NONE: 0, SIGNED: 1, UNSIGNED: 2, BITFIELD: 3 } as const;

interface Howto {
  type: number;
  name: string;
  bytes: number;
  check: number;
  pcRelative: boolean;
}

const howto = (
  name: string,
  type: number,
  bytes: number,
  check: number = CHECK.NONE,
  pcRelative = false,
): Howto => ({ name: `R_X86_64_${name}`, type, bytes, check, pcRelative });

const HOWTOS: readonly Howto[] = [
  howto('NONE', R.NONE, 0),
  howto('64', R.ABS64, 8),
  howto('PC32', R.PC32, 4, CHECK.SIGNED, true),
  howto('GOT32', R.GOT32, 4, CHECK.SIGNED),
  howto('PLT32', R.PLT32, 4, CHECK.SIGNED, true),
  howto('GOTPCREL', R.GOTPCREL, 4, CHECK.SIGNED, true),
  howto('32', R.ABS32, 4, CHECK.UNSIGNED),
  howto('32S', R.ABS32S, 4, CHECK.SIGNED),
  howto('16', R.ABS16, 2, CHECK.BITFIELD),
  howto('PC16', R.PC16, 2, CHECK.BITFIELD, true),
  howto('8', R.ABS8, 1, CHECK.BITFIELD),
  howto('PC8', R.PC8, 1, CHECK.SIGNED, true),
  howto('DTPOFF64', R.DTPOFF64, 8),
  howto('TPOFF64', R.TPOFF64, 8),
  howto('TLSGD', R.TLSGD, 4, CHECK.SIGNED, true),
  howto('TLSLD', R.TLSLD, 4, CHECK.SIGNED, true),
  howto('DTPOFF32', R.DTPOFF32, 4, CHECK.SIGNED),
  howto('GOTTPOFF', R.GOTTPOFF, 4, CHECK.SIGNED, true),
  howto('TPOFF32', R.TPOFF32, 4, CHECK.SIGNED),
  howto('PC64', R.PC64, 8, CHECK.NONE, true),
  howto('GOTOFF64', R.GOTOFF64, 8),
  howto('GOTPC32', R.GOTPC32, 4, CHECK.SIGNED, true),
  howto('GOT64', R.GOT64, 8),
  howto('GOTPCREL64', R.GOTPCREL64, 8, CHECK.NONE, true),
  howto('GOTPC64', R.GOTPC64, 8, CHECK.NONE, true),
  howto('GOTPLT64', R.GOTPLT64, 8),
  howto('PLTOFF64', R.PLTOFF64, 8),
  howto('SIZE32', R.SIZE32, 4, CHECK.UNSIGNED),
  howto('SIZE64', R.SIZE64, 8),
  howto('GOTPC32_TLSDESC', R.GOTPC32_TLSDESC, 4, CHECK.BITFIELD, true),
  howto('TLSDESC_CALL', R.TLSDESC_CALL, 0),
  howto('PC32_BND', R.PC32_BND, 4, CHECK.SIGNED, true),
  howto('PLT32_BND', R.PLT32_BND, 4, CHECK.SIGNED, true),
  howto('GOTPCRELX', R.GOTPCRELX, 4, CHECK.SIGNED, true),
  howto('REX_GOTPCRELX', R.REX_GOTPCRELX, 4, CHECK.SIGNED, true),
  howto('GNU_VTINHERIT', R.GNU_VTINHERIT, 0),
  howto('GNU_VTENTRY', R.GNU_VTENTRY, 0),
];

/** A type that no static link can contain or that nobody knows. */
export const UNKNOWN_FIELD = 255;
/** Bytes of the field, by type. */
export const FIELD_BYTES = new Uint8Array(256).fill(UNKNOWN_FIELD);
/** CHECK.*, by type. */
export const FIELD_CHECK = new Uint8Array(256);
/** 1 where the place is subtracted, by type. */
export const PC_RELATIVE = new Uint8Array(256);
const NAMES: string[] = [];

for (const { type, name, bytes, check, pcRelative } of HOWTOS) {
  FIELD_BYTES[type] = bytes;
  FIELD_CHECK[type] = check;
  PC_RELATIVE[type] = pcRelative ? 1 : 0;
  NAMES[type] = name;
}

/** The psABI's name of a relocation type. */
export function relocationName(type: number): string {
  return NAMES[type] ?? `relocation type ${type}`;
}
