/**
 * Owners of merged strings and constants.
 *
 * The linker keeps one copy of equal strings of all libraries, in the place of the library that
 * comes first in the link. So a string in the image belongs to the first library that has it; the
 * ranges that other sections leave free are cut into strings and constants, and looked up.
 * Suffixes (`"lo"` of `"hello"`) are not kept, so what stands in the image is always a whole one.
 */
import { SHF, type ElfSection } from '../elf/types.ts';
import { coalesce, type OwnedRange } from './owner-map.ts';
import { goesTo, isMerged, type Candidate, type Placement } from './placement.ts';

interface Owner {
  readonly order: number;
  readonly library: string;
  readonly section: string;
}

/** Sections that the linker merges with each other. */
interface Group {
  readonly entrySize: number;
  readonly alignment: number;
  readonly owners: Map<string, Owner>;
}

interface Groups {
  readonly strings: readonly Group[];
  /** Largest entries first. */
  readonly constants: readonly Group[];
}

/** Ranges of the merged strings and constants, flat. */
export function mergedRanges(placement: Placement): OwnedRange[] {
  const sections = placement.candidates.filter(isMerged);
  const groups = groupsOf(sections);
  const result: OwnedRange[] = [];
  for (const output of placement.memory.outputs) {
    if (!sections.some(({ section }) => goesTo(section, output))) continue;
    let order = 0;
    for (const gap of placement.gaps(output)) {
      const bytes = placement.memory.bytesAt(gap.start, gap.end - gap.start);
      if (bytes === undefined) continue;
      const reader = new GapReader(groups, bytes, gap.start, order);
      result.push(...reader.read());
      order = reader.order;
    }
  }
  return coalesce(result);
}

function groupsOf(sections: readonly Candidate[]): Groups {
  const strings = new Map<string, Group>();
  const constants = new Map<string, Group>();
  for (const candidate of sections) {
    const { section, object, order } = candidate;
    const isStrings = (section.flags & SHF.STRINGS) !== 0;
    if (section.entrySize < 1 || (isStrings && section.entrySize !== 1)) continue;
    const group = groupOf(isStrings ? strings : constants, section);
    const owner = { order, library: object.library, section: section.name };
    for (const entry of isStrings ? stringsOf(section) : entriesOf(section))
      if (!group.owners.has(entry)) group.owners.set(entry, owner);
  }
  return {
    strings: [...strings.values()],
    constants: [...constants.values()].sort((a, b) => b.entrySize - a.entrySize),
  };
}

function groupOf(groups: Map<string, Group>, { entrySize, alignment }: ElfSection): Group {
  const key = `${entrySize}/${alignment}`;
  const group = groups.get(key) ?? { entrySize, alignment, owners: new Map<string, Owner>() };
  groups.set(key, group);
  return group;
}

function stringsOf(section: ElfSection): string[] {
  return latin(section.data, 0, section.size)
    .split('\0')
    .filter((text) => text !== '');
}

function entriesOf({ data, entrySize }: ElfSection): string[] {
  const result: string[] = [];
  for (let at = 0; at + entrySize <= data.length; at += entrySize)
    result.push(latin(data, at, at + entrySize));
  return result;
}

class GapReader {
  private readonly ranges: OwnedRange[] = [];
  private zero = -1;

  constructor(
    private readonly groups: Groups,
    private readonly bytes: Uint8Array,
    private readonly start: number,
    /** Link order of the last owner found: the next one is rarely before it. */
    public order: number,
  ) {}

  read(): OwnedRange[] {
    let at = 0;
    while (at < this.bytes.length)
      at = this.takeString(at) ?? this.takeConstant(at) ?? this.skip(at);
    return this.ranges;
  }

  private takeString(at: number): number | undefined {
    if (this.bytes[at] === 0) return undefined;
    const end = this.zeroAfter(at);
    if (end === this.bytes.length || end - at > MAX_STRING) return undefined;
    const text = latin(this.bytes, at, end);
    const owner = this.best(
      this.groups.strings
        .filter((group) => (this.start + at) % group.alignment === 0)
        .map((group) => group.owners.get(text)),
    );
    return owner && this.add(at, end + 1, owner);
  }

  /** The next zero byte, or the end; remembered, for long ranges without one. */
  private zeroAfter(at: number): number {
    if (this.zero < at) {
      const found = this.bytes.indexOf(0, at);
      this.zero = found === -1 ? this.bytes.length : found;
    }
    return this.zero;
  }

  private takeConstant(at: number): number | undefined {
    for (const { entrySize, alignment, owners } of this.groups.constants) {
      if ((this.start + at) % alignment !== 0 || at + entrySize > this.bytes.length) continue;
      const owner = owners.get(latin(this.bytes, at, at + entrySize));
      if (owner && this.bytes.subarray(at, at + entrySize).some((byte) => byte !== 0))
        return this.add(at, at + entrySize, owner);
    }
    return undefined;
  }

  /** Over padding byte by byte; over unknown bytes to the next place where an entry can begin. */
  private skip(at: number): number {
    if (this.bytes[at] === 0) return at + 1;
    const aligned = at + 4 - ((this.start + at) % 4);
    return Math.min(this.zeroAfter(at) + 1, aligned);
  }

  private best(owners: readonly (Owner | undefined)[]): Owner | undefined {
    const found = owners
      .filter((owner): owner is Owner => owner !== undefined)
      .sort((a, b) => a.order - b.order);
    return found.find((owner) => owner.order >= this.order) ?? found[0];
  }

  /** Padding to the alignment of an entry belongs to the entry before it, if of the same owner. */
  private add(from: number, to: number, owner: Owner): number {
    const { library, section } = owner;
    const last = this.ranges[this.ranges.length - 1];
    const start = this.start + from;
    const joined = last?.library === library && last.section === section;
    const near = joined && this.bytes.subarray(last.end - this.start, from).every((b) => b === 0);
    this.order = owner.order;
    this.ranges.push({ start: near ? last.end : start, end: this.start + to, library, section });
    return to;
  }
}

/** Longer texts are not looked up, so that a hostile image costs no quadratic time. */
const MAX_STRING = 4096;

function latin(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
