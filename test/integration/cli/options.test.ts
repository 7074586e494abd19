/** Every option of the original Spacer, and ours: accepted in both values, and effective. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { validatePageMap } from '../../../src/engine/pages/validate.ts';
import { alignJson, builtDist, expectClear, spacer, type Aligned } from '../../support/cli.ts';
import { pathWithGcc } from '../../support/fake-tools.ts';
import { fingerprint } from '../../support/fingerprint.ts';
import {
  expectSameConsoles,
  imageIn,
  libraryText,
  placedInputs,
  sectionsOf,
  type Placed,
} from '../../support/images.ts';
import { freshFolder } from '../../support/once.ts';
import { builtSample, copyOfSample, knowsShape, type Shape } from '../../support/sample.ts';

const NAMES = ['hashfn', 'jsonfn', 'sched'];
const ONLY = ['-u', ...NAMES];
const PAGE = 4096;

const alignThree = async (...args: string[]) => alignJson(await builtSample(), [...ONLY, ...args]);

describe('-w, -u', () => {
  it('takes the workspace from -w, or else the current folder', async () => {
    const workspace = await builtSample();
    const named = await spacer(['--dry-run', '--json', '-w', workspace]);
    const current = await spacer(['--dry-run', '--json'], { cwd: workspace });
    const names = (text: string) => validatePageMap(JSON.parse(text)).unikernels.map((u) => u.name);
    expect(names(current.stdout)).toEqual(names(named.stdout));
    expect(names(named.stdout).length).toBeGreaterThanOrEqual(6);
  });

  it('aligns those of -u and no others', async () => {
    const { document, output } = await alignJson(await builtSample(), ['-u', 'sched', 'jsonfn']);
    expect(document.unikernels.map(({ name }) => name).sort()).toEqual(['jsonfn', 'sched']);
    expect(readdirSync(output).sort()).toEqual([
      '.cache',
      '.generations',
      '.gitignore',
      'jsonfn',
      'report.json',
      'sched',
    ]);
  });

  it('gives every byte of the pages an owner, and gaps to the fill', async () => {
    const { document } = await alignThree('-a');
    for (const { predicted, after } of document.unikernels)
      for (const stage of [predicted, after]) {
        const owners = stage!.pages.flatMap((page) => page.owners);
        const bytes = (library: string) =>
          owners.filter((o) => o.library === library).reduce((sum, o) => sum + o.bytes, 0);
        expect(bytes('[unknown]')).toBe(0);
        expect(bytes('[fill]')).toBeGreaterThan(PAGE);
      }
  });

  it('names the unikernels that there are, if one is not known', async () => {
    const result = await spacer(['-w', await builtSample(), '-u', 'hashfn', 'nosuch']);
    expectClear(result);
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(/no unikernel nosuch\. Found: .*hashfn/);
  });
});

describe('-l/--loc', () => {
  it.each(['0x130000', String(0x130000)])(
    'places all library text from %s on',
    async (location) => {
      const { output } = await alignThree('--loc', location);
      for (const name of NAMES) {
        const text = libraryText(output, name);
        expect(text.length).toBeGreaterThan(20);
        expect(text.filter(({ start }) => start < 0x130000)).toEqual([]);
        const low = sectionsOf(`${imageIn(output, name)}.dbg`).filter(
          ({ flags, address }) => flags.includes('X') && address < 0x130000,
        );
        // What boots stands first, at the base of the link; nothing else does.
        expect(low.map(({ address }) => address)).toEqual([0x100000]);
        expect(low[0]!.size).toBeLessThan(0x10000);
      }
    },
  );

  it("is the link's own base unless given", async () => {
    const { output } = await alignThree();
    expect(libraryText(output, 'sched')[0]!.start).toBeLessThan(0x110000);
  });

  it('refuses what lies below the base, and what is no address', async () => {
    const workspace = await builtSample();
    const low = await spacer(['-w', workspace, '--loc', '0x1000']);
    expect(low).toMatchObject({ status: 2, stdout: '' });
    expect(low.stderr).toMatch(/0x1000 lies below .*0x100000/);
    expect(readdirSync(workspace)).not.toContain('.spacer');
    const none = await spacer(['-w', workspace, '--loc', 'there']);
    expect(none).toMatchObject({ status: 2, stdout: '' });
    expect(none.stderr).toMatch(/address/);
  });
});

describe('-a/--align', () => {
  const firstOf = (output: string, name: string) => {
    const starts = new Map<string, number>();
    for (const { library, start } of libraryText(output, name).reverse())
      starts.set(library, start);
    return starts;
  };

  it('starts the text of each library on a page', async () => {
    const { output } = await alignThree('-a', '-g', 'false');
    for (const name of NAMES) {
      const unaligned = [...firstOf(output, name)].filter(([, start]) => start % PAGE !== 0);
      // The first library's text follows what has to stand first for booting.
      expect(unaligned.filter(([library]) => library !== 'libkvmplat')).toEqual([]);
    }
  });

  it('does not, when it is off', async () => {
    const { output } = await alignThree('-a', 'false', '-g', 'false');
    const starts = [...firstOf(output, 'sched').values()];
    const onPages = starts.filter((start) => start % PAGE === 0).length;
    expect(onPages).toBeLessThan(starts.length / 4);
  });
});

describe('-g/--group', () => {
  const isMain = (library: string, section: string) =>
    library.startsWith('app') && section === '.text.startup';
  const common = async (...args: string[]) => {
    const { output, document } = await alignThree(...args);
    const all = new Set(document.libraries.filter((l) => l.sharing === 'all').map((l) => l.name));
    expect(all.size).toBeGreaterThan(10);
    // `main` has one slot in the whole set, whichever application is in it: it stands with them.
    const isCommon = ({ library, section }: Placed) => all.has(library) || isMain(library, section);
    return NAMES.map((name) => runsOf(libraryText(output, name), isCommon));
  };

  it('puts the common libraries side by side, without page padding', async () => {
    for (const runs of await common('-g', '-a')) {
      expect(runs).toHaveLength(1);
      const gaps = runs[0]!.slice(1).map(({ start }, i) => start - runs[0]![i]!.end);
      expect(gaps.length).toBeGreaterThan(10);
      expect(Math.max(...gaps)).toBeLessThan(PAGE);
    }
  });

  it('leaves them in the order of the link, when it is off', async () => {
    const runs = await common('-g', 'false', '-a', 'false');
    expect(Math.max(...runs.map(({ length }) => length))).toBeGreaterThan(1);
  });
});

describe('--granularity', () => {
  const unitsIn = (output: string) =>
    new Set(
      libraryText(output, 'sched').flatMap(({ library, section }) =>
        section.startsWith('.text.unit.') ? library : [],
      ),
    );
  const distinct = ({ document }: Aligned) => document.totals.after!.distinct;

  it('keeps libraries whole, splits those that vary, or all that can be', async () => {
    const [library, auto, unit] = await Promise.all(
      ['library', 'auto', 'unit'].map((size) => alignThree('--granularity', size)),
    );
    expect(unitsIn(library!.output).size).toBe(0);
    const varying = new Set(
      library!.document.libraries.filter(({ variants }) => variants > 1).map(({ name }) => name),
    );
    const some = unitsIn(auto!.output);
    expect(some.size).toBeGreaterThan(0);
    expect([...some].filter((name) => !varying.has(name))).toEqual([]);
    expect(unitsIn(unit!.output).size).toBeGreaterThan(some.size);
    expect(distinct(auto!)).toBeLessThan(distinct(library!));
    await expectSameConsoles(unit!.document);
  });

  it('places a function by itself only where there are function sections', async () => {
    const workspace = await builtSample('fsections');
    const text = async (size: string) => {
      const { output } = await alignJson(workspace, [...ONLY, '--granularity', size]);
      return libraryText(output, 'sched').filter(({ library }) => library === 'libuksched');
    };
    const [whole, single] = await Promise.all([text('library'), text('function')]);
    // A library is one piece in the order of its object; functions stand where their sharers need them.
    const span = (pieces: readonly Placed[]) => pieces.at(-1)!.end - pieces[0]!.start;
    expect(whole.length).toBeGreaterThan(3);
    expect(span(whole)).toBeLessThan(whole.reduce((sum, p) => sum + p.end - p.start, 0) * 1.2);
    expect(span(single)).toBeGreaterThan(2 * span(whole));
  });

  it('refuses another word', async () => {
    const result = await spacer(['-w', await builtSample(), '--granularity', 'byte']);
    expectClear(result);
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(/auto, library, unit, function/);
  });
});

describe('--layout', () => {
  it.each([
    ['align', ['-a', 'true', '-g', 'false']],
    ['group', ['-a', 'false', '-g', 'true']],
  ])('%s stands for the options of the original', async (layout, flags) => {
    const [short, long] = await Promise.all([alignThree('--layout', layout), alignThree(...flags)]);
    expect(libraryText(short.output, 'sched')).toEqual(libraryText(long.output, 'sched'));
  });

  it('gives way to -a and -g', async () => {
    const { document } = await alignThree('--layout', 'group', '-a', '--dry-run');
    expect(document.layout!.chosen).toBe('group+align');
  });
});

/** Runs of neighbours that have a property. */
function runsOf(pieces: readonly Placed[], has: (piece: Placed) => boolean): Placed[][] {
  const runs: Placed[][] = [];
  pieces.forEach((piece, i) => {
    if (!has(piece)) return;
    if (i > 0 && has(pieces[i - 1]!)) runs.at(-1)!.push(piece);
    else runs.push([piece]);
  });
  return runs;
}

