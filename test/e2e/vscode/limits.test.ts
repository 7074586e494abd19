/** Very many unikernels, one, and workspaces that change or go away under way: in a real VS Code. */
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../../scripts/vscode/server.mjs';
import { writeLargeReport } from '../../support/large-report.ts';
import { addBuilds } from '../../support/many-builds.ts';
import { Workbench } from './driver.ts';
import { createFixture, writeSettings, type Fixture } from './fixture.ts';
import { settled } from './page-map.ts';

const PATIENCE = 60_000;
/** Unikernels; `npm run e2e:many` takes two hundred. */
const MANY = Number(process.env['SPACER_MANY'] ?? 40);
/** There, two million. */
const PAGES = Number(process.env['SPACER_PAGES'] ?? 100_000);

let fixture: Fixture;
let server: RunningServer;
let window: Workbench | undefined;
beforeAll(async () => {
  fixture = await createFixture();
  server = await fixture.start();
}, 400_000);
afterEach(async () => {
  expect(window?.errors ?? []).toEqual([]);
  await window?.close();
  window = undefined;
});
afterAll(async () => {
  await fixture?.dispose();
});

async function open(folder: string): Promise<Workbench> {
  window = await Workbench.open(fixture.browser, server.url, folder);
  await window.showView();
  return window;
}

describe('a workspace', () => {
  it(`of ${MANY} unikernels is listed, read with progress, and shown`, async () => {
    const folder = await fixture.workspace('many', ['hashfn', 'jsonfn']);
    await addBuilds(folder, 'hashfn', 'fleet', MANY - 2);
    const bench = await open(folder);
    const row = bench.treeRow('fleet000');
    await row.waitFor({ timeout: PATIENCE });
    await expect.poll(() => row.getAttribute('aria-setsize')).toBe(String(MANY));
    await bench.run('Spacer: Open Page Map');
    const frame = await bench.pageMap();
    await frame.locator('.loading', { hasText: 'Reading objects' }).waitFor({ timeout: PATIENCE });
    await frame.locator('.facts', { hasText: `${MANY} unikernels` }).waitFor({ timeout: 240_000 });
    const { before, after } = await settled(frame, 'predicted', 240_000);
    expect(after).toBeLessThanOrEqual(before);
    await bench.screenshot('many');
  }, 600_000);

  it('of one unikernel is aligned, and has nothing to compare', async () => {
    const bench = await open(await fixture.workspace('single', ['hashfn']));
    await bench.treeRow('hashfn').waitFor({ timeout: PATIENCE });
    await bench.run('Spacer: Align Unikernels');
    await bench.notification(/1 unikernel aligned/).waitFor({ timeout: PATIENCE });
    await bench.dismissNotifications();
    await bench.run('Spacer: Open Page Map');
    const frame = await bench.shownPageMap();
    const { before, after } = await settled(frame, 'measured');
    expect(after).toBeLessThanOrEqual(before);
    await frame.getByRole('button', { name: 'Compare layouts' }).click();
    await frame.locator('.compare-facts', { hasText: 'Two unikernels' }).waitFor();
  });

  it('whose build changes while it is aligned says so, and delivers nothing of it', async () => {
    const folder = await fixture.workspace('changing', ['hashfn', 'jsonfn']);
    await writeSettings(folder, { 'spacer.gccPath': await meddlingTool(folder) });
    const bench = await open(folder);
    await bench.treeRow('hashfn').waitFor({ timeout: PATIENCE });
    await bench.run('Spacer: Align Unikernels');
    await bench.notification(/build of jsonfn changed while it was aligned/).waitFor({
      timeout: PATIENCE,
    });
    bench.expectError(/changed while it was aligned/);
    expect(await readdir(path.join(folder, '.spacer'))).not.toContain('jsonfn');
    await bench.dismissNotifications();
  });

  it(`has a report of ${PAGES} pages opened, shown and found in`, async () => {
    const bench = await open(await fixture.workspace('large', ['hashfn']));
    const file = path.join(fixture.folder, 'large.json');
    const pages = (await writeLargeReport(file, PAGES)).toLocaleString('en');
    await bench.run('Spacer: Open Report');
    await bench.answerFileDialog(file);
    const frame = await bench.shownPageMap(240_000);
    await frame.locator('vscode-text-field.search').click();
    await bench.page.keyboard.type('libukboot');
    const said = frame.locator('#live', { hasText: `pages of ${pages}` });
    await said.waitFor({ state: 'attached', timeout: PATIENCE });
    await bench.screenshot('large');
    await rm(file);
  }, 600_000);

  it('that is removed leaves a page map that says so', async () => {
    const folder = await fixture.workspace('removed', ['hashfn', 'jsonfn']);
    const bench = await open(folder);
    await bench.treeRow('hashfn').waitFor({ timeout: PATIENCE });
    await bench.run('Spacer: Open Page Map');
    const frame = await bench.shownPageMap();
    await settled(frame, 'predicted');
    await rm(folder, { recursive: true, force: true });
    await bench.run('Spacer: Refresh');
    const failure = frame.locator('.failure');
    await failure.waitFor({ timeout: PATIENCE });
    await expect.poll(() => failure.locator('p').textContent()).toContain(folder);
    await expect.poll(() => frame.locator('progress').count()).toBe(0);
    await bench.screenshot('removed');
  });
});

/** A compiler that changes an object of jsonfn before it links. */
async function meddlingTool(folder: string): Promise<string> {
  const tool = path.join(fixture.folder, 'gcc');
  const object = path.join(folder, 'apps/jsonfn/build/libjson.o');
  await writeFile(tool, `#!/bin/sh\ntouch '${object}'\nexec /usr/bin/gcc "$@"\n`);
  await chmod(tool, 0o755);
  return tool;
}
