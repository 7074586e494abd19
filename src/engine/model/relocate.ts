/**
 * The bytes of a section as ld 2.40 leaves them in a static x86-64 executable, given where
 * everything lies. One pass over the relocations: find the symbol's address, let GOT and
 * thread-local accesses be relaxed, compute what the psABI (table 4.9) says, write it with ld's
 * overflow checks. References into sections that are not in the output follow ld's rules: cleared
 * in debugging and unwind information, an error elsewhere.
 */
import { SpacerError } from '../errors.ts';
import { SHF, type ElfRelocation, type ElfSection } from '../elf/types.ts';
import { keptTwin } from './comdat.ts';
import { STT_GNU_IFUNC } from './constants.ts';
import { symbolName, undefinedSymbol } from './program.ts';
import { relaxGot } from './relax-got.ts';
import { relaxTls } from './relax-tls.ts';
import {
  enter,
  fieldBytes,
  openSite,
  put,
  siteError,
  store,
  type Site,
} from './relocation-site.ts';
import { FIELD_BYTES, PC_RELATIVE, R, relocationName } from './relocation-types.ts';
import { isDebugging } from '../elf/debugging.ts';
import { KIND, type Program } from './types.ts';

/** Where everything lies. Functions return undefined for what is not in the output. */
export interface Addresses {
  /** Address of an input section; of a section that is not loaded: its offset in the output section. */
  addressOf: (object: number, section: number) => number | undefined;
  /** Value of a symbol that the script or the linker defines, or of a common symbol. */
  symbolValue: (name: string) => number | undefined;
  /** The thread-local template: start of its first section, end of its last, largest alignment. */
  tls?: { start: number; end: number; alignment: number };
  /** The global offset table, where one remains: `base` is the address of .got.plt. */
  got?: { base: number; slotOf: (object: number, symbolIndex: number) => number | undefined };
  /** True for a position-independent executable. */
  pic?: boolean;
}

export interface RelocateRequest extends Addresses {
  program: Program;
  object: number;
  section: number;
  sectionAddress: number;
  /** Lets references into sections that are not in the output be cleared, whatever this section is. */
  lenient?: boolean;
  /** Where to put the bytes, at least as long as the section; a new array without it. */
  into?: Uint8Array;
}

/**
 * Final bytes of an input section.
 * @throws SpacerError `link-undefined-symbol`, `link-discarded`, `link-relocation-overflow`,
 *   `link-relocation-range`, `link-relocation-type`, `link-tls`
 */
export function relocateSection(request: RelocateRequest): Uint8Array {
  const { program, object, section: index, sectionAddress } = request;
  const elf = program.objects[object]?.elf;
  const section = elf?.sections[index];
  if (elf === undefined || section === undefined)
    throw new SpacerError('link-no-section', `there is no section ${index} in object ${object}`);
  const bytes = copyOf(section, request.into);
  const relocations = elf.relocations.get(index);
  if (relocations === undefined || bytes.length === 0) return bytes;
  const site = openSite(program, object, index, sectionAddress, bytes);
  for (let i = 0; i < relocations.length; i++) {
    const relocation = relocations[i] as ElfRelocation;
    enter(site, relocation);
    i += applyRelocation(request, section, site, relocation.symbol);
  }
  return bytes;
}

function copyOf(section: ElfSection, into: Uint8Array | undefined): Uint8Array {
  // Not slice(): that of a Buffer shares its memory.
  if (into === undefined) return new Uint8Array(section.data);
  into.set(section.data);
  return into.subarray(0, section.data.length);
}

type Request = Addresses & { lenient?: boolean };

/** Marks a reference into a section that is not in the output. */
const GONE = NaN;

/** @returns how many of the following relocations are done with this one */
function applyRelocation(to: Addresses, section: ElfSection, site: Site, symbol: number): number {
  if (site.type === R.GNU_VTINHERIT || site.type === R.GNU_VTENTRY) return 0;
  const row = (site.program.rows.base[site.object] ?? 0) + symbol;
  const value = symbolAddress(to, section, site, row, symbol);
  if (Number.isNaN(value)) {
    clearField(section, site);
    return 0;
  }
  switch (FAMILY[site.type]) {
    case PLAIN:
      storeSum(site, value);
      return 0;
    case GOT_LOAD:
      if (relaxGot(site, row, to.pic === true)) storeSum(site, value);
      else storeSum(site, gotValue(to, site, symbol, value));
      return 0;
    case GOT:
      storeSum(site, gotValue(to, site, symbol, value));
      return 0;
    case TLS_ACCESS:
      return relaxTls(site, threadOffset(to, value));
    case TLS_OFFSET:
      storeSum(site, tlsValue(to, section, site, value));
      return 0;
    case SIZE:
      storeSum(site, site.program.rows.size[row] ?? 0);
      return 0;
    default:
      throw siteError(
        site,
        'link-relocation-type',
        `has ${relocationName(site.type)}, which is not supported`,
      );
  }
}

function storeSum(site: Site, value: number): void {
  const sum = value + site.addend;
  store(site, PC_RELATIVE[site.type] === 1 ? sum - site.address - site.offset : sum);
}

