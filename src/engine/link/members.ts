/**
 * Which members of its archives a link takes (bfd/elflink.c, elf_link_add_archive_symbols; ld's
 * ldlang.c for groups). An archive is asked, when its turn comes, for each symbol of its index that
 * is undefined by then; members that it gives can ask for more of it. A group of archives is gone
 * through until nothing new is asked for. A weak reference takes no member.
 */
import { SHN, STB, type ElfFile } from '../elf/types.ts';
import type { Archive, ArchiveMember } from './archive.ts';

/** What stands on the command line, in order. */
export type LinkItem =
  | { readonly kind: 'object'; readonly elf: ElfFile }
  | { readonly kind: 'archive'; readonly archive: Archive; readonly whole: boolean }
  | { readonly kind: 'group'; readonly items: readonly LinkItem[] };

export interface TakenMember {
  readonly member: ArchiveMember;
  readonly elf: ElfFile;
}

/**
 * Goes through a link.
 * @param roots names that count as undefined from the start: the entry, and those of `-u`
 * @param read parses a member
 * @returns the members taken from each archive, in the order in which they are taken
 */
export function takeMembers(
  items: readonly LinkItem[],
  roots: readonly string[],
  read: (archive: Archive, member: ArchiveMember) => ElfFile,
): Map<Archive, TakenMember[]> {
  const link = new Link(read);
  for (const root of roots) link.ask(root);
  for (const item of items) link.visit(item);
  return link.taken;
}

type State = 'undefined' | 'weak' | 'common' | 'defined';

class Link {
  readonly taken = new Map<Archive, TakenMember[]>();
  private readonly states = new Map<string, State>();
  private readonly members = new Map<ArchiveMember, ElfFile>();
  private readonly included = new Set<ArchiveMember>();
  /** Grows with every symbol that becomes undefined. */
  private asked = 0;

  constructor(private readonly read: (archive: Archive, member: ArchiveMember) => ElfFile) {}

  ask(name: string): void {
    const state = this.states.get(name);
    if (state !== undefined && state !== 'weak') return;
    this.states.set(name, 'undefined');
    this.asked++;
  }

  visit(item: LinkItem): void {
    if (item.kind === 'object') this.add(item.elf);
    else if (item.kind === 'archive') this.search(item.archive, item.whole);
    else this.untilNothingIsAsked(() => item.items.forEach((inner) => this.visitAgain(inner)));
  }

  /** Objects of a group are added once only. */
  private visitAgain(item: LinkItem): void {
    if (item.kind !== 'object') this.visit(item);
    else if (!this.seen.has(item.elf)) this.visit(item);
  }

  private readonly seen = new Set<ElfFile>();

  private untilNothingIsAsked(pass: () => void): void {
    for (;;) {
      const before = this.asked;
      pass();
      if (this.asked === before) return;
    }
  }

  private search(archive: Archive, whole: boolean): void {
    if (!this.taken.has(archive)) this.taken.set(archive, []);
    if (whole) for (const member of archive.members) this.include(archive, member);
    else
      this.untilNothingIsAsked(() => {
        for (const { symbol, member } of archive.index)
          if (!this.included.has(member) && this.wants(archive, symbol, member))
            this.include(archive, member);
      });
  }

  private wants(archive: Archive, symbol: string, member: ArchiveMember): boolean {
    const state = this.states.get(symbol);
    if (state === 'undefined') return true;
    return state === 'common' && defines(this.elfOf(archive, member), symbol);
  }

  private include(archive: Archive, member: ArchiveMember): void {
    if (this.included.has(member)) return;
    this.included.add(member);
    const elf = this.elfOf(archive, member);
    this.taken.get(archive)?.push({ member, elf });
    this.add(elf);
  }

  private elfOf(archive: Archive, member: ArchiveMember): ElfFile {
    const known = this.members.get(member) ?? this.read(archive, member);
    this.members.set(member, known);
    return known;
  }

  private add(elf: ElfFile): void {
    this.seen.add(elf);
    for (const { name, binding, section } of elf.symbols) {
      if (binding === STB.LOCAL) continue;
      if (section !== SHN.UNDEF) this.define(name, section === SHN.COMMON);
      else if (binding !== STB.WEAK) this.ask(name);
      else if (!this.states.has(name)) this.states.set(name, 'weak');
    }
  }

  private define(name: string, isCommon: boolean): void {
    if (!isCommon) this.states.set(name, 'defined');
    else if (this.states.get(name) !== 'defined') this.states.set(name, 'common');
  }
}

/** A common symbol is no definition for which another common would be given up. */
function defines(elf: ElfFile, symbol: string): boolean {
  return elf.symbols.some(
    ({ name, binding, section }) =>
      name === symbol && binding !== STB.LOCAL && section !== SHN.UNDEF && section !== SHN.COMMON,
  );
}
