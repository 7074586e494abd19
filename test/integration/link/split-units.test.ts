/** Libraries split at their compile units: real units, merged by real linkers. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { describeObject, type AtomForm } from '../../../src/engine/atoms/object-form.ts';
import { wholeBytes } from '../../../src/engine/elf/contents.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { SHF, STT, type ElfFile } from '../../../src/engine/elf/types.ts';
import { relink } from '../../../src/engine/link/replay.ts';
import { splitChange } from '../../../src/engine/link/same-split.ts';
import { splitUnits, withSplit, type SplitUnits } from '../../../src/engine/link/split-units.ts';
import { pruneUnitCache } from '../../../src/engine/link/unit-cache.ts';
import { renamedSections, unitNames } from '../../../src/engine/link/unit-names.ts';
import { withSources } from '../../../src/engine/read-unikernel.ts';
import { UnitsWorkshop } from './units-workshop.ts';
import { fingerprint } from './workspace.ts';

let shop: UnitsWorkshop;
afterEach(() => shop.dispose());

const LIBX = new Set(['libx']);

async function split(workshop: UnitsWorkshop): Promise<SplitUnits> {
  const { cache, root } = workshop;
  return splitUnits(await workshop.load(), LIBX, { cache, root });
}

async function splitElf(workshop: UnitsWorkshop): Promise<ElfFile> {
  const { objects, whole } = await split(workshop);
  expect([...whole]).toEqual([]);
  return objects.get('libx')!.elf;
}

/** Why libx stays whole. */
async function reason(workshop: UnitsWorkshop): Promise<string | undefined> {
  const { objects, whole } = await split(workshop);
  expect(objects.size).toBe(0);
  return whole.get('libx');
}

const loadedNames = (elf: ElfFile) =>
  elf.sections.filter(({ flags, size }) => flags & SHF.ALLOC && size > 0).map(({ name }) => name);

const read = (file: string) => readElf(file, readFileSync(file));
/** The whole file of an object that was read in parts. */
const bytesOf = ({ contents, bytes }: ElfFile) => wholeBytes(contents ?? bytes);

