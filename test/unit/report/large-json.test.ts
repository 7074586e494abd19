/** JSON that is read and written in parts is the JSON that V8 reads and writes whole. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLargeJson } from '../../../src/engine/report/large-json.ts';
import { reportParts } from '../../../src/engine/report/parts.ts';
import { readReport } from '../../../src/engine/report/read.ts';
import { freshFolder } from '../../support/once.ts';
import { makeFleet } from '../webview/fleet.ts';

const file = path.join(freshFolder('large-json'), 'report.json');
const read = (text: string, chunk: number) => {
  writeFileSync(file, text);
  return readLargeJson(file, undefined, chunk);
};
const chunks = fc.integer({ min: 1, max: 9 });
/** Whatever reads a text, or the kind of error. */
const outcome = async (parse: () => unknown) => {
  try {
    return { value: await parse() };
  } catch (error) {
    return { error: (error as Error).name };
  }
};

describe('reading', () => {
  it('gives what JSON.parse gives, wherever a chunk ends', async () => {
    const nested = fc.jsonValue({ maxDepth: 5 });
    const indents = fc.constantFrom(undefined, 2);
    await fc.assert(
      fc.asyncProperty(nested, indents, chunks, async (value, indent, chunk) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(await read(text, chunk)).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps names and texts that look like structure', async () => {
    const text = String.raw`{"a]":{"}\"[":["{",[0],[[1]],"\\"],"é{":{"1":[2],"0":[3]}},"b":[[],{}]}`;
    for (const chunk of [1, 2, 3, 1000]) expect(await read(text, chunk)).toEqual(JSON.parse(text));
  });

  it('refuses what JSON.parse refuses', async () => {
    const damage = fc.tuple(fc.nat(), fc.constantFrom(...'[]{}",:0a\\', ''));
    const whole = '{"a":[{"b":[1,"x"]},{"c":{}}],"d":{"e":[[]],"f":"g"},"h":1}';
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), chunks, async (at, n) => {
        const text = at.reduce((old, [place, with_]) => {
          const i = place % (old.length + 1);
          return old.slice(0, i) + with_ + old.slice(i + 1);
        }, whole);
        expect(await outcome(() => read(text, n))).toEqual(await outcome(() => JSON.parse(text)));
      }),
      { numRuns: 400 },
    );
  });

  it('ends where a list has more entries than any report', async () => {
    await expect(read(`[[${'[],'.repeat(200_001)}[]]]`, 1 << 20)).rejects.toThrow(SyntaxError);
  });
});

describe('a report', () => {
  const document = makeFleet({ unikernels: 3, pages: 70 });

  it('is written in parts that are its JSON', () => {
    const absent = { workspace: undefined } as object;
    const odd = { ...document, ...absent, timings: { read: 1, link: 2 } };
    expect([...reportParts(odd)].join('')).toBe(JSON.stringify(odd));
  });

  it('has one list of owners in memory for all pages that have the same', async () => {
    writeFileSync(file, [...reportParts(document)].join(''));
    const again = await readReport(file);
    expect(again).toEqual(document);
    const pages = again.unikernels.flatMap(({ after }) => after?.pages ?? []);
    const lists = new Set(pages.map(({ owners }) => owners));
    const different = new Set(pages.map(({ owners }) => JSON.stringify(owners)));
    expect(lists.size).toBe(different.size);
    expect(different.size).toBeLessThan(pages.length);
  });
});
