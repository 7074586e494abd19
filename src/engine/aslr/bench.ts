/**
 * What is made for one unikernel while its references are redirected: the changes to its objects, and
 * what they need of the common object. A place in code has one key, which is the same in every
 * unikernel that has it.
 */
import type { AslrReport } from '../../protocol/page-map.ts';
import type { Program } from '../model/types.ts';
import { PC_RELATIVE, R } from '../model/relocation-types.ts';
import type { ElfRelocation } from '../elf/types.ts';
import type { Place, PrivateThunk } from './common-object.ts';
import { FIXED } from './homes.ts';
import { fieldError } from './instruction.ts';
import { farName, placeKey, sectionAlias, stubName } from './names.ts';
import { ObjectDraft } from './object-draft.ts';
import { functionAt, isBranchByBytes, isCode, type Reference } from './references.ts';

/** How many references were handled in each way. */
export type Counts = { -readonly [Way in keyof AslrReport['references']]: number };

export const noReferences = (): Counts => ({
  stubs: 0,
  farCalls: 0,
  inPlace: 0,
  besideThunks: 0,
  privateThunks: 0,
  left: 0,
});

/** Home of a section, by object and section: a block or FIXED. */
export type HomeOf = (object: number, section: number) => number;

/** A place in code. */
export interface CodePlace {
  readonly object: number;
  readonly section: number;
  readonly offset: number;
}

/** A reference, and what becomes of it. */
export interface Pending {
  readonly reference: Reference;
  /** The relocation as it will be, with the symbol's index in its own object. */
  readonly changed: ElfRelocation;
  readonly status: 'constant' | 'redirected' | 'varies';
}

export class Bench {
  readonly drafts = new Map<number, ObjectDraft>();
  readonly stubs = new Map<string, Place>();
  readonly slots = new Map<string, Place>();
  readonly thunks = new Map<string, PrivateThunk>();
  readonly far = new Map<number, Set<string>>();
  readonly thunkCounts = new Map<string, number>();
  readonly counts = noReferences();
  private readonly labels = new Map<string, number[]>();

  constructor(
    readonly program: Program,
    readonly homeOf: HomeOf,
  ) {}

  draft(object: number): ObjectDraft {
    const { elf, library } = this.program.objects[object]!;
    const draft = this.drafts.get(object) ?? new ObjectDraft(elf, library);
    this.drafts.set(object, draft);
    return draft;
  }

  /** The place in code that a reference of a plain field means. */
  codePlace(reference: Reference) {
    const { target, relocation, section } = reference;
    if (target.kind !== 'section') return undefined;
    const { object, section: to } = target;
    if (!isCode(this.program.objects[object]!.elf.sections[to]!)) return undefined;
    const isInstruction = isCode(section) && PC_RELATIVE[relocation.type] === 1;
    const offset = target.value + relocation.addend + (isInstruction ? 4 : 0);
    return { object, section: to, offset };
  }

  homeOfTarget({ target }: Reference): number {
    return target.kind === 'section' ? this.homeOf(target.object, target.section) : FIXED;
  }

  own({ object, section }: Reference): number {
    return this.homeOf(object, section.index);
  }

  checkWidth(reference: Reference): void {
    const { type } = reference.relocation;
    if (type !== R.ABS64 && type !== R.ABS32 && type !== R.ABS32S)
      throw fieldError(this.program, reference, 'is too narrow for an address that moves');
  }

  pointAtStub(reference: Reference, place: CodePlace, bias = 0): void {
    const { object, section, n, relocation } = reference;
    const draft = this.draft(object);
    const symbol = draft.undefinedSymbol(stubName(this.stub(place)));
    draft.change(section.index, n, { ...relocation, symbol, addend: bias });
    this.counts.stubs++;
  }

  /** The key of the canonical stub of a place in code. */
  stub(place: CodePlace): string {
    const key = this.key(place);
    this.stubs.set(key, this.placeOf(place));
    return key;
  }

  key({ object, section, offset }: CodePlace): string {
    const labels = this.labels.get(`${object} ${section}`) ?? [];
    return placeKey(this.program, object, section, offset, labels);
  }

  /** A place as another object can refer to it. */
  placeOf({ object, section, offset }: CodePlace): Place {
    const symbol = sectionAlias(this.program, object, section);
    this.draft(object).alias(symbol, section);
    return { symbol, addend: offset };
  }

  /** Name of what a call or jump goes to instead. */
  jumpTarget(reference: Reference, from: number, place: CodePlace | undefined): string {
    if (from === FIXED && place) {
      this.counts.stubs++;
      return stubName(this.stub(place));
    }
    this.counts.farCalls++;
    return this.farJump(from, place ? this.slot(place) : this.slotOfName(reference));
  }

  farJump(block: number, key: string): string {
    const keys = this.far.get(block) ?? new Set<string>();
    this.far.set(block, keys.add(key));
    return farName(block, key);
  }

  slot(place: CodePlace): string {
    const key = this.key(place);
    this.slots.set(key, this.placeOf(place));
    return key;
  }

  /** A jump to an undefined weak symbol goes to address 0, as it does now. */
  slotOfName({ target, relocation }: Reference): string {
    const symbol = target.kind === 'name' ? target.name : undefined;
    const addend = relocation.addend + 4;
    const key = `name.${symbol ?? ''}.${addend}`;
    this.slots.set(key, { symbol, addend });
    return key;
  }

  /** Labels whose address is taken are numbered in the order in which they stand. */
  noteLabels(references: readonly Reference[]): void {
    for (const reference of references) {
      const place = this.codePlace(reference);
      if (!place || isBranchByBytes(reference)) continue;
      const { object, section, offset } = place;
      if (functionAt(this.program, object, section, offset)?.kind === 'entry') continue;
      const key = `${object} ${section}`;
      const known = this.labels.get(key) ?? [];
      if (!known.includes(offset)) known.push(offset);
      this.labels.set(
        key,
        known.sort((a, b) => a - b),
      );
    }
  }

  change({ object, section, n }: Reference, changed: ElfRelocation): void {
    this.draft(object).change(section.index, n, changed);
  }
}