describe('a library', () => {
  it('gets a section for what each unit has; boot sections, tables and threads stay', async () => {
    shop = new UnitsWorkshop();
    const before = fingerprint(shop.root);
    const { objects } = await split(shop);
    const { elf, units, file } = objects.get('libx')!;
    expect(units).toEqual(['entry', 'boot', 'deep-alpha', 'beta']);
    expect(loadedNames(elf).sort()).toEqual(
      [
        ...['.data.boot', '.eh_frame', '.table', '.tbss', '.text.boot', '.bss'],
        ...['.text.unit.entry', '.data.unit.entry'],
        ...['.text.unit.boot', '.data.unit.boot', '.bss.unit.boot', '.data.unit.boot.boot_argv'],
        ...[
          '.rodata.unit.boot.str1.1',
          '.rodata.unit.deep-alpha.str1.1',
          '.rodata.unit.beta.str1.1',
        ],
        ...['.text.unit.deep-alpha', '.text.unit.deep-alpha.unlikely', '.data.unit.deep-alpha'],
        ...['.rodata.unit.deep-alpha', '.text.unit.beta', '.rodata.unit.beta.cst8'],
        '.bss.unit.deep-alpha',
      ].sort(),
    );
    expect(elf.sections.filter(({ flags }) => flags & SHF.ALLOC && flags & SHF.MERGE)).toEqual([]);
    expect(path.basename(file)).toBe('libx.o');
    expect(fingerprint(shop.root)).toEqual(before);
  });

  it('leaves a label at the border of two units with the unit that has it', async () => {
    shop = new UnitsWorkshop();
    const elf = await splitElf(shop);
    const label = elf.symbols.find(({ name }) => name === 'step_end')!;
    expect(elf.sections[label.section]?.name).toBe('.text.unit.entry');
    expect(label.value).toBe(elf.sections[label.section]?.size);
  });

  it('keeps every alignment, and nothing but what is left', async () => {
    shop = new UnitsWorkshop();
    const elf = await splitElf(shop);
    const named = (name: string) => elf.sections.find((section) => section.name === name)!;
    expect(named('.text')).toMatchObject({ size: 0, alignment: 1 });
    const { index, alignment, size } = named('.bss');
    const common = elf.symbols.find(({ name }) => name === 'wide_common')!;
    expect(common.section).toBe(index);
    expect(alignment).toBeGreaterThanOrEqual(32);
    expect(common.value % 32).toBe(0);
    expect(common.value + common.size).toBeLessThanOrEqual(size);
    expect(size).toBeLessThan(32 + 4 + 32 + 40);
  });

  it('is linked by the script of the user to a program that does the same', async () => {
    shop = new UnitsWorkshop();
    const { objects } = await split(shop);
    const { unikernel } = await shop.load();
    const { script, extraScripts } = unikernel.link;
    const made = await relink({
      unikernel,
      script,
      extraScripts,
      objects: new Map([[shop.path('libx.o'), objects.get('libx')!.file]]),
      outputDirectory: path.join(shop.root, 'out'),
      tools: {},
    });
    const run = (file: string) => spawnSync(file, { encoding: 'utf8' });
    const [before, after] = [run(unikernel.debugImage), run(made.debugImage)];
    expect(before.status).toBe(7);
    expect(before.stdout).toContain('boot unit\nshared text\nshared text\n');
    expect([after.status, after.stdout]).toEqual([before.status, before.stdout]);
    const symbols = (file: string) =>
      read(file)
        // Labels of merged constants: the linker drops them where it merges.
        .symbols.filter(({ type, name }) => type !== STT.SECTION && !name.startsWith('.L'))
        .map(({ name, size, type, binding }) => `${name} ${size} ${type} ${binding}`)
        .sort();
    expect(symbols(made.debugImage)).toEqual(symbols(unikernel.debugImage));
  });

  it('is what the recorded commands make of renamed units', async () => {
    shop = new UnitsWorkshop();
    const elf = await splitElf(shop);
    const theirs = describeObject(mergeRenamed(shop));
    const ours = describeObject(elf);
    const text = ({ atoms }: typeof ours) => [...atoms.values()].flatMap(atomText).sort();
    expect(text(ours)).toEqual(text(theirs));
    expect(new Map(ours.exports)).toEqual(new Map(theirs.exports));
    expect(ours.needs).toEqual(theirs.needs);
    expect(ours.frames).toEqual(theirs.frames);
  });

  it('keeps its debugging information', async () => {
    shop = new UnitsWorkshop();
    const { objects } = await split(shop);
    const lines = execFileSync('addr2line', [
      ...['-f', '-j', '.text.unit.beta', '-e', objects.get('libx')!.file],
      '0',
    ]).toString();
    expect(lines).toMatch(/^(helper|scale|beta_name|beta)\n.*beta\.c:\d+/);
  });
});

/** An independent way to the same: objcopy renames, gcc merges, objcopy localises. */
function mergeRenamed(workshop: UnitsWorkshop): ElfFile {
  const folder = path.join(workshop.root, 'renamed');
  mkdirSync(folder);
  const units = workshop.units.map((unit) => workshop.path(`libx/${unit}.o`));
  const names = unitNames(units, workshop.path('libx.o'));
  const copies = units.map((unit, i) => {
    mkdirSync(path.join(folder, `${i}`));
    const copy = path.join(folder, `${i}`, path.basename(unit));
    const elf = read(unit);
    const options = [...renamedSections(elf, names[i]!)].map(([index, name]) => {
      const { name: old, flags } = elf.sections[index]!;
      const plain = flags & SHF.MERGE ? ',alloc,load,readonly,data,contents' : '';
      return `--rename-section=${old}=${name}${plain}`;
    });
    execFileSync('objcopy', [...options, unit, copy]);
    return copy;
  });
  const [merged, library] = [path.join(folder, 'merged.o'), path.join(folder, 'libx.o')];
  execFileSync(
    'gcc',
    ['-nostdlib', '-Wl,-r', '-Wl,-d', '-Wl,--build-id=none', '-no-pie', ...copies, '-o', merged],
    {
      stdio: 'pipe',
    },
  );
  const list = workshop.path('libx/exportsyms.uk');
  execFileSync('objcopy', [`--keep-global-symbols=${list}`, merged, library]);
  return read(library);
}