describe('-c/--custom_loader', () => {
  it('makes one range that is the same in all images that have it, individual libraries outside', async () => {
    const { document, output, result } = await alignThree('-c');
    const { start, end } = document.pool!;
    expect(end - start).toBeGreaterThanOrEqual(8 * PAGE);
    const contents = new Map<number, Set<number>>();
    for (const { after } of document.unikernels)
      for (const { address, contentClass, writable } of after!.pages) {
        if (address < start || address >= end) continue;
        expect(writable).toBe(false);
        contents.set(address, (contents.get(address) ?? new Set()).add(contentClass));
      }
    expect([...contents.values()].filter(({ size }) => size !== 1)).toEqual([]);
    expect(contents.size).toBe((end - start) / PAGE);
    const own = new Set(document.libraries.filter((l) => l.sharing === 'one').map((l) => l.name));
    expect(own.size).toBeGreaterThanOrEqual(3);
    const inside = NAMES.flatMap((name) =>
      placedInputs(output, name).filter(
        (p) => own.has(p.library) && p.end > start && p.start < end,
      ),
    );
    expect(inside).toEqual([]);
    expect(result.status).toBe(0);
    await expectSameConsoles(document);
  });

  it('is named where people read, and absent when off', async () => {
    const args = ['-w', await builtSample(), ...ONLY, '--dry-run'];
    expect((await spacer([...args, '-c'])).stdout).toMatch(
      /^Pool for a loader: 0x\w+ to 0x\w+, \d+ pages/m,
    );
    expect((await spacer([...args, '-c', 'no'])).stdout).not.toMatch(/Pool/);
    expect((await spacer(args)).stdout).not.toMatch(/Pool/);
  });
});

