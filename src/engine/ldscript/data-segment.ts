/**
 * DATA_SEGMENT_ALIGN, DATA_SEGMENT_RELRO_END and DATA_SEGMENT_END.
 *
 * A script that uses them lets the linker choose where its data begins: right behind the text in the
 * file (the same page is then mapped twice), or on a page of its own where that takes no more memory,
 * or so that what is read-only after relocation ends on a page boundary. Which one it is depends on
 * the sizes of all sections between, so a first pass only records; then the choice is made and the
 * sections are sized once more with it.
 */

type Phase = 'none' | 'align-seen' | 'relro-seen' | 'end-seen' | 'adjust' | 'relro-adjust' | 'done';

export interface DataSegment {
  readonly relro: boolean;
  phase: Phase;
  base: bigint;
  end: bigint;
  maxPage: bigint;
  commonPage: bigint;
  /** 0 until DATA_SEGMENT_RELRO_END is seen. */
  relroEnd: bigint;
  relroOffset: bigint;
}

/** The state before the first pass. */
export function newDataSegment(relro: boolean): DataSegment {
  return {
    relro,
    phase: 'none',
    base: 0n,
    end: 0n,
    maxPage: 1n,
    commonPage: 1n,
    relroEnd: 0n,
    relroOffset: 0n,
  };
}

const up = (value: bigint, alignment: bigint) =>
  alignment <= 1n ? value : ((value + alignment - 1n) / alignment) * alignment;

/** DATA_SEGMENT_ALIGN(maxPage, commonPage) at the address `dot`. */
export function alignSegment(
  segment: DataSegment,
  dot: bigint,
  maxPage: bigint,
  commonPage: bigint,
): bigint | undefined {
  if (segment.phase === 'relro-adjust') return segment.base;
  const aligned = up(dot, maxPage);
  if (segment.phase === 'adjust') {
    const skip = commonPage < maxPage ? (dot + commonPage - 1n) & (maxPage - commonPage) : 0n;
    return aligned + skip;
  }
  const value = segment.relro ? aligned : aligned + (dot & (maxPage - 1n));
  if (segment.phase === 'done') return value;
  if (segment.phase !== 'none') return undefined;
  Object.assign(segment, { phase: 'align-seen', base: value, maxPage, commonPage, relroEnd: 0n });
  return value;
}

/** DATA_SEGMENT_RELRO_END(offset, value). */
export function endRelro(segment: DataSegment, offset: bigint, value: bigint): bigint | undefined {
  segment.relroOffset = offset;
  const { phase } = segment;
  if (phase === 'align-seen' || phase === 'relro-adjust') segment.relroEnd = value + offset;
  if (phase === 'relro-adjust' && segment.relroEnd % segment.maxPage !== 0n) {
    segment.relroEnd = up(segment.relroEnd, segment.maxPage);
    return segment.relroEnd - offset;
  }
  if (phase === 'align-seen') segment.phase = 'relro-seen';
  const known: readonly Phase[] = ['align-seen', 'adjust', 'relro-adjust', 'done'];
  return known.includes(phase) ? value : undefined;
}

/** DATA_SEGMENT_END(end). */
export function endSegment(segment: DataSegment, end: bigint): boolean {
  if (segment.phase === 'align-seen' || segment.phase === 'relro-seen') {
    segment.phase = 'end-seen';
    segment.end = end;
    return true;
  }
  return ['done', 'adjust', 'relro-adjust'].includes(segment.phase);
}

/** After the recording pass, without relro: whether a page is saved by beginning on a new one. */
export function savesPage(segment: DataSegment): boolean {
  const { base, end, commonPage } = segment;
  const first = -base & (commonPage - 1n);
  const last = end & (commonPage - 1n);
  const saves =
    first !== 0n &&
    last !== 0n &&
    base / commonPage !== end / commonPage &&
    first + last <= commonPage;
  segment.phase = saves ? 'adjust' : 'done';
  return saves;
}

/** What the choice of the relro base needs to know of a section. */
export interface RelroSection {
  readonly address: number;
  /** 0 for .tbss. */
  readonly size: number;
  readonly alignment: number;
}

/**
 * After the recording pass, with relro: moves the base so that the sections up to
 * DATA_SEGMENT_RELRO_END end on a page boundary. Returns that boundary.
 */
export function moveRelro(segment: DataSegment, sections: readonly RelroSection[]): bigint {
  const { base, maxPage, relroOffset } = segment;
  const end = up(segment.relroEnd, maxPage);
  let wanted = end - relroOffset;
  for (const section of [...sections].reverse()) {
    const address = BigInt(section.address);
    if (address < base || address >= segment.relroEnd - relroOffset) continue;
    const start = wanted - BigInt(section.size);
    wanted = start - (start % BigInt(section.alignment));
  }
  segment.phase = 'relro-adjust';
  segment.base = wanted;
  return end;
}
