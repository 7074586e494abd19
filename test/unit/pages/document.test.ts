import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { pageMapOf, type StageInput } from '../../../src/engine/pages/document.ts';
import { validatePageMap } from '../../../src/engine/pages/validate.ts';
import { checkPageMap } from '../../../src/protocol/page-map-check.ts';
import { csvParts } from '../../../src/engine/report/csv.ts';
import { renderTable } from '../../../src/engine/report/table.ts';

const bytes = (fill: number) => new Uint8Array(4096).fill(fill);
const owner = (library: string, size = 4096) => ({
  library,
  section: '.text',
  bytes: size,
  symbols: ['f'],
});

function stage(fills: readonly number[], library: string): StageInput {
  return {
    image: `/b/${library}`,
    segments: [{ address: 0x100000, fileSize: 8192, memorySize: 8192, permissions: 'r-x' }],
    pages: fills.map((fill, i) => ({
      address: 0x100000 + i * 4096,
      writable: false,
      executable: true,
      bytes: bytes(fill),
    })),
    owners: fills.map(() => [owner(library, 4000), owner('libcommon', 96)]),
  };
}

function example() {
  const predicted = (keys: readonly (string | null)[]): StageInput => ({
    segments: [],
    pages: keys.map((key, i) => ({ address: i * 4096, writable: true, executable: false, key })),
    owners: keys.map(() => []),
  });
  return pageMapOf({
    spacer: '1.0.0',
    workspace: '/w',
    options: { align: true, loc: 0x100000, group: 'auto' },
    unikernels: [
      {
        name: 'hello',
        stages: { before: stage([1, 2, 0], 'apphello'), predicted: predicted(['a', null]) },
      },
      {
        name: 'net',
        stages: { before: stage([1, 3], 'appnet'), predicted: predicted(['a', 'b']) },
      },
    ],
  });
}

describe('the document', () => {
  it('counts over the whole set and for each unikernel', () => {
    const map = example();
    expect(map.totals).toEqual({
      before: { total: 5, zero: 1, distinct: 3, shared: 2, unique: 2 },
      predicted: { total: 4, zero: 1, distinct: 2, shared: 2, unique: 1 },
    });
    expect(map.contentClasses.before?.[0]).toEqual({ sharers: [0, 1], pages: 2 });
    expect(map.unikernels[0]?.before?.totals).toEqual({
      total: 3,
      zero: 1,
      distinct: 2,
      shared: 1,
      unique: 1,
    });
    expect(map.unikernels[0]?.before?.pages[2]).toMatchObject({ kind: 'zero', contentClass: -1 });
    expect(map.unikernels[0]?.predicted?.image).toBeUndefined();
    expect(map.unikernels[0]).not.toHaveProperty('after');
  });

  it('lists the libraries that its pages show', () => {
    expect(example().libraries).toEqual([
      { name: 'apphello', unikernels: [0], sharing: 'one', variants: 1, size: 12_000 },
      { name: 'appnet', unikernels: [1], sharing: 'one', variants: 1, size: 8000 },
      { name: 'libcommon', unikernels: [0, 1], sharing: 'all', variants: 2, size: 288 },
    ]);
  });

  it('passes its own validation, through JSON', () => {
    const map = example();
    expect(validatePageMap(JSON.parse(JSON.stringify(map)))).toEqual(map);
  });
});

describe('a document from outside', () => {
  const broken: [where: string, edit: (map: ReturnType<typeof example>) => void][] = [
    ['format', (map) => Object.assign(map, { format: 'other' })],
    ['version', (map) => Object.assign(map, { version: 2 })],
    ['extra', (map) => Object.assign(map, { extra: 1 })],
    [
      'unikernels.0.name',
      (map) => Object.assign(map.unikernels[0] ?? {}, { name: 'n'.repeat(5000) }),
    ],
    [
      'unikernels.0.before.pages.1.address',
      (map) => Object.assign(map.unikernels[0]?.before?.pages[1] ?? {}, { address: 5 }),
    ],
    [
      'unikernels.0.before.pages.1',
      (map) => Object.assign(map.unikernels[0]?.before?.pages[1] ?? {}, { address: 0 }),
    ],
    [
      'unikernels.0.before.pages.0',
      (map) => Object.assign(map.unikernels[0]?.before?.pages[0] ?? {}, { contentClass: 3 }),
    ],
    [
      'unikernels.0.before.pages.0',
      (map) => Object.assign(map.unikernels[0]?.before?.pages[0]?.owners[0] ?? {}, { bytes: 1 }),
    ],
    ['unikernels.0.before.totals.total', (map) => map.unikernels[0]?.before?.pages.pop()],
    ['totals.before', (map) => Object.assign(map.totals.before ?? {}, { zero: 4 })],
    ['totals.before', (map) => delete map.totals.before],
    ['contentClasses.before.0.sharers', (map) => map.contentClasses.before?.[0]?.sharers.push(7)],
    ['libraries.0.unikernels', (map) => map.libraries[0]?.unikernels.push(-0)],
  ];

  it.each(broken)('is refused at %s', (where, edit) => {
    const map = structuredClone(example());
    edit(map);
    const result = checkPageMap(map);
    expect(result).toMatchObject({ ok: false, problem: { where } });
    expect(() => validatePageMap(map, '/r.json')).toThrow(SpacerError);
    expect(() => validatePageMap(map, '/r.json')).toThrow(`/r.json: is not a page map: ${where}: `);
  });

  it('cannot make a message long, or steer a terminal with it', () => {
    const kind = `\x1b[2J${'x'.repeat(4000)}`;
    const map = structuredClone(example());
    Object.assign(map.unikernels[0]?.before?.pages[0] ?? {}, { kind });
    const result = checkPageMap(map);
    if (result.ok) expect.unreachable();
    expect(result.problem.text).toMatch(/^[\x20-\x7e]{1,200}$/);
  });

  it('of any kind is checked without throwing anything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(checkPageMap(json).ok).toBe(false);
      }),
    );
    const keys = fc.constantFrom(
      'unikernels',
      'totals',
      'contentClasses',
      'libraries',
      'pool',
      'options',
    );
    fc.assert(
      fc.property(keys, fc.jsonValue(), (key, value) => {
        try {
          validatePageMap({ ...example(), [key]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(SpacerError);
        }
      }),
    );
  });
});

