/** Which objects may take the place of others: real objects, real links. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { align } from '../../../src/engine/align.ts';
import { unifyObjects } from '../../../src/engine/atoms/interchange.ts';
import { programChange } from '../../../src/engine/atoms/same-program.ts';
import { readUnikernel } from '../../../src/engine/read-unikernel.ts';
import { withObjects } from '../../../src/engine/workspace/substitute.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { checkPageMap } from '../../../src/protocol/page-map-check.ts';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import { Fleet, type Application } from './fleet.ts';

const SMALL =
  'const char *names[2] = {"a", "b"}; int small(int x) { return names[x & 1][0] * 3; }\n';
const EXTRA = 'int table[9]; int extra(int x) { return table[x] + small(x); }\n';

let fleet: Fleet | undefined;
afterEach(() => fleet?.dispose());

/** `big` has the first source in libone, `tiny` the second. */
async function unify(big: string, tiny: string, more: Partial<Application> = {}) {
  fleet = new Fleet([
    { name: 'big', library: big },
    { name: 'tiny', library: tiny, ...more },
  ]);
  const before = await fleet.load();
  return { before, ...(await unifyObjects(before)) };
}

const libraryOf = (result: Awaited<ReturnType<typeof unify>>, name: string) =>
  result.set
    .find(({ unikernel }) => unikernel.name === name)
    ?.objects.find(({ library }) => library === 'libone')?.path;

/** The words about libone, which must have stayed as it is. */
async function refusal(big: string, tiny: string, more: Partial<Application> = {}) {
  const result = await unify(big, tiny, more);
  expect(result.unified).toEqual([]);
  expect(result.set).toEqual(result.before);
  const variants = result.variants.find(({ library }) => library === 'libone');
  expect(variants?.unikernels).toEqual([['big'], ['tiny']]);
  return variants?.differs;
}

describe('an object that holds another one', () => {
  it('takes its place if nothing leads to the rest', async () => {
    const result = await unify(SMALL + EXTRA, SMALL);
    expect(result.unified).toEqual([{ library: 'libone', from: 'big', to: ['tiny'] }]);
    expect(result.variants).toEqual([]);
    expect(libraryOf(result, 'tiny')).toMatch(/apps\/big\/build\/libone\.o$/);
  });

  it('takes its place in a link without garbage collection too', async () => {
    const result = await unify(SMALL + EXTRA, SMALL, {
      link: ['-Wl,--no-gc-sections'],
    });
    expect(result.unified).toEqual([{ library: 'libone', from: 'big', to: ['tiny'] }]);
  });

  it('is linked: the image has the code of before, and the report tells', async () => {
    fleet = new Fleet([
      { name: 'big', library: SMALL + EXTRA },
      { name: 'tiny', library: SMALL, link: ['-Wl,--no-gc-sections'] },
    ]);
    const document = await align({
      workspace: fleet.root,
      options: { ...DEFAULT_OPTIONS, copyObjects: true },
      tools: {},
    });
    expect(document.failures).toEqual([]);
    expect(document.objects).toEqual({
      unified: [{ library: 'libone', from: 'big', to: ['tiny'] }],
      variants: [],
    });
    expect(checkPageMap(JSON.parse(JSON.stringify(document)))).toMatchObject({ ok: true });
    const file = `${fleet.root}/.spacer/tiny/tiny_qemu-x86_64.dbg`;
    const names = readElf(file, readFileSync(file)).symbols.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['small', 'extra', 'main', '_start']));
  });

  it('may export more of what both have', async () => {
    const source = `__attribute__((noipa)) int inner(int x) { return x * 5; }
      int small(int x) { return inner(x) + 1; }\n`;
    const result = await unify(source, source, { hidden: ['inner'] });
    expect(result.unified).toEqual([{ library: 'libone', from: 'big', to: ['tiny'] }]);
  });

  it('takes the place of several, the largest first', async () => {
    const most = `${SMALL}${EXTRA}int most(int x) { return extra(x) + 1; }\n`;
    fleet = new Fleet([
      { name: 'a', library: SMALL },
      { name: 'b', library: SMALL + EXTRA },
      { name: 'c', library: most },
      { name: 'd', library: SMALL },
    ]);
    const { unified, variants } = await unifyObjects(await fleet.load());
    expect(unified).toEqual([
      { library: 'libone', from: 'c', to: ['b'] },
      { library: 'libone', from: 'c', to: ['a', 'd'] },
    ]);
    expect(variants).toEqual([]);
  });
});

