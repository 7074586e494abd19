/** The marking of garbage collection: a worklist over sections, followed along relocations. */
import { SHF, SHN, SHT, type ElfRelocation, type ElfSection } from '../elf/types.ts';
import { groupMembers } from './comdat.ts';
import type { Cie, Fde } from './eh-frame-parse.ts';
import { framesOf, functionOf, relocationsOf } from './frames.ts';
import { R } from './relocation-types.ts';
import { isDebugging } from '../elf/debugging.ts';
import { KIND, type GlobalSymbol, type InputObject, type Program } from './types.ts';

const NONE: readonly number[] = [];

interface Place {
  object: number;
  section: number;
}

/** What belongs to a section besides its relocations. */
interface ObjectLinks {
  /** The parsed unwind section whose relocations are not followed as a whole. */
  unwind: number;
  fdes: Map<number, Fde[]>;
  /** By member: the section of its group. */
  groups: Map<number, ElfSection>;
}

export class Marker {
  /** By flat section index, and behind those the common symbols of each object. */
  readonly marked: Uint8Array;
  private readonly sections: number;
  private readonly stack: Place[] = [];
  private readonly links: ObjectLinks[];
  private readonly cies = new Set<Cie>();
  private readonly byName = new Map<string, Place[]>();

  constructor(
    private readonly program: Program,
    private readonly aliases: ReadonlyMap<string, string>,
  ) {
    this.sections = program.discarded.length;
    this.marked = new Uint8Array(this.sections + program.objects.length);
    this.links = program.objects.map((_, object) => linksOf(program, object));
  }

  isMarked(object: number, section: number): boolean {
    return this.marked[this.flat(object, section)] === 1;
  }

  /** Sets or clears a mark without following anything. */
  set(object: number, section: number, value: 0 | 1): void {
    this.marked[this.flat(object, section)] = value;
  }

  /** Marks a section; `run` follows it. */
  mark(object: number, section: number): void {
    const flat = this.flat(object, section);
    if (this.marked[flat] === 1) return;
    this.marked[flat] = 1;
    if (section !== SHN.COMMON) this.stack.push({ object, section });
  }

  /** Marks where a global symbol is defined. */
  markName(name: string): void {
    const global = this.program.globalByName.get(this.meaningOf(name));
    if (global !== undefined) this.markGlobal(global);
  }

  private meaningOf(name: string): string {
    const seen = new Set<string>();
    for (let next = this.aliases.get(name); next !== undefined; next = this.aliases.get(name)) {
      if (seen.has(next)) return name;
      seen.add(next);
      name = next;
    }
    return name;
  }

  /** Follows everything marked. */
  run(): void {
    for (let next = this.stack.pop(); next !== undefined; next = this.stack.pop())
      this.follow(next.object, next.section);
  }

  /** Follows a debugging section to other debugging sections only. */
  runDebugging(object: number, section: number): void {
    const stack: Place[] = [{ object, section }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      for (const member of this.groupOf(next.object, next.section))
        this.set(next.object, member, 1);
      for (const relocation of relocationsOf(this.program, next.object, next.section)) {
        const target = this.debugTarget(next.object, relocation);
        if (target === undefined || this.isMarked(target.object, target.section)) continue;
        this.set(target.object, target.section, 1);
        stack.push(target);
      }
    }
  }

  private flat(object: number, section: number): number {
    if (section === SHN.COMMON) return this.sections + object;
    return (this.program.sectionBase[object] ?? 0) + section;
  }

  /** The sections that live and die with this one. */
  private groupOf(object: number, section: number): readonly number[] {
    const group = this.links[object]?.groups.get(section);
    if (group === undefined) return NONE;
    const { sections } = (this.program.objects[object] as InputObject).elf;
    return groupMembers(group).filter((m) => ((sections[m]?.flags ?? 0) & SHF.GROUP) !== 0);
  }

  private follow(object: number, section: number): void {
    const links = this.links[object];
    if (links === undefined) return;
    for (const member of this.groupOf(object, section)) this.mark(object, member);
    const relocations = relocationsOf(this.program, object, section);
    if (section !== links.unwind)
      for (const relocation of relocations) this.followRelocation(object, relocation);
    for (const fde of links.fdes.get(section) ?? []) this.followFde(object, links.unwind, fde);
  }

