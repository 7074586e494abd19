/**
 * Generates fleets of any size from the shapes of real micro-libraries. Every unikernel takes the
 * libraries that all real applications have and a random subset of the others, each in one of
 * several versions: most of them that of the release which the unikernel stands on. A version
 * changes some functions and adds others. Of each library a unikernel uses little or much, and has
 * the functions that this needs, as dead-code elimination leaves them; and it has code, read-only
 * data and a table of its own. Unwind tables are left out: no packing changes them.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { BLOCK_SIZE, digestBlocks, scramble } from '../../src/engine/layout/digest.ts';
import type { LayoutInput } from '../../src/engine/layout/plan.ts';
import { randomNumbers } from '../../src/engine/layout/random.ts';
import type { Region } from '../../src/engine/layout/regions.ts';
import type { Filling, Slot } from '../../src/engine/layout/slots.ts';

const BASE = 0x100000;
/** Versions of each library at most: 57 libraries have 200 together. */
const VERSIONS = [4, 3];
/** Limits of the shares of the fleet that stand on the first release, the second, ... */
const RELEASE_SHARES = [0.4, 0.7, 0.9, 1];
/** Libraries that a unikernel takes from another release than the rest. */
const STRAYS = 0.05;
/** How much of a library is needed: what always comes with it, more, and all of it. */
const LEVELS = 4;
const CHANGED = 0.25;
const ADDED = 0.06;
const OPTIONAL_SHARE = 0.35;
const OWN_SECTIONS = 20;

const REGIONS: readonly Region[] = [
  { name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 },
  { name: '.rodata', kind: 'bulk', group: 'readonly', endAlignment: 1 },
  { name: '.uk_libinfo', kind: 'table', group: 'readonly', endAlignment: 1 },
  { name: '.data', kind: 'bulk', group: 'data', endAlignment: 1 },
  { name: '.bss', kind: 'bulk', group: 'bss', endAlignment: 1 },
];
const REGION_OF: Readonly<Record<string, string>> = {
  t: '.text',
  r: '.rodata',
  d: '.data',
  z: '.bss',
};

export interface Fleet {
  readonly input: LayoutInput;
  /** Filled places over all unikernels. */
  readonly atoms: number;
  readonly versions: number;
}

interface Shape {
  readonly region: string;
  readonly size: number;
  readonly alignment: number;
}

interface Library {
  readonly name: string;
  readonly everywhere: boolean;
  readonly sections: readonly Shape[];
}

function libraries(): Library[] {
  const file = path.join(import.meta.dirname, 'library-shapes.json');
  const { libraries: all } = JSON.parse(readFileSync(file, 'utf8')) as {
    libraries: Record<string, { everywhere: boolean; sections: string }>;
  };
  return Object.entries(all).map(([name, { everywhere, sections }]) => ({
    name,
    everywhere,
    sections: sections.split(' ').map((text): Shape => {
      const [kind, size, alignment] = text.split(':');
      return { region: REGION_OF[kind!]!, size: Number(size), alignment: Number(alignment) };
    }),
  }));
}

/** Slots of a fleet; the same seed gives the same fleet. */
export function makeFleet(unikernels: number, seed = 1): Fleet {
  const slots: Slot[] = [];
  let atoms = 0;
  let versions = 0;
  const add = (shape: Shape, role: Slot['role'], key: string, variantOf: (u: number) => number) => {
    const id = slots.length;
    const known: Filling[] = [];
    const fillings = Array.from({ length: unikernels }, (_, u): Filling | undefined => {
      const variant = variantOf(u);
      if (variant < 0) return undefined;
      atoms++;
      return (known[variant] ??= fillingOf(id, variant, shape));
    });
    if (!fillings.some(Boolean)) return;
    const [library = ''] = key.split(' ');
    slots.push({ id, key, library, role, fillings, ...shape });
  };
  const releases = releasesOf(unikernels, randomNumbers(seed * 31337));
  libraries().forEach((library, index) => {
    const random = randomNumbers(seed * 7919 + index);
    const count = VERSIONS[index % VERSIONS.length]!;
    versions += count;
    const users = usersOf(library, releases, count, random);
    library.sections.forEach((shape, section) => {
      const level = Math.floor(random() ** 2 * LEVELS);
      const contents = contentsOf(count, random);
      add(shape, 'body', `${library.name} ${shape.region}.${section}`, (u) =>
        users.level[u]! > level ? contents[users.version[u]!]! : -1,
      );
    });
  });
  addOwn(unikernels, randomNumbers(seed * 104729), add);
  return { input: { unikernels, regions: REGIONS, slots, base: BASE }, atoms, versions };
}

function releasesOf(unikernels: number, random: () => number): number[] {
  return Array.from({ length: unikernels }, () => {
    const drawn = random();
    return RELEASE_SHARES.findIndex((limit) => drawn < limit);
  });
}

/** By unikernel: which version of a library it has, and how many levels of it; 0 for none. */
function usersOf(
  { everywhere }: Library,
  releases: readonly number[],
  count: number,
  random: () => number,
) {
  const share = everywhere ? 1 : OPTIONAL_SHARE * (0.5 + random());
  const version = releases.map((release) => {
    const strays = random() < STRAYS;
    return strays ? Math.floor(random() * count) : Math.min(count - 1, release);
  });
  const level = releases.map(() => (random() < share ? 1 + Math.floor(random() * LEVELS) : 0));
  return { version, level };
}

/** By version: which content a section has; -1 where that version has no such section yet. */
function contentsOf(count: number, random: () => number): number[] {
  const isAdded = random() < ADDED;
  const since = isAdded ? 1 + Math.floor(random() * (count - 1)) : 0;
  let content = 0;
  return Array.from({ length: count }, (_, version) => {
    if (version > 0 && random() < CHANGED) content++;
    return version < since ? -1 : content;
  });
}

type Add = (
  shape: Shape,
  role: Slot['role'],
  key: string,
  variantOf: (u: number) => number,
) => void;

function addOwn(unikernels: number, random: () => number, add: Add): void {
  for (let own = 0; own < unikernels; own++)
    for (let i = 0; i < OWN_SECTIONS; i++) {
      const region = i % 4 === 3 ? '.rodata' : '.text';
      const size = 16 + Math.floor(random() ** 3 * 1500);
      const shape = { region, size, alignment: region === '.text' ? 16 : 1 };
      add(shape, 'body', `app${own} ${region}.${i}`, (u) => (u === own ? 0 : -1));
    }
  const table = { region: '.uk_libinfo', size: 2300, alignment: 8 };
  add(table, 'table', '[table] .uk_libinfo', (u) => u);
}

function fillingOf(id: number, variant: number, { region, size }: Shape): Filling {
  const count = region === '.bss' ? 0 : Math.ceil(size / BLOCK_SIZE);
  const seed = scramble(id * 8191 + variant + 1);
  const blocks = {
    low: Int32Array.from({ length: count }, (_, i) => scramble(seed + i)),
    high: Int32Array.from({ length: count }, (_, i) => scramble(seed ^ Math.imul(i + 1, 40503))),
  };
  return { size, variant, blocks, digest: digestBlocks(blocks) };
}