describe('an object is left where it is', () => {
  const extra = (declaration: string) => `${SMALL}${declaration}\n`;

  it('if a table would grow', async () => {
    const differs = await refusal(
      extra('__attribute__((section(".inittab5"), used)) static int (*const init)(int) = small;'),
      SMALL,
    );
    expect(differs).toBe(
      '.inittab5 differs in 1 of 2; ' +
        'the object of big holds that of tiny, but .inittab5 is part of the table .inittab',
    );
  });

  it('if constructors would run', async () => {
    const source = extra(
      'static volatile int ran; __attribute__((constructor)) static void init(void) { ran = 1; }',
    );
    expect(await refusal(source, SMALL)).toContain('.init_array is a section that is run through');
  });

  it('if the script keeps the rest', async () => {
    const source = extra('__attribute__((section(".kept"))) int kept = 5;');
    expect(await refusal(source, SMALL)).toContain('.kept is kept by the script');
  });

  it('if the rest would stand at the head of the image', async () => {
    const source = extra('__attribute__((section(".text.boot"))) int early(void) { return 5; }');
    expect(await refusal(source, SMALL)).toContain('.text.boot is kept by the script');
  });

  it('if the rest lies between bounds that the linker makes', async () => {
    const source = extra('__attribute__((section("events"))) int event = 5;');
    expect(await refusal(source, SMALL)).toContain(
      'events has the bounds __start_events and __stop_events',
    );
  });

  it('if every thread would get the rest', async () => {
    const source = extra('__thread int each = 5;');
    expect(await refusal(source, SMALL)).toContain('belongs to the image of every thread');
  });

  it('if a weak reference would become defined', async () => {
    const main = `int small(int); __attribute__((weak)) int extra(int);
      int main(void) { return extra ? extra(1) : small(3); }`;
    expect(await refusal(SMALL + EXTRA, SMALL, { main })).toContain(
      'a weak reference to extra would become defined',
    );
  });

  it('if another object defines the name', async () => {
    const main =
      'int small(int); int extra(int x) { return x; } int main(void) { return extra(small(3)); }';
    expect(await refusal(SMALL + EXTRA, SMALL, { main })).toContain(
      'extra has another meaning there',
    );
  });

  it('if the link itself looks for the name', async () => {
    const source = extra('int asked_by_script = 8;');
    expect(await refusal(source, SMALL)).toContain('the link itself looks for asked_by_script');
    fleet?.dispose();
    expect(await refusal(SMALL + EXTRA, SMALL, { link: ['-Wl,-u,extra'] })).toContain(
      'the link itself looks for extra',
    );
  });

  it('if something that it needs is not there', async () => {
    const source = extra('int elsewhere(int); int extra(int x) { return elsewhere(x); }');
    fleet = new Fleet([
      {
        name: 'big',
        library: source,
        main: 'int small(int); int elsewhere(int x) { return x; } int main(void) { return small(3); }',
      },
      { name: 'tiny', library: SMALL },
    ]);
    const { unified, variants } = await unifyObjects(await fleet.load());
    expect(unified).toEqual([]);
    expect(variants[0]?.differs).toBe(
      '.text.extra differs in 1 of 2; big exports 1 symbol more; big needs 1 symbol more; ' +
        'the object of big holds that of tiny, but elsewhere is not defined there',
    );
  });

  it('if what both have differs', async () => {
    const other = SMALL.replace('* 3', '* 4') + EXTRA;
    expect(await refusal(other, SMALL)).toBe(
      '.text.small differs in 1 of 2; .text.extra differs in 1 of 2; ' +
        '.bss.table differs in 1 of 2; big exports 2 symbols more',
    );
  });

  it('if what both have refers to something else', async () => {
    const to = (n: number) =>
      `int a = 1, b = 2; int small(int x) { return ${n ? 'a' : 'b'} + x; }\n`;
    expect(await refusal(to(0), to(1))).toBe('.text.small differs in 1 of 2');
  });

  it('if the whole text is one section, as in ordinary builds', async () => {
    fleet = new Fleet([
      { name: 'big', library: SMALL + EXTRA, sections: false },
      { name: 'tiny', library: SMALL, sections: false },
    ]);
    const { unified, variants } = await unifyObjects(await fleet.load());
    expect(unified).toEqual([]);
    expect(variants[0]?.differs).toBe(
      '.text differs in 1 of 2; .bss differs in 1 of 2; big exports 2 symbols more',
    );
  });
});

describe('the proof on the whole program', () => {
  /** The program of `tiny` with the object of `big` in it, whatever the rules say. */
  async function forced(big: string, tiny: string) {
    fleet = new Fleet([
      { name: 'big', library: big },
      { name: 'tiny', library: tiny, link: ['-Wl,--no-gc-sections'] },
    ]);
    const [from, to] = await fleet.load();
    const path = (loaded: typeof from) =>
      loaded?.objects.find(({ library }) => library === 'libone')?.path ?? '';
    if (to === undefined) throw new Error('tiny was not read');
    const other = await readUnikernel(withObjects(to.unikernel, new Map([[path(to), path(from)]])));
    return programChange(to, other);
  }

  it('finds nothing where there is nothing', async () => {
    expect(await forced(SMALL + EXTRA, SMALL)).toBeUndefined();
    expect(await forced(SMALL, SMALL)).toBeUndefined();
  });

  it('finds other code, other data and other references', async () => {
    expect(await forced(SMALL.replace('* 3', '* 4'), SMALL)).toBe(
      '.text.small of libone would change',
    );
    fleet?.dispose();
    expect(await forced(SMALL.replace('"b"', '"c"'), SMALL)).toMatch(/^\.rodata.* would change$/);
    fleet?.dispose();
    const to = (n: number) =>
      `int a = 1, b = 2; int small(int x) { return ${n ? 'a' : 'b'} + x; }\n`;
    expect(await forced(to(0), to(1))).toBe('.text.small of libone would change');
  });

  it('finds a table that would grow', async () => {
    const table =
      '__attribute__((section(".inittab5"), used)) static int (*const init)(int) = small;';
    expect(await forced(`${SMALL}${table}`, SMALL)).toBe('.inittab would hold other sections');
  });

  it('finds a name that would be gone or mean something else', async () => {
    expect(await forced(SMALL, SMALL + EXTRA)).toBe('extra would change');
    fleet?.dispose();
    expect(await forced(SMALL.replaceAll('names', 'words'), SMALL)).toBe('names would change');
  });
});
