/**
 * Unwind tables, read from the images: each function has the same records, whatever order and place
 * they have, and the search table finds each of them. Formats: LSB 10.6, DWARF 4 6.4.
 */
import { DW_EH_PE, pointerWidth } from '../model/frame-reader.ts';
import type { ElfFile } from '../elf/types.ts';
import { hex, type Difference, type Finding } from './types.ts';
import type { ImageView, Span } from './view.ts';

interface Frame {
  /** Of the record. */
  readonly address: number;
  /** Of the function. */
  readonly start: number;
  readonly range: number;
  /** All that it says beyond its function: of its CIE, and its own instructions. */
  readonly text: string;
}

/**
 * Checks that both images unwind each function alike.
 * @param allowsMore objects were exchanged for larger ones, which have more functions
 */
export function checkUnwind(old: ImageView, aligned: ImageView, allowsMore: boolean): Finding {
  const [was, is] = [framesOf(old.image), framesOf(aligned.image)];
  if (was === undefined || is === undefined) {
    if (was === is) return {};
    return { unproven: ['unwind tables: those of one image cannot be read'] };
  }
  const [known, found] = [keysOf(old, was), keysOf(aligned, is)];
  const changed = changedFrames(known.keys, found.keys, allowsMore);
  const lost = known.lost + found.lost;
  const differences = changedSearch(aligned.image, is);
  if (lost === 0)
    return { counts: { frames: is.length }, differences: [...changed, ...differences] };
  const text = `unwind records: ${lost} are of functions whose place was not found`;
  return { counts: { frames: is.length - lost }, differences, unproven: [text] };
}

function changedFrames(
  was: Map<string, number>,
  is: Map<string, number>,
  allowsMore: boolean,
): Difference[] {
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): Difference[] => {
    const [before = 0, after = 0] = [was.get(key), is.get(key)];
    if (before === after || (allowsMore && before < after)) return [];
    const [name] = key.split('\n');
    return [
      {
        kind: 'unwind',
        text: `the unwind record of ${name} stands ${after} times instead of ${before}`,
      },
    ];
  });
}

interface Keys {
  /** How often each record stands. */
  readonly keys: Map<string, number>;
  /** Records of code whose place was looked for and not found. */
  readonly lost: number;
}

/** Records without addresses: a function is known by its section and the place in it. */
function keysOf(view: ImageView, frames: readonly Frame[]): Keys {
  const placeOf = placesOf(view);
  const keys = new Map<string, number>();
  let lost = 0;
  for (const { start, range, text } of frames) {
    const place = placeOf(start);
    if (place === undefined && view.isSearched && !isMadeByLinker(view.image, start)) lost++;
    const key = `${place ?? madePlace(view.image, start)}\n${range}\n${text}`;
    keys.set(key, (keys.get(key) ?? 0) + 1);
  }
  return { keys, lost };
}

/** Code of the linker's own is in tables that it makes. */
function isMadeByLinker({ sections }: ElfFile, address: number): boolean {
  const home = sections.find((s) => s.address <= address && address < s.address + s.size);
  return home?.name.startsWith('.plt') ?? false;
}

function placesOf(view: ImageView): (address: number) => string | undefined {
  const spans = view.program.objects
    .flatMap(({ elf, library }, object) =>
      elf.sections.flatMap(({ index, name, flags, size }) =>
        flags & 2 && size > 0 && !(flags & 1024)
          ? view.spansOf(object, index).map((span) => ({ span, name: `${library} ${name}` }))
          : [],
      ),
    )
    .sort((a, b) => a.span.address - b.span.address);
  return (address) => {
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (spans[middle]!.span.address <= address) low = middle + 1;
      else high = middle;
    }
    const found = spans[low - 1];
    if (found === undefined || !holds(found.span, address)) return undefined;
    return `${found.name}+${hex(found.span.offset + address - found.span.address)}`;
  };
}

/** Code that the linker makes itself (`.plt`) is in no input section. */
function madePlace({ sections }: ElfFile, address: number): string {
  const home = sections.find((s) => s.address <= address && address < s.address + s.size);
  return home ? `${home.name}+${hex(address - home.address)}` : hex(address);
}

const holds = ({ address, size }: Span, at: number) => at >= address && at < address + size;