  private followFde(object: number, unwind: number, fde: Fde): void {
    const relocations = relocationsOf(this.program, object, unwind);
    this.followRange(object, relocations, fde.relocations);
    if (fde.empty || this.cies.has(fde.cie)) return;
    this.cies.add(fde.cie);
    this.followRange(object, relocations, fde.cie.relocations);
  }

  private followRange(
    object: number,
    relocations: readonly ElfRelocation[],
    [first, last]: readonly [number, number],
  ): void {
    for (let i = first; i < last; i++) {
      const relocation = relocations[i];
      if (relocation !== undefined) this.followRelocation(object, relocation);
    }
  }

  private followRelocation(object: number, relocation: ElfRelocation): void {
    if (relocation.symbol === 0) return;
    const { rows, globals } = this.program;
    const row = (rows.base[object] ?? 0) + relocation.symbol;
    const global = globals[rows.global[row] ?? -1];
    if (global === undefined) {
      if (rows.kind[row] === KIND.SECTION) this.mark(rows.object[row] ?? 0, rows.section[row] ?? 0);
      return;
    }
    if (relocation.type === R.GNU_VTINHERIT || relocation.type === R.GNU_VTENTRY) return;
    this.markGlobal(global);
  }

  private markGlobal(global: GlobalSymbol): void {
    switch (global.kind) {
      case KIND.SECTION:
        return this.mark(global.object, global.section);
      case KIND.COMMON:
        return this.mark(global.object, SHN.COMMON);
      case KIND.SCRIPT:
        return this.markScriptSymbol(global);
      default:
        return;
    }
  }

  private markScriptSymbol(global: GlobalSymbol): void {
    if (global.bounds !== undefined)
      for (const place of this.sectionsNamed(global.bounds)) this.mark(place.object, place.section);
    const meaning = this.meaningOf(global.name);
    if (meaning !== global.name) this.markName(meaning);
  }

  private sectionsNamed(name: string): readonly Place[] {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const found = this.program.objects.flatMap(({ elf }, object) =>
      elf.sections.filter((s) => s.name === name).map((s) => ({ object, section: s.index })),
    );
    this.byName.set(name, found);
    return found;
  }

  private debugTarget(object: number, relocation: ElfRelocation): Place | undefined {
    const { rows, objects } = this.program;
    const row = (rows.base[object] ?? 0) + relocation.symbol;
    if (relocation.symbol === 0 || rows.kind[row] !== KIND.SECTION) return undefined;
    const target = { object: rows.object[row] ?? 0, section: rows.section[row] ?? 0 };
    const section = objects[target.object]?.elf.sections[target.section];
    return section !== undefined && isDebugging(section) ? target : undefined;
  }
}

function linksOf(program: Program, object: number): ObjectLinks {
  const links: ObjectLinks = { unwind: -1, fdes: new Map(), groups: new Map() };
  for (const section of program.objects[object]?.elf.sections ?? []) {
    if (section.type === SHT.GROUP)
      for (const member of groupMembers(section)) links.groups.set(member, section);
    if (section.name === '.eh_frame' && section.size > 0)
      addUnwind(links, program, object, section.index);
  }
  return links;
}

/** ld remembers one unwind section an object, the last that it can parse. */
function addUnwind(links: ObjectLinks, program: Program, object: number, section: number): void {
  if (program.discarded[(program.sectionBase[object] ?? 0) + section] === 1) return;
  const records = framesOf(program, object, section);
  if (records === undefined) return;
  links.unwind = section;
  const relocations = relocationsOf(program, object, section);
  const { rows } = program;
  for (const record of records) {
    if (record.kind !== 'fde') continue;
    const row = (rows.base[object] ?? 0) + (functionOf(relocations, record)?.symbol ?? 0);
    if (rows.kind[row] !== KIND.SECTION) continue;
    const function_ = rows.section[row] ?? 0;
    const fdes = links.fdes.get(function_) ?? [];
    fdes.push(record);
    links.fdes.set(function_, fdes);
  }
}
