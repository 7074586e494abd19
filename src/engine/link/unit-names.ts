/**
 * Names that keep the sections of compile units apart in a merged object: `.rodata.str1.1` of
 * `string.o` becomes `.rodata.unit.string.str1.1`. A script that gathers `.rodata .rodata.*` takes
 * both. The word `unit` keeps a unit called `boot` from ending among the boot sections.
 */
import path from 'node:path';
import { SHF, SHN, SHT, STT, type ElfFile, type ElfSection } from '../elf/types.ts';
import { SHF_EXCLUDE, SHF_LINK_ORDER } from '../model/constants.ts';

/** A section of one unit inside an object that was split. */
export interface UnitSection {
  /** Its name in the object as the build made it. */
  readonly name: string;
  readonly unit: string;
}

const SPLIT_NAME = /^(\.(?:text|rodata|data|bss))\.unit\.([^.]+)(\..*)?$/;

/** What a name made by `renamedSections` says; undefined for every other name. */
export function unitSection(name: string): UnitSection | undefined {
  const [, region, unit, rest = ''] = SPLIT_NAME.exec(name) ?? [];
  return region === undefined || unit === undefined ? undefined : { name: region + rest, unit };
}

/**
 * A name for each unit: its path below the library's folder. It is the same in every build of the
 * library, and no two units of one library share it.
 */
export function unitNames(units: readonly string[], object: string): string[] {
  const folder = path.join(path.dirname(object), path.basename(object, '.o'));
  const seen = new Map<string, number>();
  return units.map((unit) => {
    const relative = path.relative(folder, unit);
    const own = relative.startsWith('..') ? path.basename(unit) : relative;
    const name = own.replace(/\.o$/, '').replace(/[^\w+-]/g, '-');
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n === 1 ? name : `${name}+${n}`;
  });
}

const BULK = /^(\.(?:text|rodata|data|bss))(\..*)?$/;
/** Boot code and its data must come first in the image; read-only data after relocation is another section. */
const FIXED = /^\.(text|data|text\.32)\.boot($|\.)|^\.data\.rel\.ro($|\.)/;
const TIED = SHF.GROUP | SHF.TLS | SHF.GNU_RETAIN | SHF_LINK_ORDER | SHF_EXCLUDE;

/** New names for the sections of a unit that can be placed by themselves, by section index. */
export function renamedSections(elf: ElfFile, unit: string): Map<number, string> {
  const named = sectionsWithSymbols(elf);
  const result = new Map<number, string>();
  for (const section of elf.sections) {
    const [, region, rest = ''] = BULK.exec(section.name) ?? [];
    if (region === undefined || !isPlain(section)) continue;
    if (section.size > 0 || named.has(section.index))
      result.set(section.index, `${region}.unit.${unit}${rest}`);
  }
  return result;
}

function isPlain({ type, flags, name }: ElfSection): boolean {
  if (type !== SHT.PROGBITS && type !== SHT.NOBITS) return false;
  return (flags & SHF.ALLOC) !== 0 && (flags & TIED) === 0 && !FIXED.test(name);
}

/** Sections that hold symbols of their own, empty or not. */
function sectionsWithSymbols(elf: ElfFile): Set<number> {
  const symbols = elf.symbols.filter(
    ({ type, section }) => type !== STT.SECTION && section !== SHN.UNDEF && section < SHN.ABS,
  );
  return new Set(symbols.map(({ section }) => section));
}