const PLAIN = 1;
const GOT_LOAD = 2;
const GOT = 3;
const TLS_ACCESS = 4;
const TLS_OFFSET = 5;
const SIZE = 6;
const FAMILY = families();

function families(): Uint8Array {
  const family = new Uint8Array(256);
  FIELD_BYTES.forEach((bytes, type) => (family[type] = bytes <= 8 ? PLAIN : 0));
  const set = (value: number, types: readonly number[]) =>
    types.forEach((t) => (family[t] = value));
  set(GOT_LOAD, [R.GOTPCREL, R.GOTPCRELX, R.REX_GOTPCRELX]);
  set(GOT, [
    R.GOT32,
    R.GOT64,
    R.GOTPCREL64,
    R.GOTPLT64,
    R.GOTOFF64,
    R.GOTPC32,
    R.GOTPC64,
    R.PLTOFF64,
  ]);
  set(TLS_ACCESS, [R.TLSGD, R.TLSLD, R.GOTTPOFF, R.GOTPC32_TLSDESC, R.TLSDESC_CALL]);
  set(TLS_OFFSET, [R.TPOFF32, R.TPOFF64, R.DTPOFF32, R.DTPOFF64]);
  set(SIZE, [R.SIZE32, R.SIZE64]);
  return family;
}

function symbolAddress(
  to: Request,
  section: ElfSection,
  site: Site,
  row: number,
  symbol: number,
): number {
  const { rows } = site.program;
  if (rows.type[row] === STT_GNU_IFUNC)
    throw siteError(
      site,
      'link-relocation-type',
      'refers to an indirect function, which needs a PLT',
    );
  const value = rows.value[row] ?? 0;
  switch (rows.kind[row]) {
    case KIND.SECTION: {
      const target = sectionAddress(
        to,
        site.program,
        rows.object[row] ?? 0,
        rows.section[row] ?? 0,
      );
      return target === undefined ? goneAddress(to, section, site, row, symbol) : target + value;
    }
    case KIND.ABSOLUTE:
      return value;
    case KIND.UNDEFINED_WEAK:
      return 0;
    case KIND.SCRIPT:
    case KIND.COMMON:
      return to.symbolValue(symbolName(site.program, site.object, symbol)) ?? missing(site, symbol);
    default:
      return missing(site, symbol);
  }
}

function missing(site: Site, symbol: number): never {
  throw undefinedSymbol(site.program, site.object, symbol, site);
}

function sectionAddress(
  to: Addresses,
  program: Program,
  object: number,
  section: number,
): number | undefined {
  const lost = program.discarded[(program.sectionBase[object] ?? 0) + section] === 1;
  return lost ? undefined : to.addressOf(object, section);
}

/** elflink.c, _bfd_elf_default_action_discarded: who may refer to what is not in the output. */
const MAY_REFER_TO_DISCARDED = new Set(['.eh_frame', '.sframe', '.gcc_except_table']);

function goneAddress(
  to: Request,
  section: ElfSection,
  site: Site,
  row: number,
  symbol: number,
): number {
  if (to.lenient === true || MAY_REFER_TO_DISCARDED.has(section.name)) return GONE;
  if (!isDebugging(section))
    throw siteError(
      site,
      'link-discarded',
      `refers to ${symbolName(site.program, site.object, symbol)}, which is in a discarded section`,
    );
  const { rows } = site.program;
  const twin = keptTwin(site.program, rows.object[row] ?? 0, rows.section[row] ?? 0);
  const address = twin && sectionAddress(to, site.program, twin.object, twin.section);
  return address === undefined ? GONE : address + (rows.value[row] ?? 0);
}

/** bfd/reloc.c, _bfd_clear_contents: a zero in .debug_ranges would end the list, so it is a one. */
function clearField(section: ElfSection, site: Site): void {
  put(site.view, site.offset, fieldBytes(site), section.name === '.debug_ranges' ? 1 : 0);
}

function gotValue(to: Addresses, site: Site, symbol: number, value: number): number {
  if (to.got === undefined)
    throw siteError(
      site,
      'link-relocation-type',
      `has ${relocationName(site.type)}, which needs a global offset table`,
    );
  switch (site.type) {
    case R.GOTPC32:
    case R.GOTPC64:
      return to.got.base;
    case R.GOTOFF64:
    case R.PLTOFF64:
      return value - to.got.base;
    default: {
      const slot = to.got.slotOf(site.object, symbol);
      if (slot === undefined) return missing(site, symbol);
      return PC_RELATIVE[site.type] === 1 ? slot : slot - to.got.base;
    }
  }
}

/** psABI variant II: variables lie below the thread pointer, which is the aligned end of the template. */
function threadOffset(to: Addresses, value: number): number {
  if (to.tls === undefined) return 0;
  return value - Math.ceil(to.tls.end / to.tls.alignment) * to.tls.alignment;
}

function tlsValue(to: Addresses, section: ElfSection, site: Site, value: number): number {
  const isOffsetInModule =
    site.type === R.DTPOFF64 || (site.type === R.DTPOFF32 && (section.flags & SHF.EXECINSTR) === 0);
  return isOffsetInModule ? value - (to.tls?.start ?? 0) : threadOffset(to, value);
}
