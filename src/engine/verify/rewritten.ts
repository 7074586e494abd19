/**
 * Whether code that was encoded otherwise does what it did. Both instructions are decoded: what the
 * user's object has, with its relocations applied, and what stands there now. The new one is followed
 * through jumps, direct or through a slot that holds an address, to the instruction that is carried
 * out in the end. That has to have the same effect (`code.ts`), and what follows it has to lead
 * behind the old one. Nothing of how the rewriting is done is used.
 *
 * The address of a function may be that of a jump to it, if it is so everywhere: pointers that were
 * equal stay equal.
 */
import { PF, PT, type ElfFile } from '../elf/types.ts';
import { effectAt, LONGEST, type Effect } from './code.ts';
import type { ImageView } from './view.ts';

/** Jumps that are followed one after the other; more of them lead nowhere. */
const MAX_HOPS = 8;
const SLOT = 8;

/** What the fields of an old instruction are to mean. */
export interface Fields {
  /** Whether a value means what the field at an offset into it is to mean. */
  readonly accepts: (offset: number, value: bigint) => boolean;
  /** The address of code that the field at an offset is to be; undefined for other fields. */
  readonly codeAt: (offset: number) => number | undefined;
}

export class Follower {
  /** The addresses that stand for code, by the code's own. */
  private readonly pointers = new Map<number, number>();

  constructor(private readonly view: Pick<ImageView, 'memory' | 'image'>) {}

  /**
   * @param before the old instruction as it would be at its place in the image
   * @returns what is not the same, in words; undefined where all is
   */
  compare(before: Effect, fields: Fields): string | undefined {
    const { start, size, flow, target } = before;
    const end = start + size;
    const first = this.at(start);
    if (first === undefined) return 'is no instruction any more';
    if (flow === 'jump') return this.leads(start, target) ? undefined : 'jumps elsewhere';
    if (flow === 'branch') return this.sameBranch(before, first);
    if (flow === 'call' || flow === 'call-memory') return this.sameCall(before, first, fields);
    let pc = start;
    for (let hops = 0; hops <= MAX_HOPS; hops++) {
      const is = this.at(pc);
      if (is === undefined) return 'leads to no instruction';
      const next = this.same(before, is, fields) ? undefined : this.hop(is);
      if (next === undefined) {
        if (!this.same(before, is, fields)) return 'does something else';
        const isDone = flow === 'jump-memory' || this.leads(pc + is.size, end);
        return isDone ? undefined : 'does not go on behind it';
      }
      pc = next;
    }
    return 'leads nowhere';
  }

  /** Whether an address stands for code: its own, or that of a jump to it, the same everywhere. */
  standsFor(code: number, address: number): boolean {
    const isJump = address !== code && this.at(address)?.flow === 'jump';
    if (address !== code && !(isJump && this.leads(address, code))) return false;
    const known = this.pointers.get(code);
    if (known === undefined) this.pointers.set(code, address);
    return known === undefined || known === address;
  }

  private sameBranch(before: Effect, is: Effect): string | undefined {
    const isSame = is.text === before.text && is.size === before.size;
    return isSame && this.leads(is.target, before.target) ? undefined : 'branches elsewhere';
  }

  private sameCall(before: Effect, is: Effect, fields: Fields): string | undefined {
    if (!this.leads(is.start + is.size, before.start + before.size))
      return 'does not return behind it';
    if (before.flow === 'call')
      return is.flow === 'call' && this.leads(is.target, before.target)
        ? undefined
        : 'calls something else';
    if (is.flow === 'call-memory' && this.same(before, is, fields)) return undefined;
    const isCalled = is.flow === 'call' && !before.usesStack;
    return isCalled && this.jumpsAs(before, is.target, fields) ? undefined : 'calls something else';
  }

  /** Whether what is carried out at an address ends in a jump to where an old call goes. */
  private jumpsAs(before: Effect, from: number, fields: Fields): boolean {
    let pc: number | undefined = from;
    for (let hops = 0; hops <= MAX_HOPS && pc !== undefined; hops++) {
      const is = this.at(pc);
      if (is?.flow === 'jump-memory' && this.sameOperands(before, is, fields)) return true;
      pc = is && this.hop(is);
    }
    return false;
  }

  /** Whether what is carried out at an address goes on at another without doing anything. */
  private leads(from: number, to: number): boolean {
    let pc: number | undefined = from;
    for (let hops = 0; hops <= MAX_HOPS && pc !== undefined; hops++) {
      if (pc === to) return true;
      const is = this.at(pc);
      pc = is && this.hop(is);
    }
    return false;
  }

  /** Where an instruction that only goes elsewhere goes. */
  private hop(is: Effect): number | undefined {
    if (is.flow === 'nop') return is.start + is.size;
    if (is.flow === 'jump') return is.target;
    const [slot] = is.values;
    if (is.flow !== 'jump-memory' || slot === undefined || is.text.includes('[')) return undefined;
    const bytes = this.view.memory.read(Number(slot.value), SLOT);
    if (bytes === undefined || isWritable(this.view.image, Number(slot.value))) return undefined;
    return Number(new DataView(bytes.buffer, bytes.byteOffset, SLOT).getBigUint64(0, true));
  }

  private same(before: Effect, is: Effect, fields: Fields): boolean {
    return before.text === is.text && this.sameValues(before, is, fields);
  }

  /** The same memory operand of another operation: prefixes and mnemonic are the first word. */
  private sameOperands(before: Effect, is: Effect, fields: Fields): boolean {
    const operands = ({ text }: Effect) => text.slice(text.indexOf(' '));
    return operands(before) === operands(is) && this.sameValues(before, is, fields);
  }

  private sameValues(before: Effect, is: Effect, fields: Fields): boolean {
    return before.values.every(({ value, isPointer, offset }, i) => {
      const found = is.values[i]?.value;
      if (found === undefined) return false;
      const code = isPointer ? fields.codeAt(offset) : undefined;
      if (code !== undefined) return this.standsFor(code, Number(found));
      return found === value || fields.accepts(offset, found);
    });
  }

  private at(address: number): Effect | undefined {
    if (!isExecutable(this.view.image, address)) return undefined;
    for (let size = LONGEST; size > 0; size--) {
      const bytes = this.view.memory.read(address, size);
      if (bytes !== undefined) return effectAt(bytes, address);
    }
    return undefined;
  }
}

const flagsAt = ({ segments }: ElfFile, address: number) =>
  segments.find(
    ({ type, virtualAddress, memorySize }) =>
      type === PT.LOAD && virtualAddress <= address && address < virtualAddress + memorySize,
  )?.flags ?? 0;

const isExecutable = (image: ElfFile, address: number) => (flagsAt(image, address) & PF.X) !== 0;

/** Up to 0.11 all segments may be written: what is executed counts as constant. */
const isWritable = (image: ElfFile, address: number) =>
  (flagsAt(image, address) & (PF.W | PF.X)) === PF.W;
