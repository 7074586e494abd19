/** The lock file: what is written is read; what is not a sound lock is refused with its line. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { place } from '../../../src/engine/lock/extend.ts';
import { parseLock, readLock, writeLock } from '../../../src/engine/lock/file.ts';
import { Ledger } from '../../../src/engine/lock/ledger.ts';
import type { Lock } from '../../../src/engine/lock/model.ts';
import { withoutUnikernels } from '../../../src/engine/lock/remove.ts';
import { formatLock } from '../../../src/engine/lock/text.ts';
import { emptyLock, FleetMaker } from '../../support/lock-fleet.ts';

let lock: Lock;
let text: string;
let names: string[];

beforeAll(() => {
  const maker = new FleetMaker('library', 3);
  const ledger = new Ledger(emptyLock());
  while (ledger.unikernels.length < 5) {
    const { what, name, member } = maker.step();
    if (what === 'remove') ledger.release(name);
    if (member) place(ledger, member);
    ledger.settle();
  }
  lock = ledger.toLock();
  text = formatLock(lock);
  names = lock.unikernels.map(({ name }) => name);
});

describe('a lock file', () => {
  it('says what the lock says', () => {
    expect(parseLock(text, 'f')).toEqual(lock);
  });

  it('is the same text for the same lock, whatever order it came to be in', () => {
    const ledger = new Ledger({ ...lock, places: [...lock.places].reverse() });
    expect(formatLock(ledger.toLock())).toBe(text);
  });

  it('has one line a slot, sorted', () => {
    const lines = text.split('\n').filter((line) => line.includes('"key":'));
    expect(lines.length).toBe(lock.places.length);
    const keys = lines.map((line) => (JSON.parse(line.replace(/,$/, '')) as { key: string }).key);
    expect(keys).toEqual([...keys].sort());
  });

  it('changes by lines of what changed: a unikernel less, and its lines', () => {
    const gone = names[0]!;
    const after = new Set(formatLock(withoutUnikernels(lock, [gone])).split('\n'));
    const before = text.split('\n');
    const common = before.filter((line) => line.includes('"in":["*"]'));
    expect(common.length).toBeGreaterThan(10);
    expect(common.filter((line) => !after.has(line) && !after.has(line.replace(/,$/, '')))).toEqual(
      [],
    );
    expect([...after].some((line) => line.includes(gone))).toBe(false);
  });

  it('is written whole, and leaves nothing beside it', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'spacer-lock-'));
    const file = path.join(folder, 'spacer.lock.json');
    await writeLock(file, lock);
    expect(await readLock(file)).toEqual(lock);
    expect(readdirSync(folder)).toEqual(['spacer.lock.json']);
  });

  it('is not there: no lock', async () => {
    expect(await readLock('/nonexistent/spacer.lock.json')).toBeUndefined();
  });
});

/** The problem that a changed text has. */
function problem(change: (text: string) => string): SpacerError {
  const changed = change(text);
  expect(changed).not.toBe(text);
  try {
    parseLock(changed, '/w/spacer.lock.json');
  } catch (error) {
    if (error instanceof SpacerError) return error;
    throw error;
  }
  throw new Error('it is accepted');
}

/** One-based number of the first line that a pattern matches. */
const lineOf = (pattern: RegExp) => text.split('\n').findIndex((line) => pattern.test(line)) + 1;

