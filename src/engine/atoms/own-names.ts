/**
 * What several unikernels have, each under a name of its own: builds of one application under several
 * names have equal sections in libraries that are called differently. Sections that one unikernel alone
 * has under their name, and that are the same bytes with the same references, are one slot.
 */
import { createHash } from 'node:crypto';
import type { ElfFile } from '../elf/types.ts';
import type { Program } from '../model/types.ts';
import type { GatheredInput } from './gather.ts';
import { maskedBytes, referenceText, relocationsOf } from './reference-text.ts';

/** Of one unikernel: its input sections by output section. */
interface Gathered {
  readonly program: Program;
  readonly outline: readonly { readonly name: string }[];
  readonly inputs: ReadonlyMap<string, readonly GatheredInput[]>;
}

type KeyOf = (program: Program, input: GatheredInput, region: string) => string;

/** By key of a section: the key that it has in common with others. */
export function equalOwnKeys(unikernels: readonly Gathered[], keyOf: KeyOf): Map<string, string> {
  const groups = new Map<string, string[]>();
  for (const { key, owner, digest, region } of ownSections(unikernels, keyOf)) {
    // Equal ones of one unikernel meet, and stay apart.
    for (let nth = 0; ; nth++) {
      const name = `=${region} ${digest} ${nth}`;
      const group = groups.get(name) ?? [];
      if (group.some((other) => other.startsWith(`${owner} `))) continue;
      groups.set(name, [...group, `${owner} ${key}`]);
      break;
    }
  }
  const shared = new Map<string, string>();
  for (const [name, members] of groups)
    if (members.length > 1)
      for (const member of members) shared.set(member.slice(member.indexOf(' ') + 1), name);
  return shared;
}

interface Own {
  readonly key: string;
  readonly owner: number;
  readonly region: string;
  readonly digest: string;
}

/** Sections whose names one unikernel alone has, and has once. */
function ownSections(unikernels: readonly Gathered[], keyOf: KeyOf): Own[] {
  const found = new Map<string, { owner: number; count: number; take: () => Own }>();
  unikernels.forEach(({ program, inputs, outline }, owner) => {
    for (const { name: region } of outline)
      for (const input of inputs.get(region) ?? []) {
        const key = keyOf(program, input, region);
        const known = found.get(key);
        if (known) known.count++;
        else {
          const { elf } = program.objects[input.object]!;
          const take = () => ({ key, owner, region, digest: digestOf(elf, input.section) });
          found.set(key, { owner, count: 1, take });
        }
      }
  });
  return [...found.values()].flatMap(({ count, take }) => (count === 1 ? [take()] : []));
}

/** The contents of a section, under the names that its object has for what it refers to. */
function digestOf(elf: ElfFile, section: number): string {
  const { data, size, alignment, flags, type } = elf.sections[section]!;
  const relocations = relocationsOf(elf, section);
  const placer = (to: number) => ({ key: elf.sections[to]!.name, offset: 0 });
  const hash = createHash('sha256').update(`${type} ${flags} ${size} ${alignment}\n`);
  hash.update(maskedBytes(data, relocations));
  for (const one of relocations) hash.update(`\n${one.offset} ${referenceText(elf, one, placer)}`);
  return hash.digest('hex').slice(0, 16);
}
