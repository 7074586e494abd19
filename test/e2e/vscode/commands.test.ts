/** Commands that no other test runs, each once, in a real VS Code. */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from './driver.ts';
import { createFixture, type Fixture } from './fixture.ts';
import { chooseFlag, settled } from './page-map.ts';

const PATIENCE = 60_000;

let fixture: Fixture;
let folder: string;
let window: Workbench;

beforeAll(async () => {
  fixture = await createFixture();
  const server = await fixture.start();
  folder = await fixture.workspace('commands', ['hashfn', 'jsonfn']);
  window = await Workbench.open(fixture.browser, server.url, folder);
  await window.showView();
  await window.treeRow('hashfn').waitFor({ timeout: PATIENCE });
}, 400_000);
afterEach(async () => {
  expect(window.errors.splice(0)).toEqual([]);
  await window.dismissNotifications();
});
afterAll(async () => {
  await window?.close();
  await fixture?.dispose();
});

const said = (text: string | RegExp) => window.notification(text).waitFor({ timeout: PATIENCE });
const outputs = () => readdir(path.join(folder, '.spacer')).catch((): string[] => []);

describe('before anything was aligned', () => {
  it('Analyze Sharing tells what is shared, and links nothing', async () => {
    await window.run('Spacer: Analyze Sharing');
    await said(/2 unikernels as built: \d+ distinct of \d+ pages/);
    expect(await outputs()).toEqual([]);
  });

  it('Preview Layout predicts, and links nothing', async () => {
    await window.run('Spacer: Preview Layout');
    await said(/Predicted: \d+ → \d+ distinct pages/);
    expect(await outputs()).toEqual([]);
  });

  it('Boot in QEMU says that there is no aligned image', async () => {
    await window.run('Spacer: Boot in QEMU');
    await window.pick('hashfn');
    await said('There is no aligned image yet');
  });

  it('Export Report says that there is no result', async () => {
    await window.run('Spacer: Export Report');
    await said('There is no result to export yet');
  });
});

describe('an aligned set', () => {
  it('is linked again by Relink Only', async () => {
    await window.run('Spacer: Align Unikernels');
    await said(/2 unikernels aligned/);
    await window.dismissNotifications();
    await window.run('Spacer: Relink Only');
    await said(/2 unikernels aligned/);
  });

  it('boots in a terminal', async () => {
    await window.run('Spacer: Boot in QEMU');
    await window.pick('hashfn');
    const terminal = window.page.locator('.terminal-tabs-entry, .tab, .single-terminal-tab', {
      hasText: 'QEMU: hashfn',
    });
    await terminal.first().waitFor({ timeout: PATIENCE });
    await window.screenshot('boot');
    await window.run('Terminal: Kill the Active Terminal Instance');
  });

  it('has its images revealed, and addresses copied', async () => {
    await window.chooseInMenu('hashfn', 'Reveal Image');
    await window.page
      .locator('.explorer-folders-view .monaco-list-row.selected', { hasText: /hashfn_qemu/ })
      .waitFor({ timeout: PATIENCE });
    await window.showView();
    await window.treeRow('hashfn').locator('.monaco-tl-twistie').click();
    await window.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await window.chooseInMenu('libhash', 'Copy Address');
    await expect
      .poll(() => window.page.evaluate<string>('navigator.clipboard.readText()'))
      .toMatch(/^0x[0-9a-f]+$/);
    await window.treeRow('hashfn').locator('.monaco-tl-twistie').click();
  });

  it('is built anew by Unikraft’s own extension, where there is one', async () => {
    await window.run('Spacer: Rebuild');
    await said('needs the Unikraft extension');
  });
});

describe('the page map', () => {
  let frame: Frame;
  const map = (command: string) => window.run(`Spacer: Page Map: ${command}`);
  const pressed = (name: string) =>
    frame.getByRole('button', { name, exact: true, pressed: true }).waitFor({ timeout: PATIENCE });
  const picture = () => frame.evaluate<string>('document.querySelector(".cells").toDataURL()');

  it('is moved and searched by commands', async () => {
    await window.run('Spacer: Open Page Map');
    frame = await window.shownPageMap();
    await settled(frame, 'measured');
    const whole = await picture();
    await map('Zoom In');
    await expect.poll(picture).not.toBe(whole);
    const near = await picture();
    await map('Zoom Out');
    await expect.poll(picture).not.toBe(near);
    await map('Zoom In');
    await map('Fit All Pages');
    await map('Find Library, Symbol or Address');
    await expect
      .poll(() => frame.evaluate<string>('document.activeElement?.className'))
      .toContain('search');
  });

  it.each([
    ['Show Before', 'Before'],
    ['Show After', 'After'],
    ['Show Before and After', 'Split'],
  ])('%s', async (command, choice) => {
    await map(command);
    await pressed(choice);
  });

  it('is randomised anew, shown as predicted, and linked, by commands', async () => {
    await chooseFlag(frame, 'aslr', 'randomised');
    await settled(frame, 'predicted');
    const before = await picture();
    await map('Re-randomise Addresses');
    await expect.poll(picture).not.toBe(before);
    await settled(frame, 'predicted');
    await map('Show Predicted');
    await pressed('Predicted');
    await map('Relink');
    await settled(frame, 'measured');
    await window.screenshot('relinked-aslr');
  });
});

describe('in the end', () => {
  it('Clean Output removes what was written', async () => {
    expect(await outputs()).toContain('report.json');
    await window.run('Spacer: Clean Output');
    await window.page
      .locator('.monaco-dialog-box .monaco-button', { hasText: 'Remove' })
      .click({ timeout: PATIENCE });
    await expect.poll(outputs).toEqual([]);
  });

  it('Create Sample Workspace refuses a folder that is not empty', async () => {
    await window.run('Spacer: Create Sample Workspace');
    await window.answerFileDialog(`${folder}/`);
    await said('is not empty');
    window.expectError(/is not empty/);
  });

  it('Create Sample Workspace builds into an empty one', async () => {
    const target = path.join(fixture.folder, 'new-sample');
    await mkdir(target);
    await window.run('Spacer: Create Sample Workspace');
    await window.answerFileDialog(`${target}/`);
    await expect.poll(() => readdir(target), { timeout: PATIENCE }).toContain('apps');
    await window.screenshot('create-sample');
  });
});