describe('a lock file that is refused', () => {
  it('is cut off', () => {
    const error = problem((whole) => whole.slice(0, whole.indexOf('"slots"') + 400));
    expect(error.code).toBe('lock-invalid');
    expect(error.message).toMatch(/damaged/);
    expect(error.place.line).toBeGreaterThan(lineOf(/"slots"/));
  });

  it.each([
    ['a value that is no token', (line: string) => line.replace('"room":', '"room":x')],
    ['a comma too many', (line: string) => line.replace('"room":', ',"room":')],
    ['a word that is none', (line: string) => line.replace(/"room":\d+/, '"room":tru')],
    ['a quote that is missing', (line: string) => line.replace('"region"', '"region')],
  ])('has %s', (_, damage) => {
    const error = problem((whole) => {
      const lines = whole.split('\n');
      const at = lines.findIndex((line) => line.includes('"key":"lib1 .text.0"'));
      lines[at] = damage(lines[at]!);
      return lines.join('\n');
    });
    expect(error.message).toMatch(/damaged/);
    expect(error.place.line).toBe(lineOf(/"key":"lib1 \.text\.0"/));
  });

  it('has a broken line in the middle', () => {
    const error = problem((whole) => whole.replace(/("key":"lib1 \.text\.0")/, '$1 oops'));
    expect(error.place.line).toBe(lineOf(/"key":"lib1 \.text\.0"/));
  });

  it('is of another version', () => {
    const error = problem((whole) => whole.replace('"version": 1', '"version": 2'));
    expect(error).toMatchObject({ code: 'lock-version', place: { line: 3 } });
  });

  it('is for another architecture', () => {
    const error = problem((whole) => whole.replace('x86_64', 'arm64'));
    expect(error).toMatchObject({ code: 'lock-architecture', place: { line: 4 } });
    expect(error.message).toMatch(/arm64/);
  });

  it('is something else', () => {
    expect(problem(() => '{"name": "package"}').code).toBe('lock-invalid');
    expect(problem(() => 'null').code).toBe('lock-invalid');
    expect(problem(() => '').code).toBe('lock-invalid');
  });

  it('was edited so that two slots of one unikernel overlap', () => {
    const at = (key: string) => lock.places.find((one) => one.key === key)!;
    const [first, second] = lock.places.filter(
      ({ region, variants }) =>
        region === '.text' && variants.length === 1 && variants[0]!.holders.length === names.length,
    );
    const error = problem((whole) =>
      whole.replace(
        new RegExp(`("key":"${second!.key}".*?"address":)"0x[0-9a-f]+"`),
        `$1"0x${at(first!.key).address.toString(16)}"`,
      ),
    );
    expect(error.code).toBe('lock-invalid');
    expect(error.message).toMatch(/overlaps .* in unikernel\d+: it starts at 0x/);
    const lines = [first!, second!].map(({ key }) => lineOf(new RegExp(`"key":"${key}"`)));
    expect(lines).toContain(error.place.line);
  });

  it.each([
    ['an address that is none', /"address":"0x[0-9a-f]+"/, '"address":"12"', /address/],
    ['an unknown word', '"room":', '"rome":', /room/],
    ['an alignment that is none', '"alignment":16', '"alignment":12', /power of two/],
    ['a size that is none', /"size":\d+/, '"size":-1', /size/],
    ['a unikernel that is not listed', '"in":["*"]', '"in":["nobody"]', /nobody/],
    ['a region that is not listed', '"region":".text"', '"region":".txet"', /\.txet/],
    ['an address off its alignment', /("address":"0x[0-9a-f]*)0"/, '$11"', /aligned/],
  ])('has %s', (_, from, to, words) => {
    const error = problem((whole) => whole.replace(from, to));
    expect(error.code).toBe('lock-invalid');
    expect(error.message).toMatch(words);
    expect(error.place.line).toBeGreaterThan(1);
  });

  it('lists a unikernel twice', () => {
    const row = /^\{"name":"unikernel.*$/m.exec(text)![0];
    const error = problem((whole) => whole.replace(row, `${row.replace(/,$/, '')},\n${row}`));
    expect(error.message).toMatch(/twice/);
    expect(error.place.line).toBe(lineOf(/^\{"name":"unikernel/) + 1);
  });

  it('stays as it was', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'spacer-lock-'));
    const file = path.join(folder, 'spacer.lock.json');
    writeFileSync(file, text.slice(0, 900));
    await expect(readLock(file)).rejects.toThrow(/damaged/);
    expect(readFileSync(file, 'utf8')).toBe(text.slice(0, 900));
  });
});