function atomText({ key, section, bytes, references }: AtomForm): string[] {
  if (section.size === 0) return [];
  const { type, flags, size, alignment } = section;
  const kind = flags & ~(SHF.MERGE | SHF.STRINGS);
  const content = Buffer.from(bytes).toString('hex');
  return [`${key} ${type} ${kind} ${size} ${alignment}\n${content}\n${references}`];
}

describe('a split object', () => {
  it('takes the place of the original, and is prepared like it', async () => {
    shop = new UnitsWorkshop();
    const loaded = await shop.load();
    const { objects } = await split(shop);
    const other = withSources(loaded, withSplit(loaded.originals, objects));
    const copyOf = (library: string) => other.objects.find((o) => o.library === library)?.copy;
    expect(copyOf('libx')).toBe(objects.get('libx')?.contents);
    const { object, section } = other.program.globalByName.get('beta')!;
    const home = other.program.objects[object]?.elf.sections[section];
    expect(home?.name).toBe('.text.unit.beta');
    expect(other.program.globals.map(({ name }) => name)).toEqual(
      loaded.program.globals.map(({ name }) => name),
    );
  });

  it('comes from the cache the next time, without the units', async () => {
    shop = new UnitsWorkshop();
    const first = await splitElf(shop);
    for (const unit of shop.units) rmSync(shop.path(`libx/${unit}.o`));
    const second = await splitElf(shop);
    expect(Buffer.compare(bytesOf(first), bytesOf(second))).toBe(0);
  });

  it('is made again where the cache holds something else', async () => {
    shop = new UnitsWorkshop();
    const { objects } = await split(shop);
    const { file, contents, elf } = objects.get('libx')!;
    const bytes = wholeBytes(contents);
    const text = elf.sections.find(({ name }) => name === '.text.unit.beta')!;
    const changed = Uint8Array.from(bytes);
    changed[text.offset] = changed[text.offset]! ^ 1;
    for (const bad of [changed, bytes.subarray(0, 1000), new Uint8Array(0)]) {
      writeFileSync(file, bad);
      expect(Buffer.compare(bytesOf(await splitElf(shop)), bytes)).toBe(0);
      expect(Buffer.compare(readFileSync(file), bytes)).toBe(0);
    }
  });

  it('is found in a workspace that was moved', async () => {
    shop = new UnitsWorkshop();
    const there = path.join(path.dirname(shop.root), 'elsewhere');
    renameSync(shop.root, there);
    shop.root = there;
    expect(loadedNames(await splitElf(shop))).toContain('.text.unit.deep-alpha');
  });

  it('leaves the cache when it served longest ago', async () => {
    shop = new UnitsWorkshop();
    const { objects } = await split(shop);
    const { file, contents } = objects.get('libx')!;
    const units = path.dirname(path.dirname(file));
    mkdirSync(path.join(units, 'old'));
    writeFileSync(path.join(units, 'old', 'liby.o'), wholeBytes(contents));
    utimesSync(path.join(units, 'old'), new Date(0), new Date(0));
    await pruneUnitCache(shop.cache, 2 * wholeBytes(contents).length);
    expect(readdirSync(units)).toHaveLength(2);
    await pruneUnitCache(shop.cache, 2 * wholeBytes(contents).length - 1);
    expect(readdirSync(units)).toEqual([path.basename(path.dirname(file))]);
  });
});

