/** Divides a set's code into blocks. */
import { SpacerError } from '../errors.ts';
import { stubSection } from '../elf/stub-object.ts';
import { STUBS } from '../link/prepare.ts';
import type { UnikernelInput } from '../atoms/identify.ts';
import type { Slot } from '../layout/slots.ts';

export type Blocks = 'library' | 'class' | number;

/** The block that everything moves in by default. */
const WHOLE = 'code';

/**
 * Names the block of each slot of code.
 * @throws SpacerError `bad-options` where the number of blocks is none
 */
export function blocksOf(
  unikernels: readonly UnikernelInput[],
  slots: readonly Slot[],
  blocks: Blocks,
): (slot: Slot) => string {
  if (typeof blocks === 'number' && !(Number.isInteger(blocks) && blocks >= 1))
    throw new SpacerError(
      'bad-options',
      '--aslr-blocks takes library, class or a number from 1 on.',
    );
  const libraryOf = libraries(unikernels);
  if (blocks === 1) return () => WHOLE;
  if (blocks === 'library') return libraryOf;
  const groups = groupsOf(slots, libraryOf);
  if (blocks === 'class') return (slot) => groups.get(libraryOf(slot))?.sharers ?? WHOLE;
  const dealt = deal([...groups], blocks);
  return (slot) => `${WHOLE} ${dealt.get(libraryOf(slot)) ?? 0}`;
}

/** A stub belongs to the library that it jumps to, what several unikernels share to the first. */
function libraries(unikernels: readonly UnikernelInput[]): (slot: Slot) => string {
  const definers = new Map<string, string>();
  for (const { program } of unikernels)
    for (const { name, object } of program.globals)
      if (object >= 0 && !definers.has(name)) definers.set(name, program.objects[object]!.library);
  const prefix = stubSection('');
  return (slot) => {
    if (slot.libraries) return 'applications';
    if (slot.library !== STUBS) return slot.library;
    const at = slot.key.indexOf(prefix);
    return definers.get(slot.key.slice(at + prefix.length)) ?? STUBS;
  };
}

interface Group {
  /** The unikernels that have the library, as text. */
  readonly sharers: string;
  size: number;
}

function groupsOf(slots: readonly Slot[], libraryOf: (slot: Slot) => string): Map<string, Group> {
  const sharers = new Map<string, boolean[]>();
  const sizes = new Map<string, number>();
  for (const slot of slots) {
    const library = libraryOf(slot);
    const known = sharers.get(library) ?? slot.fillings.map(() => false);
    sharers.set(
      library,
      known.map((has, u) => has || slot.fillings[u] !== undefined),
    );
    if (slot.region === '.text') sizes.set(library, (sizes.get(library) ?? 0) + slot.size);
  }
  return new Map(
    [...sharers].map(([library, has]) => {
      const text = has.map((one) => (one ? '+' : '-')).join('');
      return [library, { sharers: text, size: sizes.get(library) ?? 0 }];
    }),
  );
}

/** Deals libraries to blocks of about one size; those that the same unikernels have stay together. */
function deal(groups: readonly (readonly [string, Group])[], count: number): Map<string, number> {
  const ordered = [...groups].sort(([, a], [, b]) =>
    a.sharers === b.sharers ? 0 : a.sharers < b.sharers ? -1 : 1,
  );
  const total = ordered.reduce((sum, [, { size }]) => sum + size, 0);
  let before = 0;
  return new Map(
    ordered.map(([library, { size }]) => {
      const middle = before + size / 2;
      before += size;
      return [library, Math.min(count - 1, Math.floor((middle * count) / Math.max(1, total)))];
    }),
  );
}
