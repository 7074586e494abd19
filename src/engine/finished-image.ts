/**
 * What the linker's own sections hold once addresses are known, and what the steps after the link
 * leave of an image.
 */
import { globMatches } from './atoms/gather.ts';
import { SHF, SHT } from './elf/types.ts';
import type { EvaluatedSection, EvaluatedSegment, Evaluation } from './ldscript/evaluate-types.ts';
import { effectsOf } from './link/effects.ts';
import type { LoadedUnikernel, Made } from './loaded-unikernel.ts';
import type { MadeAddresses } from './model/dynamic.ts';
import type { Addresses } from './model/relocate.ts';
import { UK_RELOC } from './model/uk-reloc.ts';

const ENTRY = 8;
const DYNAMIC = '.dynamic';

/** Where the linker's own sections lie, and everything that they refer to. */
export function madeAddresses(
  made: Made,
  evaluation: Evaluation,
  { addressOf, symbolValue }: Pick<Addresses, 'addressOf' | 'symbolValue'>,
): MadeAddresses {
  const own = new Map(made.plan.sections.map((section, i) => [section.name, { ...section, i }]));
  const outputs = new Map(evaluation.outputSections.map((output) => [output.name, output]));
  return {
    addressOf,
    symbolValue,
    isAbsolute: (name) => {
      const symbol = evaluation.symbols.get(name);
      return symbol !== undefined && symbol.section === undefined;
    },
    isReadOnly: (address) => {
      const output = evaluation.outputSections.find(
        (s) => s.flags & SHF.ALLOC && s.address <= address && address < s.address + s.size,
      );
      return output !== undefined && !(output.flags & SHF.WRITE);
    },
    section: (name) => {
      const section = own.get(name);
      const address = section && addressOf(0, made.first + section.i);
      return section && address !== undefined ? { address, size: section.size } : outputs.get(name);
    },
  };
}

/** The addresses of a program with the linker's own sections. */
export function withMade(made: Made, evaluation: Evaluation, plain: Addresses): Addresses {
  const at = madeAddresses(made, evaluation, plain);
  const addressOfSection = (name: string) => at.section(name)?.address;
  const table = addressOfSection('.got') ?? 0;
  const slotOf = (object: number, symbol: number) => {
    const slot = made.plan.got.slotOf(object, symbol);
    return slot === undefined ? undefined : table + slot * ENTRY;
  };
  return {
    ...plain,
    symbolValue: (name) =>
      plain.symbolValue(name) ?? addressOfSection(LINKER_SYMBOLS.get(name) ?? ''),
    got: { base: addressOfSection('.got.plt') ?? 0, slotOf },
  };
}

/** Symbols that ld defines at the start of its own sections. */
const LINKER_SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['_GLOBAL_OFFSET_TABLE_', '.got.plt'],
  ['_DYNAMIC', '.dynamic'],
]);

/** Final bytes of one of the linker's own sections, by its index in the first object. */
export function madeBytes(
  made: Made,
  evaluation: Evaluation,
  addresses: Addresses,
  section: number,
): Uint8Array {
  const { name } = made.plan.sections[section - made.first]!;
  return made.plan.bytes(name, madeAddresses(made, evaluation, addresses));
}

/**
 * Output sections whose size depends on addresses or on a step after the link, with their bytes:
 * `.dynamic`, and Unikraft's relocation table.
 */
export function wholeSections(
  made: Made | undefined,
  evaluation: Evaluation,
  addresses: Addresses,
): Map<string, Uint8Array> {
  const whole = new Map<string, Uint8Array>();
  if (made === undefined) return whole;
  const at = madeAddresses(made, evaluation, addresses);
  if (made.ukReloc) whole.set(UK_RELOC, made.ukReloc.bytes(at));
  const dynamic = evaluation.outputSections.find(({ name }) => name === DYNAMIC);
  if (dynamic?.contents.length === 1) whole.set(DYNAMIC, made.plan.bytes(DYNAMIC, at));
  return whole;
}

/**
 * The image behind the steps after the link: some sections are gone, others have their final size.
 * Segments end where what is left ends.
 * @param whole final bytes of output sections
 */
export function finished(
  evaluation: Evaluation,
  { unikernel }: LoadedUnikernel,
  whole: ReadonlyMap<string, Uint8Array>,
): Evaluation {
  const { removed } = effectsOf(unikernel.link.postLink);
  if (removed.length === 0 && whole.size === 0) return evaluation;
  const isGone = (name: string) => removed.some((pattern) => globMatches(pattern, name));
  const outputSections = evaluation.outputSections.map((section): EvaluatedSection => {
    if (isGone(section.name)) return { ...section, size: 0, contents: [] };
    const bytes = whole.get(section.name);
    return bytes ? { ...section, size: bytes.length } : section;
  });
  const changed = (index: number) => outputSections[index] !== evaluation.outputSections[index];
  const segments = evaluation.segments.map((segment): EvaluatedSegment => {
    if (!segment.sections.some(changed)) return segment;
    return { ...segment, size: endOf(segment, outputSections) - segment.address };
  });
  return { ...evaluation, outputSections, segments };
}

function endOf(
  { address, sections }: EvaluatedSegment,
  outputs: readonly EvaluatedSection[],
): number {
  const ends = sections
    .map((index) => outputs[index]!)
    .filter(({ flags, type }) => !(flags & SHF.TLS && type === SHT.NOBITS))
    .map((section) => section.address + section.size);
  return Math.max(address, ...ends);
}
