/**
 * Whether what a larger object brings along can be noticed by a program that did not have it.
 *
 * It cannot where nothing leads there: its new names are unknown to every object, script and
 * option of the link; its new sections are ordinary code and data that no KEEP, table, bound or
 * unwinding order can reach; and all that it asks for is already in the program.
 */
import { SHF, SHT, type ElfRelocation } from '../elf/types.ts';
import { outlineOf } from '../layout/outline.ts';
import { SHF_EXCLUDE, SHF_LINK_ORDER } from '../model/constants.ts';
import { R } from '../model/relocation-types.ts';
import { isStartStopName } from '../model/sections.ts';
import { KIND } from '../model/types.ts';
import type { LoadedUnikernel } from '../read-unikernel.ts';
import { gather, type GatheredInput } from './gather.ts';
import type { AtomForm, ObjectForm } from './object-form.ts';
import type { Extras } from './superset.ts';

/** A program that may get larger objects. */
export class Host {
  /** Names that other larger objects, already accepted, define beyond those of the program. */
  private readonly promised = new Set<string>();
  private scriptWords: Set<string> | undefined;

  constructor(readonly loaded: LoadedUnikernel) {}

  /** Remembers what an accepted object brings along. */
  accept(extras: Extras): void {
    for (const name of extras.exports) this.promised.add(name);
  }

  /**
   * @param object index of the object that would be replaced
   * @returns why the replacement could be noticed, in words; undefined where it could not
   */
  objection(object: number, large: ObjectForm, extras: Extras): string | undefined {
    return (
      first([...large.exports.keys()], (name) => this.assigned(name)) ??
      first(extras.exports, (name) => this.nameTaken(name)) ??
      this.reached(object, large, extras.atoms) ??
      first(extras.needs, (name) => this.nameMissing(name))
    );
  }

  private assigned(name: string): string | undefined {
    const isScript = this.loaded.program.globalByName.get(name)?.kind === KIND.SCRIPT;
    return isScript ? `the linker script defines ${name}` : undefined;
  }

  private nameTaken(name: string): string | undefined {
    const known = this.loaded.program.globalByName.get(name);
    if (known?.kind === KIND.UNDEFINED_WEAK)
      return `a weak reference to ${name} would become defined`;
    if (known) return `${name} has another meaning there`;
    if (this.promised.has(name)) return `${name} would be defined twice`;
    const { entry, roots } = this.loaded;
    const isRoot = [entry, ...roots, '_init', '_fini'].includes(name);
    return isRoot || this.isScriptWord(name) ? `the link itself looks for ${name}` : undefined;
  }

  private nameMissing(name: string): string | undefined {
    const known = this.loaded.program.globalByName.get(name);
    if (known === undefined) return `${name} is not defined there`;
    if (known.bounds !== undefined) return `it refers to the bound ${name}`;
    const defined = [KIND.SECTION, KIND.ABSOLUTE, KIND.COMMON, KIND.SCRIPT] as number[];
    return defined.includes(known.kind) ? undefined : `${name} is not defined there`;
  }

  private isScriptWord(name: string): boolean {
    this.scriptWords ??= new Set(
      this.loaded.scripts.flatMap(({ tokens }) =>
        tokens.map(({ text }) => text.replace(/^"|"$/g, '')),
      ),
    );
    return this.scriptWords.has(name);
  }

  private reached(
    object: number,
    large: ObjectForm,
    atoms: readonly AtomForm[],
  ): string | undefined {
    if (atoms.length === 0) return undefined;
    if (this.loaded.command.pie) return 'a position-independent image lists what it relocates';
    const homes = this.homes(object, large);
    return first(atoms, (atom) => ownReach(atom, large) ?? placeReach(atom, homes));
  }

  /** Where the scripts put each section of the larger object: by section index. */
  private homes(object: number, large: ObjectForm): Map<number, Home> {
    const { scripts, objects } = this.loaded;
    const outline = outlineOf(scripts);
    const mixed = objects.map((input) =>
      input.index === object ? { ...input, elf: large.elf } : input,
    );
    const { inputs } = gather(outline, mixed, () => true);
    const homes = new Map<number, Home>();
    for (const section of outline)
      for (const input of inputs.get(section.name) ?? [])
        if (input.object === object)
          homes.set(input.section, {
            input,
            output: section.name,
            isTable: section.kind === 'table',
          });
    return homes;
  }
}

interface Home {
  readonly input: GatheredInput;
  readonly output: string;
  readonly isTable: boolean;
}

/** What a section is by itself: only plain code and data cannot be reached without a name. */
function ownReach({ section, key }: AtomForm, { elf }: ObjectForm): string | undefined {
  const { flags, type, name } = section;
  if (type !== SHT.PROGBITS && type !== SHT.NOBITS)
    return `${key} is a section that is run through`;
  if (flags & SHF.TLS) return `${key} belongs to the image of every thread`;
  if (flags & SHF.GNU_RETAIN) return `${key} must be kept`;
  if (flags & (SHF.GROUP | SHF_LINK_ORDER | SHF_EXCLUDE)) return `${key} is tied to others`;
  if (isStartStopName(name)) return `${key} has the bounds __start_${name} and __stop_${name}`;
  const asksTable = (elf.relocations.get(section.index) ?? []).some(needsTable);
  return asksTable ? `${key} needs a global offset table` : undefined;
}

const TABLE_TYPES: ReadonlySet<number> = new Set([
  R.GOT32,
  R.GOTPCREL,
  R.TLSGD,
  R.TLSLD,
  R.GOTTPOFF,
  R.GOTOFF64,
  R.GOTPC32,
  R.GOT64,
  R.GOTPCREL64,
  R.GOTPC64,
  R.GOTPLT64,
  R.PLTOFF64,
  R.GOTPC32_TLSDESC,
  R.GOTPCRELX,
  R.REX_GOTPCRELX,
]);
const needsTable = ({ type }: ElfRelocation) => TABLE_TYPES.has(type);

function placeReach(
  { section, key }: AtomForm,
  homes: ReadonlyMap<number, Home>,
): string | undefined {
  const home = homes.get(section.index);
  if (home === undefined) return `the script has no place for ${key}`;
  if (home.input.keep) return `${key} is kept by the script`;
  if (home.isTable) return `${key} is part of the table ${home.output}`;
  return home.input.head ? `${key} stands at the head of ${home.output}` : undefined;
}

function first<T>(
  items: readonly T[],
  reason: (item: T) => string | undefined,
): string | undefined {
  for (const item of items) {
    const found = reason(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
