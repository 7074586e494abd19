/**
 * Merges the outlines of all unikernels into one sequence of regions. A region is an output section
 * over the whole set; it has one place in the common address space.
 */
import { tailAlignment, type OutlineSection } from './outline.ts';

/** Regions of one group stand in segments of the same permissions, without page breaks between. */
export type Group = 'text' | 'readonly' | 'tls' | 'data' | 'bss' | 'unloaded';

export interface Region {
  readonly name: string;
  readonly kind: 'bulk' | 'table';
  readonly group: Group;
  /** The scripts align its end to this. */
  readonly endAlignment: number;
}

/** What is known of an output section from its contents in one unikernel. */
export interface OutputFacts {
  readonly writable: boolean;
  readonly executable: boolean;
  readonly tls: boolean;
  readonly nobits: boolean;
}

/** One unikernel's output sections in order, with what stands in them; empty ones are left out. */
export type Outline = readonly { section: OutlineSection; facts: OutputFacts }[];

/**
 * Orders the regions so that each outline's own order is kept; a name that an earlier outline does
 * not have comes right behind its predecessor.
 */
export function mergeRegions(outlines: readonly Outline[]): Region[] {
  const names: string[] = [];
  const seen = new Map<string, Seen>();
  for (const outline of outlines) {
    let at = 0;
    for (const { section, facts } of outline) {
      const known = names.indexOf(section.name);
      if (known < 0) names.splice(at, 0, section.name);
      at = names.indexOf(section.name) + 1;
      note(seen, section, facts);
    }
  }
  return assignGroups(names.map((name) => ({ name, ...seen.get(name)! })));
}

interface Seen {
  readonly kinds: Set<'bulk' | 'table'>;
  facts: OutputFacts;
  /** Program headers of the script, joined; '' where it has none. */
  readonly header: string;
  endAlignment: number;
}

function note(seen: Map<string, Seen>, section: OutlineSection, facts: OutputFacts): void {
  const known = seen.get(section.name);
  if (known === undefined) {
    const header = section.phdrs.join(' ');
    const endAlignment = tailAlignment(section);
    seen.set(section.name, { kinds: new Set([section.kind]), facts, header, endAlignment });
    return;
  }
  known.endAlignment = Math.max(known.endAlignment, tailAlignment(section));
  known.kinds.add(section.kind);
  known.facts = {
    writable: known.facts.writable || facts.writable,
    executable: known.facts.executable || facts.executable,
    tls: known.facts.tls || facts.tls,
    nobits: known.facts.nobits && facts.nobits,
  };
}

/**
 * Some tables among the read-only sections carry the write flag; what stands before the data stays
 * read-only. What follows the first section without file contents stays behind it. What the script
 * puts into the code's segment stays there, since segments begin on pages of their own.
 */
function assignGroups(regions: readonly ({ name: string } & Seen)[]): Region[] {
  let sawData = false;
  let sawZero = false;
  const code = regions.find(({ facts }) => facts.executable)?.header ?? '';
  return regions.map(({ name, kinds, facts, header, endAlignment }) => {
    const kind = kinds.has('table') ? 'table' : 'bulk';
    const holdsData = kind === 'bulk' && facts.writable && !facts.executable && name !== '.rodata';
    sawData ||= facts.tls || holdsData;
    sawZero ||= sawData && facts.nobits && !facts.tls;
    const inCode = header !== '' && header === code;
    const group = sawZero ? 'bss' : inCode ? 'text' : groupOf(facts, sawData);
    return { name, kind, group, endAlignment };
  });
}

function groupOf(facts: OutputFacts, sawData: boolean): Group {
  if (facts.executable) return 'text';
  if (facts.tls) return 'tls';
  return sawData ? 'data' : 'readonly';
}