describe('-o/--copy_objs', () => {
  it('never has more contents of a library than without, and all images boot', async () => {
    const kept = await alignThree('-o', 'false');
    const copied = await alignThree('-o');
    expect(copied.document.options).toMatchObject({ copy_objs: true });
    expect(kept.document.options).toMatchObject({ copy_objs: false });
    const variants = ({ document }: typeof kept) =>
      new Map(document.libraries.map((l) => [l.name, l.variants]));
    const before = variants(kept);
    for (const [name, count] of variants(copied))
      expect(count).toBeLessThanOrEqual(before.get(name) ?? 1);
    await expectSameConsoles(copied.document);
  });
});

describe.runIf(knowsShape('fsections'))('-o/--copy_objs with function sections', () => {
  it('has one object in several unikernels, and each its own when it is off', async () => {
    const args = ['-w', await builtSample('fsections'), '--dry-run', '--json'];
    const objects = async (value: string) =>
      validatePageMap(JSON.parse((await spacer([...args, '-o', value])).stdout)).objects;
    expect((await objects('t'))!.unified.length).toBeGreaterThan(0);
    expect(await objects('f')).toBeUndefined();
  });
});

describe('-r/--rel, --relink-only', () => {
  const withoutTimes = (lines: string[]) =>
    lines.map((line) =>
      line
        .split(' ')
        .filter((_, i) => i !== 2)
        .join(' '),
    );
  const imageHash = (output: string, name: string) =>
    createHash('sha256')
      .update(readFileSync(imageIn(output, name)))
      .digest('hex');

  it('only writes the scripts when off; --relink-only then links with them', async () => {
    const workspace = await builtSample();
    const output = path.join(freshFolder('rel'), 'out');
    const args = ['-w', workspace, ...ONLY, '--output', output];
    const scripts = await spacer([...args, '-r', 'false']);
    expect(scripts).toMatchObject({ status: 0, stderr: '' });
    expect(scripts.stdout).toMatch(/after \(predicted\)/);
    for (const name of NAMES) {
      expect(readdirSync(path.join(output, name)).sort()).toEqual(['objects', 'scripts']);
      expect(readFileSync(path.join(output, name, 'scripts/0-link64.lds'), 'utf8')).toMatch(
        /SECTIONS/,
      );
    }
    const written = fingerprint(path.join(output, 'sched/scripts'));
    expect(await spacer([...args, '--relink-only'])).toMatchObject({ status: 0, stderr: '' });
    expect(withoutTimes(fingerprint(path.join(output, 'sched/scripts')))).toEqual(
      withoutTimes(written),
    );
    const whole = await alignThree();
    for (const name of NAMES) expect(imageHash(output, name)).toBe(imageHash(whole.output, name));
  });

  it.each<[Shape, ...string[]]>([
    ['default'],
    ['default', '--layout', 'align'],
    ['fsections', '--custom_loader'],
    ['fsections', '--aslr', '2'],
  ])('makes the images of %s %s %s once more', async (shape, ...options) => {
    const workspace = await builtSample(shape);
    const { output } = await alignJson(workspace, [...ONLY, ...options]);
    const made = NAMES.map((name) => imageHash(output, name));
    const args = ['-w', workspace, ...ONLY, '--output', output, '--relink-only'];
    expect(await spacer(args)).toMatchObject({ status: 0, stderr: '' });
    expect(NAMES.map((name) => imageHash(output, name))).toEqual(made);
  });

  it('says so where a copy of an object is gone', async () => {
    const { output } = await alignThree('--effort', '0');
    rmSync(path.join(output, 'sched/objects/libukboot.o'));
    const args = ['-w', await builtSample(), '-u', 'sched', '--output', output, '--relink-only'];
    const { status, stdout, stderr } = await spacer(args);
    expect(status).toBe(1);
    expect(`${stdout}${stderr}`).toMatch(/sched\/objects\/libukboot\.o: The copy .* align again/);
  });

  it.each([
    ['-r', 'true'],
    ['--relink-only', 'no'],
  ])('links as usual with %s %s', async (...args) => {
    const { output } = await alignThree(...args);
    for (const name of NAMES) expect(existsSync(imageIn(output, name))).toBe(true);
  });

  it('says so where there are no scripts yet', async () => {
    const output = freshFolder('none');
    const result = await spacer([
      '-w',
      await builtSample(),
      ...ONLY,
      '--output',
      output,
      '--relink-only',
    ]);
    expectClear(result);
    expect(result.status).toBe(1);
    expect(`${result.stdout}${result.stderr}`).toMatch(/hashfn has no scripts yet/);
  });

  it('refuses --relink-only with what excludes it', async () => {
    const result = await spacer(['-w', await builtSample(), '--relink-only', '--dry-run']);
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(/--relink-only cannot be combined/);
  });
});

