/**
 * Whether every input section stands in an image as its object has it, and whether every relocated
 * field leads where the object says.
 *
 * The object's relocations are applied again at the addresses of the image (psABI, by `relocate.ts`),
 * and the result is compared with the image byte by byte. A byte that differs must lie in a relocated
 * field; then what stands in that field is decoded and followed (`follow.ts`). So each field is shown
 * to mean the symbol and addend of the user's object; where both images pass, they mean the same.
 */
import { SpacerError } from '../errors.ts';
import { SHF, SHT, STT, type ElfRelocation, type ElfSection } from '../elf/types.ts';
import { isDiscarded } from '../model/program.ts';
import { FIELD_BYTES } from '../model/relocation-types.ts';
import { relocateSection, type Addresses } from '../model/relocate.ts';
import { KIND, type Program } from '../model/types.ts';
import { follow, type Doubt } from './follow.ts';
import { changedInstructions } from './instructions.ts';
import { fieldsOf, pointerOf } from './pointers.ts';
import { Follower } from './rewritten.ts';
import { isAtom, isFilled, isMergeable, isPinned } from './inputs.ts';
import { hex, type Difference, type Finding } from './types.ts';
import type { ImageView, Site } from './view.ts';

/**
 * Checks all input sections of an image.
 * @param other what the other image has; a section that only one of them has is a difference
 */
export function checkAtoms(view: ImageView, other: ImageView, which: string): Finding {
  const run = new Run(view, which);
  const { program } = view;
  program.objects.forEach(({ elf }, object) => {
    for (const section of elf.sections) {
      if (!isAtom(section) || isDiscarded(program, object, section.index)) continue;
      if (isFilled(section)) continue;
      const spans = view.spansOf(object, section.index);
      if (spans.length > 0) spans.forEach((span) => run.check({ object, section, span }));
      else if (isPinned(view, object, section)) run.count();
      else if (!isMergeable(view, object, section) && isIn(other, view, object, section))
        run.absent(object, section);
    }
  });
  return run.finding();
}

/** Objects that were exchanged for larger ones have sections of their own: these are not asked for. */
function isIn(other: ImageView, view: ImageView, object: number, section: ElfSection): boolean {
  if (other.program.objects[object]?.elf !== view.program.objects[object]?.elf) return false;
  return other.spansOf(object, section.index).length > 0;
}

class Run {
  private atoms = 0;
  private references = 0;
  private followed = 0;
  private readonly differences: Difference[] = [];
  private readonly unproven: string[] = [];
  private readonly addresses: Addresses;
  /** With the symbols of split sections where their pieces are. */
  private readonly program: Program;
  /** Where instructions may have been encoded otherwise. */
  private readonly follower: Follower | undefined;

  constructor(
    private readonly view: ImageView,
    private readonly which: string,
  ) {
    this.addresses = addressesOf(view);
    this.program = withPieces(view);
    if (view.isRewritten) this.follower = new Follower(view);
  }

  finding(): Finding {
    const { atoms, references, followed, differences, unproven } = this;
    return { counts: { atoms, references, followed }, differences, unproven };
  }

  count(): void {
    this.atoms++;
  }

  absent(object: number, section: ElfSection): void {
    const library = this.view.program.objects[object]!.library;
    this.unproven.push(`${section.name} of ${library} was not found in ${this.which}`);
  }

  check(site: Site): void {
    const { section, span } = site;
    this.atoms++;
    if (section.type === SHT.NOBITS) return this.checkZeros(site);
    const found = this.view.memory.read(span.address, span.size);
    if (found === undefined) return this.fail(site, 'bytes', span.offset, 'is not loaded');
    const expected = this.expectedOf(site);
    if (expected === undefined) return;
    const part = expected.subarray(span.offset, span.offset + span.size);
    const relocations = this.relocationsIn(site);
    this.references += relocations.length;
    const { follower } = this;
    if (follower) this.notePointers(site, part, found, relocations, follower);
    if (Buffer.compare(part, found) === 0) return;
    const isCode = (section.flags & SHF.EXECINSTR) !== 0;
    if (follower && isCode) this.explainCode(site, part, found, relocations, follower);
    else this.explain(site, part, found, relocations);
  }