/** The records of an image, none where it has no table; undefined where they are not understood. */
function framesOf(image: ElfFile): Frame[] | undefined {
  const section = image.sections.find(({ name, size }) => name === '.eh_frame' && size > 0);
  if (section === undefined) return [];
  try {
    return new Reader(section.data, section.address).frames();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Common {
  readonly text: string;
  readonly encoding: number;
  readonly lsda: number;
  readonly hasData: boolean;
}

class Reader {
  private readonly view: DataView;
  private readonly commons = new Map<number, Common>();

  constructor(
    private readonly data: Uint8Array,
    private readonly address: number,
  ) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  frames(): Frame[] {
    const frames: Frame[] = [];
    for (let at = 0; at + 4 <= this.data.length;) {
      const length = this.view.getUint32(at, true);
      if (length === 0) break;
      const end = at + 4 + length;
      if (length < 4 || length === 0xffffffff || end > this.data.length) throw new RangeError();
      const id = this.view.getUint32(at + 4, true);
      if (id === 0) this.commons.set(at, this.common(at, end));
      else frames.push(this.frame(at, end, this.commons.get(at + 4 - id)));
      at = end;
    }
    return frames;
  }

  private common(at: number, end: number): Common {
    const stop = this.data.indexOf(0, at + 9);
    if (stop < 0 || stop >= end) throw new RangeError();
    const augmentation = Buffer.from(this.data.subarray(at + 9, stop)).toString('latin1');
    let encoding: number = DW_EH_PE.ABSPTR;
    let lsda: number = DW_EH_PE.OMIT;
    let personality = '';
    const masked = Buffer.from(this.data.subarray(at + 8, end));
    let cursor = this.skipNumbers(stop + 1, this.data[at + 8]!);
    for (const letter of augmentation.startsWith('z') ? augmentation.slice(1) : '') {
      const own = this.data[cursor++]!;
      if (letter === 'R') encoding = own;
      else if (letter === 'L') lsda = own;
      else if (letter === 'P') {
        personality = hex(this.pointer(cursor, own));
        masked.fill(0, cursor - at - 8, cursor - at - 8 + pointerWidth(own));
        cursor += pointerWidth(own);
      } else if (letter === 'S' || letter === 'B') cursor--;
      else throw new RangeError();
    }
    const text = `${trimmed(masked)}${personality === '' ? '' : ' with a personality'}`;
    return { text, encoding, lsda, hasData: augmentation.startsWith('z') };
  }

  /** Code and data alignment, return column, and the length of what the letters stand for. */
  private skipNumbers(at: number, version: number): number {
    let cursor = this.skipLeb(this.skipLeb(at));
    cursor = version === 1 ? cursor + 1 : this.skipLeb(cursor);
    return this.skipLeb(cursor);
  }

  private skipLeb(at: number): number {
    while (this.view.getUint8(at) & 0x80) at++;
    return at + 1;
  }

  private frame(at: number, end: number, common: Common | undefined): Frame {
    if (common === undefined) throw new RangeError();
    const width = pointerWidth(common.encoding);
    if (width === 0) throw new RangeError();
    const start = this.pointer(at + 8, common.encoding);
    const range = this.pointer(at + 8 + width, common.encoding & 0x0f & ~DW_EH_PE.SIGNED);
    const rest = Buffer.from(this.data.subarray(at + 8 + 2 * width, end));
    if (common.lsda !== DW_EH_PE.OMIT && common.hasData) {
      const from = this.skipLeb(at + 8 + 2 * width) - (at + 8 + 2 * width);
      rest.fill(0, from, from + pointerWidth(common.lsda));
    }
    const text = `${common.text}\n${trimmed(rest)}`;
    return { address: this.address + at, start, range, text };
  }

  private pointer(at: number, encoding: number): number {
    const signed = (encoding & DW_EH_PE.SIGNED) !== 0;
    const width = pointerWidth(encoding);
    let value: number;
    if (width === 4) value = signed ? this.view.getInt32(at, true) : this.view.getUint32(at, true);
    else if (width === 2)
      value = signed ? this.view.getInt16(at, true) : this.view.getUint16(at, true);
    else if (width === 8) value = Number(this.view.getBigInt64(at, true));
    else throw new RangeError();
    const relative = (encoding & DW_EH_PE.APPLICATION) === DW_EH_PE.PCREL;
    return relative ? value + this.address + at : value;
  }
}

/** DW_CFA_nop is zero: records are padded with it. */
function trimmed(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end).toString('latin1');
}

const HEADER = '.eh_frame_hdr';
/** LSB 10.6.2: version 1, a pcrel pointer, a count, a table relative to the header. */
const KNOWN = [1, 0x1b, 0x03, 0x3b];

/** The search table has every record, in order of the functions. */
function changedSearch(image: ElfFile, frames: readonly Frame[]): Difference[] {
  const header = image.sections.find(({ name, size }) => name === HEADER && size > 0);
  if (header === undefined || KNOWN.some((byte, i) => header.data[i] !== byte)) return [];
  const { data, address } = header;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = view.getUint32(8, true);
  const wrong = (text: string): Difference[] => [{ kind: 'unwind', text: `${HEADER}: ${text}` }];
  if (12 + 8 * count > data.length || count !== frames.length)
    return wrong(`it lists ${count} records instead of ${frames.length}`);
  const starts = new Map(frames.map((frame) => [frame.address, frame.start]));
  let last = -Infinity;
  for (let i = 0; i < count; i++) {
    const start = address + view.getInt32(12 + 8 * i, true);
    const record = address + view.getInt32(16 + 8 * i, true);
    if (starts.get(record) !== start || start < last)
      return wrong(`entry ${i} is not that of ${hex(start)}`);
    last = start;
  }
  return [];
}