describe('--use-id', () => {
  it('adds the number to the names, so that builds stand side by side', async () => {
    const workspace = await copyOfSample(NAMES);
    const output = path.join(workspace, '.spacer');
    expect(await spacer(['-w', workspace, ...ONLY])).toMatchObject({ status: 0 });
    const result = await spacer(['-w', workspace, ...ONLY, '--use-id', '7', '--json']);
    const document = validatePageMap(JSON.parse(result.stdout));
    expect(document.unikernels.map(({ name }) => name)).toEqual(['hashfn7', 'jsonfn7', 'sched7']);
    expect(readdirSync(output)).toEqual(
      expect.arrayContaining(['hashfn', 'hashfn7', 'sched', 'sched7']),
    );
    await expectSameConsoles(document);
  });

  it('takes whole numbers only', async () => {
    const result = await spacer(['-w', await builtSample(), '--use-id', 'x']);
    expect(result).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('--aslr', () => {
  it('0 is what is done without it', async () => {
    const args = ['-w', await builtSample(), ...ONLY, '--dry-run', '--json'];
    const totals = async (...more: string[]) =>
      validatePageMap(JSON.parse((await spacer([...args, ...more])).stdout)).totals;
    expect(await totals('--aslr', '0')).toEqual(await totals());
  });

  it('2 gives every instance of a program a layout of its own', async () => {
    const args = ['-u', 'sched', '--aslr', '2', '--instances', '3', '--dry-run', '--json'];
    const { stdout } = await spacer(['-w', await builtSample(), ...args]);
    const document = validatePageMap(JSON.parse(stdout));
    const names = ['sched-1', 'sched-2', 'sched-3'];
    expect(document.unikernels.map(({ name }) => name)).toEqual(names);
    const [block] = document.aslr!.blocks;
    expect(new Set(Object.values(block!.starts)).size).toBe(3);
  });

  it.each(['--relink-only', '--custom_loader'])('is not combined with %s', async (option) => {
    const result = await spacer(['-w', await builtSample(), '--aslr', '2', option]);
    expectClear(result);
    expect(result).toMatchObject({ status: 2, stdout: '' });
  });

  it.each(['none', '0', '-1'])('has no blocks called %s', async (blocks) => {
    const args = ['--aslr', '2', `--aslr-blocks=${blocks}`];
    const result = await spacer(['-w', await builtSample(), ...args]);
    expectClear(result);
    expect(result).toMatchObject({ status: 2, stdout: '' });
  });

  it.each(['--aslr_map', '--aslr_same_mapping'])(
    '%s is accepted in both values',
    async (option) => {
      const workspace = await builtSample();
      for (const value of ['true', 'false'])
        expect(
          await spacer(['-w', workspace, '-u', 'sched', '--dry-run', option, value]),
        ).toMatchObject({ status: 0 });
    },
  );
});

describe('-v/--verbose', () => {
  it('names passes and libraries, and is off unless given', async () => {
    const args = ['-w', await builtSample(), ...ONLY, '--dry-run'];
    const loud = await spacer([...args, '-v']);
    expect(loud.stdout).toMatch(/^Passes: discover \d+ ms/m);
    expect(loud.stdout).toMatch(/^ {2}libukboot: all \(3\), \d+ variant/m);
    expect(loud.stderr).toMatch(/Planning the layout/);
    for (const quiet of [await spacer(args), await spacer([...args, '-v', 'f'])]) {
      expect(quiet.stdout).not.toMatch(/Passes:/);
      expect(quiet.stderr).toBe('');
    }
  });
});

describe('the spellings of BOOL', () => {
  it.each([
    { words: ['yes', 'true', 't', 'y', '1'], value: true },
    { words: ['no', 'false', 'f', 'n', '0'], value: false },
  ])('$words mean $value', async ({ words, value }) => {
    const options = ['--align', '--group', '--custom_loader', '--copy_objs', '--aslr_map'];
    const given = options.flatMap((option, i) => [option, words[i]!]);
    const args = ['-w', await builtSample(), '-u', 'sched', '--dry-run', '--json'];
    const { status, stdout } = await spacer([...args, ...given]);
    expect(status).toBe(0);
    const { options: read } = validatePageMap(JSON.parse(stdout));
    for (const option of options) expect(read, option).toHaveProperty([option.slice(2)], value);
  });

  it('refuses others', async () => {
    const result = await spacer(['-w', await builtSample(), '-a', 'perhaps']);
    expectClear(result);
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toMatch(/yes\/no, true\/false, t\/f, y\/n or 1\/0/);
  });
});

describe('--dry-run', () => {
  it('writes nothing, and predicts what a real run measures', async () => {
    const workspace = await copyOfSample();
    const before = fingerprint(workspace);
    const { PATH } = pathWithGcc('echo "gcc must not run" >&2; exit 1');
    const result = await spacer(['-w', workspace, '--dry-run', '--json'], { env: { PATH } });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(fingerprint(workspace)).toEqual(before);
    expect(existsSync(path.join(workspace, '.spacer'))).toBe(false);
    const { totals } = validatePageMap(JSON.parse(result.stdout));
    expect(totals.after).toBeUndefined();
    const { document } = await alignJson(workspace);
    expect(totals.predicted).toEqual(document.totals.after);
    expect(totals.before).toEqual(document.totals.before);
  });
});

describe('--output, --json, --html, --jobs', () => {
  it('writes to --output and nowhere else', async () => {
    const workspace = await copyOfSample();
    const { output, document } = await alignJson(workspace);
    expect(existsSync(path.join(workspace, '.spacer'))).toBe(false);
    const report = validatePageMap(
      JSON.parse(readFileSync(path.join(output, 'report.json'), 'utf8')),
    );
    expect({ ...report, timings: {} }).toEqual({ ...document, timings: {} });
    expect(readFileSync(path.join(output, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('ends well where nobody reads on', async () => {
    const cli = path.join(await builtDist(), 'cli.mjs');
    const script = 'node "$0" -w "$1" --dry-run --json | head -c 1; echo " ${PIPESTATUS[0]}"';
    const args = ['-c', script, cli, await builtSample()];
    const { stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('{ 0\n');
  });

  it('writes the page map as one file that asks for nothing else', async () => {
    const html = path.join(freshFolder('html'), 'page map.html');
    const result = await spacer(['-w', await builtSample(), ...ONLY, '--dry-run', '--html', html]);
    expect(result.status).toBe(0);
    expect(result.stdout).toContain(`Page map: ${html}`);
    const text = readFileSync(html, 'utf8');
    expect(text).toMatch(/Content-Security-Policy/);
    expect(text).not.toMatch(/(src|href)="(?!data:|#)[^"]/);
  });

  it.each([
    { jobs: '1', most: 1, least: 1 },
    { jobs: '3', most: 3, least: 2 },
  ])('runs at most --jobs $jobs links at once', async ({ jobs, most, least }) => {
    const { folder, PATH } = pathWithGcc('echo start >> "$0.log"; sleep 1; echo end >> "$0.log"');
    await alignJson(await builtSample(), [...ONLY, '--jobs', jobs], { env: { PATH } });
    const events = readFileSync(path.join(folder, 'gcc.log'), 'utf8').trim().split('\n');
    let running = 0;
    const width = Math.max(...events.map((event) => (running += event === 'start' ? 1 : -1)));
    expect(events).toHaveLength(6);
    expect(width).toBeGreaterThanOrEqual(least);
    expect(width).toBeLessThanOrEqual(most);
  });
});

describe('the command line of the original', () => {
  it('spacer -w DIR -u a b c -a -g -c false --loc 0x130000', async () => {
    const workspace = await copyOfSample();
    const result = await spacer([
      '-w',
      workspace,
      '-u',
      ...NAMES,
      '-a',
      '-g',
      '-c',
      'false',
      '--loc',
      '0x130000',
    ]);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toMatch(/^all .*\d/m);
    expect(result.stdout).toMatch(/times less memory/);
    expect(result.stdout).not.toMatch(/Pool/);
    const output = path.join(workspace, '.spacer');
    for (const name of NAMES)
      expect(libraryText(output, name).filter(({ start }) => start < 0x130000)).toEqual([]);
    const report = readFileSync(path.join(output, 'report.json'), 'utf8');
    await expectSameConsoles(validatePageMap(JSON.parse(report)));
  });
});
