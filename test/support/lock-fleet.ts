/**
 * A fleet that grows, changes and shrinks, without builds: libraries in several versions, unikernels
 * with a core of libraries and a random choice of others. Sizes and numbers of atoms are drawn from
 * `atom-sizes.json`: 41 quantiles of what eight Unikraft 0.17 applications have, by kind of section, at
 * library sections and with function sections.
 */
import {
  ARCHITECTURE,
  type Lock,
  type Member,
  type MemberSlot,
} from '../../src/engine/lock/model.ts';
import type { Group } from '../../src/engine/layout/regions.ts';
import quantiles from './atom-sizes.json' with { type: 'json' };

export type Build = keyof typeof quantiles;
type Kind = 'text' | 'rodata' | 'data' | 'bss';

const REGIONS = [
  { name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 },
  { name: '.rodata', kind: 'bulk', group: 'readonly', endAlignment: 1 },
  { name: '.uk_inittab', kind: 'table', group: 'readonly', endAlignment: 1 },
  { name: '.data', kind: 'bulk', group: 'data', endAlignment: 1 },
  { name: '.bss', kind: 'bulk', group: 'bss', endAlignment: 4096 },
] as const satisfies Member['regions'];

const REGION_OF: Readonly<Record<Kind, string>> = {
  text: '.text',
  rodata: '.rodata',
  data: '.data',
  bss: '.bss',
};

/** A lock with nothing in it and room for a large fleet. Sizes in bytes. */
export function emptyLock(room = 64 * 1024 * 1024): Lock {
  const groups: readonly Group[] = ['text', 'readonly', 'data', 'bss'];
  const start = (group: Group) => 0x100000 + groups.indexOf(group) * room;
  return {
    architecture: ARCHITECTURE,
    granularity: 'auto',
    base: start('text'),
    threadLocalSize: 0,
    stubs: [],
    pins: [],
    groups: groups.map((group) => ({ group, start: start(group), limit: start(group) + room })),
    regions: REGIONS.map((region) => ({
      ...region,
      start: start(region.group),
      end: start(region.group) + room,
    })),
    unikernels: [],
    places: [],
  };
}

/** Mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Step {
  readonly what: 'add' | 'change' | 'remove';
  readonly name: string;
  /** What it is now; absent where it is removed. */
  readonly member?: Member;
}

/** A unikernel by what it is made of. */
interface Recipe {
  readonly name: string;
  /** Versions by library; the application is one of them. */
  readonly libraries: Map<string, number>;
}

const CORE = 22;
const LIBRARIES = 120;

export class FleetMaker {
  private readonly random: () => number;
  private readonly recipes = new Map<string, Recipe>();
  private readonly made = new Map<string, readonly MemberSlot[]>();
  private count = 0;

  constructor(
    private readonly build: Build,
    private readonly seed = 1,
  ) {
    this.random = randomNumbers(seed);
  }

  /** The next of what may happen to a fleet: seven of ten are additions. */
  step(): Step {
    const names = [...this.recipes.keys()];
    const dice = names.length === 0 ? 0 : this.random();
    if (dice < 0.7) return this.add();
    const name = names[Math.floor(this.random() * names.length)]!;
    if (dice < 0.9) return this.change(name);
    this.recipes.delete(name);
    return { what: 'remove', name };
  }

  /** All that are in the fleet, as they are. */
  members(): Member[] {
    return [...this.recipes.values()].map((recipe) => this.memberOf(recipe));
  }

  private add(): Step {
    const name = `unikernel${String(this.count++).padStart(4, '0')}`;
    const libraries = new Map<string, number>([[`app${name}`, 0]]);
    for (let i = 0; i < LIBRARIES; i++)
      if (i < CORE || this.random() < 8 / LIBRARIES) libraries.set(`lib${i}`, this.version(i));
    const recipe = { name, libraries };
    this.recipes.set(name, recipe);
    return { what: 'add', name, member: this.memberOf(recipe) };
  }

  /** Most have the usual version; a fleet comes to have new ones as it grows. */
  private version(library: number): number {
    const usual = Math.floor((this.count + 37 * library) / 400);
    return this.random() < 0.9 ? usual : usual + 1;
  }

  private change(name: string): Step {
    const { libraries } = this.recipes.get(name)!;
    const choice = [...libraries.keys()];
    const library = choice[Math.floor(this.random() * choice.length)]!;
    libraries.set(library, libraries.get(library)! + 1);
    return { what: 'change', name, member: this.memberOf(this.recipes.get(name)!) };
  }

  private memberOf({ name, libraries }: Recipe): Member {
    const slots = [...libraries].flatMap(([library, version]) => this.atomsOf(library, version));
    return { name, regions: REGIONS, slots: [...slots, tableOf(name, libraries)] };
  }

  private atomsOf(library: string, version: number): readonly MemberSlot[] {
    const known = this.made.get(`${library} ${version}`);
    if (known) return known;
    const atoms = (Object.keys(REGION_OF) as Kind[]).flatMap((kind) =>
      this.atomsOfKind(library, version, kind),
    );
    this.made.set(`${library} ${version}`, atoms);
    return atoms;
  }

  /** A version differs from the one before in a tenth of its atoms, some of which grow. */
  private atomsOfKind(library: string, version: number, kind: Kind): MemberSlot[] {
    const { sizes, counts } = quantiles[this.build][kind];
    const random = randomNumbers(hash(`${this.seed} ${library} ${kind}`));
    const draw = (values: readonly number[]) => values[Math.floor(random() * values.length)]!;
    const count = draw(counts);
    return Array.from({ length: count }, (_, i): MemberSlot => {
      let size = draw(sizes);
      let content = 0;
      for (let v = 1; v <= version; v++) {
        const own = randomNumbers(hash(`${library} ${kind} ${i} ${v}`));
        if (own() >= 0.1) continue;
        content = v;
        size = Math.max(1, Math.round(size * (0.9 + 0.3 * own())));
      }
      return {
        key: `${library} .${kind}.${i}`,
        region: REGION_OF[kind],
        role: 'body',
        library,
        alignment: kind === 'text' ? 16 : 8,
        size,
        content: hash(`${library} ${kind} ${i} ${content}`).toString(16).padStart(16, '0'),
        symbols: [],
        targets: new Set(),
      };
    });
  }
}

/** One entry for each library. */
function tableOf(name: string, libraries: ReadonlyMap<string, number>): MemberSlot {
  return {
    key: '[table] .uk_inittab',
    region: '.uk_inittab',
    role: 'table',
    library: '[linker]',
    alignment: 8,
    size: 8 * libraries.size,
    content: hash(`${name} ${[...libraries.keys()].join()}`)
      .toString(16)
      .padStart(16, '0'),
    symbols: [],
    targets: new Set(),
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