describe('a library stays whole', () => {
  it('if a unit changed since', async () => {
    shop = new UnitsWorkshop();
    shop.compile('libx/beta.c', 'int beta(int x) { return x * 3; }\n');
    expect(await reason(shop)).toMatch(/^its .* is not what .* has now$|^its .* records/);
  });

  it('if a unit is missing', async () => {
    shop = new UnitsWorkshop();
    rmSync(shop.path('libx/beta.o'));
    expect(await reason(shop)).toBe('its unit beta.o is missing');
    writeFileSync(shop.path('libx/beta.o'), '!<arch>\n');
    expect(await reason(shop)).toMatch(/ELF/);
  });

  it('if the build did not record how it was made', async () => {
    shop = new UnitsWorkshop();
    rmSync(shop.path('libx.ld.o.cmd'));
    expect(await reason(shop)).toBe('the build did not record how it was made');
  });

  it('if the record is about something else, or more than a merge', async () => {
    shop = new UnitsWorkshop();
    const record = readFileSync(shop.path('libx.ld.o.cmd'), 'utf8');
    const put = (text: string) => writeFileSync(shop.path('libx.ld.o.cmd'), text);
    put(record.replaceAll('libx.ld.o', 'liby.ld.o'));
    expect(await reason(shop)).toBe('its record is about another file');
    put(`${record} && rm -rf /nowhere`);
    expect(await reason(shop)).toBe('several commands made it');
    put(record.replace('-Wl,-r', ''));
    expect(await reason(shop)).toBe('no merge of objects made it');
    put(record.replace('-Wl,-r', '-Wl,-r -T other.lds'));
    expect(await reason(shop)).toBe('its units were merged by a script');
    put('cat $(ls) > x');
    expect(await reason(shop)).toMatch(/cannot be replayed/);
  });

  it('if the script means a section by its name', async () => {
    shop = new UnitsWorkshop({
      'cpu.c': '__attribute__((section(".data.percpu"))) int per_cpu = 5; int cpus = 4;\n',
    });
    expect(await reason(shop)).toBe('the linker script means .data.percpu by its name');
  });

  it('if all is of one unit', async () => {
    shop = new UnitsWorkshop();
    const record = readFileSync(shop.path('libx.ld.o.cmd'), 'utf8');
    writeFileSync(shop.path('libx.ld.o.cmd'), record.replace(/(\S*entry\.o) .*empty\.o/, '$1'));
    expect(await reason(shop)).toBe('it has one compile unit only');
  });

  it('if the units are recorded in another order', async () => {
    shop = new UnitsWorkshop();
    const record = readFileSync(shop.path('libx.ld.o.cmd'), 'utf8');
    const [beta, alpha] = [shop.path('libx/beta.o'), shop.path('libx/deep/alpha.o')];
    const swapped = record.replace(alpha, '@').replace(beta, alpha).replace('@', beta);
    writeFileSync(shop.path('libx.ld.o.cmd'), swapped);
    expect(await reason(shop)).toMatch(/^its .* is not what .* has now$/);
  });
});

describe('the proof', () => {
  /** The split object of `shop`, changed by `edit`, against the whole one. */
  async function after(
    edit: (bytes: Uint8Array, elf: ElfFile) => void,
  ): Promise<string | undefined> {
    shop = new UnitsWorkshop();
    const loaded = await shop.load();
    const { elf, contents } = (await split(shop)).objects.get('libx')!;
    const changed = Uint8Array.from(wholeBytes(contents));
    edit(changed, elf);
    const names = unitNames(
      shop.units.map((unit) => shop.path(`libx/${unit}.o`)),
      shop.path('libx.o'),
    );
    const whole = loaded.originals.find(({ library }) => library === 'libx')!.elf;
    return splitChange(whole, readElf('changed', changed), names);
  }
  const section = (elf: ElfFile, name: string) => elf.sections.find((s) => s.name === name)!;

  it('accepts what was not changed', async () => {
    expect(await after(() => undefined)).toBeUndefined();
  });

  it('finds other bytes', async () => {
    const change = await after((bytes, elf) => {
      const at = section(elf, '.data.unit.deep-alpha').offset;
      bytes[at] = bytes[at]! ^ 1;
    });
    expect(change).toBe('.data would have other bytes');
  });

  it('finds another reference', async () => {
    const change = await after((bytes, elf) => {
      const at = section(elf, '.rela.text.unit.deep-alpha').offset + 16;
      bytes[at] = bytes[at]! ^ 8;
    });
    expect(change).toBe('.text would have other references');
  });

  it('finds another symbol', async () => {
    const change = await after((bytes, elf) => {
      const table = section(elf, '.symtab');
      const symbol = elf.symbols.find(({ name }) => name === 'boot_name')!;
      const at = table.offset + symbol.index * 24 + 8;
      bytes[at] = bytes[at]! + 1;
    });
    expect(change).toBe('the symbol boot_name would change');
  });

  it('finds other unwind records', async () => {
    const change = await after((bytes, elf) => {
      const at = section(elf, '.rela.eh_frame').offset + 16;
      bytes[at] = bytes[at]! + 1;
    });
    expect(change).toBe('.eh_frame would have other records');
  });
});
