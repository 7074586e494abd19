/** Figures of the extension in a real VS Code, as measured here and now: they go to docs/figures.md. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Workbench } from '../e2e/vscode/driver.ts';
import { createFixture, type Fixture } from '../e2e/vscode/fixture.ts';
import { checkFlag, chooseFlag, settled, toggle } from '../e2e/vscode/page-map.ts';
import { writeLargeReport } from '../support/large-report.ts';
import { Figures } from './figures-page.ts';
import { forgetTurns, heapOf, longestTurn, memoryOfPages, monitored } from './host.ts';

const PATIENCE = 240_000;
/** A workspace of real unikernels to measure besides the sample. */
const REAL = process.env['SPACER_WORKSPACE'];
const SIZES = (process.env['SPACER_PAGES'] ?? '100000,1000000,2000000').split(',').map(Number);

let fixture: Fixture;
let log: string;
const figures = new Figures();
const since = (start: number) => `${((Date.now() - start) / 1000).toFixed(1)} s`;

beforeAll(async () => {
  fixture = await createFixture();
  log = path.join(fixture.folder, 'turns');
  const { size } = await stat(fixture.vsix);
  figures.note('the `.vsix` with the sample', `${Math.round(size / 1024)} KiB`);
});
afterAll(async () => {
  await fixture?.dispose();
});

async function open(folder: string): Promise<Workbench> {
  const settings = { 'spacer.outputFolder': path.join(fixture.folder, 'output') };
  const server = await fixture.start({
    environment: monitored(log),
    ...(folder === REAL && { settings }),
  });
  const window = await Workbench.open(fixture.browser, server.url, folder);
  await window.showView();
  await window.treeRow(/\w/).waitFor({ timeout: PATIENCE });
  return window;
}

async function measureWorkspace(name: string, folder: string): Promise<void> {
  const window = await open(folder);
  await window.run('Spacer: Show Log');
  await window.page.locator('.view-line', { hasText: 'Activated in' }).first().waitFor();
  const text = await window.page.locator('.view-lines').first().innerText();
  const activation = /Activated in ([\d.]+)/.exec(text.replaceAll('\u00a0', ' '))?.[1];
  figures.note(`${name}: activation (\`Activated in ... ms\`, in the log)`, `${activation} ms`);
  await window.run('View: Hide Panel');
  await forgetTurns(log);
  await measurePrediction(name, window);
  await measureAlignment(name, window);
  figures.note(
    `${name}: longest turn of the extension host, from Open Page Map to the aligned set`,
    await longestTurn(log),
  );
  await window.screenshot(`figures-${name.replaceAll(/\W+/g, '-')}`);
  await window.close();
}

async function measurePrediction(name: string, window: Workbench): Promise<void> {
  const start = Date.now();
  await window.run('Spacer: Open Page Map');
  const frame = await window.shownPageMap(PATIENCE);
  figures.note(`${name}: from Open Page Map to the map, never read before`, since(start));
  await settled(frame, 'predicted', PATIENCE);
  const times: number[] = [];
  const press = async (act: () => Promise<void>) => {
    times.push(await toggle(frame, act));
    await settled(frame, 'predicted', PATIENCE);
  };
  for (let round = 0; round < 2; round++) {
    await press(() => checkFlag(frame, 'custom_loader'));
    await press(() => chooseFlag(frame, 'align', 'on'));
    await press(() => chooseFlag(frame, 'align', 'auto'));
    await press(() => checkFlag(frame, 'custom_loader'));
  }
  const first = times.shift() ?? 0;
  times.sort((a, b) => a - b);
  const [low = 0, middle = 0, high = 0] = [0, times.length >> 1, times.length - 1].map(
    (i) => times[i] ?? 0,
  );
  figures.note(
    `${name}: from a toggle to the first predicted map`,
    `${low.toFixed(0)} to ${high.toFixed(0)} ms, median ${middle.toFixed(0)} ms; ${first.toFixed(0)} ms the very first time`,
  );
  await window.page.locator('.tab .codicon-close').first().click();
}

async function measureAlignment(name: string, window: Workbench): Promise<void> {
  const start = Date.now();
  await window.run('Spacer: Align Unikernels');
  const note = window.notification(/unikernels aligned/);
  await note.waitFor({ timeout: PATIENCE });
  figures.note(`${name}: Align Unikernels, from the command to the notification`, since(start));
  await note.hover();
  const opened = Date.now();
  await note.locator('.monaco-button', { hasText: 'Open Page Map' }).click();
  const frame = await window.shownPageMap(PATIENCE);
  await settled(frame, 'measured', PATIENCE);
  figures.note(`${name}: from **Open Page Map** there to the measured map`, since(opened));
  figures.note(`${name}: heap of the page`, await heapOf(frame));
}

describe('figures', () => {
  it('of the sample workspace', async () => {
    await measureWorkspace('sample', await fixture.workspace('figures'));
  });

  it.skipIf(REAL === undefined)('of a real workspace (SPACER_WORKSPACE)', async () => {
    await measureWorkspace(`\`${path.basename(REAL!)}\``, REAL!);
  });

  it.each(SIZES)('of a page map of %i pages', async (wanted) => {
    const file = path.join(fixture.folder, `fleet-${wanted}.json`);
    const pages = (await writeLargeReport(file, wanted)).toLocaleString('en');
    const { size } = await stat(file);
    const window = await open(await fixture.workspace(`fleet-${wanted}`));
    const empty = await memoryOfPages(fixture.browser);
    await forgetTurns(log);
    await window.run('Spacer: Open Report');
    const start = Date.now();
    await window.answerFileDialog(file);
    const frame = await window.shownPageMap(PATIENCE);
    figures.note(
      `${pages} pages: shown after, from a report of ${Math.round(size / 2 ** 20)} MiB`,
      since(start),
    );
    const more = (await memoryOfPages(fixture.browser)) - empty;
    figures.note(
      `${pages} pages: memory of the page map (objects alone)`,
      `${more.toFixed(0)} MiB (${await heapOf(frame)})`,
    );
    figures.note(`${pages} pages: while zooming`, await zoomRate(window, frame));
    figures.note(`${pages} pages: longest turn of the extension host`, await longestTurn(log));
    await window.screenshot(`fleet-${wanted}`);
    await window.close();
  });

  // The last: an interrupted run changes nothing.
  it('go to docs/figures.md', async () => {
    await figures.write();
  });
});

/** Frames a second while the wheel zooms in and out over the map for some seconds. */
async function zoomRate(window: Workbench, frame: Frame): Promise<string> {
  const box = await frame.locator('#map').boundingBox();
  if (!box) throw new Error('There is no map');
  await window.page.mouse.move(box.x + box.width / 2, box.y + 80);
  await frame.evaluate(`window.frames_ = []; (function tick(now) {
    window.frames_.push(now); requestAnimationFrame(tick);
  })(performance.now()); undefined`);
  for (let i = 0; i < 120; i++) {
    await window.page.mouse.wheel(0, i % 60 < 30 ? -60 : 60);
    await window.page.waitForTimeout(15);
  }
  const times = await frame.evaluate<number[]>('window.frames_');
  const gaps = times
    .slice(1)
    .map((time, i) => time - times[i]!)
    .sort((a, b) => a - b);
  const rate = (1000 * gaps.length) / (times.at(-1)! - times[0]!);
  return `${rate.toFixed(0)} frames a second, 95% of them within ${gaps[Math.floor(gaps.length * 0.95)]?.toFixed(0)} ms`;
}
