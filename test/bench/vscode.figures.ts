/** Figures of the extension in a real VS Code, as measured here and now. */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { RunningServer } from '../../scripts/vscode/server.mjs';
import { Workbench } from '../e2e/vscode/driver.ts';
import { createFixture, type Fixture } from '../e2e/vscode/fixture.ts';
import { checkFlag, chooseFlag, settled, toggle } from '../e2e/vscode/page-map.ts';
import { makeFleet } from '../unit/webview/fleet.ts';

let fixture: Fixture;
let server: RunningServer;
const say = (text: string) => process.stdout.write(`FIGURE ${text}\n`);

beforeAll(async () => {
  fixture = await createFixture();
  server = await fixture.start();
  say(`machine: ${os.cpus().length} x ${os.cpus()[0]?.model}, load ${os.loadavg()[0]?.toFixed(1)}`);
});
afterAll(async () => {
  say(`load at the end: ${os.loadavg()[0]?.toFixed(1)}`);
  await fixture?.dispose();
});

describe('figures', () => {
  it('from click to map', async () => {
    const folder = await fixture.workspace('figures');
    const window = await Workbench.open(fixture.browser, server.url, folder);
    await window.showView();
    await window.treeRow(/\w/).waitFor();
    await window.run('Spacer: Show Log');
    await window.page.locator('.view-line', { hasText: 'Activated in' }).first().waitFor();
    const log = await window.page.locator('.view-lines').first().innerText();
    say(`activation: ${/Activated in ([\d.]+)/.exec(log.replaceAll('\u00a0', ' '))?.[1]} ms`);
    await window.run('View: Hide Panel');
    let start = Date.now();
    await window.run('Spacer: Open Page Map');
    let frame = await window.shownPageMap();
    say(`page map of a workspace that was never read: ${Date.now() - start} ms after the command`);
    await frame.waitForTimeout(6000);
    for (let round = 0; round < 3; round++) {
      const on = await toggle(frame, () => checkFlag(frame, 'custom_loader'));
      await settled(frame, 'predicted');
      const align = await toggle(frame, () => chooseFlag(frame, 'align', 'on'));
      await settled(frame, 'predicted');
      const off = await toggle(frame, () => chooseFlag(frame, 'align', 'auto'));
      await settled(frame, 'predicted');
      await toggle(frame, () => checkFlag(frame, 'custom_loader'));
      await settled(frame, 'predicted');
      say(
        `first prediction after a toggle: ${[on, align, off].map((ms) => ms.toFixed(0)).join(', ')} ms`,
      );
    }
    await window.page.locator('.tab .codicon-close').first().click();
    start = Date.now();
    await window.run('Spacer: Align Unikernels');
    const note = window.notification(/unikernels aligned/);
    await note.waitFor({ timeout: 120_000 });
    const aligned = Date.now() - start;
    await note.hover();
    const opened = Date.now();
    await note.locator('.monaco-button', { hasText: 'Open Page Map' }).click();
    frame = await window.shownPageMap();
    await settled(frame, 'measured');
    say(
      `align: ${aligned} ms from the command to the notification; its map ${Date.now() - opened} ms after the click`,
    );
    say(`heap with the sample's page map: ${await heap(frame)} MiB`);
    await window.close();
  });

  it.each([
    [100_000, 50],
    [1_000_000, 250],
  ])('a page map of %i pages', async (pages, unikernels) => {
    const file = path.join(fixture.folder, `fleet-${pages}.json`);
    const document = makeFleet({
      unikernels,
      pages: Math.round(pages / unikernels),
      stages: ['after'],
    });
    await writeFile(file, JSON.stringify(document));
    const folder = await fixture.workspace(`fleet-${pages}`);
    const window = await Workbench.open(fixture.browser, server.url, folder);
    await window.run('Spacer: Open Report');
    const start = Date.now();
    await window.answerFileDialog(file);
    const frame = await window.shownPageMap(180_000);
    say(`${pages} pages: shown after ${Date.now() - start} ms, heap ${await heap(frame)} MiB`);
    say(`${pages} pages: ${await zoomRate(window, frame)}`);
    await window.screenshot(`fleet-${pages}`);
    await window.close();
  });
});

async function heap(frame: Frame): Promise<string> {
  const bytes = await frame.evaluate<number>('performance.memory.usedJSHeapSize');
  return (bytes / 2 ** 20).toFixed(0);
}

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
  return `${rate.toFixed(0)} frames a second while zooming, 95% within ${gaps[Math.floor(gaps.length * 0.95)]?.toFixed(0)} ms`;
}
