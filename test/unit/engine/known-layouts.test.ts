import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { knownLayouts } from '../../../src/engine/known-layouts.ts';
import { planLayout, type LayoutInput } from '../../../src/engine/layout/plan.ts';
import { SEARCHED } from '../../support/strategy.ts';
import { slotOf } from '../layout/slots.ts';

const strategy = { ...SEARCHED, effort: 50 };
const inputOf = (size: number): LayoutInput => ({
  unikernels: 3,
  regions: [{ name: '.text', kind: 'bulk', group: 'text', endAlignment: 1 }],
  slots: [0, 1, 2, 3].map((id) =>
    slotOf(id, { size: size + 700 * id, alignment: 16, variants: [1, id, 2] }),
  ),
  base: 0x100000,
});

let cache = '';
const kept = () => path.join(cache, 'layouts.json');
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'spacer-known-'));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
});

/** Lets one run plan and keep a layout. */
function remember(input: LayoutInput) {
  const { planner, keep } = knownLayouts(cache);
  const layout = planner(input, strategy);
  keep();
  return layout;
}

/** Changes an address in what is kept, so that it can be told from one that is planned. */
function mark(seal: (text: string) => string): void {
  const [, text = ''] = readFileSync(kept(), 'utf8').split('\n');
  const changed = text.replace('"addresses":[', '"addresses":[4711,');
  writeFileSync(kept(), `${seal(changed)}\n${changed}`);
}
const sealed = (text: string) => createHash('sha256').update(text).digest('hex');

test('a layout that was searched before is the same again', () => {
  expect(remember(inputOf(900))).toEqual(planLayout(inputOf(900), strategy));
  expect(remember(inputOf(900))).toEqual(planLayout(inputOf(900), strategy));
});

test('it comes from what was kept, and only for the same slots and the same strategy', () => {
  remember(inputOf(900));
  mark(sealed);
  const { planner } = knownLayouts(cache);
  expect(planner(inputOf(900), strategy).addresses[0]).toBe(4711);
  expect(planner(inputOf(901), strategy)).toEqual(planLayout(inputOf(901), strategy));
  const other = { ...strategy, effort: 51 };
  expect(planner(inputOf(900), other)).toEqual(planLayout(inputOf(900), other));
});

test('contents count, not sizes alone', () => {
  remember(inputOf(900));
  mark(sealed);
  const input = inputOf(900);
  input.slots[0]!.fillings[0]!.blocks.low[3]! ^= 1;
  expect(knownLayouts(cache).planner(input, strategy).addresses[0]).not.toBe(4711);
});

test('what is damaged is not used', () => {
  remember(inputOf(900));
  mark(() => 'not the checksum');
  const { planner } = knownLayouts(cache);
  expect(planner(inputOf(900), strategy)).toEqual(planLayout(inputOf(900), strategy));
});

test('what has a checksum, but is no layout, is not used', () => {
  remember(inputOf(900));
  const [, text = ''] = readFileSync(kept(), 'utf8').split('\n');
  for (const [from, to] of [
    [/"addresses":\[[^\]]*\]/, '"addresses":["x",-1]'],
    [/"addresses":\[[^\]]*\]/, '"addresses":[]'],
    [/"cost":\{[^}]*\}/, '"cost":null'],
  ] as const) {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    writeFileSync(kept(), `${sealed(changed)}\n${changed}`);
    const { planner } = knownLayouts(cache);
    expect(planner(inputOf(900), strategy)).toEqual(planLayout(inputOf(900), strategy));
  }
});
