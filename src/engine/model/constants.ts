/** ELF numbers that only the link model needs. Source: gABI chapter 4, GNU extensions as binutils 2.40 has them. */
export const SHF_LINK_ORDER = 0x80;
export const SHF_EXCLUDE = 0x80000000;
/** x86-64 psABI: sections of the large code model. */
export const SHF_X86_64_LARGE = 0x10000000;
export const GRP_COMDAT = 1;
export const STT_GNU_IFUNC = 10;
/** e_ident[EI_OSABI]: where it stands, and the values for which ld obeys SHF_GNU_RETAIN. */
export const EI_OSABI = 7;
export const ELFOSABI_GNU = 3;
export const ELFOSABI_FREEBSD = 9;
