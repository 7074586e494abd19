/**
 * Program headers of the aligned image: they are those that the scripts ask for, they do not
 * overlap, and no input section may be written or executed that could not be before.
 */
import { PF, PT, SHF, SHT, type ElfFile, type ElfSection, type ElfSegment } from '../elf/types.ts';
import type { EvaluatedSegment, Evaluation } from '../ldscript/evaluate-types.ts';
import { isAtom } from './inputs.ts';
import { hex, type Difference, type Finding } from './types.ts';
import type { ImageView } from './view.ts';

const PT_GNU_STACK = 0x6474e551;

/**
 * Checks all program headers against the evaluated scripts.
 * @param isPaged false for links with -N or -n, which do not align segments to pages (ld manual)
 */
export function checkHeaders(
  old: ElfFile,
  debug: ElfFile,
  { segments, outputSections }: Evaluation,
  isPaged: boolean,
): Finding {
  const pages = isPaged ? PAGE : 1;
  const differences: Difference[] = [];
  const differ = (i: number, field: string, is: number, was: number) => {
    if (is !== was) differences.push(changed(`program header ${i}`, field, is, was));
  };
  differ(segments.length, 'number', debug.segments.length, segments.length);
  segments.forEach((expected, i) => {
    const found = debug.segments[i];
    if (found === undefined) return;
    const own = expected.sections.flatMap((index) => {
      const output = outputSections[index]!;
      return debug.sections.filter(
        ({ name, address }) => name === output.name && address === output.address,
      );
    });
    differ(i, 'type', found.type, expected.type);
    differ(i, 'flags', found.flags, flagsOf(expected, old));
    if (expected.headers || own.length > 0 || expected.type !== PT.LOAD) {
      differ(i, 'address', found.virtualAddress, expected.address);
      differ(i, 'physical address', found.physicalAddress, expected.loadAddress);
    }
    differ(i, 'memory size', found.memorySize, expected.size);
    differ(i, 'file size', found.fileSize, fileSizeOf(own, expected));
    differ(i, 'offset', found.offset, offsetOf(own, expected, found));
    const alignment = alignmentOf(own, expected, old, pages);
    // ld may keep what the input sections ask for where a script gives their output section less.
    if (found.type !== PT.LOAD || found.alignment !== asked(expected, outputSections))
      differ(i, 'alignment', found.alignment, alignment);
  });
  return { counts: { segments: segments.length }, differences };
}

function changed(what: string, field: string, is: number, was: number): Difference {
  return { kind: 'segment', text: `${what}: its ${field} is ${hex(is)} instead of ${hex(was)}` };
}

/** The stack's permissions are asked for by the objects; nothing of them has changed. */
function flagsOf({ type, flags }: EvaluatedSegment, old: ElfFile): number {
  const was = old.segments.find((segment) => segment.type === PT_GNU_STACK);
  return type === PT_GNU_STACK && was ? was.flags : flags;
}

const hasBytes = ({ type, size }: ElfSection) => type !== SHT.NOBITS && size > 0;

function fileSizeOf(own: readonly ElfSection[], { address, headers }: EvaluatedSegment): number {
  const ends = own.filter(hasBytes).map((section) => section.address + section.size);
  const start = headers || own.length === 0 ? address : Math.min(...own.map((s) => s.address));
  return Math.max(start, ...ends) - start;
}

/** The file has a segment's first section where it has the segment. */
function offsetOf(
  own: readonly ElfSection[],
  { headers }: EvaluatedSegment,
  found: ElfSegment,
): number {
  const first = own[0];
  if (headers || first === undefined) return 0;
  const shift = first.address - found.virtualAddress;
  return found.fileSize === 0 && first.type === SHT.NOBITS ? found.offset : first.offset - shift;
}

/** The largest alignment of a segment's input sections. */
function asked({ sections }: EvaluatedSegment, outputs: Evaluation['outputSections']): number {
  const inputs = sections.flatMap((index) =>
    outputs[index]!.contents.flatMap((c) => (c.kind === 'input' ? c.section.alignment : [])),
  );
  return inputs.reduce((largest, alignment) => Math.max(largest, alignment), 1);
}

