/**
 * What the linker's own sections hold once addresses are known, and what the steps after the link
 * leave of an image.
 */
import { globMatches } from './atoms/gather.ts';
import { SHF, SHT } from './elf/types.ts';
import type { EvaluatedSection, EvaluatedSegment, Evaluation } from './ldscript/evaluate-types.ts';
import { effectsOf } from './link/effects.ts';
import type { Made } from './made-sections.ts';
import type { MadeAddresses } from './model/dynamic.ts';
import type { Addresses } from './model/relocate.ts';
import { UK_RELOC } from './model/uk-reloc.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';

const ENTRY = 8;

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

/** Unikraft's relocation table, where a step after the link writes it. */
export function relocationTable(
  made: Made | undefined,
  evaluation: Evaluation,
  addresses: Addresses,
): Uint8Array | undefined {
  return made?.ukReloc?.bytes(madeAddresses(made, evaluation, addresses));
}

/**
 * The image behind the steps after the link: some sections are gone, and the relocation table has
 * its final size. Segments end where what is left ends.
 */
export function finished(
  evaluation: Evaluation,
  { unikernel }: LoadedUnikernel,
  table: Uint8Array | undefined,
): Evaluation {
  const { removed } = effectsOf(unikernel.link.postLink);
  if (removed.length === 0 && table === undefined) return evaluation;
  const isGone = (name: string) => removed.some((pattern) => globMatches(pattern, name));
  const outputSections = evaluation.outputSections.map((section): EvaluatedSection => {
    if (isGone(section.name)) return { ...section, size: 0, contents: [] };
    if (section.name === UK_RELOC && table) return { ...section, size: table.length };
    return section;
  });
  const changed = (index: number) => outputSections[index] !== evaluation.outputSections[index];
  const segments = evaluation.segments.map((segment): EvaluatedSegment => {
    if (!segment.sections.some(changed)) return segment;
    return { ...segment, size: endOf(segment, outputSections) - segment.address };
  });
  return { ...evaluation, outputSections, segments };
}

function endOf({ address, sections }: EvaluatedSegment, outputs: readonly EvaluatedSection[]): number {
  const ends = sections
    .map((index) => outputs[index]!)
    .filter(({ flags, type }) => !(flags & SHF.TLS && type === SHT.NOBITS))
    .map((section) => section.address + section.size);
  return Math.max(address, ...ends);
}
