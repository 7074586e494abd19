/** Damages samples of a format: bytes, numbers, words and whole pieces of it and of other samples. */
import type { Random } from '../support/mutations.ts';

/** Whole numbers at the edges of fields. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];
/** Words that mean something in some format: depth, size, orders, other names of nothing. */
const WORDS = [
  '(',
  ')',
  '{',
  '}',
  '[',
  '"',
  "'",
  '\\',
  '\0',
  '*',
  '/*',
  '*/',
  '1 << 60',
  '. = . + 0xffffffffffffffff;',
  'ALIGN(0)',
  '-',
  '@x',
  '$(x)',
  '\n',
  '99999999999999999999',
  '-1',
  'null',
  '1e999',
  '&a',
  '*a',
  '__proto__',
  '"__proto__":{"a":1},',
  '../../..',
];

/** One input: a sample with one to eight damages. */
export function damaged(samples: readonly Buffer[], random: Random): Buffer {
  const pick = () => samples[random(samples.length)] ?? Buffer.alloc(0);
  let bytes = Buffer.from(pick());
  for (let left = 1 + random(8); left > 0; left--) bytes = damage(bytes, pick, random);
  return bytes;
}

function damage(
  bytes: Buffer<ArrayBuffer>,
  pick: () => Buffer,
  random: Random,
): Buffer<ArrayBuffer> {
  const at = random(bytes.length + 1);
  const length = random(1 + Math.min(64, bytes.length - at));
  const [before, piece, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (random(8)) {
    case 0:
      if (at < bytes.length) bytes[at] = random(256);
      return bytes;
    case 1:
      if (at + 4 <= bytes.length) bytes.writeUInt32LE(EDGES[random(EDGES.length)]!, at);
      return bytes;
    case 2:
      return Buffer.from(before);
    case 3:
      return Buffer.concat([before, after]);
    case 4: {
      const times = random(20) === 0 ? 2000 : random(8);
      return Buffer.concat([before, ...Array.from({ length: times }, () => piece), after]);
    }
    case 5: {
      const word = WORDS[random(WORDS.length)]!;
      const times = random(20) === 0 ? 3000 : 1;
      return Buffer.concat([before, Buffer.from(word.repeat(times)), after]);
    }
    case 6: {
      const other = pick();
      const from = random(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + random(256)), after]);
    }
    default: {
      const low = random(bytes.length + 1) & ~7;
      if (low + 8 <= bytes.length)
        bytes.writeBigUInt64LE(BigInt(EDGES[random(EDGES.length)]!), low);
      return bytes;
    }
  }
}
