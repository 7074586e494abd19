/** Whether one object holds all of another, unchanged, and what it holds beyond that. */
import { equalAtoms, type AtomForm, type ObjectForm } from './object-form.ts';
import type { FrameForm } from './frame-form.ts';

/** What the larger object has that the smaller has not. */
export interface Extras {
  readonly atoms: readonly AtomForm[];
  /** Names defined in the larger alone. */
  readonly exports: readonly string[];
  /** Names that the larger alone asks for, or asks for in another way. */
  readonly needs: readonly string[];
  readonly frames: readonly FrameForm[];
}

/** @returns undefined where `large` does not hold all of `small` as it is */
export function extrasOf(large: ObjectForm, small: ObjectForm): Extras | undefined {
  if (large.grouped.length + small.grouped.length > 0) return undefined;
  if (!holdsAtoms(large, small) || !holdsNames(large, small)) return undefined;
  const frames = extraFrames(large, small);
  if (frames === undefined) return undefined;
  const isExtra = (atom: AtomForm) => !small.atoms.has(atom.key);
  const owners = new Set(frames.map(({ owner }) => owner));
  if ([...owners].some((owner) => small.atoms.has(owner))) return undefined;
  return {
    atoms: [...large.atoms.values()].filter(isExtra),
    exports: [...large.exports.keys()].filter((name) => !small.exports.has(name)),
    needs: [...large.needs].flatMap(([name, how]) => (small.needs.get(name) === how ? [] : [name])),
    frames,
  };
}

function holdsAtoms(large: ObjectForm, small: ObjectForm): boolean {
  for (const [key, atom] of small.atoms) {
    const other = large.atoms.get(key);
    if (other === undefined || !equalAtoms(atom, other)) return false;
  }
  return true;
}

function holdsNames(large: ObjectForm, small: ObjectForm): boolean {
  for (const [name, text] of small.exports) if (large.exports.get(name) !== text) return false;
  for (const name of small.needs.keys()) if (!large.needs.has(name)) return false;
  return true;
}

/** Records of `large` that `small` has not, if it has all others. */
function extraFrames(large: ObjectForm, small: ObjectForm): FrameForm[] | undefined {
  const counts = new Map<string, number>();
  for (const { text } of small.frames) counts.set(text, (counts.get(text) ?? 0) + 1);
  const extra = large.frames.filter(({ text }) => {
    const left = counts.get(text) ?? 0;
    if (left > 0) counts.set(text, left - 1);
    return left === 0;
  });
  return large.frames.length - extra.length === small.frames.length ? extra : undefined;
}
