/** Finds the symbols of an image that start in, or reach into, a range of addresses. */
import { SHF, SHN, SHT, STT, type ElfFile, type ElfSymbol } from '../elf/types.ts';

/** As many names as one owner of one page shows. */
const MAX_SYMBOLS = 12;
/** How far back a symbol that reaches into a range is looked for; only hostile files need more. */
const MAX_STEPS_BACK = 256;

interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export class SymbolIndex {
  private readonly spans: Span[];
  /** The highest end of all spans up to and including this one. */
  private readonly reach: Float64Array;

  constructor(elf: ElfFile | undefined) {
    this.spans = elf ? spansOf(elf) : [];
    this.reach = new Float64Array(this.spans.length);
    let highest = 0;
    this.spans.forEach((span, i) => {
      highest = Math.max(highest, span.end);
      this.reach[i] = highest;
    });
  }

  /** Names in ascending order of address; where too many, symbols with a size come first. */
  namesIn(start: number, end: number): string[] {
    const first = this.firstAt(start);
    const found = this.reachingInto(first, start);
    for (let i = first; i < this.spans.length; i++) {
      const span = this.spans[i];
      if (span === undefined || span.start >= end) break;
      found.push(span);
    }
    return names(found);
  }

  private firstAt(address: number): number {
    let low = 0;
    let high = this.spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.spans[middle]?.start ?? Infinity) < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private reachingInto(first: number, start: number): Span[] {
    const found: Span[] = [];
    const stop = Math.max(0, first - MAX_STEPS_BACK);
    for (let i = first - 1; i >= stop && (this.reach[i] ?? 0) > start; i--) {
      const span = this.spans[i];
      if (span && span.end > start) found.unshift(span);
    }
    return found;
  }
}

function names(spans: readonly Span[]): string[] {
  const unique = spans.filter((span, i) => spans[i - 1]?.name !== span.name);
  if (unique.length <= MAX_SYMBOLS) return unique.map((span) => span.name);
  const sized = unique.filter((span) => span.end > span.start);
  const preferred = [...new Set([...sized, ...unique])];
  const chosen = new Set(preferred.slice(0, MAX_SYMBOLS));
  return unique.filter((span) => chosen.has(span)).map((span) => span.name);
}

function spansOf(elf: ElfFile): Span[] {
  return elf.symbols
    .filter((symbol) => isPlaced(elf, symbol))
    .map((symbol) => ({
      name: symbol.name,
      start: symbol.value,
      end: symbol.value + symbol.size,
    }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

function isPlaced(elf: ElfFile, symbol: ElfSymbol): boolean {
  if (symbol.name === '' || symbol.section === SHN.UNDEF || symbol.section === SHN.ABS)
    return false;
  if (symbol.type === STT.SECTION || symbol.type === STT.FILE || symbol.type === STT.TLS)
    return false;
  const section = elf.sections[symbol.section];
  return section !== undefined && section.type !== SHT.NULL && (section.flags & SHF.ALLOC) !== 0;
}