const PAGE = 0x1000;

function alignmentOf(
  own: readonly ElfSection[],
  { type }: EvaluatedSegment,
  old: ElfFile,
  pages: number,
): number {
  const largest = Math.max(1, ...own.map(({ alignment }) => alignment));
  if (type === PT.LOAD) return Math.max(pages, largest);
  if (own.length > 0) return largest;
  return old.segments.find((segment) => segment.type === type)?.alignment ?? largest;
}

/** Checks what may be done with every input section, and that nothing stands on another. */
export function checkPermissions(old: ImageView, aligned: ImageView): Finding {
  const differences = overlapsOf(aligned.image);
  const unproven: string[] = [];
  /** Constants that move with their code stand among it (docs/aslr.md). */
  let executable = 0;
  const { program } = old;
  const spans: { start: number; end: number; name: string }[] = [];
  program.objects.forEach(({ elf, library }, object) => {
    for (const section of elf.sections) {
      if (!isAtom(section) || section.flags & SHF.TLS) continue;
      const was = old.spansOf(object, section.index)[0];
      for (const span of aligned.spansOf(object, section.index)) {
        const name = `${section.name} of ${library}`;
        spans.push({ start: span.address, end: span.address + span.size, name });
        const before = was === undefined ? undefined : permissionsAt(old.image, was.address);
        const after = permissionsAt(aligned.image, span.address);
        if (was === undefined || before === undefined || after === undefined) continue;
        const text = `${name} may be ${letters(after)} instead of ${letters(before)}`;
        const more = gained(before, after);
        if (more === PF.X && aligned.isRewritten && isConstant(section)) executable++;
        else if (more) differences.push({ kind: 'permission', text });
        // Whether it matters is the boot code's: multiboot loaders do not look at permissions.
        else if (lost(before, after, askedBy(section.flags))) unproven.push(text);
      }
    }
  });
  if (executable > 0) unproven.push(`${executable} sections of constants may be executed now`);
  const overlaps = overlapping(spans);
  if (!aligned.isSearched) return { differences: [...differences, ...overlaps], unproven };
  // Of two that were looked for and found in one place, one is elsewhere.
  return { differences, unproven: [...unproven, ...overlaps.map(({ text }) => text)] };
}

/** What may be done now and could not be before. */
const gained = (before: number, after: number) => after & ~before & (PF.W | PF.X);

/**
 * What the input section asks for and had, and has no more. (A segment, or an output section with
 * others, may allow more: that need not be kept.)
 */
const lost = (before: number, after: number, asked: number) => before & (PF.R | asked) & ~after;

const askedBy = (flags: number) =>
  (flags & SHF.WRITE ? PF.W : 0) | (flags & SHF.EXECINSTR ? PF.X : 0);

function permissionsAt({ segments }: ElfFile, address: number): number | undefined {
  return segments.find(
    ({ type, virtualAddress, memorySize }) =>
      type === PT.LOAD && virtualAddress <= address && address < virtualAddress + memorySize,
  )?.flags;
}

const letters = (flags: number) =>
  `${flags & PF.R ? 'r' : '-'}${flags & PF.W ? 'w' : '-'}${flags & PF.X ? 'x' : '-'}`;

/** Loaded segments that lie on each other. */
export function overlapsOf({ segments }: ElfFile): Difference[] {
  const loads = segments
    .filter(({ type, memorySize }) => type === PT.LOAD && memorySize > 0)
    .map((segment) => ({
      start: segment.virtualAddress,
      end: segment.virtualAddress + segment.memorySize,
      name: `the segment at ${hex(segment.virtualAddress)}`,
    }));
  return overlapping(loads);
}

function overlapping(ranges: { start: number; end: number; name: string }[]): Difference[] {
  const sorted = [...ranges].sort((a, b) => a.start - b.start);
  return sorted.flatMap((range, i): Difference[] => {
    const before = sorted[i - 1];
    if (before === undefined || before.end <= range.start) return [];
    return [{ kind: 'overlap', text: `${range.name} overlaps ${before.name}` }];
  });
}

const isConstant = ({ flags }: ElfSection) => (flags & (SHF.WRITE | SHF.EXECINSTR)) === 0;