describe('the table', () => {
  it('shows before and what is predicted, aligned, in ASCII', () => {
    const text = renderTable(example(), { colour: false });
    expect(`\n${text}\n`).toBe(`
           before                       after (predicted)
unikernel  total  zero  shared  unique  total  zero  shared  unique
---------  -----  ----  ------  ------  -----  ----  ------  ------
hello          3     1       1       1      2     1       1       0
net            2     0       1       1      2     0       1       1
---------  -----  ----  ------  ------  -----  ----  ------  ------
all            5     1       2       2      4     1       2       1

before:            3 distinct pages (0.01 MiB) of 4 non-zero (0.02 MiB) in 2 unikernels, 50.0% shared
after (predicted): 2 distinct pages (0.01 MiB) of 3 non-zero (0.01 MiB) in 2 unikernels, 66.7% shared
1.50 times less memory for distinct pages (predicted)
`);
  });

  it('prefers what was measured, and shows a missing unikernel as such', () => {
    const map = example();
    const [hello, net] = map.unikernels;
    if (!hello?.before || !net || !map.totals.before) expect.unreachable();
    hello.after = hello.before;
    map.totals.after = { ...map.totals.before, distinct: 6 };
    const text = renderTable(map, { colour: false });
    expect(text).not.toContain('predicted');
    expect(text).toMatch(/^net .* - +- +- +-$/m);
    expect(text).toContain('2.00 times more memory');
  });

  it('says how near to the bound the set came', () => {
    const { spacer, unusable } = example();
    const unikernels = [
      { name: 'one', stages: { before: stage([1, 2, 3], 'a'), after: stage([1, 2, 3], 'a') } },
    ];
    const map = pageMapOf({ spacer, unusable, unikernels, bound: { pages: 2, how: 'by hand' } });
    expect(map.bound).toEqual({ pages: 2, ratio: 1.5, how: 'by hand' });
    expect(checkPageMap(map)).toEqual(checkPageMap(JSON.parse(JSON.stringify(map))));
    const text = renderTable(validatePageMap(map), { colour: false });
    expect(text).toMatch(/^bound: +2 pages at least in any layout, 1.50 times that reached$/m);
  });

  it('has the same text with colours, and only then escapes', () => {
    const map = example();
    Object.assign(map.unikernels[0] ?? {}, { name: 'a\x1b[31m\u202e' });
    const plain = renderTable(map, { colour: false });
    const coloured = renderTable(map, { colour: true });
    expect(plain).toMatch(/^[\x20-\x7e\n]*$/);
    expect(coloured).not.toBe(plain);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  it('of nothing is still a table', () => {
    expect(renderTable(pageMapOf({ spacer: '1', unikernels: [] }), { colour: false })).toContain(
      'all',
    );
  });
});

describe('comma-separated values', () => {
  it('have one row a page', () => {
    const rows = [...csvParts(example())].join('').split('\r\n');
    expect(rows).toHaveLength(1 + 5 + 4 + 1);
    expect(rows[1]).toBe(
      'hello,before,0x100000,shared,0,2,false,true,apphello:.text=4000 libcommon:.text=96',
    );
    expect(rows[3]).toBe(
      'hello,before,0x102000,zero,,0,false,true,apphello:.text=4000 libcommon:.text=96',
    );
  });

  it('quote what has commas, and disarm formulas', () => {
    const map = example();
    Object.assign(map.unikernels[0] ?? {}, { name: '=cmd,"x"' });
    expect([...csvParts(map)].join('').split('\r\n')[1]).toMatch(/^"'=cmd,""x""",before,/);
  });
});
