/**
 * How a locked layout grows: a thousand additions, changes and removals, at library sections and with
 * function sections. Writes the table of docs/lock.md:
 *
 *     npx vitest run --config test/bench/vitest.config.ts test/bench/lock.figures.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format } from 'prettier';
import { it } from 'vitest';
import { place } from '../../src/engine/lock/extend.ts';
import { Ledger } from '../../src/engine/lock/ledger.ts';
import type { Member } from '../../src/engine/lock/model.ts';
import { emptyLock, FleetMaker, type Build } from '../support/lock-fleet.ts';

const PAGE = 4096;
const SHOWN = [10, 20, 50, 100, 200, 400, 600, 800, 1000];

interface Point {
  readonly steps: number;
  readonly unikernels: number;
  /** Pages of the images, each with its own. */
  readonly loaded: number;
  readonly distinct: number;
  /** Bytes of all different contents, in pages. */
  readonly content: number;
}

it('grows', async () => {
  const curves = (['library', 'function'] as const).map((build) => grow(build));
  const file = path.resolve(import.meta.dirname, '../../docs/lock.md');
  const text = await readFile(file, 'utf8');
  const [before = '', , after = ''] = text.split(/(?<=<!-- growth -->\n)|(?=<!-- \/growth -->)/);
  const whole = `${before}\n${tableOf(curves)}\n\n${after}`;
  await writeFile(file, await format(whole, { parser: 'markdown', printWidth: 100 }));
});

function grow(build: Build): Point[] {
  const maker = new FleetMaker(build);
  const ledger = new Ledger(emptyLock());
  const points: Point[] = [];
  for (let steps = 1; steps <= SHOWN.at(-1)!; steps++) {
    const { name, member } = maker.step();
    if (member) place(ledger, member);
    else {
      ledger.release(name);
      ledger.settle();
    }
    if (SHOWN.includes(steps)) points.push(pointOf(steps, maker.members(), ledger));
  }
  return points;
}

function pointOf(steps: number, members: readonly Member[], ledger: Ledger): Point {
  const contents = new Map<string, number>();
  let loaded = 0;
  for (const { name } of members) {
    const pages = new Set<number>();
    for (const [key, holding] of ledger.holdingsOf(name)) {
      if (holding.place.region === '.bss') continue;
      contents.set(`${key} ${holding.slot.content}`, holding.slot.size);
    }
    for (const page of ledger.sumsOf(ledger.holdingsOf(name).values()).keys()) pages.add(page);
    loaded += pages.size;
  }
  const bytes = [...contents.values()].reduce((sum, size) => sum + size, 0);
  const content = Math.ceil(bytes / PAGE);
  return { steps, unikernels: members.length, loaded, distinct: ledger.pages.distinct, content };
}

function tableOf([library = [], functions = []]: readonly Point[][]): string {
  const head = [
    '| steps | unikernels | library sections: loaded | distinct | content | function sections: loaded | distinct | content |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ];
  const rows = library.map((point, i) => {
    const other = functions[i]!;
    const cells = [point.steps, point.unikernels, point.loaded, point.distinct, point.content];
    return `| ${[...cells, other.loaded, other.distinct, other.content].join(' | ')} |`;
  });
  return [...head, ...rows].join('\n');
}
