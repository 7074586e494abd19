/**
 * Reads the link map that GNU ld writes with `-Map`.
 *
 * The map is made for people, so the reader goes by shape, and skips what it does not know:
 *   column 0, a name                        an output section, address and size
 *   column 1, a name                        an input section, address, size and file
 *   column 1, `*fill*`                      padding, address and size
 *   column 16, two numbers and BYTE..QUAD   data that the script wrote
 *   column 16, one number and a name        a symbol or an assignment: skipped
 * A name too long for its column stands alone, and its numbers follow on the next line. Sections
 * that the link discarded are listed before `LOAD` lines and the memory map, and are skipped.
 */
import { SHF, SHT, type ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { flatten, type OwnedRange } from './owner-map.ts';

interface LinkMapOutput {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

interface LinkMapInput {
  /** The output section that it stands in. */
  readonly output: string;
  /** The input section's name, `COMMON`, `*fill*`, or `*data*` for what the script wrote. */
  readonly section: string;
  readonly address: number;
  readonly size: number;
  /** Object, or archive with its member in parentheses; empty for fill and data. */
  readonly file: string;
  /** Set where the linker merged strings or edited unwind tables. */
  sizeBeforeRelaxing?: number;
}

export interface LinkMap {
  readonly outputs: readonly LinkMapOutput[];
  readonly inputs: readonly LinkMapInput[];
}

const START = /^(Linker script and memory map$|LOAD )/;
const HEX = '0x[0-9a-fA-F]{1,16}';
const OUTPUT = new RegExp(`^(\\S+)(?:\\s+(${HEX})\\s+(${HEX}))?(?:\\s|$)`);
const INPUT = new RegExp(`^ (\\S+)(?:\\s+(${HEX})\\s+(${HEX})(?: (.*))?)?\\s*$`);
const NUMBERS = new RegExp(`^\\s{2,}(${HEX})\\s+(${HEX})(?: (.*))?$`);
const RELAXED = new RegExp(`^\\s+(${HEX}) \\(size before relaxing\\)$`);
const DATA = /^(BYTE|SHORT|LONG|QUAD|SQUAD) /;
const NOT_OUTPUTS = /^(LOAD|START|END|OUTPUT\(|TARGET\(|Address|\/DISCARD\/)/;

/**
 * Parses a link map.
 * @param path named in errors
 * @throws SpacerError `map-invalid`
 */
export function parseLinkMap(text: string, path = 'link map'): LinkMap {
  if (text.length > LIMITS.bytes.linkMap)
    throw new SpacerError('map-invalid', `is longer than ${LIMITS.bytes.linkMap} characters`, {
      file: path,
    });
  const reader = new MapReader(path);
  let at = 0;
  for (let line = 1; at < text.length; line++) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    if (!reader.take(text.slice(at, end).replace(/\r$/, ''), line)) break;
    at = end + 1;
  }
  if (!reader.started)
    throw new SpacerError('map-invalid', 'is not a link map of GNU ld', { file: path });
  return { outputs: reader.outputs, inputs: reader.inputs };
}

class MapReader {
  readonly outputs: LinkMapOutput[] = [];
  readonly inputs: LinkMapInput[] = [];
  started = false;
  private output = '';
  /** A name whose numbers follow on the next line. */
  private pending: { readonly name: string; readonly isOutput: boolean } | undefined;
  private line = 0;

  constructor(private readonly path: string) {}

  /** Takes one line; false where the memory map is over. */
  take(text: string, line: number): boolean {
    this.line = line;
    this.started ||= START.test(text);
    if (!this.started) return true;
    if (text === 'Cross Reference Table') return false;
    const pending = this.pending;
    this.pending = undefined;
    if (text.startsWith('  ')) this.takeIndented(text, pending);
    else if (text.startsWith(' ')) this.takeInput(text);
    else if (text !== '' && !NOT_OUTPUTS.test(text)) this.takeOutput(text);
    return true;
  }

  private takeOutput(text: string): void {
    const [, name, address, size] = OUTPUT.exec(text) ?? [];
    if (name === undefined) return;
    this.output = name;
    if (address === undefined) this.pending = { name, isOutput: true };
    else this.addOutput(name, address, size);
  }

  private takeInput(text: string): void {
    const [, name, address, size, file] = INPUT.exec(text) ?? [];
    if (name === undefined) return;
    if (address !== undefined) this.addInput(name, address, size, file ?? '');
    else if (!name.startsWith('*')) this.pending = { name, isOutput: false };
  }

  private takeIndented(text: string, pending: typeof this.pending): void {
    const relaxed = RELAXED.exec(text)?.[1];
    const last = this.inputs[this.inputs.length - 1];
    if (relaxed !== undefined) {
      if (last) last.sizeBeforeRelaxing = this.number(relaxed);
      return;
    }
    const [, address, size, rest = ''] = NUMBERS.exec(text) ?? [];
    if (address === undefined) return;
    if (DATA.test(rest)) this.addInput('*data*', address, size, '');
    else if (pending?.isOutput) this.addOutput(pending.name, address, size);
    else if (pending && rest !== '') this.addInput(pending.name, address, size, rest);
  }

  private addOutput(name: string, address: string, size: string | undefined): void {
    this.limit();
    this.outputs.push({ name, address: this.number(address), size: this.number(size) });
  }

  private addInput(section: string, address: string, size: string | undefined, file: string): void {
    this.limit();
    const isFill = section === '*fill*';
    this.inputs.push({
      output: this.output,
      section,
      address: this.number(address),
      size: this.number(size),
      file: isFill ? '' : file,
    });
  }

  private limit(): void {
    if (this.outputs.length + this.inputs.length < LIMITS.count.linkMapEntries) return;
    this.fail(`has more than ${LIMITS.count.linkMapEntries} sections`);
  }

  private number(text: string | undefined): number {
    const value = Number(text ?? 0);
    return Number.isSafeInteger(value) ? value : this.fail(`holds the number ${text}`);
  }

  private fail(text: string): never {
    throw new SpacerError('map-invalid', text, { file: this.path, line: this.line });
  }
}

/** Name of the micro-library that a file of a link is: `libukboot.o`, `libx.a(y.o)`, `apphello.ld.o`. */
export function libraryOfFile(file: string): string {
  const archive = /^(.*\.a)\([^()]*\)$/.exec(file)?.[1] ?? file;
  const base = archive.slice(archive.lastIndexOf('/') + 1);
  return base.replace(/(\.ld)?\.(o|a)$/, '') || '[unknown]';
}

/**
 * The owners that a map names, in the loaded output sections of `image`. What the linker makes
 * itself is listed under the first object of the link; it is `[linker]`'s.
 */
export function linkMapRanges(
  map: LinkMap,
  image: ElfFile,
  isLinkerMade: (section: string) => boolean,
): OwnedRange[] {
  const loaded = new Map(
    image.sections
      .filter((s) => (s.flags & SHF.ALLOC) !== 0)
      .filter((s) => s.type !== SHT.NOBITS || (s.flags & SHF.TLS) === 0)
      .map((s) => [s.name, s]),
  );
  const ranges: OwnedRange[] = [];
  for (const input of map.inputs) {
    const output = loaded.get(input.output);
    const start = input.address;
    const end = start + input.size;
    if (!output || start < output.address || end > output.address + output.size) continue;
    ranges.push({ start, end, ...ownerOf(input, isLinkerMade(input.section)) });
  }
  return flatten(ranges);
}

function ownerOf(input: LinkMapInput, linkerMade: boolean): { library: string; section: string } {
  if (input.section === '*fill*') return { library: '[fill]', section: input.output };
  if (linkerMade || input.section === '*data*' || input.file === 'linker stubs')
    return { library: '[linker]', section: input.output };
  return { library: libraryOfFile(input.file), section: input.section };
}
