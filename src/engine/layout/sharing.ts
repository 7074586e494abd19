/**
 * Sharing classes, each kept once. All slots of one filling behave alike in a layout, and a fleet
 * has far fewer fillings than slots; so a filling is interned, and what follows works on classes.
 * A hash finds candidates, and the vectors are compared before they are believed to be equal.
 */
import { scramble } from './digest.ts';
import type { Slot } from './slots.ts';

export interface SharingClass {
  readonly index: number;
  /** Unikernels that have something, ascending. */
  readonly present: Int32Array;
  /** Beside `present`: which variant, counted from 1 by first appearance; 0 for nothing but zeros. */
  readonly variants: Int32Array;
  /** Beside `present`: what the class adds to the hash of a page in that unikernel. */
  readonly hashes: Int32Array;
  /** Different variants. */
  readonly distinct: number;
  /** One bit a unikernel that has something. */
  readonly bits: Int32Array;
}

/** The classes of one set of unikernels. */
export class SharingClasses {
  private readonly known = new Map<number, SharingClass[]>();
  private count = 0;
  private readonly present: Int32Array;
  private readonly variants: Int32Array;

  constructor(readonly unikernels: number) {
    this.present = new Int32Array(unikernels);
    this.variants = new Int32Array(unikernels);
  }

  /**
   * The class of a vector.
   * @param variantOf by unikernel: a number of its variant, 0 for zeros, undefined where absent
   */
  of(variantOf: (unikernel: number) => number | undefined): SharingClass {
    const { present, variants } = this;
    const numbers = new Map<number, number>();
    let last: number | undefined;
    let lastNumber = 0;
    let hash = 0;
    let n = 0;
    for (let u = 0; u < this.unikernels; u++) {
      const variant = variantOf(u);
      if (variant === undefined) continue;
      let number = variant === last ? lastNumber : variant === 0 ? 0 : numbers.get(variant);
      if (number === undefined) numbers.set(variant, (number = numbers.size + 1));
      last = variant;
      lastNumber = number;
      present[n] = u;
      variants[n++] = number;
      hash = (Math.imul(hash, 0x9e3779b1) + scramble(u * 8191 + number + 1)) | 0;
    }
    const candidates = this.known.get(hash);
    const same = candidates?.find((one) => isSame(one, present, variants, n));
    if (same) return same;
    const made = this.make(n);
    if (candidates) candidates.push(made);
    else this.known.set(hash, [made]);
    return made;
  }

  /** The class of a slot. */
  ofSlot({ fillings }: Slot): SharingClass {
    return this.of((u) => {
      const filling = fillings[u];
      return filling && filling.variant + 1;
    });
  }

  private make(n: number): SharingClass {
    const index = this.count++;
    const present = this.present.slice(0, n);
    const variants = this.variants.slice(0, n);
    const salt = scramble(index + 1);
    const hashes = variants.map((number) => (number === 0 ? 0 : scramble(salt ^ (number * 40503))));
    const bits = new Int32Array((this.unikernels + 31) >>> 5);
    for (const u of present) bits[u >>> 5]! |= 1 << (u & 31);
    const distinct = new Set(variants).size;
    return { index, present, variants, hashes, distinct, bits };
  }
}

function isSame(one: SharingClass, present: Int32Array, variants: Int32Array, n: number): boolean {
  if (one.present.length !== n) return false;
  for (let i = 0; i < n; i++)
    if (one.present[i] !== present[i] || one.variants[i] !== variants[i]) return false;
  return true;
}

/** Whether some unikernel has both. */
export function meet(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i]! & b[i]!) !== 0) return true;
  return false;
}
