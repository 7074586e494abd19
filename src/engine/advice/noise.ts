/**
 * Differences that no program needs: a build that records the application's name, where it was built,
 * or when. What differs is noise where each unikernel's own name, path or date stands in it.
 */
import { contentOf } from '../atoms/content.ts';
import type { SlotParts, UnikernelInput } from '../atoms/identify.ts';
import { locatorOf } from '../atoms/identify.ts';
import type { Unikernel } from '../workspace/types.ts';
import type { LibraryVariants } from './variants.ts';

export type Noise = 'application-name' | 'absolute-path' | 'build-date';

export interface NoiseSource {
  readonly unikernel: Unikernel;
  readonly input: UnikernelInput;
  readonly parts: ReadonlyMap<number, SlotParts>;
}

/** `__DATE__` (C11, 6.10.8.1). */
const DATE = /(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{4}/;

/** What kind of noise makes a library differ; undefined where it is none that is known. */
export function noiseOf(
  variants: LibraryVariants,
  sources: readonly NoiseSource[],
): Noise | undefined {
  const members = variants.groups.flat();
  const texts = members.map((u) => textOf(sources[u]!, variants));
  const names = members.map((u) => sources[u]!.unikernel);
  if (
    variants.groups.length === members.length &&
    members.every((_, i) => namesOwn(texts, names, i))
  )
    return 'application-name';
  const hasPath = texts.every((text, i) => text.includes(names[i]!.directory));
  if (hasPath) return 'absolute-path';
  const dates = texts.map((text) => DATE.exec(text)?.[0]);
  return dates.every((date) => date !== undefined) && new Set(dates).size > 1
    ? 'build-date'
    : undefined;
}

/** The text has the name of its own application as a word, and the others' texts have not. */
function namesOwn(texts: readonly string[], names: readonly Unikernel[], own: number): boolean {
  const { name } = names[own]!;
  const word = new RegExp(`(?<![a-z0-9])(?:app)?${escaped(name)}(?![a-z0-9])`);
  return texts.every((text, i) => word.test(text) === (i === own));
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The bytes of what differs in one unikernel, as text. */
function textOf({ input, parts }: NoiseSource, { slots }: LibraryVariants): string {
  const locator = locatorOf(input, parts);
  const texts = slots.flatMap(({ id }) => {
    const own = parts.get(id);
    if (own === undefined) return [];
    const { bytes } = contentOf(input.program, own.parts, own.size, locator);
    return [Buffer.from(bytes).toString('latin1')];
  });
  return texts.join('\n');
}