  private checkZeros(site: Site): void {
    const { section, span } = site;
    if (section.flags & SHF.TLS) return;
    const found = this.view.memory.read(span.address, span.size);
    if (found === undefined) return this.fail(site, 'bytes', span.offset, 'is not loaded');
    const at = found.findIndex((byte) => byte !== 0);
    if (at >= 0) this.fail(site, 'bytes', span.offset + at, `is ${hex(found[at]!)} instead of 0`);
  }

  private expectedOf(site: Site): Uint8Array | undefined {
    const { object, section, span } = site;
    try {
      return relocateSection({
        ...this.addresses,
        program: this.program,
        object,
        section: section.index,
        sectionAddress: span.address - span.offset,
      });
    } catch (error) {
      if (!(error instanceof SpacerError)) throw error;
      this.unproven.push(`${this.nameOf(site, span.offset)} ${error.text}`);
      return undefined;
    }
  }

  private relocationsIn({ object, section, span }: Site): readonly ElfRelocation[] {
    const all = this.view.program.objects[object]!.elf.relocations.get(section.index) ?? [];
    if (span.size === section.size) return all;
    return all.filter(({ offset }) => offset >= span.offset && offset < span.offset + span.size);
  }

  /** Every instruction that differs does the same all the same. */
  private explainCode(
    site: Site,
    expected: Uint8Array,
    found: Uint8Array,
    relocations: readonly ElfRelocation[],
    follower: Follower,
  ): void {
    const { section, span, object } = site;
    const { elf } = this.view.program.objects[object]!;
    const rest = this.withoutFollowed(site, expected, found, relocations);
    for (const changed of changedInstructions(elf, section, span, expected, rest)) {
      const { offset, before, isJumpedInto } = changed;
      const from = offset - span.offset;
      const end = from + before.size;
      const fields = relocations.filter(
        (r) => r.offset >= offset && r.offset < offset + before.size,
      );
      this.followed++;
      const meant = fieldsOf(this.view, site, before, fields);
      const why = isJumpedInto ? 'is jumped into' : follower.compare(before, meant);
      if (why === undefined) continue;
      const text = [found, expected].map((b) => show(b.subarray(from, end)));
      this.fail(site, 'instruction', offset, `${why} (${text.join(' instead of ')})`);
    }
  }

  /** The bytes of a place, without fields that lead where the object says all the same. */
  private withoutFollowed(
    site: Site,
    expected: Uint8Array,
    found: Uint8Array,
    relocations: readonly ElfRelocation[],
  ): Uint8Array {
    const rest = Uint8Array.from(found);
    for (const relocation of relocations) {
      const from = relocation.offset - site.span.offset;
      const end = from + (FIELD_BYTES[relocation.type] ?? 0);
      const own = expected.subarray(from, end);
      const field = found.subarray(from, end);
      if (end > found.length || Buffer.compare(own, field) === 0) continue;
      if (follow(this.view, site, relocation, field) !== undefined) continue;
      this.followed++;
      rest.set(own, from);
    }
    return rest;
  }

  /** Code has one address everywhere, in data and in instructions that are as they were. */
  private notePointers(
    site: Site,
    expected: Uint8Array,
    found: Uint8Array,
    relocations: readonly ElfRelocation[],
    follow: Follower,
  ): void {
    for (const relocation of relocations) {
      const pointer = pointerOf(this.view, site, relocation, expected, found);
      if (pointer && !follow.standsFor(pointer.code, pointer.address))
        this.fail(site, 'pointer', relocation.offset, 'is another address of the same code');
    }
  }

