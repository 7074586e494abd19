/**
 * Reads JSON that is larger than a string can be.
 *
 * The bytes are read in chunks, and what stands at the third level of nesting - the entries of the
 * document's lists - is cut out and parsed by itself. What is left, the outer levels with `[n]` in
 * the place of cut `n`, is parsed last. In the outer levels no other list can stand at a cut's
 * level, so every one that is found there is a cut. Both go through `JSON.parse`: it refuses what is
 * no JSON, and the cutter has to know no more than strings and brackets, which are ASCII and never
 * part of another character in UTF-8.
 */
import { createReadStream } from 'node:fs';

const CUT_LEVEL = 2;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `]` with this bit set are `{` and `}`. */
const CURLY = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const CHUNK = 4 << 20;
/** The lists of a document may have 160,000 entries together. */
const MOST_CUTS = 200_000;

/**
 * The value that `JSON.parse` would give.
 * @param visit called with each cut value as soon as it is known, before the next is read
 * @param chunk bytes that are read at once
 * @throws SyntaxError for what is no JSON; what the file system and V8 throw
 */
export async function readLargeJson(
  file: string,
  visit: (value: unknown) => void = () => undefined,
  chunk = CHUNK,
): Promise<unknown> {
  const cutter = new Cutter(visit);
  for await (const bytes of createReadStream(file, { highWaterMark: chunk }))
    cutter.add(bytes as Buffer);
  return cutter.end();
}

class Cutter {
  private readonly outer: Buffer[] = [];
  private readonly cuts: unknown[] = [];
  private cut: Buffer[] = [];
  private depth = 0;
  private inString = false;
  private escaped = false;

  constructor(private readonly visit: (value: unknown) => void) {}

  add(chunk: Buffer): void {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.inString) this.string(byte);
      else if (byte === QUOTE) this.inString = true;
      else if ((byte | CURLY) === OPEN && this.depth++ === CUT_LEVEL) {
        this.keep(chunk.subarray(from, i));
        from = i;
      } else if ((byte | CURLY) === CLOSE && --this.depth === CUT_LEVEL) {
        this.cut.push(chunk.subarray(from, i + 1));
        from = i + 1;
        this.parseCut();
      }
    }
    if (this.depth > CUT_LEVEL) this.cut.push(chunk.subarray(from));
    else this.keep(chunk.subarray(from));
  }

  /** A copy: a few bytes of the outer levels must not hold their whole chunk. */
  private keep(outer: Buffer): void {
    this.outer.push(Buffer.from(outer));
  }

  private string(byte: number): void {
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH) this.escaped = true;
    else if (byte === QUOTE) this.inString = false;
  }

  private parseCut(): void {
    const value: unknown = JSON.parse(Buffer.concat(this.cut).toString());
    this.cut = [];
    if (this.cuts.length === MOST_CUTS) throw new SyntaxError(`more than ${MOST_CUTS} entries`);
    this.outer.push(Buffer.from(`[${this.cuts.push(value) - 1}]`));
    this.visit(value);
  }

  end(): unknown {
    const document: unknown = JSON.parse(Buffer.concat([...this.outer, ...this.cut]).toString());
    for (const [, list] of entriesOf(document))
      for (const [key, item] of entriesOf(list))
        if (Array.isArray(item)) Reflect.set(list as object, key, this.cuts[Number(item[0])]);
    return document;
  }
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];
