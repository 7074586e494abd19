/**
 * A fast hash of a page, for finding candidates only: equality is always decided on the bytes.
 *
 * Measured with Node 20, a page: this 0.9 us, SHA-1 3.1 us, SHA-256 3.2 us, MD5 6.5 us (mostly the
 * price of the call); a comparison of two pages 0.14 us. A million pages take 2 s.
 */
import { randomInt } from 'node:crypto';
import { PAGE_SIZE } from '../../protocol/page-map.ts';

const scratch = new Uint8Array(PAGE_SIZE);
const words = new Int32Array(scratch.buffer);
/** A new seed for every process, so that nobody can prepare an image full of collisions. */
const seed = randomInt(2 ** 32) | 1;

/** Hash of 4096 bytes below 2^53, or 0 for a page of zeros (and only for one). */
export function hashPage(bytes: Uint8Array): number {
  scratch.set(bytes);
  // Four lanes, because the processor computes them side by side.
  let a = seed;
  let b = ~seed;
  let c = seed ^ 0x5bd1e995;
  let d = ~c;
  let seen = 0;
  for (let i = 0; i < words.length; i += 4) {
    const w = words[i] ?? 0;
    const x = words[i + 1] ?? 0;
    const y = words[i + 2] ?? 0;
    const z = words[i + 3] ?? 0;
    seen |= w | x | y | z;
    a = lane(a, w);
    b = lane(b, x);
    c = lane(c, y);
    d = lane(d, z);
  }
  if (seen === 0) return 0;
  const high = mix(a ^ mix(c)) >>> 0;
  const low = mix(b ^ mix(d + high)) >>> 12;
  return 1 + high * 2 ** 20 + low;
}

function lane(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

function mix(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  const twice = Math.imul(once ^ (once >>> 15), 0x846ca68b);
  return twice ^ (twice >>> 16);
}