  /** Every byte that differs lies in a field that leads to the same thing all the same. */
  private explain(
    site: Site,
    expected: Uint8Array,
    found: Uint8Array,
    relocations: readonly ElfRelocation[],
  ): void {
    const rest = Uint8Array.from(found);
    for (const relocation of relocations) {
      const from = relocation.offset - site.span.offset;
      const end = from + (FIELD_BYTES[relocation.type] ?? 0);
      const own = expected.subarray(from, end);
      if (end > found.length || Buffer.compare(own, found.subarray(from, end)) === 0) continue;
      if (this.follower && pointerOf(this.view, site, relocation, expected, found)) {
        // It was looked at with all other pointers.
        this.followed++;
        rest.set(own, from);
        continue;
      }
      const doubt = follow(this.view, site, relocation, found.subarray(from, end));
      if (doubt === undefined) this.followed++;
      else this.doubt(site, relocation.offset, doubt, found.subarray(from, end), own);
      rest.set(own, from);
    }
    const isOther = (byte: number, i: number) => byte !== expected[i];
    const at = rest.findIndex(isOther);
    if (at < 0) return;
    const text = `is ${show(rest.subarray(at, at + 4))} instead of ${show(expected.subarray(at, at + 4))}`;
    this.fail(site, 'bytes', site.span.offset + at, text);
  }

  private doubt(
    site: Site,
    offset: number,
    { why, isWrong }: Doubt,
    is: Uint8Array,
    was: Uint8Array,
  ): void {
    const text = `${why} (${show(is)} instead of ${show(was)})`;
    if (isWrong) this.fail(site, 'reference', offset, text);
    else this.unproven.push(`${this.which}: ${this.nameOf(site, offset)} ${text}`);
  }

  private fail(site: Site, kind: string, offset: number, text: string): void {
    this.differences.push({ kind, text: `${this.which}: ${this.nameOf(site, offset)} ${text}` });
  }

  private nameOf({ object, section, span }: Site, offset: number): string {
    const { library, elf } = this.view.program.objects[object]!;
    const symbol = elf.symbols
      .filter((s) => s.section === section.index && s.name !== '' && s.value <= offset)
      .reduce(
        (best, s) => (best === undefined || s.value >= best.value ? s : best),
        undefined as { name: string; value: number } | undefined,
      );
    const near = symbol ? ` (${symbol.name}+${hex(offset - symbol.value)})` : '';
    const address = hex(span.address + offset - span.offset);
    return `${library} ${section.name}+${hex(offset)}${near} at ${address}`;
  }
}

const show = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/**
 * The addresses of an image. What has no place of its own (merged strings) is said to be at a place
 * where nothing is, so that its references do not agree by themselves and are followed.
 */
function addressesOf(view: ImageView): Addresses {
  const { tls, pic } = view;
  return {
    addressOf: (object, section) => {
      const [first] = view.spansOf(object, section);
      return first === undefined ? NOTHING : first.address - first.offset;
    },
    symbolValue: (name) => view.names.get(name) ?? NOTHING,
    pic,
    got: { base: view.names.get('_GLOBAL_OFFSET_TABLE_') ?? NOTHING, slotOf: () => NOTHING },
    ...(tls && { tls }),
  };
}

/** Every symbol of a split section is moved by as much as its piece is. */
function withPieces(view: ImageView): Program {
  const { program } = view;
  const { rows } = program;
  const value = Float64Array.from(rows.value);
  for (let row = 0; row < value.length; row++) {
    if (rows.kind[row] !== KIND.SECTION || rows.type[row] === STT.SECTION) continue;
    const spans = view.spansOf(rows.object[row]!, rows.section[row]!);
    if (spans.length < 2) continue;
    const at = rows.value[row]!;
    const own = spans.find(({ offset, size }) => at >= offset && at < offset + size);
    const [first] = spans;
    if (own) value[row] = at + own.address - own.offset - (first!.address - first!.offset);
  }
  return { ...program, rows: { ...rows, value } };
}

/** Not aligned, below every image. */
const NOTHING = 0x1;
